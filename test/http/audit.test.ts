import { createHash } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListedRecord } from '../../src/audit/list-records.js';
import { openTestGateway, PASSWORD, signIn, type TestGateway } from './open-test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway();
}, 120_000);
afterAll(() => gateway?.close());

interface Told {
  readonly [name: string]: unknown;
}
const told = ({ event }: Pick<ListedRecord, 'event'>) => event as Told;
/** Events of the log that fit, newest first, past the reading itself. */
const find = async (query: string): Promise<Told[]> => {
  const { status, body, text } = await gateway.get(`/v1/audit?limit=200&${query}`, 'admin');
  expect(status, text).toBe(200);
  return body.records.map(told);
};
const subjectOf = (name: keyof TestGateway['tokens']) =>
  JSON.parse(Buffer.from(gateway.tokens[name].split('.')[1] ?? '', 'base64url').toString()).sub as string;

describe('a question on record', () => {
  it('says who asked, from where, with what program, what, and what it came to', async () => {
    const asked = await request(gateway.app)
      .post('/v1/ask')
      .set('authorization', `Bearer ${gateway.tokens.customer}`)
      .set('user-agent', 'shop-app/1.2')
      .set('x-request-id', 'question-on-record')
      .send({ question: 'How many orders did I place in 2025?' });
    expect(asked.body.status).toBe('answered');
    expect(await find('request_id=question-on-record')).toEqual([
      {
        event: 'question',
        requestId: 'question-on-record',
        tenant: null,
        address: expect.stringMatching(/127\.0\.0\.1$/),
        userAgent: 'shop-app/1.2',
        subject: subjectOf('customer'),
        kind: 'customer',
        question: 'How many orders did I place in 2025?',
        sqlDigest: expect.stringMatching(/^sha256:/),
        receiptDigest: `sha256:${createHash('sha256').update(asked.body.receipt.jws).digest('hex')}`,
        translator: 'verified',
        decision: 'answered',
        code: null,
        reasons: asked.body.provenance.policies,
        relations: ['orders'],
        rowCount: 1,
        durationMs: expect.any(Number),
      },
    ]);
  });

  it('is masked there, and answered as it was asked', async () => {
    const question = 'How many orders did I pay with 4111 1111 1111 1111?';
    const { body } = await gateway.post('/v1/ask', 'customer', { question });
    expect(body.question ?? question).toBe(question);
    const [record] = await find('event=question');
    expect(record?.question).toBe('How many orders did I pay with [card number]?');
  });
});

describe('a sign-in on record', () => {
  it('says with what program', async () => {
    await request(gateway.app)
      .post('/v1/auth/employee/login')
      .set('user-agent', 'Browser/7')
      .send({ identifier: 'ada@example.org', password: PASSWORD });
    expect((await find('event=login'))[0]).toMatchObject({ userAgent: 'Browser/7', decision: 'accepted' });
  });
});

