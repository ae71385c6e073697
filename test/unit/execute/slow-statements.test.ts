import { describe, expect, it } from 'vitest';
import { type SealedStatement, sealStatement } from '../../../src/domain/sealed-statement.js';
import type { StatementRun } from '../../../src/execute/execute.js';
import { createSlowStatements } from '../../../src/execute/slow-statements.js';
import type { Source } from '../../../src/source/source.js';

const statement: SealedStatement = sealStatement({
  dialect: 'mysql',
  sql: 'SELECT `t1`.`c1` FROM (SELECT `name` AS `c1` FROM `customers` WHERE `customer_number` = ?) AS `t1` WHERE `t1`.`c1` = _utf8mb4 0x416461 LIMIT 11',
  parameters: [{ origin: 'claim', name: 'customer_number', value: 10_377 }],
  columns: [{ name: 'name', unit: null, masked: false }],
  limits: { rows: 10, timeoutMs: 500, bytes: 1000 },
  filtered: true,
  kind: 'customer',
  provenance: { relations: ['customers'], policies: [], maskedColumns: [], policyVersion: 'sha256:0' },
});

function watchWith(explain: Source['explain'] = async () => [{ id: 1, table: 'customers', Extra: "x = 'Ada'" }]) {
  const lines: Record<string, unknown>[] = [];
  const waiting: (() => void)[] = [];
  let counted = 0;
  let now = 0;
  let asked = 0;
  const watch = createSlowStatements({
    source: {
      explain: (request) => {
        asked += 1;
        return explain(request);
      },
    },
    logger: { debug() {}, info() {}, error() {}, warn: (fields) => void lines.push({ ...fields }) },
    metrics: {
      slowQuery: () => {
        counted += 1;
      },
    },
    slowMs: 100,
    now: () => now,
    later: (_ms, work) => void waiting.push(work),
  });
  const settle = async () => {
    for (const work of waiting.splice(0)) work();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const run = (over: Partial<StatementRun> = {}) => watch({ statement, ms: 250, rows: 3, code: null, ...over });
  return { run, settle, lines, counts: () => ({ counted, asked }), pass: (ms: number) => (now += ms) };
}

describe('slow statements', () => {
  it('are logged with names and a plan, and without a value', async () => {
    const { run, settle, lines, counts } = watchWith();
    run();
    expect(lines).toEqual([]);
    await settle();
    expect(counts().counted).toBe(1);
    expect(lines).toEqual([
      {
        sql: 'SELECT `t1`.`c1` FROM (SELECT `name` AS `c1` FROM `customers` WHERE `customer_number` = ?) AS `t1` WHERE `t1`.`c1` = _utf8mb4 ? LIMIT ?',
        sqlDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        relations: ['customers'],
        kind: 'customer',
        durationMs: 250,
        rowCount: 3,
        code: null,
        plan: [{ id: 1, table: 'customers', Extra: 'x = ?' }],
      },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/10377|416461|Ada/);
  });

  it('of one form have one digest, whatever values stand in them', async () => {
    const { run, settle, lines } = watchWith();
    run();
    await settle();
    run({ statement: { ...statement, sql: statement.sql.replace('416461', '426f62') } });
    await settle();
    expect(lines[0]?.sqlDigest).toBe(lines[1]?.sqlDigest);
  });

  it('are not those that are quick, nor those that never ran', async () => {
    const { run, settle, lines, counts } = watchWith();
    run({ ms: 100 });
    run({ ms: 5000, rows: null, code: 'EXECUTE_BUSY' });
    await settle();
    expect([lines, counts()]).toEqual([[], { counted: 0, asked: 0 }]);
  });

  it('are those that failed too', async () => {
    const { run, settle, lines } = watchWith();
    run({ rows: null, code: 'EXECUTE_TIMEOUT' });
    await settle();
    expect(lines).toMatchObject([{ rowCount: null, code: 'EXECUTE_TIMEOUT' }]);
  });

  it('cost the source one plan at a time and six a minute', async () => {
    const { run, settle, lines, counts, pass } = watchWith();
    run();
    run();
    expect(lines).toMatchObject([{ plan: null, planMissing: 'another is being read' }]);
    await settle();
    for (let n = 0; n < 20; n += 1) {
      run();
      await settle();
    }
    expect(counts()).toEqual({ counted: 22, asked: 6 });
    expect(lines.at(-1)).toMatchObject({ plan: null, planMissing: 'enough for this minute' });
    pass(60_000);
    run();
    await settle();
    expect(counts().asked).toBe(7);
  });

  it.each([
    ['no idle connection', async (): Promise<null> => null],
    ['refused', async (): Promise<null> => Promise.reject(new Error("Access denied for 'x'"))],
  ] as const)('are logged all the same where there is no plan: %s', async (planMissing, explain) => {
    const { run, settle, lines } = watchWith(explain);
    run();
    await settle();
    expect(lines).toMatchObject([{ plan: null, planMissing }]);
    run();
    await settle();
    expect(lines).toHaveLength(2);
  });
});
