import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMPLOYEE_TABLES, PASSWORD, type Reply, type ServedGateway, serveGateway } from './served-gateway.js';

const ACCOUNTS = {
  customer: { kind: 'customer', identifier: '103' },
  neighbour: { kind: 'customer', identifier: '113' },
  clerk: { kind: 'employee', identifier: 'ada@example.org', role: 'member', allowTables: EMPLOYEE_TABLES },
  buyer: { kind: 'employee', identifier: 'bo@example.org', role: 'member', allowTables: ['products'] },
  viewer: { kind: 'employee', identifier: 'vera@example.org', role: 'viewer', allowTables: ['products'] },
  accountant: { kind: 'employee', identifier: 'ann@example.org', role: 'accountant', allowTables: EMPLOYEE_TABLES },
  admin: { kind: 'admin', identifier: 'root@example.org' },
  other: { kind: 'admin', identifier: 'second@example.org' },
} as const;
type Name = keyof typeof ACCOUNTS;

let gateway: ServedGateway<Name>;
beforeAll(async () => {
  gateway = await serveGateway(ACCOUNTS, {});
  for (const name of Object.keys(ACCOUNTS) as Name[]) expect((await gateway.signIn(name)).status).toBe(200);
}, 120_000);
afterAll(() => gateway?.stop());

const EVERYBODY = ['admin', 'customer', 'employee'];
const BY_STATUS = {
  title: 'Orders of a status',
  sql: 'SELECT COUNT(*) AS orders FROM orders WHERE status = :status',
  parameters: [{ name: 'status', type: 'text', label: 'Status', default: 'delivered' }],
};
const NOBODYS = 'f'.repeat(32);

/** Saves a report, and gives its id. */
async function save(as: Name, report: object): Promise<string> {
  const saved = await gateway.call('POST', '/v1/reports', as, report);
  expect(saved.status, saved.text).toBe(201);
  return saved.body.id;
}
const run = (as: Name, id: string, parameters: object = {}) =>
  gateway.call('POST', `/v1/reports/${id}/run`, as, { parameters });
const codeOf = ({ status, body }: Reply): [number, string] => [status, body.code];
const count = async (sql: string): Promise<number> => (await gateway.sql('admin', sql)).body.rows[0][0];
const records = async (event: string) => {
  const { body } = await gateway.call('GET', `/v1/audit?limit=200&event=${event}`, 'admin');
  return (body.records as { event: Record<string, unknown> }[]).map((each) => each.event);
};

