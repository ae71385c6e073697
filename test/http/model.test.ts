import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeDemo } from '../../src/demo/make-demo.js';
import { type ModelReply, type ModelServer, startModelServer, USAGE } from './model-server.js';
import { ACCOUNTS, type Reply, type ServedGateway, serveGateway } from './served-gateway.js';

type Gateway = ServedGateway<keyof typeof ACCOUNTS>;

const OWN_NUMBER = 103;
const REPAIRS = 2;
/** No verified question, and none that the offline translator knows: only the model can answer it. */
const QUESTION = 'Give me the thing that we talked about, please.';
/** The offline translator knows this one. */
const PLAIN_QUESTION = 'What is the total of my orders in 2025?';

const sql = (text: string): ModelReply => ({
  kind: 'answer',
  answer: { kind: 'sql', sql: text, message: null, choices: [] },
});

let model: ModelServer;
/** Never answers offline. */
let strict: Gateway;
/** Answers offline where the model fails. */
let lenient: Gateway;
let folder = '';
let database: InstanceType<typeof DatabaseSync>;
/** Every request that ever reached the model, over all tests. */
const prompts: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swali-model-'));
  const source = `sqlite:${join(folder, 'business.sqlite')}`;
  await makeDemo({ target: source, scale: 0.2, seed: 1, today: '2026-03-01' });
  database = new DatabaseSync(join(folder, 'business.sqlite'));
  model = await startModelServer();
  const env = {
    SOURCE_URL: source,
    OPENAI_BASE_URL: model.baseUrl,
    OPENAI_API_KEY: 'sk-test-secret-of-the-operator',
    OPENAI_MODEL: 'test-model',
    MODEL_TIMEOUT_MS: '1500',
    MODEL_REPAIR_ATTEMPTS: String(REPAIRS),
  };
  strict = await serveGateway(ACCOUNTS, { ...env, TRANSLATOR: 'openai' });
  lenient = await serveGateway(ACCOUNTS, { ...env, TRANSLATOR: 'auto' });
  for (const gateway of [strict, lenient])
    for (const name of ['customer', 'employee', 'admin'] as const)
      expect((await gateway.signIn(name)).status).toBe(200);
}, 120_000);
afterEach(() => {
  prompts.push(...model.requests.map(({ raw }) => raw));
});
afterAll(async () => {
  await strict?.stop();
  await lenient?.stop();
  await model?.close();
  database?.close();
  rmSync(folder, { recursive: true, force: true });
});

const valuesOf = (text: string): unknown[] =>
  database
    .prepare(text)
    .all()
    .flatMap((row) => Object.values(row as object));
const one = (text: string): unknown => valuesOf(text)[0];

/** The messages of a request after the schema and the question: what came back to the model. */
const sentBack = (turn: number): string =>
  (model.requests[turn]?.body.messages ?? [])
    .slice(2)
    .map(({ content }) => content)
    .join('\n');

describe('a question to a model', () => {
  it('is answered with the caller’s own rows, and says who wrote the statement and what it cost', async () => {
    model.reply(sql('SELECT COUNT(*) AS n FROM orders'));
    const reply = await strict.ask('customer', QUESTION);
    expect([reply.status, reply.body.status], reply.text).toEqual([200, 'answered']);
    expect(reply.body.rows).toEqual([[one(`SELECT COUNT(*) FROM orders WHERE customer_number = ${OWN_NUMBER}`)]]);
    expect(reply.body.provenance).toMatchObject({ translator: 'openai', policies: ['orders.rows.customer'] });
    expect(reply.body.usage).toEqual({
      prompt_tokens: USAGE.prompt_tokens,
      completion_tokens: USAGE.completion_tokens,
    });
    expect(reply.body.sql).toBeNull();
    expect(model.requests).toHaveLength(1);
    expect(model.requests[0]?.authorization).toBe('Bearer sk-test-secret-of-the-operator');
  });

  it('does not reach the model where the data owner has answered it', async () => {
    model.reply(sql('SELECT 1'));
    const reply = await strict.ask('customer', 'How many orders did I place in 2025?');
    expect(reply.body.provenance.translator).toBe('verified');
    expect(model.requests).toHaveLength(0);
  });

  it.each([
    ['clarify', 'clarify', ['My orders of 2025?', 'My orders of 2026?']],
    ['refuse', 'refused', []],
  ] as const)('comes back with the model’s own word: %s', async (kind, status, choices) => {
    model.reply({ kind: 'answer', answer: { kind, sql: null, message: 'Which year?', choices } });
    const reply = await strict.ask('customer', QUESTION);
    expect(reply.body).toMatchObject({ status, message: 'Which year?', choices, rows: [], sql: null });
  });
});