describe('who is turned away at the door', () => {
  const refusedWith = async (send: (id: string) => request.Test, id: string) => {
    const { body } = await send(id);
    return [body.code, await find(`event=refusal&request_id=${id}`)] as const;
  };
  const call = (method: 'get' | 'post' | 'delete', path: string, token: string | null) => (id: string) => {
    const made = request(gateway.app)[method](path).set('x-request-id', id).set('user-agent', 'knocker/1');
    return token === null ? made : made.set('authorization', `Bearer ${token}`);
  };

  it('is on record without a token, with a wrong one, and without the permission', async () => {
    const from = { userAgent: 'knocker/1', count: 1, callers: 'one', decision: 'refused', tenant: null };
    const nobody = { ...from, subject: null, kind: null };
    expect(await refusedWith(call('get', '/v1/schema', null), 'door-nobody')).toMatchObject([
      'AUTH_REQUIRED',
      [{ ...nobody, code: 'AUTH_REQUIRED', endpoint: 'GET /v1/schema', requestId: 'door-nobody' }],
    ]);
    expect(await refusedWith(call('get', '/v1/schema', 'wrong'), 'door-wrong-token')).toMatchObject([
      'AUTH_TOKEN_INVALID',
      [{ ...nobody, code: 'AUTH_TOKEN_INVALID' }],
    ]);
    const known = { ...from, subject: subjectOf('viewer'), kind: 'employee', code: 'AUTH_PERMISSION_MISSING' };
    expect(await refusedWith(call('delete', '/v1/groups/77', gateway.tokens.viewer), 'door-viewer')).toMatchObject([
      'AUTH_PERMISSION_MISSING',
      [{ ...known, endpoint: 'DELETE /v1/groups/:id' }],
    ]);
  });

  it('is on record where a page of another origin has a browser sign in, or a cookie comes without its token', async () => {
    const foreign = (id: string) =>
      request(gateway.app)
        .post('/v1/auth/customer/login')
        .set('x-request-id', id)
        .set('sec-fetch-site', 'cross-site')
        .send({ identifier: '103', password: PASSWORD, session: 'cookie' });
    const [code, records] = await refusedWith(foreign, 'door-foreign');
    expect([code, records[0]?.endpoint]).toEqual(['AUTH_CSRF_INVALID', 'POST /v1/auth/customer/login']);
    const withCookie = (id: string) =>
      request(gateway.app)
        .post('/v1/ask')
        .set('x-request-id', id)
        .set('cookie', `swali-access=${gateway.tokens.admin}`)
        .send({ question: 'How many orders are there?' });
    expect(await refusedWith(withCookie, 'door-cookie')).toMatchObject([
      'AUTH_CSRF_INVALID',
      [{ subject: subjectOf('admin'), endpoint: 'POST /v1/ask' }],
    ]);
  });

  it('is there once where the refusal has a record of its own, and not for faults of form', async () => {
    await signIn(gateway.app, 'customer', '103', 'wrong');
    expect((await find('event=login'))[0]).toMatchObject({ code: 'AUTH_CREDENTIALS_WRONG' });
    expect(await find('event=refusal&code=AUTH_CREDENTIALS_WRONG')).toEqual([]);
    const refused = await request(gateway.app)
      .get('/v1/audit/export?format=csv')
      .set('x-request-id', 'export-viewer')
      .set('authorization', `Bearer ${gateway.tokens.viewer}`);
    expect(refused.status).toBe(403);
    for (const path of ['/v1/nothing', '/v1/audit?limit=0']) await gateway.get(path, 'admin');
    const codes = new Set((await find('event=refusal')).map(({ code }) => String(code)));
    expect([...codes].filter((code) => !code.startsWith('AUTH_'))).toEqual([]);
  });

  it('is one record, however often they knock', async () => {
    for (let each = 0; each < 20; each += 1) await call('get', '/v1/auth/keys', 'knocking')('door-knocking');
    expect((await find('event=refusal&code=AUTH_TOKEN_INVALID')).length).toBe(1);
  });
});

describe('GET /v1/audit', () => {
  it('pages by a cursor that stays right while records arrive', async () => {
    const path = '/v1/audit?event=login&limit=2';
    const all = await find('event=login');
    const first = await gateway.get(path, 'admin');
    await signIn(gateway.app, 'customer', '103');
    const second = await gateway.get(`${path}&cursor=${first.body.next_cursor}`, 'admin');
    const read = [...first.body.records, ...second.body.records].map(told);
    expect(read.map(({ requestId }) => requestId)).toEqual(all.slice(0, 4).map(({ requestId }) => requestId));
    const last = await gateway.get('/v1/audit?event=login&limit=200', 'admin');
    expect(last.body.next_cursor).toBeNull();
  });

  it('goes by every filter, by moments with a zone too', async () => {
    const subject = subjectOf('admin');
    expect((await find(`subject=${subject}&event=login&kind=admin&decision=accepted`)).length).toBeGreaterThan(0);
    expect(await find(`subject=${subject}&event=login&kind=customer`)).toEqual([]);
    const now = new Date();
    expect(await find(`event=login&from=${new Date(now.getTime() + 60_000).toISOString()}`)).toEqual([]);
    const hourAgo = new Date(now.getTime() - 3_600_000);
    const zoned = hourAgo.toISOString().replace('Z', '%2B00:00');
    expect((await find(`event=login&from=${zoned}`)).length).toBeGreaterThan(0);
    expect(await find(`event=login&to=${zoned}`)).toEqual([]);
  });

  it.each([
    'event=nothing',
    'from=yesterday',
    'from=2026-01-05',
    'decision=maybe',
    'cursor=7',
    'before=7',
    'subject=',
    `code=${'x'.repeat(65)}`,
  ])('refuses %s', async (query) => {
    expect((await gateway.get(`/v1/audit?${query}`, 'admin')).body.code).toBe('REQUEST_INVALID');
  });

  it('is on record itself, with what was looked for', async () => {
    await gateway.get('/v1/audit?limit=3&event=login&code=RATE_LIMITED', 'admin');
    const [, before] = await find('event=audit-read');
    const [latest] = await find('event=audit-read&limit=1'.replace('&limit=1', ''));
    expect(before).toMatchObject({ subject: subjectOf('admin'), action: 'list', decision: 'accepted' });
    expect(latest).toMatchObject({ filters: { event: 'audit-read' } });
    const reads = await find('event=audit-read');
    expect(reads).toContainEqual(
      expect.objectContaining({ filters: { event: 'login', code: 'RATE_LIMITED' }, rowCount: 0 }),
    );
  });
});