describe('a report that is shared to everybody', () => {
  let id: string;
  beforeAll(async () => {
    id = await save('admin', { ...BY_STATUS, shared_with: EVERYBODY });
  });

  it('gives each reader their own slice, and is on record as theirs', async () => {
    const all = await count("SELECT COUNT(*) FROM orders WHERE status = 'delivered'");
    const of = (number: string) =>
      count(`SELECT COUNT(*) FROM orders WHERE status = 'delivered' AND customer_number = ${number}`);
    const [own, theirs] = [await of('103'), await of('113')];
    expect(new Set([all, own, theirs]).size).toBe(3);
    expect(own).toBeGreaterThan(0);
    for (const [name, orders] of [
      ['customer', own],
      ['neighbour', theirs],
      ['clerk', all],
      ['accountant', all],
      ['admin', all],
    ] as const) {
      const { status, body, text } = await run(name, id);
      expect([name, status, body.rows], text).toEqual([name, 200, [[orders]]]);
      expect(body).toMatchObject({ status: 'answered', provenance: { translator: 'caller', relations: ['orders'] } });
      const { payload } = readJws(body.receipt.jws);
      const [latest] = await records('sql');
      expect(latest).toMatchObject({ decision: 'answered', rowCount: 1, relations: ['orders'] });
      expect(latest?.reasons).toContain(`report ${id}`);
      expect(JSON.stringify(payload)).toContain(String(latest?.subject));
    }
    const customers = (await records('sql')).filter(({ kind }) => kind === 'customer');
    expect(customers.map(({ reasons }) => reasons)).toEqual(
      Array.from({ length: 2 }, () => [`report ${id}`, 'orders.rows.customer']),
    );
  });

  it('refuses an employee whose list lacks its table', async () => {
    for (const as of ['buyer', 'viewer'] as const)
      expect(codeOf(await run(as, id))).toEqual([403, 'SEAL_RELATION_UNKNOWN']);
  });

  it('says what of its SQL is closed to a reader only to those who may read SQL', async () => {
    const costs = { title: 'Costs', sql: 'SELECT cost FROM products', shared_with: ['employee'] };
    const closed = await save('admin', costs);
    const [withSql, without] = [await run('buyer', closed), await run('viewer', closed)];
    expect(codeOf(withSql)).toEqual([403, 'SEAL_COLUMN_UNKNOWN']);
    expect(withSql.body.detail).toContain('at character 8');
    expect(codeOf(without)).toEqual([403, 'SEAL_COLUMN_UNKNOWN']);
    expect(without.body.detail).toBe(without.body.title);
  });

  it('shows its SQL to those with sql:read alone, and to whom it is shared to the owner alone', async () => {
    const shown = async (as: Name) => (await gateway.call('GET', `/v1/reports/${id}`, as)).body;
    expect(await shown('admin')).toMatchObject({
      sql: BY_STATUS.sql,
      question: null,
      shared_with: EVERYBODY,
      revision: 1,
    });
    expect(await shown('clerk')).toMatchObject({ sql: BY_STATUS.sql, shared_with: null });
    for (const as of ['customer', 'viewer'] as const)
      expect(await shown(as)).toMatchObject({ sql: null, shared_with: null });
    expect((await run('customer', id)).body.sql).toBeNull();
    for (const as of ['customer', 'viewer', 'clerk', 'admin'] as const) {
      const { body } = await gateway.call('GET', '/v1/reports', as);
      expect(body.reports.map((each: { id: string }) => each.id)).toContain(id);
      expect(JSON.stringify(body)).not.toContain('SELECT');
    }
  });

  it('is changed and removed by its owner alone', async () => {
    for (const as of ['clerk', 'accountant', 'other'] as const) {
      const changed = await gateway.call('PATCH', `/v1/reports/${id}`, as, { revision: 1, title: 'Mine' });
      expect(codeOf(changed)).toEqual([403, 'AUTH_PERMISSION_MISSING']);
      const removed = await gateway.call('DELETE', `/v1/reports/${id}`, as);
      expect(codeOf(removed)).toEqual([403, 'AUTH_PERMISSION_MISSING']);
    }
    expect((await gateway.call('GET', `/v1/reports/${id}`, 'admin')).body.title).toBe(BY_STATUS.title);
  });
});