describe('a statement that is refused or fails', () => {
  it('goes back with its public error alone, and the mended one is answered', async () => {
    model.reply(
      sql('SELECT internal_note FROM orders'),
      sql('SELECT total, status FROM orders GROUP BY status'),
      sql('SELECT COUNT(*) AS n FROM orders'),
    );
    const reply = await strict.ask('customer', QUESTION);
    expect([reply.status, reply.body.status], reply.text).toEqual([200, 'answered']);
    expect(model.requests).toHaveLength(3);
    expect(sentBack(0)).toBe('');
    expect(sentBack(1)).toContain(
      'SEAL_COLUMN_UNKNOWN: The statement names a column that is not open to you or does not exist.',
    );
    expect(sentBack(2)).toContain('SEAL_GROUPING');
    expect(sentBack(2)).not.toMatch(/orders\.rows|LIMIT -1|customer_number = /);
    expect(reply.body.usage.prompt_tokens).toBe(3 * USAGE.prompt_tokens);
    const { body } = await strict.call('GET', '/v1/audit?limit=1', 'admin');
    expect(body.records[0].event).toMatchObject({ decision: 'answered', translator: 'openai' });
    expect(body.records[0].event.reasons).toContain('sent back to the model: SEAL_COLUMN_UNKNOWN');
  });

  it('fails in the database without a word of the database’s own', async () => {
    model.reply(sql('SELECT ABS(-9223372036854775807 - 1) AS n FROM orders'), sql('SELECT COUNT(*) AS n FROM orders'));
    const reply = await strict.ask('customer', QUESTION);
    expect([reply.status, reply.body.status], reply.text).toEqual([200, 'answered']);
    expect(sentBack(1)).toContain('EXECUTE_FAILED: The database could not compute this statement');
    expect(sentBack(1)).not.toMatch(/overflow|sqlite/i);
  });

  it('is given up after the attempts that are set, with its code', async () => {
    model.reply(sql('SELECT nothing_of_this FROM orders'));
    const reply = await strict.ask('customer', QUESTION);
    expect([reply.status, reply.body.code]).toEqual([403, 'SEAL_COLUMN_UNKNOWN']);
    expect(model.requests).toHaveLength(1 + REPAIRS);
  });
});

