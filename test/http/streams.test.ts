import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readVerifier } from '../../src/audit/ed25519.js';
import { verifyReceipt } from '../../src/audit/receipts/verify-receipt.js';
import { makeDemo } from '../../src/demo/make-demo.js';
import { describeEngines } from '../engines/engines.js';
import { LIMITS } from '../support/limits.js';
import { type ModelServer, startModelServer } from './model-server.js';
import { ACCOUNTS, type ServedGateway, serveGateway } from './served-gateway.js';

type Gateway = ServedGateway<keyof typeof ACCOUNTS>;

const IDLE_MS = 1500;
const EXPORT_ROWS = 150_000;
const MIB = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'swali-streams-'));
const TIERS_FILE = join(folder, 'tiers.json');
writeFileSync(
  TIERS_FILE,
  JSON.stringify({ standard: { ...LIMITS, rows: 100_000, export_rows: EXPORT_ROWS, export_bytes: 200 * MIB } }),
);
/** The demonstration's own policy, as wide as the tiers are. */
const policy = readFileSync('sql-policies/demo.yaml', 'utf8');
const limits = /^limits:\n(?: {2}.*\n)+/m;
expect(policy).toMatch(limits);
writeFileSync(
  join(folder, 'demo.yaml'),
  policy.replace(limits, `limits:\n  default: { timeout_ms: 60000, joins: 8, depth: 8, bytes: ${64 * MIB} }\n`),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ENV = {
  TIERS_FILE,
  POLICY_DIR: folder,
  MAX_ROWS: '100000',
  QUERY_TIMEOUT_MS: '60000',
  STREAM_IDLE_MS: String(IDLE_MS),
  ALLOW_WIDE_GRANTS: 'on',
};

/** Bytes of rows of which no two sockets hold 90 000. */
const WIDE = 500;

/** So many rows, each of about so many bytes. */
const rowsOf = (count: number, width = 1): string =>
  `SELECT a.id AS a, b.id AS b, c.id AS c, '${'x'.repeat(width)}' AS w FROM products a, products b, products c, products d LIMIT ${count}`;

interface Event {
  readonly id: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read events of all kinds alike
  readonly data: any;
}

interface Opened {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
}

/** A request whose answer a test reads as it likes. */
async function open(gateway: Gateway, path: string, token: string, body: object, accept: string): Promise<Opened> {
  const text = JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    accept,
  };
  const request = httpRequest(`${gateway.url}${path}`, { method: 'POST', headers, agent: false });
  // Whoever hangs up hears of it.
  request.on('error', () => undefined);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
    request.end(text);
  });
  return { request, response };
}

/** @returns false where the answer ended before its end */
async function readText(response: IncomingMessage): Promise<{ readonly text: string; readonly whole: boolean }> {
  response.setEncoding('utf8');
  let text = '';
  try {
    for await (const chunk of response) text += String(chunk);
    return { text, whole: response.complete };
  } catch {
    return { text, whole: false };
  }
}

