import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Ask, createAsk, type Stages } from '../../src/ask.js';
import type { AskContext } from '../../src/ask-context.js';
import { readSigner } from '../../src/audit/ed25519.js';
import { createBeginReceipt, createSignReceipt } from '../../src/audit/receipts/sign-receipt.js';
import { verifyReceipt } from '../../src/audit/receipts/verify-receipt.js';
import type { AuditEvent } from '../../src/audit/record.js';
import type { Answer } from '../../src/domain/answer.js';
import type { ExportSink } from '../../src/domain/export.js';
import type { Permission, Principal } from '../../src/domain/principal.js';
import type { ResultStream } from '../../src/domain/result-set.js';
import { sealStatement } from '../../src/domain/sealed-statement.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import type { AnswerSink } from '../../src/hand-out.js';
import type { PrincipalView } from '../../src/policy/view.js';
import { KEYS, verifier } from './audit/receipts/receipt-fixtures.js';

type Rows = Answer['rows'];

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const view = (limits: { readonly rows: number; readonly bytes: number }): PrincipalView => ({
  relations: new Map(),
  isFunctionOpen: () => true,
  claim: () => 103,
  limits: { timeoutMs: 1000, joins: 8, depth: 8, ...limits },
  digest: 'd',
  policyVersion: 'sha256:p',
});

const principal = (...permissions: Permission[]): Principal => ({
  kind: 'employee',
  subject: 'employee:1',
  role: 'member',
  claims: new Map(),
  allowTables: ['orders'],
  permissions: new Set(permissions),
  tier: 'standard',
  tenant: null,
  session: 's',
  lacksSecondFactor: false,
});
const ASKER = principal('ask', 'sql:read');
const EXPORTER = principal('ask', 'export', 'sql:write-own');

const CONTEXT: AskContext = {
  requestId: 'request-1',
  address: '127.0.0.1',
  userAgent: 'curl/8.5.0',
  signal: new AbortController().signal,
  operator: false,
};

/** Numbers from 1, in batches of a size. */
function batchesOf(count: number, size = 500): Rows[] {
  const rows = Array.from({ length: count }, (_, at) => [at + 1]);
  return Array.from({ length: Math.ceil(count / size) }, (_, at) => rows.slice(at * size, (at + 1) * size));
}

interface Streamed {
  readonly batches: readonly Rows[];
  readonly truncated?: boolean;
  /** Thrown in the place of the end. */
  readonly fails?: Error;
}

/** The spine over a stream, everything that happens in its order, and the records. */
function spine(streams: readonly Streamed[], { limits = { rows: 100_000, bytes: 1e9 }, append = async () => {} } = {}) {
  const events: string[] = [];
  const records: AuditEvent[] = [];
  let turn = 0;
  let left = 0;
  const open = ({ batches, truncated = false, fails }: Streamed): ResultStream => {
    let at = 0;
    return {
      types: ['integer'],
      isTruncated: () => truncated && at >= batches.length,
      batches: {
        [Symbol.asyncIterator]: () => ({
          async next() {
            const value = batches[at];
            at += 1;
            if (value) return { done: false, value };
            if (fails) throw fails;
            return { done: true, value: undefined };
          },
          async return() {
            left += 1;
            return { done: true, value: undefined };
          },
        }),
      },
    };
  };
  const stages: Stages = {
    viewFor: () => view(limits),
    exportViewFor: () => view(limits),
    translate: async ({ feedback }) => ({
      kind: 'sql',
      candidate: {
        sql: `SELECT ${feedback.length}`,
        translator: 'openai',
        slots: new Map(),
        usage: { promptTokens: 10, completionTokens: 2 },
      },
    }),
    seal: async () =>
      sealStatement({
        dialect: 'sqlite',
        sql: 'SELECT 7 AS c1',
        parameters: [],
        columns: [{ name: 'n', unit: null, masked: false }],
        limits: { timeoutMs: 1000, ...limits },
        filtered: true,
        kind: 'employee',
        provenance: {
          relations: ['orders'],
          policies: ['orders.rows.employee'],
          maskedColumns: [],
          policyVersion: 'sha256:p',
        },
      }),
    execute: async () => {
      const { batches = [], truncated = false } = streams[0] ?? {};
      return { types: ['integer'], rows: batches.flat(), truncated };
    },
    executeStream: async () => open(streams[Math.min(turn++, streams.length - 1)]!),
  };
  const receipts = {
    signer: readSigner('a test', KEYS.privateKey),
    issuer: 'https://ask.example.com',
    source: 'shop',
    clock: () => 1_772_323_200_123,
  };
  const answered: string[] = [];
  const ask: Ask = createAsk({
    stages,
    audit: {
      append: async (event) => {
        await append();
        records.push(event);
        events.push(`record ${event.event}`);
      },
    },
    logger: silent,
    now: () => performance.now(),
    newId: () => 'id-1',
    signReceipt: createSignReceipt(receipts),
    beginReceipt: createBeginReceipt(receipts),
    repairAttempts: 2,
    onAnswer: (key) => answered.push(key),
  });
  const taken: Rows[number][] = [];
  const sink: AnswerSink = {
    stage: (stage) => void events.push(`stage ${stage}`),
    sql: async (sql) => void events.push(sql),
    columns: async (columns) => void events.push(`columns ${columns.map(({ name }) => name).join()}`),
    rows: async (rows) => {
      taken.push(...rows);
      events.push(`${rows.length} rows`);
    },
  };
  let text = '';
  const file: ExportSink = {
    begin: async ({ format, receipt }) => void events.push(`begin ${format} ${receipt ? 'with' : 'without'} receipt`),
    write: async (part) => {
      text += part;
      events.push('write');
    },
  };
  return { ask, events, records, taken, sink, file, text: () => text, left: () => left, answered };
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error instanceof SwaliError ? error.code : String(error)),
  );