describe('a report of a question', () => {
  const BY_YEAR = {
    title: 'Orders of a year',
    question: 'How many orders did I place in {year}?',
    parameters: [{ name: 'year', type: 'integer' }],
  };

  it('is asked by each reader, with their values in its words', async () => {
    const id = await save('admin', { ...BY_YEAR, shared_with: ['customer'] });
    const [asked, own] = [await run('customer', id, { year: 2025 }), await run('customer', id, { year: '2024' })];
    expect(asked.body).toMatchObject({ status: 'answered', question: 'How many orders did I place in 2025?' });
    expect(asked.body.provenance).toMatchObject({ translator: 'verified', policies: ['orders.rows.customer'] });
    const of = (year: number) =>
      count(`SELECT COUNT(*) FROM orders WHERE customer_number = 103 AND ordered_at LIKE '${year}%'`);
    expect([asked.body.rows, own.body.rows]).toEqual([[[await of(2025)]], [[await of(2024)]]]);
    const [latest] = await records('question');
    expect(latest).toMatchObject({ kind: 'customer', question: 'How many orders did I place in 2024?' });
    expect(latest?.reasons).toContain(`report ${id}`);
  });

  it('asks back where the question does', async () => {
    const id = await save('admin', { title: 'Sky', question: 'What is the colour of the sky?' });
    const { status, body } = await run('admin', id);
    expect([status, body.rows]).toEqual([200, []]);
    expect(body.status).toMatch(/clarify|refused/);
    const { body: kept } = await gateway.call('GET', `/v1/reports/${id}/runs`, 'admin');
    expect(kept.runs).toMatchObject([{ status: body.status, code: null, row_count: null }]);
  });

  it.each([
    ['no value', {}, 'year: is missing'],
    ['another type', { year: 'last' }, 'year: expected a whole number'],
    ['a number that is not whole', { year: 2025.5 }, 'year: expected a whole number'],
    ['a value that it does not ask for', { year: 2025, month: 3 }, 'does not ask for'],
  ])('is not run with %s', async (_what, parameters, detail) => {
    const id = await save('admin', BY_YEAR);
    const refused = await run('admin', id, parameters);
    expect(codeOf(refused)).toEqual([422, 'REPORT_PARAMETER_INVALID']);
    expect(refused.body.detail).toContain(detail);
  });
});

describe('values', () => {
  const { EVAL_DATA_DIR } = process.env;
  const own = readPayloads(new URL('../../fixtures/attacks/payloads.jsonl', import.meta.url));
  const published = EVAL_DATA_DIR ? readPayloads(`${EVAL_DATA_DIR}/attacks/sqli-payloads.jsonl`) : [];
  /** One published payload in so many is tried here; test/engine/report-values.test.ts tries all of them. */
  const EVERY = 4;

  it('stay values, whatever they say', { timeout: 300_000 }, async () => {
    const counted = await save('admin', { ...BY_STATUS, shared_with: ['customer'] });
    const echo = await save('admin', {
      title: 'Echo',
      sql: 'SELECT id, :word AS word FROM orders WHERE :word = :word',
      parameters: [{ name: 'word', type: 'text' }],
      shared_with: ['customer'],
    });
    const mine = await count('SELECT COUNT(*) FROM orders WHERE customer_number = 103');
    expect(mine).toBeGreaterThan(1);
    const fits = (text: string) => !text.includes('\0') && [...text].length <= 1000;
    const payloads = [...new Set([...own, ...published.filter((_, at) => at % EVERY === 0)])].filter(fits);
    let ran = 0;
    for (const payload of payloads) {
      const [none, all] = [
        await run('customer', counted, { status: payload }),
        await run('customer', echo, { word: payload }),
      ];
      expect([none.status, none.body.rows], payload).toEqual([200, [[0]]]);
      // Never more than the customer's own rows, and the very text that was given.
      expect([all.status, all.body.rows.length], payload).toEqual([200, mine]);
      expect(new Set(all.body.rows.map(([, word]: [number, string]) => word))).toEqual(new Set([payload]));
      ran += 1;
    }
    expect(ran).toBeGreaterThanOrEqual(published.length > 0 ? 120 : 50);
    expect(published.length === 0 || published.length === 300).toBe(true);
  });

  it('are refused where no engine takes them whole', async () => {
    const id = await save('admin', BY_STATUS);
    for (const status of ['a\0b', '\ud800', 'x'.repeat(1001), 7]) {
      const sent = await gateway.call('POST', `/v1/reports/${id}/run`, 'admin', { parameters: { status } });
      expect(sent.body.code).toMatch(/^REPORT_PARAMETER_INVALID$|^REQUEST_INVALID$/);
    }
  });

  it('have no place in SQL that is no report', async () => {
    for (const sql of ['SELECT :a', 'SELECT id FROM orders WHERE customer_number = :customer_number']) {
      const refused = await gateway.sql('admin', sql);
      expect(codeOf(refused)).toEqual([422, 'SEAL_UNSUPPORTED']);
    }
    const dry = await gateway.call('POST', '/v1/sql', 'admin', { sql: 'SELECT :a', dry_run: true });
    expect(dry.body.code).toBe('SEAL_UNSUPPORTED');
    const asked = await gateway.call('POST', '/v1/sql', 'admin', { sql: 'SELECT :a', parameters: { a: 1 } });
    expect(codeOf(asked)).toEqual([400, 'REQUEST_INVALID']);
  });
});