function parseEvents(text: string): readonly Event[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':'))
    .map((block) => {
      const lines = block.split('\n');
      expect(lines.map((line) => line.slice(0, line.indexOf(':')))).toEqual(['id', 'event', 'data']);
      const [id = '', event = '', data = ''] = lines.map((line) => line.slice(line.indexOf(': ') + 2));
      return { id, event, data: JSON.parse(data) };
    });
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describeEngines(
  'answers and files that leave as they come',
  { sqlite: 'SELECT 1', mariadb: 'SELECT 1', mysql: 'SELECT 1' },
  (engine) => {
    let gateway: Gateway;
    const tokens: Record<string, string> = {};
    beforeAll(async () => {
      await makeDemo({ target: engine.url, scale: 0.2, seed: 1, today: '2026-03-01' });
      gateway = await serveGateway(ACCOUNTS, { ...ENV, SOURCE_URL: engine.url });
      for (const name of ['customer', 'employee', 'admin'] as const)
        tokens[name] = (await gateway.signIn(name)).body.access_token;
    }, 180_000);
    afterAll(() => gateway?.stop());

    const stream = async (path: string, as: keyof typeof ACCOUNTS, body: object) => {
      const { response } = await open(gateway, path, tokens[as] ?? '', body, 'text/event-stream');
      const { text } = await readText(response);
      return {
        response,
        text,
        events: /event-stream/.test(response.headers['content-type'] ?? '') ? parseEvents(text) : [],
      };
    };
    const exportFile = (body: object) => open(gateway, '/v1/export', tokens.admin ?? '', body, '*/*');
    const records = async () => {
      const { body } = await gateway.call('GET', '/v1/audit?limit=20', 'admin');
      return (body.records as { event: Record<string, unknown> }[]).map(({ event }) => event);
    };
    /** The record that closes what a response gave. */
    const closingOf = async ({ headers }: IncomingMessage) =>
      (await records()).find(({ event, requestId }) => event === 'handed-out' && requestId === headers['x-request-id']);
    const verifier = async () => {
      const { body } = await gateway.call('GET', '/v1/receipts/keys', null);
      return readVerifier('a test', body.keys);
    };
    /** Statements of this database that run, past the gateway. */
    const countRunning = async (): Promise<number> => {
      if (engine.dialect === 'sqlite') return 0;
      const rows = await engine.queryAsOwner('SHOW FULL PROCESSLIST');
      const own = new URL(engine.url).pathname.slice(1);
      return rows.filter(
        (row) => row.db === own && /^(?:Query|Execute)$/.test(String(row.Command)) && /c4/.test(String(row.Info)),
      ).length;
    };
    const childrenOf = (): string =>
      engine.dialect === 'sqlite' ? readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8') : '';
    /** What served is free again: nothing runs, and further statements are answered. */
    const assertFree = async (): Promise<void> => {
      await expect.poll(countRunning, { timeout: 15_000 }).toBe(0);
      expect((await gateway.sql('admin', 'SELECT COUNT(*) AS n FROM products')).status).toBe(200);
    };

    it('gives events that make up the answer', async () => {
      const question = 'What was the revenue per branch in 2025?';
      const whole = (await gateway.ask('admin', question)).body;
      const { response, events } = await stream('/v1/ask', 'admin', { question });
      expect(response.statusCode).toBe(200);
      expect(response.headers).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      });
      const names = events.map(({ event }) => event);
      expect(names.filter((name) => name !== 'stage')).toEqual(['sql', 'columns', 'rows', 'answer']);
      expect(events.filter(({ event }) => event === 'stage').map(({ data }) => data.stage)).toEqual([
        'translate',
        'seal',
        'execute',
        'answer',
      ]);
      expect(events.map(({ id }) => id)).toEqual(events.map((_, at) => String(at + 1)));
      const dataOf = (name: string) => events.find(({ event }) => event === name)?.data;
      const { id: _, receipt: __, timings_ms: ___, rows, ...rest } = whole;
      expect(dataOf('answer')).toMatchObject({ ...rest, rows: [] });
      expect(dataOf('sql')).toEqual({ sql: whole.sql });
      expect(dataOf('columns')).toEqual({ columns: whole.columns });
      expect(dataOf('rows')).toEqual({ rows });
      const answer = { ...dataOf('answer'), rows };
      expect(verifyReceipt({ ...answer.receipt, answer }, await verifier()).holds).toBe(true);
    });

    it('gives many rows in batches, under one receipt, with a record before and after', async () => {
      const { events } = await stream('/v1/sql', 'admin', { sql: rowsOf(20_000) });
      const batches = events.filter(({ event }) => event === 'rows').map(({ data }) => data.rows);
      expect(batches.length).toBeGreaterThan(20);
      const rows = batches.flat();
      const { data } = events.at(-1)!;
      expect([rows.length, data.row_count, data.truncated]).toEqual([20_000, 20_000, false]);
      expect(verifyReceipt({ ...data.receipt, answer: { ...data, rows } }, await verifier()).holds).toBe(true);
      const [closing, first] = (await records()).filter(({ event }) => event === 'sql' || event === 'handed-out');
      expect(first).toMatchObject({ event: 'sql', decision: 'answered', rowCount: null });
      expect(closing).toMatchObject({
        event: 'handed-out',
        of: 'sql',
        requestId: first?.requestId,
        rowCount: 20_000,
        decision: 'answered',
      });
    });

    it('says where it was cut', async () => {
      const { events } = await stream('/v1/sql', 'admin', { sql: rowsOf(100_500) });
      const { data } = events.at(-1)!;
      expect(data).toMatchObject({ row_count: 100_000, truncated: true });
      expect(data.text).toBe('The first 100,000 rows are shown; there are more.');
    });

    it('refuses with a status what is refused before anything is sent, and with the same document after', async () => {
      const invalid = await stream('/v1/ask', 'admin', { question: 'x', more: 1 });
      expect([invalid.response.statusCode, JSON.parse(invalid.text).code]).toEqual([400, 'REQUEST_INVALID']);
      expect(invalid.response.headers['content-type']).toContain('application/problem+json');
      const dry = await stream('/v1/sql', 'admin', { sql: 'SELECT 1', dry_run: true });
      expect([dry.response.statusCode, JSON.parse(dry.text).code]).toEqual([400, 'REQUEST_INVALID']);
      const closed = await stream('/v1/sql', 'customer', { sql: 'SELECT 1' });
      expect([closed.response.statusCode, JSON.parse(closed.text).code]).toEqual([403, 'AUTH_PERMISSION_MISSING']);
      const { body } = await gateway.sql('admin', 'SELECT nothing FROM products');
      const { response, events } = await stream('/v1/sql', 'admin', { sql: 'SELECT nothing FROM products' });
      expect(response.statusCode).toBe(200);
      expect(events.map(({ event }) => event)).toEqual(['stage', 'error']);
      expect(events.at(-1)?.data).toEqual({ ...body, request_id: response.headers['x-request-id'] });
      const [record] = (await records()).filter(({ event }) => event === 'sql');
      expect(record).toMatchObject({
        decision: 'refused',
        code: body.code,
        requestId: response.headers['x-request-id'],
      });
    });

    it('gives JSON to those who take anything', async () => {
      const { response } = await open(gateway, '/v1/sql', tokens.admin ?? '', { sql: rowsOf(3) }, '*/*');
      expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(JSON.parse((await readText(response)).text)).toMatchObject({ row_count: 3 });
    });

    it('kills the statement of a reader who leaves, and puts on record how much has left', async () => {
      const before = childrenOf();
      const { request, response } = await open(
        gateway,
        '/v1/sql',
        tokens.admin ?? '',
        { sql: rowsOf(90_000, WIDE) },
        'text/event-stream',
      );
      // Some of it is read, then nothing: what waits is a statement that has not ended.
      for await (const chunk of response) {
        if (String(chunk).includes('event: rows')) break;
      }
      request.destroy();
      await assertFree();
      if (engine.dialect === 'sqlite') await expect.poll(childrenOf).not.toBe(before);
      await expect
        .poll(() => closingOf(response), { timeout: 20_000 })
        .toMatchObject({ of: 'sql', decision: 'failed', code: 'EXECUTE_CANCELLED', receiptDigest: null });
    });

    it('cuts off a reader who takes nothing, and frees what served them', async () => {
      const { response } = await open(
        gateway,
        '/v1/sql',
        tokens.admin ?? '',
        { sql: rowsOf(90_000, WIDE) },
        'text/event-stream',
      );
      response.pause();
      await expect
        .poll(() => closingOf(response), { timeout: 20_000 })
        .toMatchObject({ of: 'sql', decision: 'failed', receiptDigest: null });
      await assertFree();
      expect((await readText(response)).whole).toBe(false);
    });

    it.each(['csv', 'ndjson'])('sends a large file of %s with its receipt behind it', async (format) => {
      const { response } = await exportFile({ sql: rowsOf(30_000, 40), format });
      expect(response.headers).toMatchObject({ 'transfer-encoding': 'chunked', trailer: 'Swali-Receipt' });
      expect(response.headers['swali-receipt']).toBeUndefined();
      const salt = String(response.headers['swali-receipt-salt']);
      const { text, whole } = await readText(response);
      expect([whole, text.trimEnd().split('\n').length]).toEqual([true, format === 'csv' ? 30_001 : 30_000]);
      const jws = String(response.trailers['swali-receipt']);
      const report = verifyReceipt({ jws, salt, text }, await verifier());
      expect(report).toMatchObject({ holds: true, claims: { format, row_count: 30_000 } });
      expect(verifyReceipt({ jws, salt, text: text.replace('x', 'y') }, await verifier()).holds).toBe(false);
      const kept = `/v1/receipts/exports/${response.headers['x-request-id']}`;
      expect((await gateway.call('GET', kept, 'admin')).body).toEqual({ jws });
      expect((await gateway.call('GET', kept, 'employee')).body.code).toBe('EXPORT_RECEIPT_NOT_FOUND');
    });

    it('never ends a file that lacks rows', async () => {
      const { response } = await exportFile({ sql: rowsOf(EXPORT_ROWS + 1), format: 'csv' });
      // SQLite knows it before anything has left.
      if (engine.dialect === 'sqlite') {
        expect(response.statusCode).toBe(422);
        expect(JSON.parse((await readText(response)).text)).toMatchObject({ code: 'EXPORT_TOO_LARGE' });
      } else {
        expect(response.statusCode).toBe(200);
        expect((await readText(response)).whole).toBe(false);
        expect(response.trailers).toEqual({});
        await expect
          .poll(() => closingOf(response), { timeout: 20_000 })
          .toMatchObject({ of: 'export', decision: 'failed', code: 'EXPORT_TOO_LARGE', rowCount: EXPORT_ROWS });
      }
      await assertFree();
    });

    it('sends 100 000 rows of 200 bytes to a slow reader in bounded memory', async () => {
      const { response } = await exportFile({ sql: rowsOf(100_000, 200), format: 'csv' });
      globalThis.gc?.();
      const before = process.memoryUsage();
      let [most, bytes] = [0, 0];
      for await (const chunk of response) {
        bytes += (chunk as Buffer).length;
        if (bytes % 50 === 0) await sleep(1);
        const { heapUsed, external } = process.memoryUsage();
        most = Math.max(most, heapUsed + external - before.heapUsed - before.external);
      }
      expect(bytes).toBeGreaterThan(20_000_000);
      expect(response.complete).toBe(true);
      // As text alone it is 20 MB, and it would be there several times.
      expect(most).toBeLessThan(48 * MIB);
    });

    it('ends with the gateway, which waits for it or cuts it off', async () => {
      const own = await serveGateway(ACCOUNTS, { ...ENV, SOURCE_URL: engine.url, SHUTDOWN_TIMEOUT_MS: '8000' });
      const token = (await own.signIn('admin')).body.access_token;
      const finishing = await open(own, '/v1/sql', token, { sql: rowsOf(20_000) }, 'text/event-stream');
      const stuck = await open(own, '/v1/sql', token, { sql: rowsOf(90_000, WIDE) }, 'text/event-stream');
      stuck.response.pause();
      const read = readText(finishing.response);
      await own.stop();
      const { text, whole } = await read;
      expect([whole, parseEvents(text).at(-1)?.event]).toEqual([true, 'answer']);
      expect((await readText(stuck.response)).whole).toBe(false);
      await expect.poll(countRunning, { timeout: 15_000 }).toBe(0);
    });
  },
);

