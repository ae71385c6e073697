import { describe, expect, it } from 'vitest';
import type { ResultStream } from '../../../src/domain/result-set.js';
import { type SealedStatement, sealStatement } from '../../../src/domain/sealed-statement.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import type { StatementRun } from '../../../src/execute/execute.js';
import { createExecuteStream } from '../../../src/execute/execute-stream.js';
import type { Source, SourceStreamRequest } from '../../../src/source/source.js';

const READER = { idleMs: 300, readerMs: 900 };

const statement = (over: Partial<SealedStatement> = {}): SealedStatement =>
  sealStatement({
    dialect: 'sqlite',
    sql: 'SELECT 1 AS c1',
    parameters: [{ origin: 'claim', name: 'customer_number', value: 7 }],
    columns: [{ name: 'n', unit: null, masked: false }],
    limits: { rows: 10, timeoutMs: 500, bytes: 1000 },
    filtered: true,
    kind: 'customer',
    provenance: { relations: [], policies: [], maskedColumns: [], policyVersion: 'sha256:0' },
    ...over,
  });

/** A source whose every step takes some time of a clock that it moves on, over batches of one row. */
function streaming(steps: readonly number[], fails: Error | null = null) {
  let time = 1000;
  let left = 0;
  const asked: SourceStreamRequest[] = [];
  const [opening = 0, ...later] = steps;
  const stream = async (request: SourceStreamRequest): Promise<ResultStream> => {
    asked.push(request);
    time += opening;
    let at = 0;
    return {
      types: ['integer'],
      isTruncated: () => true,
      batches: {
        [Symbol.asyncIterator]: () => ({
          async next() {
            time += later[at] ?? 0;
            at += 1;
            if (at < later.length) return { done: false, value: [[at]] };
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
  const source = { dialect: 'sqlite', fenceHolds: true, stream } as unknown as Source;
  const waits: number[] = [];
  const pace = {
    stepMs: 5,
    now: () => time,
    wait: async (ms: number) => {
      waits.push(ms);
      time += ms;
    },
  };
  const runs: StatementRun[] = [];
  return {
    execute: createExecuteStream(source, READER, pace, (run) => runs.push(run)),
    source,
    asked,
    waits,
    runs,
    left: () => left,
    pass: (ms: number) => {
      time += ms;
    },
  };
}

async function readAll(stream: ResultStream) {
  const rows = [];
  for await (const batch of stream.batches) rows.push(...batch);
  return rows;
}

describe('executing a sealed statement whose rows leave as they come', () => {
  it('hands the source its text, values, account and limits, and how long readers may take', async () => {
    const { execute, asked } = streaming([0, 0, 0, 0]);
    const stream = await execute(statement());
    expect(await readAll(stream)).toEqual([[1], [2]]);
    expect([stream.types, stream.isTruncated()]).toEqual([['integer'], true]);
    expect(asked).toEqual([
      {
        sql: 'SELECT 1 AS c1',
        parameters: [7],
        kind: 'customer',
        timeoutMs: 500,
        maxRows: 10,
        maxBytes: 1000,
        mayEstimate: false,
        ...READER,
      },
    ]);
  });

  it('refuses what execute refuses, and leaves a stream of other columns than were sealed', async () => {
    const { source, execute, asked, left } = streaming([0, 0]);
    await expect(execute(statement({ dialect: 'mysql' }))).rejects.toMatchObject({ code: 'INTERNAL' });
    const open = createExecuteStream({ ...source, fenceHolds: false }, READER);
    await expect(open(statement())).rejects.toMatchObject({ code: 'SOURCE_FENCE_FAILED' });
    expect(asked).toEqual([]);
    const columns = [1, 2].map((n) => ({ name: `c${n}`, unit: null, masked: false }));
    await expect(execute(statement({ columns }))).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(left()).toBe(1);
  });

  it('lets the opening, each batch and the end of a filtered statement leave at whole steps after it began', async () => {
    const { execute, waits } = streaming([1, 2, 5, 7]);
    await readAll(await execute(statement()));
    // It began at 1000: opened at 1001, then 1005 + 2, 1010 + 5, 1015 + 7.
    expect(waits).toEqual([4, 3, 3]);
    const open = streaming([1, 2, 5, 7]);
    await readAll(await open.execute(statement({ filtered: false })));
    expect(open.waits).toEqual([]);
  });

  it('lets a failure leave at a whole step too', async () => {
    const { execute, waits } = streaming([0, 2, 1], new SwaliError('EXECUTE_FAILED'));
    await expect(readAll(await execute(statement()))).rejects.toMatchObject({ code: 'EXECUTE_FAILED' });
    expect(waits).toEqual([3, 4]);
  });

  it('tells once what ran, by the time of the source alone', async () => {
    const { execute, runs, pass } = streaming([10, 20, 30, 40]);
    const stream = await execute(statement({ filtered: false }));
    for await (const _ of stream.batches) pass(1000);
    expect(runs).toMatchObject([{ ms: 100, rows: 2, code: null }]);
    const failing = streaming([10, 20, 30], new SwaliError('EXECUTE_TIMEOUT'));
    await readAll(await failing.execute(statement({ filtered: false }))).catch(() => undefined);
    expect(failing.runs).toMatchObject([{ ms: 60, rows: null, code: 'EXECUTE_TIMEOUT' }]);
    const leaving = streaming([10, 20, 30, 40]);
    for await (const _ of (await leaving.execute(statement({ filtered: false }))).batches) break;
    expect(leaving.runs).toMatchObject([{ ms: 30, rows: 1, code: null }]);
    expect(leaving.left()).toBe(1);
  });
});
