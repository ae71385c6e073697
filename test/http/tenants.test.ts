import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Method } from '../../src/http/create-api-handler.js';
import { PASSWORD } from './served-gateway.js';
import { type Name, onStore, rowsOf, serveTenants, type TenantGateway } from './tenant-gateway.js';

let gateway: TenantGateway;
beforeAll(async () => {
  gateway = await serveTenants();
}, 120_000);
afterAll(() => gateway?.stop());

const signIn = (kind: string, body: object) => gateway.call('POST', `/v1/auth/${kind}/login`, null, body);
const idOf = (table: string, tenant: string, identifier: string): number =>
  onStore(gateway.storePath, (database) => {
    const found = database
      .prepare(`SELECT id FROM ${table} WHERE tenant = ? AND identifier = ?`)
      .get(tenant, identifier);
    return (found as { id: number }).id;
  });

describe('signing in to a tenant', () => {
  it('finds the account of the tenant that is named, though another has one of the same name', async () => {
    const acme = await signIn('customer', { tenant: 'acme', identifier: '7', password: PASSWORD });
    const globex = await signIn('customer', { tenant: 'globex', identifier: '7', password: PASSWORD });
    const subjectOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
    const [one, two] = [subjectOf(acme.body.access_token), subjectOf(globex.body.access_token)];
    expect([one.tenant, two.tenant, one.role]).toEqual(['acme', 'globex', null]);
    expect(one.sub).not.toBe(two.sub);
    const { body } = await signIn('employee', { tenant: 'acme', identifier: 'ada@shared.example', password: PASSWORD });
    expect(subjectOf(body.access_token)).toMatchObject({ role: 'admin-delegate', tenant: 'acme' });
  });

  it('needs the tenant, and takes one that is not there for a wrong password', async () => {
    const credentials = { identifier: '7', password: PASSWORD };
    const without = await signIn('customer', credentials);
    expect([without.status, without.body.code, without.body.detail]).toEqual([
      400,
      'REQUEST_INVALID',
      expect.stringContaining('tenant: is missing'),
    ]);
    for (const tenant of ['nobody', 'initech']) {
      const unknown = await signIn('customer', { ...credentials, tenant });
      expect([unknown.status, unknown.body.code]).toEqual([401, 'AUTH_CREDENTIALS_WRONG']);
    }
    for (const tenant of ['Acme', '', 'ac me', '-acme', 'a'.repeat(64), '\u0430cme']) {
      expect((await signIn('customer', { ...credentials, tenant })).body.code).toBe('REQUEST_INVALID');
    }
    // Whom one tenant knows, another does not.
    const only = { identifier: 'only@globex.example', password: PASSWORD };
    expect((await signIn('employee', { ...only, tenant: 'acme' })).status).toBe(401);
    expect((await signIn('employee', { ...only, tenant: 'globex' })).status).toBe(200);
  });

  it('lets failures at one tenant hold nobody of another up', async () => {
    for (let each = 0; each < 6; each += 1) {
      await signIn('employee', { tenant: 'acme', identifier: 'ada@shared.example', password: 'wrong' });
    }
    const credentials = { identifier: 'ada@shared.example', password: PASSWORD };
    expect((await signIn('employee', { ...credentials, tenant: 'acme' })).body.code).toBe('RATE_LIMITED');
    expect((await signIn('employee', { ...credentials, tenant: 'globex' })).status).toBe(200);
  });
});