const withoutStages = (events: readonly string[]) => events.filter((event) => !event.startsWith('stage'));
const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const tooSlow = new SwaliError('EXECUTE_TIMEOUT');

describe('an answer that leaves as it comes', () => {
  it.each([1, 499, 500, 501, 1000, 1001, 1999, 2000, 2001, 2002, 12_345])(
    'says of %i rows what the whole answer says, and its receipt holds',
    async (count) => {
      const { ask, sink, taken } = spine([{ batches: batchesOf(count) }]);
      const { receipt: _, timings_ms: __, rows, ...whole } = await ask.ask('How many?', ASKER, CONTEXT);
      const {
        receipt,
        timings_ms: ___,
        rows: none,
        ...streamed
      } = await ask.askStream('How many?', ASKER, CONTEXT, sink);
      expect(none).toEqual([]);
      expect(streamed).toEqual(whole);
      expect(taken).toEqual(rows);
      const answer = { ...streamed, rows: taken, receipt, timings_ms: {} };
      const report = verifyReceipt({ jws: receipt!.jws, salt: receipt!.salt, answer }, verifier);
      expect(report.checks.filter(({ holds }) => !holds)).toEqual([]);
      const changed = { ...answer, rows: [...taken.slice(0, -1), [0]] };
      expect(verifyReceipt({ jws: receipt!.jws, salt: receipt!.salt, answer: changed }, verifier).holds).toBe(false);
    },
  );

  it('has one record, before anything leaves, where all of it is at hand', async () => {
    for (const batches of [[], batchesOf(3), batchesOf(500)]) {
      const { ask, sink, events, records, left, answered } = spine([{ batches }]);
      const answer = await ask.askStream('How many?', ASKER, CONTEXT, sink);
      const rows = batches.map(({ length }) => `${length} rows`);
      expect(withoutStages(events)).toEqual(['record question', 'SELECT 0', 'columns n', ...rows]);
      expect(events.slice(0, 5)).toEqual(
        ['translate', 'seal', 'execute', 'rows', 'answer'].map((stage) => `stage ${stage}`),
      );
      expect(records).toMatchObject([
        { decision: 'answered', rowCount: batches.flat().length, receiptDigest: digestOf(answer.receipt!.jws) },
      ]);
      expect([left(), answered.length]).toEqual([1, 1]);
    }
  });

  it('has a record before its first rows, and another before the rest, where there are more', async () => {
    const { ask, sink, events, records, left } = spine([{ batches: batchesOf(1200), truncated: true }]);
    const answer = await ask.askStream('How many?', ASKER, CONTEXT, sink);
    expect(withoutStages(events)).toEqual([
      'record question',
      'SELECT 0',
      'columns n',
      '500 rows',
      '500 rows',
      '200 rows',
      'record handed-out',
    ]);
    expect(answer).toMatchObject({ row_count: 1200, truncated: true });
    expect(records).toMatchObject([
      {
        event: 'question',
        decision: 'answered',
        rowCount: null,
        receiptDigest: null,
        reasons: ['orders.rows.employee', 'rows to follow'],
      },
      {
        event: 'handed-out',
        of: 'question',
        requestId: 'request-1',
        subject: 'employee:1',
        rowCount: 1200,
        decision: 'answered',
        code: null,
        receiptDigest: digestOf(answer.receipt!.jws),
      },
    ]);
    expect(left()).toBe(1);
  });

  it('keeps the statement from those without sql:read', async () => {
    const { ask, sink, events } = spine([{ batches: batchesOf(2) }]);
    expect(await ask.askStream('How many?', principal('ask'), CONTEXT, sink)).toMatchObject({ sql: null });
    expect(events).not.toContain('SELECT 0');
    const operator = spine([{ batches: batchesOf(2) }]);
    await operator.ask.askStream('How many?', principal(), { ...CONTEXT, operator: true }, operator.sink);
    expect(operator.events).toContain('SELECT 0');
  });

  it('does not begin where its record cannot be made, and ends its statement', async () => {
    for (const count of [10, 5000]) {
      const failing = async () => Promise.reject(new SwaliError('AUDIT_UNAVAILABLE'));
      const { ask, sink, events, left } = spine([{ batches: batchesOf(count) }], { append: failing });
      expect(await codeOf(ask.askStream('How many?', ASKER, CONTEXT, sink))).toBe('AUDIT_UNAVAILABLE');
      expect(withoutStages(events)).toEqual([]);
      expect(left()).toBe(1);
    }
  });

  it('does not end as an answer where its closing record cannot be made', async () => {
    let appended = 0;
    const append = async () => {
      appended += 1;
      if (appended === 2) throw new SwaliError('AUDIT_UNAVAILABLE');
    };
    const { ask, sink } = spine([{ batches: batchesOf(5000) }], { append });
    expect(await codeOf(ask.askStream('How many?', ASKER, CONTEXT, sink))).toBe('AUDIT_UNAVAILABLE');
  });

  it('sends a statement back to the model that fails before any row has left, and none that fails after', async () => {
    const broken = new SwaliError('EXECUTE_FAILED');
    const early = spine([{ batches: batchesOf(500), fails: broken }, { batches: batchesOf(2) }]);
    const answer = await early.ask.askStream('How many?', ASKER, CONTEXT, early.sink);
    expect(withoutStages(early.events)).toEqual(['record question', 'SELECT 1', 'columns n', '2 rows']);
    expect(answer).toMatchObject({ sql: 'SELECT 1', usage: { prompt_tokens: 20 } });
    const late = spine([{ batches: batchesOf(1500), fails: broken }, { batches: batchesOf(2) }]);
    expect(await codeOf(late.ask.askStream('How many?', ASKER, CONTEXT, late.sink))).toBe('EXECUTE_FAILED');
    expect(late.taken).toHaveLength(1500);
    expect(late.records).toMatchObject([
      { event: 'question', decision: 'answered' },
      { event: 'handed-out', decision: 'failed', code: 'EXECUTE_FAILED', rowCount: 1500, receiptDigest: null },
    ]);
  });

  it('ends its statement and says how much left where whoever takes it goes away', async () => {
    const { ask, sink, records, left } = spine([{ batches: batchesOf(5000) }]);
    let batches = 0;
    const leaving: AnswerSink = {
      ...sink,
      rows: async (rows) => {
        batches += 1;
        if (batches === 3) throw new SwaliError('EXECUTE_CANCELLED');
        await sink.rows(rows);
      },
    };
    expect(await codeOf(ask.askStream('How many?', ASKER, CONTEXT, leaving))).toBe('EXECUTE_CANCELLED');
    expect(records.at(-1)).toMatchObject({ event: 'handed-out', code: 'EXECUTE_CANCELLED', rowCount: 1500 });
    expect(left()).toBe(1);
  });

  it('asks for no further batch before the last one has been taken', async () => {
    const { ask, sink } = spine([{ batches: batchesOf(5000) }]);
    let waiting = 0;
    const slow: AnswerSink = {
      ...sink,
      rows: async () => {
        waiting += 1;
        expect(waiting).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        waiting -= 1;
      },
    };
    await ask.askStream('How many?', ASKER, CONTEXT, slow);
  });

  it('demands what an answer demands', async () => {
    const { ask, sink, records } = spine([{ batches: [] }]);
    expect(await codeOf(ask.askStream('How many?', principal(), CONTEXT, sink))).toBe('AUTH_PERMISSION_MISSING');
    expect(await codeOf(ask.runSqlStream('SELECT 1', principal('ask'), CONTEXT, sink))).toBe('AUTH_PERMISSION_MISSING');
    expect(records).toMatchObject([
      { event: 'question', decision: 'refused' },
      { event: 'sql', decision: 'refused' },
    ]);
  });
});