describe('saving', () => {
  const sql = 'SELECT id FROM orders WHERE id = :id';
  const parameter = (name: string, type = 'integer') => ({ name, type });

  it.each([
    ['SQL that changes data', { sql: 'DELETE FROM orders' }, 'SEAL_NOT_SELECT'],
    ['SQL that is none', { sql: 'SELEC id' }, /^SEAL_/],
    ['a relation that is closed to everybody', { sql: 'SELECT * FROM password_resets' }, 'SEAL_RELATION_UNKNOWN'],
    ['a place that is not declared', { sql }, 'SEAL_UNSUPPORTED'],
    ['a parameter without a place', { sql, parameters: [parameter('id'), parameter('x')] }, 'REPORT_INVALID'],
    ['a parameter that is declared twice', { sql, parameters: [parameter('id'), parameter('ID')] }, 'REPORT_INVALID'],
    [
      'a parameter with the name of a claim',
      {
        sql: 'SELECT id FROM orders WHERE customer_number = :customer_number',
        parameters: [parameter('customer_number')],
      },
      'REPORT_INVALID',
    ],
    ['a parameter called tenant', { sql: 'SELECT :tenant', parameters: [parameter('tenant')] }, 'REPORT_INVALID'],
    ['a name that is none', { sql: 'SELECT 1', parameters: [parameter('a b')] }, 'REPORT_INVALID'],
    ['a default of another type', { sql, parameters: [{ ...parameter('id'), default: 'a' }] }, 'REPORT_INVALID'],
    ['an empty question', { question: ' ' }, 'TRANSLATE_QUESTION_INVALID'],
    ['a question with an unknown place', { question: 'How many in {year}?' }, 'REPORT_INVALID'],
    ['a question without the place', { question: 'How many?', parameters: [parameter('year')] }, 'REPORT_INVALID'],
    ['no title', { question: 'How many orders?', title: ' ' }, 'REPORT_INVALID'],
    ['a reader that is none', { question: 'How many orders?', shared_with: ['everybody'] }, 'REPORT_INVALID'],
    ['both texts', { question: 'How many orders?', sql: 'SELECT 1' }, 'REQUEST_INVALID'],
    ['no text', {}, 'REQUEST_INVALID'],
  ])('refuses %s', async (_what, wrong, code) => {
    const refused = await gateway.call('POST', '/v1/reports', 'admin', { title: 'Wrong', ...wrong });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.body.code).toMatch(code);
  });

  it('is for those who may, sharing for those who may share, and to customers for admins', async () => {
    const question = { title: 'Count', question: 'How many orders are there?' };
    const tryTo = async (as: Name, report: object) => {
      const { status, body } = await gateway.call('POST', '/v1/reports', as, report);
      return [as, status, body.code];
    };
    const missing = (as: Name) => [as, 403, 'AUTH_PERMISSION_MISSING'];
    for (const as of ['customer', 'viewer'] as const) expect(await tryTo(as, question)).toEqual(missing(as));
    expect(await tryTo('clerk', question)).toEqual(['clerk', 201, undefined]);
    expect(await tryTo('clerk', { ...question, shared_with: ['employee'] })).toEqual(missing('clerk'));
    expect(await tryTo('accountant', { ...question, shared_with: ['employee'] })).toEqual([
      'accountant',
      201,
      undefined,
    ]);
    for (const name of ['customer', 'customer:1'])
      expect(await tryTo('accountant', { ...question, shared_with: [name] })).toEqual(missing('accountant'));
    expect(await tryTo('admin', { ...question, shared_with: ['customer:1'] })).toEqual(['admin', 201, undefined]);
    // What the owner may not read, they do not save.
    const beyond = { title: 'Beyond', sql: 'SELECT id FROM orders' };
    expect(await tryTo('buyer', beyond)).toEqual(['buyer', 403, 'SEAL_RELATION_UNKNOWN']);
  });

  it('takes no SQL from a key that may not write it', async () => {
    const scopes = ['ask', 'report:save'];
    const { body } = await gateway.call('POST', '/v1/auth/keys', 'admin', { name: 'k', scopes, password: PASSWORD });
    const send = (report: object) =>
      fetch(`${gateway.url}/v1/reports`, {
        method: 'POST',
        headers: { authorization: `Bearer ${body.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ title: 'By key', ...report }),
      }).then(({ status }) => status);
    expect([await send({ sql: 'SELECT 1' }), await send({ question: 'How many orders are there?' })]).toEqual([
      403, 201,
    ]);
  });

  it('is on record, with whom it is shared to', async () => {
    const id = await save('admin', { ...BY_STATUS, shared_with: ['employee:manager'] });
    expect((await gateway.call('PATCH', `/v1/reports/${id}`, 'admin', { revision: 1, title: 'Other' })).status).toBe(
      200,
    );
    const shared = { revision: 2, shared_with: ['employee:3', 'admin'] };
    expect((await gateway.call('PATCH', `/v1/reports/${id}`, 'admin', shared)).body.shared_with).toEqual([
      'admin',
      'employee:3',
    ]);
    expect((await gateway.call('DELETE', `/v1/reports/${id}`, 'admin')).status).toBe(204);
    const acts = (await records('report')).filter(({ report }) => report === id);
    expect(acts.map(({ action, sharedWith, decision }) => [action, sharedWith, decision])).toEqual([
      ['remove', null, 'accepted'],
      ['share', ['admin', 'employee:3'], 'accepted'],
      ['change', null, 'accepted'],
      ['save', ['employee:manager'], 'accepted'],
    ]);
    expect(JSON.stringify(acts)).not.toContain('SELECT');
  });
});

describe('a change', () => {
  it('is refused where another was made since, and nothing is lost', async () => {
    const id = await save('admin', BY_STATUS);
    const change = (revision: number, title: string) =>
      gateway.call('PATCH', `/v1/reports/${id}`, 'admin', { revision, title });
    const answers = await Promise.all(['one', 'two', 'three', 'four'].map((title) => change(1, title)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    expect(answers.filter(({ status }) => status === 409).map(({ body }) => body.code)).toEqual(
      Array.from({ length: 3 }, () => 'REPORT_CHANGED'),
    );
    const won = answers.find(({ status }) => status === 200)?.body;
    const now = (await gateway.call('GET', `/v1/reports/${id}`, 'admin')).body;
    expect([now.title, now.revision]).toEqual([won.title, 2]);
    expect(codeOf(await change(1, 'late'))).toEqual([409, 'REPORT_CHANGED']);
    expect(codeOf(await change(3, 'early'))).toEqual([409, 'REPORT_CHANGED']);
    expect((await change(2, 'next')).body).toMatchObject({ title: 'next', revision: 3, sql: BY_STATUS.sql });
  });

  it('is checked like what is saved, and leaves all as it was where it is refused', async () => {
    const id = await save('admin', BY_STATUS);
    const change = (given: object) => gateway.call('PATCH', `/v1/reports/${id}`, 'admin', { revision: 1, ...given });
    const wrong = [
      { sql: 'DROP TABLE orders' },
      { question: 'How many {status}?' },
      { parameters: [] },
      { revision: 0 },
    ];
    for (const given of wrong) expect((await change(given)).status).toBeGreaterThanOrEqual(400);
    expect((await gateway.call('GET', `/v1/reports/${id}`, 'admin')).body).toMatchObject({
      revision: 1,
      sql: BY_STATUS.sql,
    });
    const sql = 'SELECT COUNT(*) AS n FROM orders WHERE channel = :channel';
    const parameters = [{ name: 'channel', type: 'text' }];
    expect((await change({ sql, parameters })).body).toMatchObject({ sql, revision: 2 });
    expect((await run('admin', id, { channel: 'shop' })).status).toBe(200);
    expect((await gateway.call('GET', `/v1/reports/${id}/runs`, 'admin')).body.runs).toMatchObject([{ revision: 2 }]);
  });
});

describe('whoever a report is not shared to', () => {
  it('hears of it what they hear of an id that nobody has, at every endpoint', async () => {
    const id = await save('admin', { ...BY_STATUS, shared_with: ['employee:manager', 'customer:2', 'admin:99'] });
    const tries = [
      ['GET', ''],
      ['PATCH', '', { revision: 1, title: 'x' }],
      ['DELETE', ''],
      ['POST', '/run', {}],
      ['GET', '/runs'],
      ['GET', '/export?format=csv'],
      ['POST', '/export', { format: 'csv' }],
    ] as const;
    let compared = 0;
    for (const as of ['customer', 'viewer', 'clerk', 'accountant', 'other'] as const)
      for (const [method, path, body] of tries) {
        const answers = [];
        for (const each of [id, NOBODYS]) {
          const { status, body: answer } = await gateway.call(method, `/v1/reports/${each}${path}`, as, body);
          answers.push([status, answer.code, answer.detail]);
        }
        expect([as, method, path, answers[0]]).toEqual([as, method, path, answers[1]]);
        expect([403, 404]).toContain(answers[0]?.[0]);
        compared += 1;
      }
    expect(compared).toBe(35);
    expect(codeOf(await run('other', id))).toEqual([404, 'REPORT_UNKNOWN']);
    const { body } = await gateway.call('GET', '/v1/reports', 'other');
    expect(body.reports.map((each: { id: string }) => each.id)).not.toContain(id);
    // Customer 2 is the neighbour.
    expect((await run('neighbour', id)).status).toBe(200);
  });

  it('loses it at once where it is shared no more, or removed', async () => {
    const id = await save('admin', { ...BY_STATUS, shared_with: ['customer'] });
    expect((await run('customer', id)).status).toBe(200);
    await gateway.call('PATCH', `/v1/reports/${id}`, 'admin', { revision: 1, shared_with: [] });
    expect(codeOf(await run('customer', id))).toEqual([404, 'REPORT_UNKNOWN']);
    expect((await run('admin', id)).status).toBe(200);
    expect((await gateway.call('DELETE', `/v1/reports/${id}`, 'admin')).status).toBe(204);
    expect(codeOf(await run('admin', id))).toEqual([404, 'REPORT_UNKNOWN']);
    expect(codeOf(await gateway.call('DELETE', `/v1/reports/${id}`, 'admin'))).toEqual([404, 'REPORT_UNKNOWN']);
    expect((await gateway.call('GET', `/v1/reports/${id}/runs`, 'admin')).status).toBe(404);
  });
});

describe('the runs of a report', () => {
  const runsOf = async (as: Name, id: string, query = '') =>
    (await gateway.call('GET', `/v1/reports/${id}/runs${query}`, as)).body.runs as Record<string, unknown>[];

  it('are shown whole to who ran them, to its owner without what they came to, and to auditors without values', async () => {
    const id = await save('accountant', { ...BY_STATUS, shared_with: ['employee', 'admin'] });
    await run('clerk', id, { status: 'pending' });
    await run('buyer', id);
    await run('accountant', id);
    expect((await gateway.call('GET', `/v1/reports/${id}/export?format=csv`, 'clerk')).status).toBe(200);
    const byClerk = await runsOf('clerk', id);
    expect(byClerk).toHaveLength(2);
    const [exported, ran] = ['csv', null].map((format) => byClerk.find((each) => each.format === format));
    expect(ran).toMatchObject({
      parameters: { status: 'pending' },
      status: 'answered',
      code: null,
      row_count: 1,
      format: null,
      policy_version: expect.stringMatching(/^sha256:/),
      duration_ms: expect.any(Number),
    });
    expect(exported).toMatchObject({
      parameters: { status: 'delivered' },
      status: 'answered',
      format: 'csv',
      row_count: expect.any(Number),
    });
    expect(await runsOf('buyer', id)).toMatchObject([
      { status: 'failed', code: 'SEAL_RELATION_UNKNOWN', row_count: null },
    ]);
    const byOwner = await runsOf('accountant', id);
    expect(byOwner).toHaveLength(4);
    const hidden = {
      parameters: null,
      status: null,
      code: null,
      row_count: null,
      duration_ms: null,
      policy_version: null,
    };
    const own = (each: Record<string, unknown>) => each.parameters !== null;
    expect(byOwner.filter((each) => !own(each))).toEqual(
      Array.from({ length: 3 }, () => expect.objectContaining(hidden)),
    );
    expect(byOwner.filter(own)).toMatchObject([{ status: 'answered', row_count: 1 }]);
    const byAuditor = await runsOf('admin', id);
    expect(byAuditor.map(({ parameters, status }) => [parameters, status]).sort()).toEqual(
      ['answered', 'answered', 'answered', 'failed'].map((status) => [null, status]),
    );
    const [first] = await runsOf('accountant', id, '?limit=1');
    const rest = await runsOf('accountant', id, `?limit=100&after=${first?.id}`);
    expect([first, ...rest]).toEqual(byOwner);
  });
});

describe('an export of a report', () => {
  const LINES = {
    title: 'Lines',
    sql: 'SELECT :word AS "=word", id FROM orders ORDER BY id LIMIT 3',
    parameters: [{ name: 'word', type: 'text' }],
    shared_with: ['employee', 'customer'],
  };

  it('is a file of CSV in which nothing is a formula, or of NDJSON', async () => {
    const id = await save('admin', LINES);
    const word = '=HYPERLINK("http://x","y")';
    const query = `format=csv&p.word=${encodeURIComponent(word)}`;
    const csv = await gateway.call('GET', `/v1/reports/${id}/export?${query}`, 'clerk');
    expect(csv.status, csv.text).toBe(200);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="swali-report.csv"');
    const lines = csv.text.split('\r\n');
    expect(lines[0]).toBe("'=word,id");
    expect(lines.slice(1, 4).map((line) => line.slice(0, 34))).toEqual(
      Array.from({ length: 3 }, () => `"'=HYPERLINK(""http://x"",""y"")",`),
    );
    expect(lines).toHaveLength(5);
    expect(readJws(csv.headers.get('swali-receipt') ?? '').header).toHaveProperty('alg');
    const body = { format: 'ndjson', parameters: { word } };
    const ndjson = await gateway.call('POST', `/v1/reports/${id}/export`, 'clerk', body);
    expect(ndjson.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    const objects = ndjson.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects.map((each) => each['=word'])).toEqual([word, word, word]);
    const [latest] = await records('export');
    expect(latest).toMatchObject({ kind: 'employee', rowCount: 3, decision: 'answered' });
    expect(latest?.reasons).toContain(`report ${id}`);
  });

  it('is for those who may export, though they may not write SQL', async () => {
    const id = await save('admin', LINES);
    const path = `/v1/reports/${id}/export?format=csv&p.word=a`;
    for (const as of ['customer', 'viewer'] as const)
      expect(codeOf(await gateway.call('GET', path, as))).toEqual([403, 'AUTH_PERMISSION_MISSING']);
    const { body } = await gateway.call('POST', '/v1/auth/keys', 'clerk', {
      name: 'exports',
      scopes: ['ask', 'export'],
      password: PASSWORD,
    });
    const byKey = await fetch(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${body.key}` } });
    expect([byKey.status, (await byKey.text()).split('\r\n')[0]]).toEqual([200, "'=word,id"]);
  });

  it.each([
    ['no format', ''],
    ['another format', 'format=xlsx'],
    ['a word of nobody’s', 'format=csv&word=a'],
    ['a value that stands twice', 'format=csv&p.word=a&p.word=b'],
  ])('takes no query with %s', async (_what, query) => {
    const id = await save('admin', LINES);
    const refused = await gateway.call('GET', `/v1/reports/${id}/export?${query}`, 'admin');
    expect(JSON.parse(refused.text).code).toBe('REQUEST_INVALID');
  });

  it('sends nothing where a value is wrong or the question is not answered', async () => {
    const id = await save('admin', LINES);
    for (const query of ['format=csv', 'format=csv&p.word=a&p.__proto__=b', 'format=csv&p.x=b']) {
      const refused = await gateway.call('GET', `/v1/reports/${id}/export?${query}`, 'admin');
      expect([refused.status, JSON.parse(refused.text).code]).toEqual([422, 'REPORT_PARAMETER_INVALID']);
    }
    const sky = await save('admin', { title: 'Sky', question: 'What is the colour of the sky?' });
    const refused = await gateway.call('GET', `/v1/reports/${sky}/export?format=csv`, 'admin');
    expect(JSON.parse(refused.text).code).toBe('EXPORT_NOT_ANSWERED');
  });
});