describe('a question to a model, answered in events', () => {
  let model: ModelServer;
  let gateway: Gateway;
  let token = '';
  beforeAll(async () => {
    model = await startModelServer();
    const source = `sqlite:${join(folder, 'asked.sqlite')}`;
    await makeDemo({ target: source, scale: 0.2, seed: 1, today: '2026-03-01' });
    gateway = await serveGateway(ACCOUNTS, {
      ...ENV,
      SOURCE_URL: source,
      TRANSLATOR: 'openai',
      OPENAI_BASE_URL: model.baseUrl,
      OPENAI_API_KEY: 'sk-test',
      MODEL_TIMEOUT_MS: '60000',
    });
    token = (await gateway.signIn('customer')).body.access_token;
  }, 120_000);
  afterAll(async () => {
    await gateway?.stop();
    await model?.close();
  });
  const question = 'Give me the thing that we talked about, please.';

  it('stops the call of a caller who leaves', async () => {
    model.reply({ kind: 'hang' });
    const { request, response } = await open(gateway, '/v1/ask', token, { question }, 'text/event-stream');
    await new Promise((resolve) => response.once('data', resolve));
    await expect.poll(() => model.requests.length, { timeout: 10_000 }).toBe(1);
    expect(model.hungUp()).toBe(0);
    request.destroy();
    await expect.poll(() => model.hungUp(), { timeout: 10_000 }).toBe(1);
    expect(model.requests).toHaveLength(1);
  });

  it('tells each stage of an answer that is mended, and sends nothing of what was not', async () => {
    const sql = (text: string) =>
      ({ kind: 'answer', answer: { kind: 'sql', sql: text, message: null, choices: [] } }) as const;
    model.reply(sql('SELECT nothing FROM orders'), sql('SELECT COUNT(*) AS n FROM orders'));
    const { response } = await open(gateway, '/v1/ask', token, { question }, 'text/event-stream');
    const events = parseEvents((await readText(response)).text);
    expect(events.map(({ event, data }) => data.stage ?? event)).toEqual([
      ...['translate', 'seal', 'translate', 'seal', 'execute', 'answer'],
      ...['columns', 'rows', 'answer'],
    ]);
    expect(events.at(-1)?.data).toMatchObject({ status: 'answered', provenance: { translator: 'openai' }, rows: [] });
  });

  it('ends with the model’s own word where it asks back', async () => {
    model.reply({
      kind: 'answer',
      answer: { kind: 'clarify', sql: null, message: 'Which year?', choices: ['2024', '2025'] },
    });
    const { response } = await open(gateway, '/v1/ask', token, { question }, 'text/event-stream');
    const events = parseEvents((await readText(response)).text);
    expect(events.map(({ event }) => event)).toEqual(['stage', 'answer']);
    expect(events.at(-1)?.data).toMatchObject({ status: 'clarify', message: 'Which year?' });
  });
});