describe('the rows of the source', () => {
  const NOTES: Readonly<Record<string, readonly string[]>> = {
    acmeCustomer: ['acme-seven'],
    acmeEmployee: ['acme-eight', 'acme-seven'],
    acmeAdmin: ['acme-eight', 'acme-seven'],
    globexCustomer: ['globex-seven'],
    globexEmployee: ['globex-nine', 'globex-seven'],
    globexAdmin: ['globex-nine', 'globex-seven'],
  };

  it.each(Object.entries(NOTES))('that %s asks for are of their tenant alone', async (name, notes) => {
    const who = name as Name;
    const counted = await gateway.ask(who, 'How many orders are there?');
    expect(counted.body).toMatchObject({ status: 'answered', rows: [[notes.length]] });
    if (who.endsWith('Customer')) return;
    const attempts = [
      'SELECT note FROM orders ORDER BY note',
      "SELECT note FROM orders WHERE company = 'acme' OR company <> 'acme' ORDER BY note",
      'SELECT DISTINCT b.note FROM orders a JOIN orders b ON 1 = 1 ORDER BY b.note',
      'SELECT note FROM orders WHERE id IN (SELECT id FROM orders) ORDER BY note',
      'WITH everything AS (SELECT * FROM orders) SELECT note FROM everything ORDER BY note',
      'SELECT note FROM orders UNION SELECT note FROM orders ORDER BY note',
    ];
    for (const sql of attempts) {
      const { body } = await gateway.sql(who, sql);
      expect([sql, body.rows]).toEqual([sql, notes.map((note) => [note])]);
    }
    expect((await gateway.sql(who, 'SELECT COUNT(*) FROM rates')).body.rows).toEqual([[2]]);
  });

  it('are bound to the tenant of the store, whatever the token of another says', async () => {
    const { body } = await gateway.call('POST', '/v1/sql', 'acmeAdmin', {
      sql: 'SELECT note FROM orders',
      dry_run: true,
    });
    const bound = (body.parameters as { origin: string; name: string | null; value: unknown }[]) ?? [];
    expect(bound.map(({ value }) => value)).toContain('acme');
  });
});

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
  readonly security: readonly object[];
}

/** Every endpoint of the document. */
async function readOperations(): Promise<(readonly [Method, string, Operation])[]> {
  const { body } = await gateway.call('GET', '/openapi.json', null);
  return Object.entries(body.paths as Record<string, Record<string, Operation>>).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, each]) => [method.toUpperCase() as Method, path, each] as const),
  );
}

/** Request id of an export that globex made. */
let exportOfGlobex = '';

/** What stands in each place of a path: globex's, and one that nobody has. Fails for a place that is not known here. */
const PLACES: Readonly<Record<string, () => readonly [string, string]>> = {
  '/v1/admin/customers/{id}': () => [String(idOf('customers', 'globex', '7')), '987654'],
  '/v1/admin/employees/{id}': () => [String(idOf('employees', 'globex', 'only@globex.example')), '987654'],
  '/v1/admin/admins/{id}': () => [String(idOf('admins', 'globex', 'root@shared.example')), '987654'],
  '/v1/auth/sessions/{id}': () => [firstOf('sessions'), 'f'.repeat(32)],
  '/v1/auth/keys/{id}': () => [firstOf('api_keys'), 'f'.repeat(16)],
  '/v1/groups/{id}': () => [firstOf('employee_groups'), '987654'],
  '/v1/reports/{id}': () => [firstOf('reports'), 'f'.repeat(32)],
  '/v1/verified/{id}': () => [firstOf('verified_questions'), '987654'],
  '/v1/conversations/{id}': () => [firstOf('conversations'), 'f'.repeat(32)],
  '/v1/receipts/exports/{request_id}': () => [exportOfGlobex, '00000000-0000-4000-8000-000000000000'],
};

function firstOf(table: string): string {
  const [row] = rowsOf(gateway.storePath, 'globex')[table] as { id: string | number }[];
  if (!row) throw new Error(`globex has nothing in ${table}`);
  return String(row.id);
}

/** Bodies that fit, for endpoints with a place in their path. */
const BODIES: Readonly<Record<string, object>> = {
  'PATCH /v1/admin/customers/{id}': { tier: 'free' },
  'PATCH /v1/admin/employees/{id}': { role: 'member' },
  'PATCH /v1/admin/admins/{id}': { status: 'disabled' },
  'PATCH /v1/groups/{id}': { allow_tables: ['orders'] },
  'POST /v1/groups/{id}/members': { subject: 'employee:1' },
  'PATCH /v1/reports/{id}': { revision: 1, title: 'x' },
  'POST /v1/reports/{id}/run': {},
  'POST /v1/reports/{id}/export': { format: 'csv' },
};