describe('an account', () => {
  it('is exported with its reports and runs, and erased with them', async () => {
    const made = await gateway.call('POST', '/v1/admin/employees', 'admin', {
      identifier: 'leaver@example.org',
      password: PASSWORD,
      role: 'accountant',
      allow_tables: ['orders'],
    });
    const { id: account, subject } = made.body;
    const { body } = await gateway.call('POST', '/v1/auth/employee/login', null, {
      identifier: 'leaver@example.org',
      password: PASSWORD,
    });
    const asLeaver = (path: string, given: object) =>
      fetch(`${gateway.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${body.access_token}`, 'content-type': 'application/json' },
        body: JSON.stringify(given),
      }).then(async (response) => (await response.json()) as { id: string });
    const theirs = await asLeaver('/v1/reports', { ...BY_STATUS, shared_with: ['admin'] });
    const shared = await save('admin', { ...BY_STATUS, shared_with: [subject] });
    await asLeaver(`/v1/reports/${shared}/run`, { parameters: { status: 'pending' } });
    await run('admin', theirs.id);
    const path = `/v1/admin/employees/${account}`;
    const kept = (await gateway.call('GET', `${path}/export`, 'admin')).body;
    expect(kept.reports).toMatchObject([{ id: theirs.id, sql: BY_STATUS.sql, shared_with: ['admin'] }]);
    expect(kept.report_runs).toMatchObject([
      { report_id: shared, parameters: { status: 'pending' }, status: 'answered' },
    ]);
    expect((await gateway.call('DELETE', path, 'admin')).status).toBe(204);
    expect(codeOf(await run('admin', theirs.id))).toEqual([404, 'REPORT_UNKNOWN']);
    expect((await gateway.call('GET', `/v1/reports/${shared}/runs`, 'admin')).body.runs).toEqual([]);
    expect((await gateway.call('GET', `/v1/reports/${shared}`, 'admin')).body.shared_with).toEqual([]);
  });
});

function readPayloads(path: string | URL): readonly string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { payload: string }).payload);
}

function readJws(jws: string) {
  const [header = '', payload = ''] = jws.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as object;
  return { header: read(header), payload: read(payload) };
}