describe('a file that leaves as it is written', () => {
  const request = { question: 'How many?', format: 'csv' } as const;
  const lines = (count: number) =>
    `n\r\n${batchesOf(count)
      .flat()
      .map(([n]) => `${n}\r\n`)
      .join('')}`;

  it.each([0, 3, 500, 501, 1500, 20_000])('has all of %i rows, and its receipt holds', async (count) => {
    const { ask, file, text } = spine([{ batches: batchesOf(count) }]);
    const exported = await ask.exportStream(request, EXPORTER, CONTEXT, file);
    expect(text()).toBe(lines(count));
    if (exported.status !== 'answered') throw new Error('there is no file');
    expect(exported.rowCount).toBe(count);
    const report = verifyReceipt({ ...exported.receipt, text: text() }, verifier);
    expect(report).toMatchObject({ holds: true, claims: { format: 'csv', row_count: count, truncated: false } });
    expect(verifyReceipt({ ...exported.receipt, text: `${text()}1\r\n` }, verifier).holds).toBe(false);
  });

  it('has its receipt first and one record where all of it is at hand, else last and two', async () => {
    const small = spine([{ batches: batchesOf(500) }]);
    await small.ask.exportStream(request, EXPORTER, CONTEXT, small.file);
    expect(small.events).toEqual(['record export', 'begin csv with receipt', 'write']);
    expect(small.records).toMatchObject([{ rowCount: 500, receiptDigest: expect.stringMatching(/^sha256/) }]);
    const large = spine([{ batches: batchesOf(1200) }]);
    await large.ask.exportStream(request, EXPORTER, CONTEXT, large.file);
    expect(large.events).toEqual([
      'record export',
      'begin csv without receipt',
      ...['write', 'write', 'write', 'write'],
      'record handed-out',
    ]);
    expect(large.records.at(-1)).toMatchObject({ of: 'export', rowCount: 1200, decision: 'answered' });
  });

  it('does not begin where it is known to be too large', async () => {
    for (const [streamed, limits] of [
      [
        { batches: batchesOf(10), truncated: true },
        { rows: 10, bytes: 1e9 },
      ],
      [{ batches: batchesOf(400) }, { rows: 1e6, bytes: 1000 }],
    ] as const) {
      const { ask, file, events, records, left } = spine([streamed], { limits });
      expect(await codeOf(ask.exportStream(request, EXPORTER, CONTEXT, file))).toBe('EXPORT_TOO_LARGE');
      expect(events).toEqual(['record export']);
      expect(records).toMatchObject([{ decision: 'failed', code: 'EXPORT_TOO_LARGE', receiptDigest: null }]);
      expect(left()).toBe(1);
    }
  });

  it.each([
    ['rows', { batches: batchesOf(1500), truncated: true }, { rows: 1500, bytes: 1e9 }, 'EXPORT_TOO_LARGE'],
    ['bytes', { batches: batchesOf(5000) }, { rows: 1e6, bytes: 10_000 }, 'EXPORT_TOO_LARGE'],
    ['time', { batches: batchesOf(1500), fails: tooSlow }, { rows: 1e6, bytes: 1e9 }, 'EXECUTE_TIMEOUT'],
  ])('fails, on record, where it turns out to lack rows for want of %s', async (_of, streamed, limits, code) => {
    const { ask, file, records, left } = spine([streamed], { limits });
    expect(await codeOf(ask.exportStream(request, EXPORTER, CONTEXT, file))).toBe(code);
    expect(records).toMatchObject([
      { event: 'export', decision: 'answered', rowCount: null },
      { event: 'handed-out', decision: 'failed', code, receiptDigest: null },
    ]);
    expect((records[1] as { rowCount: number }).rowCount).toBeGreaterThan(0);
    expect(left()).toBe(1);
  });
});