describe('another tenant’s ids', () => {
  it('are as unknown as ids that nobody has, at every endpoint that takes one', async () => {
    const made = await gateway.call('POST', '/v1/auth/keys', 'globexEmployee', {
      name: 'of globex',
      scopes: ['ask'],
      password: PASSWORD,
    });
    expect(made.status, made.text).toBe(201);
    const group = await gateway.call('POST', '/v1/groups', 'globexAdmin', {
      name: 'of globex',
      allow_tables: ['orders'],
    });
    const member = { subject: `employee:${idOf('employees', 'globex', 'only@globex.example')}` };
    const joined = await gateway.call('POST', `/v1/groups/${group.body.id}/members`, 'globexAdmin', member);
    expect(joined.status, joined.text).toBeLessThan(300);
    // Shared as widely as can be: within globex.
    const report = await gateway.call('POST', '/v1/reports', 'globexAdmin', {
      title: 'of globex',
      sql: 'SELECT note FROM orders',
      shared_with: ['admin', 'customer', 'employee'],
    });
    expect(report.status, report.text).toBe(201);
    expect((await gateway.call('POST', `/v1/reports/${report.body.id}/run`, 'globexCustomer', {})).status).toBe(200);
    const promoted = await gateway.call('POST', '/v1/verified', 'globexAdmin', {
      question: 'What is charged by this company?',
      sql: 'SELECT SUM(total) FROM orders',
      open_to: ['customer', 'employee', 'admin'],
    });
    expect(promoted.status, promoted.text).toBe(201);
    for (const [who, translator] of [
      ['globexCustomer', 'verified'],
      ['acmeCustomer', 'offline'],
    ] as const) {
      const { body } = await gateway.call('POST', '/v1/ask', who, { question: 'What is charged by this company?' });
      expect([who, body.provenance?.translator]).toEqual([who, translator]);
    }
    const talk = { question: 'How many orders are there?', conversation_id: 'new' };
    const begun = await gateway.call('POST', '/v1/ask', 'globexCustomer', talk);
    expect(begun.body.conversation_id).toBe(firstOf('conversations'));
    const exported = await gateway.call('POST', '/v1/export', 'globexAdmin', { sql: 'SELECT 1', format: 'csv' });
    expect(exported.status, exported.text).toBe(200);
    exportOfGlobex = exported.headers.get('x-request-id') ?? '';
    expect(exportOfGlobex).not.toBe('');
    const before = rowsOf(gateway.storePath, 'globex');
    expect(Object.values(before).flat().length).toBeGreaterThan(8);
    let tried = 0;
    for (const [method, path, { parameters, requestBody }] of await readOperations()) {
      if (!parameters.some((each) => each.in === 'path')) continue;
      // Names of providers are known to everybody; who comes in by one is of its tenant, as its own tests show.
      if (path.startsWith('/v1/auth/sso/')) continue;
      const place = Object.keys(PLACES).find((each) => path.startsWith(each));
      if (!place) throw new Error(`${method} ${path}: say here what another tenant’s id is`);
      const body = BODIES[`${method} ${path}`];
      if (requestBody && !body) throw new Error(`${method} ${path}: say here what fits it`);
      const [foreign, nobodys] = PLACES[place]!();
      for (const who of ['acmeAdmin', 'acmeEmployee', 'acmeCustomer'] as const) {
        const answers = [];
        for (const id of [foreign, nobodys]) {
          const { status, body: answer } = await gateway.call(method, path.replace(/\{\w+\}/, id), who, body);
          expect([method, path, status >= 400 && status < 500]).toEqual([method, path, true]);
          answers.push([status, answer.code, answer.detail]);
        }
        expect([method, path, who, answers[0]]).toEqual([method, path, who, answers[1]]);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThanOrEqual(23 * 3);
    expect(rowsOf(gateway.storePath, 'globex')).toEqual(before);
  });

  it('and names are in no list of any endpoint', async () => {
    let read = 0;
    for (const [method, path, { parameters, security }] of await readOperations()) {
      if (method !== 'GET' || security.length === 0 || parameters.some((each) => each.in === 'path')) continue;
      for (const who of ['acmeAdmin', 'acmeEmployee'] as const) {
        const { status, text } = await gateway.call(method, path, who);
        expect([path, status < 500, /globex/.exec(text)]).toEqual([path, true, null]);
        read += 1;
      }
    }
    expect(read).toBeGreaterThanOrEqual(8);
    const own = await gateway.call('GET', '/v1/admin/employees', 'acmeAdmin');
    expect(own.body.accounts).toHaveLength(1);
    const all = await gateway.call('GET', '/v1/admin/employees', 'globexAdmin');
    expect(all.body.accounts).toHaveLength(2);
    const byName = await gateway.call('GET', '/v1/admin/employees?identifier=only@globex.example', 'acmeAdmin');
    expect(byName.body).toEqual({ accounts: [] });
  });

  it('make nobody a member of one’s own group', async () => {
    const group = await gateway.call('POST', '/v1/groups', 'acmeAdmin', { name: 'of acme', allow_tables: ['orders'] });
    const join = (subject: string) =>
      gateway.call('POST', `/v1/groups/${group.body.id}/members`, 'acmeAdmin', { subject });
    const foreign = await join(`employee:${idOf('employees', 'globex', 'only@globex.example')}`);
    const nobodys = await join('employee:987654');
    expect([foreign.status, foreign.body.code]).toEqual([404, 'IDENTITY_UNKNOWN']);
    expect([nobodys.status, nobodys.body.code]).toEqual([404, 'IDENTITY_UNKNOWN']);
  });

  it('get no widget token: a key vouches for customers of its own tenant', async () => {
    const key = await gateway.call('POST', '/v1/auth/keys', 'acmeAdmin', {
      name: 'site',
      scopes: ['widget:issue'],
      origins: ['https://shop.acme.example'],
      password: PASSWORD,
    });
    expect(key.status, key.text).toBe(201);
    const exchange = (customer_number: string) =>
      fetch(`${gateway.url}/v1/widget/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key.body.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ customer_number }),
      }).then(async (response) => [response.status, (await response.json()) as { token: string }] as const);
    // 7 is a customer of both, 9 of globex alone.
    const [status, body] = await exchange('7');
    expect(status).toBe(200);
    const { sub } = JSON.parse(Buffer.from(body.token.split('.')[1]!, 'base64url').toString());
    expect(sub).toBe(`customer:${idOf('customers', 'acme', '7')}`);
    expect(await exchange('9')).toMatchObject([404, { code: 'AUTH_CUSTOMER_UNKNOWN' }]);
  });

  it('get no mail by the name of another tenant, and answers tell nothing', async () => {
    const forget = (tenant: string) =>
      gateway.call('POST', '/v1/auth/password/forgot', null, {
        tenant,
        kind: 'employee',
        identifier: 'only@globex.example',
      });
    const before = (rowsOf(gateway.storePath, 'globex').mailed_tokens ?? []).length;
    const answers = await Promise.all([forget('acme'), forget('nobody')]);
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [202, {}],
      [202, {}],
    ]);
    expect(rowsOf(gateway.storePath, 'globex').mailed_tokens).toHaveLength(before);
    expect((await forget('globex')).status).toBe(202);
    expect(rowsOf(gateway.storePath, 'globex').mailed_tokens).toHaveLength(before + 1);
  });

  it('do not stand in the way of an account of the same name', async () => {
    const account = { identifier: 'only@globex.example', password: 'another long test password' };
    const made = await gateway.call('POST', '/v1/admin/employees', 'acmeAdmin', account);
    expect([made.status, made.body.identifier]).toEqual([201, 'only@globex.example']);
    expect(idOf('employees', 'acme', 'only@globex.example')).toBe(made.body.id);
    const again = await gateway.call('POST', '/v1/admin/employees', 'acmeAdmin', account);
    expect(again.body.code).toBe('IDENTITY_EXISTS');
    // And so that the list of names above stays true for acme.
    expect((await gateway.call('DELETE', `/v1/admin/employees/${made.body.id}`, 'acmeAdmin')).status).toBe(204);
  });

  it('count nothing towards who may be the last admin', async () => {
    const id = idOf('admins', 'acme', 'root@shared.example');
    const disabled = await gateway.call('PATCH', `/v1/admin/admins/${id}`, 'acmeAdmin', { status: 'disabled' });
    expect(disabled.body.code).toBe('AUTH_PERMISSION_MISSING');
    const other = { identifier: 'second@shared.example', password: 'another long test password' };
    const { body } = await gateway.call('POST', '/v1/admin/admins', 'acmeAdmin', other);
    const gone = await gateway.call('PATCH', `/v1/admin/admins/${body.id}`, 'acmeAdmin', { status: 'disabled' });
    expect(gone.status).toBe(200);
  });
});

describe('the audit log', () => {
  it('shows a tenant its own records, with the tenant on each', async () => {
    await gateway.ask('globexAdmin', 'How many orders are there?');
    await gateway.ask('acmeAdmin', 'How many orders are there?');
    for (const [who, tenant] of [
      ['acmeAdmin', 'acme'],
      ['globexAdmin', 'globex'],
    ] as const) {
      const { body } = await gateway.call('GET', '/v1/audit?limit=200', who);
      const tenants = new Set(body.records.map(({ event }: { event: { tenant: string } }) => event.tenant));
      expect([...tenants]).toEqual([tenant]);
      const events = body.records.map(({ event }: { event: { event: string } }) => event.event);
      expect(events).toEqual(expect.arrayContaining(['login', 'question']));
    }
  });

  it('shows a tenant nothing of another, by no filter, cursor, export or verification', async () => {
    const own = await gateway.call('GET', '/v1/audit?limit=1', 'globexAdmin');
    const { subject, requestId } = own.body.records[0].event;
    const find = async (filter: string) => {
      const { body } = await gateway.call('GET', `/v1/audit?${filter}&cursor=${own.body.next_cursor}`, 'acmeAdmin');
      return (body.records as { event: { tenant: string } }[]).map(({ event }) => event.tenant);
    };
    expect(await find(`request_id=${requestId}`)).toEqual([]);
    expect(await find(`subject=${subject}`)).toEqual([]);
    // What acme's own people tried with that id is acme's.
    expect(new Set(await find(`about=${subject}`))).toEqual(new Set(['acme']));
    for (const format of ['jsonl', 'csv']) {
      const { status, text } = await gateway.call('GET', `/v1/audit/export?format=${format}`, 'acmeAdmin');
      expect([status, text.includes('acme'), text.includes('globex')]).toEqual([200, true, false]);
    }
    const { body } = await gateway.call('GET', '/v1/audit/verify', 'acmeAdmin');
    expect(body).toEqual({
      intact: true,
      records: null,
      writers: null,
      checkpoints: null,
      archives: null,
      fault_count: null,
      faults: [],
      heads: [],
    });
  });
});

describe('a tenant that is disabled', () => {
  const setStatus = (status: string) =>
    onStore(gateway.storePath, (database) =>
      database.prepare("UPDATE tenants SET status = ? WHERE id = 'globex'").run(status),
    );

  it('lets nobody in, by password, token, refresh token or key, and goes on once it is active again', async () => {
    const key = await gateway.call('POST', '/v1/auth/keys', 'globexEmployee', {
      name: 'second',
      scopes: ['ask'],
      password: PASSWORD,
    });
    const credentials = { tenant: 'globex', identifier: 'ada@shared.example', password: PASSWORD };
    const before = await signIn('employee', credentials);
    const withKey = () =>
      fetch(`${gateway.url}/v1/schema`, { headers: { authorization: `Bearer ${key.body.key}` } }).then((r) => r.status);
    const asked = () => gateway.call('GET', '/v1/schema', 'globexAdmin').then(({ status }) => status);
    expect([await withKey(), await asked()]).toEqual([200, 200]);
    setStatus('disabled');
    try {
      expect([await withKey(), await asked()]).toEqual([401, 401]);
      expect((await signIn('employee', credentials)).body.code).toBe('AUTH_CREDENTIALS_WRONG');
      const refreshed = await gateway.call('POST', '/v1/auth/refresh', null, {
        refresh_token: before.body.refresh_token,
      });
      expect(refreshed.body.code).toBe('AUTH_TOKEN_INVALID');
      expect((await gateway.call('GET', '/v1/schema', 'acmeAdmin')).status).toBe(200);
    } finally {
      setStatus('active');
    }
    expect([await withKey(), await asked()]).toEqual([200, 200]);
  });

  it('is what a token counts for whose account has come to another tenant', async () => {
    const id = idOf('customers', 'globex', '7');
    const move = (tenant: string) =>
      onStore(gateway.storePath, (database) =>
        database.prepare('UPDATE customers SET tenant = ? WHERE id = ?').run(tenant, id),
      );
    move('initech');
    try {
      expect((await gateway.call('GET', '/v1/schema', 'globexCustomer')).body.code).toBe('AUTH_TOKEN_INVALID');
    } finally {
      move('globex');
    }
    expect((await gateway.call('GET', '/v1/schema', 'globexCustomer')).status).toBe(200);
  });
});
