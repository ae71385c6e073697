import { describe, expect, it } from 'vitest';
import { type SealedStatement, sealStatement } from '../../../src/domain/sealed-statement.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { createExecute } from '../../../src/execute/execute.js';
import type { Source, SourceRequest } from '../../../src/source/source.js';

function makeSource(over: Partial<Source> = {}): { readonly source: Source; readonly asked: SourceRequest[] } {
  const asked: SourceRequest[] = [];
  const source: Source = {
    dialect: 'sqlite',
    serverVersion: '3.53.0',
    fenceHolds: true,
    async execute(request) {
      asked.push(request);
      return { types: ['integer'], rows: [[1]], truncated: false };
    },
    stream: async () => Promise.reject(new Error('nothing here streams')),
    explain: async () => null,
    inspect: async () => [],
    ping: async () => undefined,
    close: async () => undefined,
    ...over,
  };
  return { source, asked };
}

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

describe('executing a sealed statement', () => {
  it('hands the source its text, values, account and limits', async () => {
    const { source, asked } = makeSource();
    expect(await createExecute(source)(statement())).toEqual({ types: ['integer'], rows: [[1]], truncated: false });
    expect(asked).toEqual([
      {
        sql: 'SELECT 1 AS c1',
        parameters: [7],
        kind: 'customer',
        timeoutMs: 500,
        maxRows: 10,
        maxBytes: 1000,
        mayEstimate: false,
      },
    ]);
  });

  it('lets the estimate refuse only what is not filtered', async () => {
    const { source, asked } = makeSource();
    await createExecute(source)(statement({ filtered: false }));
    expect(asked[0]?.mayEstimate).toBe(true);
  });

  it('runs nothing filtered where the fence does not hold', async () => {
    const { source, asked } = makeSource({ fenceHolds: false });
    await expect(createExecute(source)(statement())).rejects.toMatchObject({ code: 'SOURCE_FENCE_FAILED' });
    expect(asked).toEqual([]);
    await expect(createExecute(source)(statement({ filtered: false }))).resolves.toMatchObject({ rows: [[1]] });
  });

  it('runs nothing that was printed for another dialect', async () => {
    const { source, asked } = makeSource();
    await expect(createExecute(source)(statement({ dialect: 'mysql' }))).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(asked).toEqual([]);
  });

  it('answers nothing when another number of columns arrives than was sealed', async () => {
    const { source } = makeSource();
    const columns = [1, 2].map((n) => ({ name: `c${n}`, unit: null, masked: false }));
    await expect(createExecute(source)(statement({ columns }))).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  describe('in step', () => {
    /** A clock that a source moves on, and the waits that were asked for. */
    function paced(tookMs: number, { fails = false, early = false } = {}) {
      let time = 1000;
      const waits: number[] = [];
      const { source } = makeSource({
        execute: async () => {
          time += tookMs;
          if (fails) throw new SwaliError('EXECUTE_FAILED');
          return { types: ['integer'], rows: [[1]], truncated: false };
        },
      });
      const pace = {
        stepMs: 5,
        now: () => time,
        wait: async (ms: number) => {
          waits.push(ms);
          time += early ? ms / 2 : ms;
        },
      };
      return { execute: createExecute(source, pace), waits };
    }

    it('lets a filtered outcome leave at the next whole step after it began', async () => {
      for (const [took, wait] of [
        [1, [4]],
        [4.5, [1]],
        [5, []],
        [12, [3]],
      ] as const) {
        const { execute, waits } = paced(took);
        await execute(statement());
        expect(waits, `${took} ms`).toEqual(wait);
      }
    });

    it('waits again where a timer wakes it too early', async () => {
      const { execute, waits } = paced(1, { early: true });
      await execute(statement());
      expect(waits).toEqual([4, 2, 1, 1, ...waits.slice(4)]);
    });

    it('keeps errors in step too', async () => {
      const { execute, waits } = paced(2, { fails: true });
      await expect(execute(statement())).rejects.toMatchObject({ code: 'EXECUTE_FAILED' });
      expect(waits).toEqual([3]);
    });

    it('holds up nothing that is not filtered', async () => {
      const { execute, waits } = paced(2);
      await execute(statement({ filtered: false }));
      expect(waits).toEqual([]);
    });
  });
});