describe('a model that fails', () => {
  const FAILURES: readonly (readonly [what: string, reply: ModelReply, code: string])[] = [
    ['429', { kind: 'error', status: 429, headers: { 'retry-after': '2' } }, 'TRANSLATE_MODEL_UNAVAILABLE'],
    ['500', { kind: 'error', status: 500, message: 'secret words of the provider' }, 'TRANSLATE_MODEL_UNAVAILABLE'],
    ['401', { kind: 'error', status: 401 }, 'TRANSLATE_MODEL_UNAVAILABLE'],
    ['silence', { kind: 'hang' }, 'TRANSLATE_MODEL_UNAVAILABLE'],
    ['a closed connection', { kind: 'drop' }, 'TRANSLATE_MODEL_UNAVAILABLE'],
    ['broken JSON', { kind: 'body', type: 'application/json', body: '{"choices": [' }, 'TRANSLATE_MODEL_UNUSABLE'],
    ['a page', { kind: 'body', type: 'text/html', body: '<html>secret words</html>' }, 'TRANSLATE_MODEL_UNUSABLE'],
    ['an answer without JSON', { kind: 'text', text: 'SELECT secret words' }, 'TRANSLATE_MODEL_UNUSABLE'],
    [
      'half an answer',
      { kind: 'text', text: '{"kind": "sql", "sql": "SELECT secret words' },
      'TRANSLATE_MODEL_UNUSABLE',
    ],
  ];

  // A circuit that one failure opened would answer for the next.
  afterEach(async () => {
    model.reply(sql('SELECT COUNT(*) AS n FROM orders'));
    for (const gateway of [strict, lenient]) {
      await vi.waitFor(
        async () => {
          const { body } = await gateway.ask('customer', PLAIN_QUESTION);
          expect(body.provenance?.translator).toBe('openai');
        },
        { timeout: 15_000, interval: 200 },
      );
    }
  });

  it.each(FAILURES)('refuses with its code in mode openai: %s', async (what, failure, code) => {
    model.reply(failure);
    const startedAt = performance.now();
    const reply = await strict.ask('customer', PLAIN_QUESTION);
    expect([reply.status, reply.body.code], reply.text).toEqual([503, code]);
    expect(reply.headers.get('retry-after')).toBe(what === '429' ? '2' : '5');
    expect(reply.text).not.toMatch(/secret words|sk-test|127\.0\.0\.1/);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it.each(FAILURES)('answers offline in mode auto: %s', async (_what, failure) => {
    model.reply(failure);
    const reply = await lenient.ask('customer', PLAIN_QUESTION);
    expect([reply.status, reply.body.status, reply.body.provenance?.translator], reply.text).toEqual([
      200,
      'answered',
      'offline',
    ]);
    const owned = one(
      `SELECT SUM(total) FROM orders WHERE customer_number = ${OWN_NUMBER} AND ordered_at >= '2025-01-01' AND ordered_at < '2026-01-01'`,
    );
    expect(Number(reply.body.rows[0][0])).toBeCloseTo(Number(owned), 2);
    expect(model.requests.length).toBeGreaterThan(0);
  });

  it('never writes the operator’s key to the log', () => {
    for (const { log } of [strict, lenient]) {
      expect(log.length).toBeGreaterThan(10);
      expect(log.join('\n')).not.toContain('sk-test-secret');
    }
  });
});

describe('a model that obeys an attacker', () => {
  /** What a customer may be told: the values of their own rows and of what is open to all. */
  const FOREIGN = `customer_number <> ${OWN_NUMBER}`;

  it.each([
    ['all rows', 'SELECT customer_number, COUNT(*) AS n FROM orders GROUP BY customer_number'],
    ['a condition that is always true', 'SELECT customer_number FROM orders WHERE 1 = 1 OR customer_number = 113'],
    ['precedence', 'SELECT customer_number FROM orders WHERE 1 = 1 OR 1 = 1 AND customer_number = 113'],
    ['a union', 'SELECT customer_number FROM customers UNION SELECT customer_number FROM payments'],
    ['a join', 'SELECT o.customer_number FROM customers c LEFT JOIN orders o ON o.id > 0'],
    [
      'a common table of the same name',
      'WITH orders AS (SELECT customer_number FROM payments) SELECT customer_number FROM orders',
    ],
    [
      'a nested common table',
      'WITH x AS (WITH y AS (SELECT * FROM invoices) SELECT * FROM y) SELECT customer_number FROM x',
    ],
    [
      'a correlated subquery',
      'SELECT (SELECT MAX(o.customer_number) FROM orders o WHERE o.id <> c.customer_number) AS n FROM customers c',
    ],
    ['a window', 'SELECT DISTINCT FIRST_VALUE(customer_number) OVER (ORDER BY id DESC) AS n FROM orders'],
  ])('gets the caller’s own rows alone by %s', async (_what, text) => {
    model.reply(sql(text));
    const reply = await strict.ask('customer', QUESTION);
    expect([reply.status, reply.body.status], reply.text).toEqual([200, 'answered']);
    expect(reply.body.row_count).toBeGreaterThan(0);
    expect(new Set(reply.body.rows.map(([number]: unknown[]) => number))).toEqual(new Set([OWN_NUMBER]));
  });

  it('gets no row by the number of another customer', async () => {
    const [other] = valuesOf(`SELECT customer_number FROM orders WHERE ${FOREIGN} LIMIT 1`);
    for (const text of [
      `SELECT id, total FROM orders WHERE customer_number = ${other}`,
      `SELECT id FROM order_items WHERE order_id IN (SELECT id FROM orders WHERE customer_number = ${other})`,
      `SELECT name FROM customers WHERE customer_number = ${other} OR customer_number = ${other}`,
    ]) {
      model.reply(sql(text));
      const reply = await strict.ask('customer', QUESTION);
      expect([reply.status, reply.body.rows], reply.text).toEqual([200, []]);
    }
  });

  it('cannot tell by success or failure whether another’s row is there', async () => {
    // An index answers both conditions before the row, and with it its owner, is looked up.
    const failWhere = (condition: string) => `ABS(CASE WHEN ${condition} THEN -9223372036854775807 - 1 ELSE 1 END) > 0`;
    const replies: Reply[] = [];
    for (const number of [one(`SELECT invoice_number FROM invoices WHERE ${FOREIGN}`), 'INV-0000-000000']) {
      const there = `invoice_number IN ('${number}', 'none')`;
      model.reply(sql(`SELECT COUNT(*) AS n FROM invoices WHERE ${there} AND ${failWhere(there)}`));
      replies.push(await strict.ask('customer', QUESTION));
    }
    expect(replies.map(({ status, body }) => [status, body.rows ?? body.code])).toEqual([
      [200, [[0]]],
      [200, [[0]]],
    ]);
    model.reply(sql(`SELECT COUNT(*) AS n FROM invoices WHERE ${failWhere('id > 0')}`));
    expect((await strict.ask('customer', QUESTION)).body.code).toBe('EXECUTE_FAILED');
  });

  it.each([
    ['a closed table', 'SELECT full_name, national_id FROM employees', 403, 'SEAL_RELATION_UNKNOWN'],
    ['pay', 'SELECT MAX(amount) FROM salaries', 403, 'SEAL_RELATION_UNKNOWN'],
    ['a secret table', 'SELECT token_digest FROM password_resets', 403, 'SEAL_RELATION_UNKNOWN'],
    ['the schema', 'SELECT sql FROM sqlite_master', 403, 'SEAL_RELATION_UNKNOWN'],
    ['a hidden column', 'SELECT internal_note FROM orders', 403, 'SEAL_COLUMN_UNKNOWN'],
    ['a write', 'DELETE FROM orders', 422, 'SEAL_NOT_SELECT'],
    ['a write behind a select', 'SELECT 1; UPDATE orders SET total = 0', 422, 'SEAL_SEVERAL_STATEMENTS'],
    ['a file', "SELECT readfile('/etc/passwd')", 403, 'SEAL_FUNCTION_UNKNOWN'],
    ['a placeholder', 'SELECT * FROM orders WHERE customer_number = :customer_number', 422, null],
  ] as const)('is refused %s, and nothing changes or leaks', async (_what, text, status, code) => {
    const before = valuesOf('SELECT COUNT(*), SUM(total) FROM orders');
    model.reply(sql(text));
    const reply = await strict.ask('customer', QUESTION);
    expect(reply.status, reply.text).toBe(status);
    expect(reply.body.code).toMatch(code === null ? /^SEAL_/ : new RegExp(`^${code}$`));
    expect(Object.keys(reply.body)).not.toContain('rows');
    expect(valuesOf('SELECT COUNT(*), SUM(total) FROM orders')).toEqual(before);
    expect(model.requests).toHaveLength(1 + REPAIRS);
  });

  it('reaches the page as plain words, whatever it says', async () => {
    const message = '<img src=x onerror=alert(1)>\u202e\u0000\n'.repeat(100);
    model.reply({ kind: 'answer', answer: { kind: 'refuse', sql: null, message, choices: [] } });
    const { body } = await strict.ask('customer', QUESTION);
    expect(body.status).toBe('refused');
    expect(body.message.length).toBeLessThanOrEqual(500);
    expect(body.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('all that the model was ever sent', () => {
  it('holds no customer number, no name and no value of a row that is not shared', () => {
    expect(prompts.length).toBeGreaterThan(40);
    const all = prompts.join('\n');
    expect(all).toContain('orders');
    // Words of the schema and of the tests' own statements are no values; numbers of people are.
    expect(all).not.toMatch(new RegExp(`(?<!\\d)${OWN_NUMBER}(?!\\d)`));
    const values = [
      ...valuesOf('SELECT name FROM customers'),
      ...valuesOf('SELECT email FROM customers WHERE email IS NOT NULL'),
      ...valuesOf('SELECT phone FROM customers WHERE phone IS NOT NULL'),
      ...valuesOf('SELECT full_name FROM employees'),
      ...valuesOf('SELECT national_id FROM employees'),
      ...valuesOf('SELECT invoice_number FROM invoices'),
      ...valuesOf('SELECT reference FROM payments WHERE reference IS NOT NULL'),
      ...valuesOf('SELECT card_number FROM payments WHERE card_number IS NOT NULL'),
      ...valuesOf('SELECT ordered_at FROM orders'),
      ...valuesOf('SELECT subject FROM support_tickets'),
      ...valuesOf('SELECT DISTINCT customer_note FROM orders WHERE customer_note IS NOT NULL'),
    ].map(String);
    expect(values.length).toBeGreaterThan(1000);
    expect([...new Set(values)].filter((value) => all.includes(value))).toEqual([]);
  });

  it('names nothing that a customer may not see', () => {
    const asked = prompts.filter((prompt) => prompt.includes('talked about'));
    expect(asked.length).toBeGreaterThan(20);
    for (const prompt of asked) {
      const schema = JSON.parse(prompt).messages[0].content as string;
      expect(schema).not.toMatch(/salaries|employees|password_resets|internal_note|national_id|credit_limit|\bstock\b/);
      expect(schema).toContain('support_tickets');
    }
  });
});