describe('GET /v1/audit/export', () => {
  it('gives the same records as JSON lines, and on record', async () => {
    const { text, headers } = await gateway.get('/v1/audit/export?format=jsonl&event=login', 'admin');
    const listed = await gateway.get('/v1/audit?event=login&limit=200', 'admin');
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(listed.body.records);
    expect(headers['content-disposition']).toContain('swali-audit.jsonl');
    expect(await find('event=audit-read')).toContainEqual(
      expect.objectContaining({
        action: 'export',
        filters: { event: 'login', format: 'jsonl' },
        rowCount: lines.length,
      }),
    );
  });

  it('writes CSV that no spreadsheet takes for a formula', async () => {
    await request(gateway.app)
      .get('/v1/schema')
      .set('authorization', `Bearer ${gateway.tokens.admin}`)
      .set('x-request-id', '-2-formula-1');
    await request(gateway.app).get('/v1/audit/verify').set('x-request-id', '-3+cmd').set('user-agent', '=1+1');
    await request(gateway.app).get('/v1/schema').set('x-request-id', '-formula-').set('authorization', 'Bearer other');
    const refused = await request(gateway.app)
      .post('/v1/ask')
      .set('authorization', `Bearer ${gateway.tokens.customer}`)
      .set('x-request-id', '-cmd-calc-')
      .send({ question: '=cmd()' });
    expect(refused.status).toBeLessThan(500);
    const { text } = await gateway.get('/v1/audit/export?format=csv&request_id=-cmd-calc-', 'admin');
    const [head, row] = text.split('\r\n');
    expect(head).toBe(
      'id,at,writer,sequence,tenant,event,subject,target,kind,action,decision,code,request_id,address,record,hash',
    );
    expect(row).toContain(",'-cmd-calc-,");
  });

  it('needs the permission to export too, and says so on record', async () => {
    const { body } = await gateway.get('/v1/audit/export?format=csv', 'customer');
    expect(body.code).toBe('AUTH_PERMISSION_MISSING');
  });
});

describe('GET /v1/audit/verify', () => {
  it('says that the chains are intact, and where they end', async () => {
    const [one, two] = await Promise.all([
      gateway.get('/v1/audit/verify', 'admin'),
      gateway.get('/v1/audit/verify', 'admin'),
    ]);
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(one.body).toMatchObject({ intact: true, fault_count: 0, faults: [] });
    expect(one.body.heads).toContainEqual({ writer: 'test', sequence: expect.any(Number), hash: expect.any(String) });
    expect((await gateway.get('/v1/audit/verify', 'employee')).body.code).toBe('AUTH_PERMISSION_MISSING');
  });
});

describe('the export of a person', () => {
  it('holds what the log says of them, without where others acted from', async () => {
    const subject = subjectOf('customer');
    const id = subject.split(':')[1];
    const changed = await request(gateway.app)
      .patch(`/v1/admin/customers/${id}`)
      .set('authorization', `Bearer ${gateway.tokens.admin}`)
      .send({ tier: 'free' });
    expect(changed.status, changed.text).toBe(200);
    const { status, body, text } = await gateway.get(`/v1/admin/customers/${id}/export`, 'admin');
    expect(status, text).toBe(200);
    const events = body.audit.map(told) as Told[];
    expect(body.next_audit_cursor).toBeNull();
    expect(events).toContainEqual(expect.objectContaining({ event: 'login', subject }));
    const change = events.find(({ event, action }) => event === 'account' && action === 'change');
    expect(change).toMatchObject({ target: subject, address: null, userAgent: null });
    for (const { subject: who, target } of events) expect([who, target]).toContain(subject);
    const wrong = await gateway.get(`/v1/admin/customers/${id}/export?audit_cursor=7`, 'admin');
    expect(wrong.body.code).toBe('REQUEST_INVALID');
  });
});

describe('AUDIT_QUESTIONS=digest', () => {
  it('keeps no question, and counts equal ones', { timeout: 120_000 }, async () => {
    const private_ = await openTestGateway({ AUDIT_QUESTIONS: 'digest' });
    try {
      const question = 'How many orders did I place in 2025?';
      for (const _ of [1, 2]) {
        const { body } = await private_.post('/v1/ask', 'customer', { question });
        expect(body.question).toBe(question);
      }
      const asked = (await private_.records()).map(told).filter(({ event }) => event === 'question');
      expect(asked).toHaveLength(2);
      expect(asked[0]?.question).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
      expect(asked[1]?.question).toBe(asked[0]?.question);
      expect(JSON.stringify(await private_.records())).not.toContain(question);
    } finally {
      await private_.close();
    }
  });
});
