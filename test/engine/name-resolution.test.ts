import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.js';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import type { Dialect } from '../../src/domain/dialect.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createExecute } from '../../src/execute/execute.js';
import type { PrincipalView } from '../../src/policy/view.js';
import { createSeal, type Seal } from '../../src/seal/index.js';
import { createJudges, type Judges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import type { Source } from '../../src/source/source.js';
import { describeEngines } from '../engines/engines.js';
import { sameRows } from '../support/compare-rows.js';
import { makeView } from '../support/hand-made-catalog.js';
import { admin, customer } from '../support/principals.js';
import { callerSql, readFixture } from '../support/seal-engine.js';

/** One text, and whether we read it: then the server must give the same rows for it and for what we made of it. */
interface Case {
  readonly dialects: readonly Dialect[];
  readonly sql: string;
  /** Our refusal; the server refuses too unless `serverAnswers`. */
  readonly refused?: string;
  readonly serverAnswers?: readonly Dialect[];
  /** Our refusal where a relation is filtered: the server would choose among rows. */
  readonly refusedFiltered?: string;
}

const cases = readFixture('cases/name-resolution.jsonl')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Case);

/** No value stands in two columns of one row, so that every wrong reading shows. */
const script = `
CREATE TABLE a (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER, g INTEGER);
CREATE TABLE b (id INTEGER PRIMARY KEY, x INTEGER, z INTEGER, a_id INTEGER);
CREATE TABLE c (id INTEGER PRIMARY KEY, w INTEGER, z INTEGER);
CREATE TABLE d (id INTEGER PRIMARY KEY, secret INTEGER);
INSERT INTO a VALUES (1, 10, 100, 1), (2, 20, 200, 1), (3, 30, 300, 2), (4, NULL, 400, 2);
INSERT INTO b VALUES (1, 20, 7, 1), (2, 10, 8, 1), (3, 30, 12, 3), (5, 30, 9, 3), (6, NULL, 11, 4);
INSERT INTO c VALUES (1, 51, 7), (2, 52, 9), (5, 53, 12), (7, 54, 99);
`;

/** Rows that the filtered principal must not notice. */
const hiddenRows = `
INSERT INTO a VALUES (1001, 10, 100, 1), (1002, 20, 900, 3);
INSERT INTO b VALUES (1001, 20, 7, 1), (1002, 10, 99, 1001);
INSERT INTO c VALUES (1001, 10, 7), (1003, 54, 8);
`;

const code = (error: unknown) => (error instanceof SwaliError ? error.code : String(error));

describeEngines('names mean what the server takes them for', script, (under) => {
  const own = cases.filter((entry) => entry.dialects.includes(under.dialect));
  const served = new Map<string, readonly (readonly unknown[])[] | string>();
  let source: Source;
  let catalog: Catalog;
  let judges: Judges;
  let seal: Seal;
  let open: PrincipalView;
  let filtered: PrincipalView;
  beforeAll(async () => {
    source = await openSource({ url: under.url, allowWideGrants: true });
    catalog = await readCatalog(source);
    judges = createJudges({ timeoutMs: 5_000, threads: 1 });
    seal = createSeal({ catalog, judges });
    open = makeView(catalog, { d: { closed: true } });
    const rows = { rows: 'id < :bound' };
    filtered = makeView(catalog, { a: rows, b: rows, c: rows, d: { closed: true } }, { bound: 1000 });
    const limits = { timeoutMs: 20_000, maxRows: 1000, maxBytes: 1 << 20, mayEstimate: false };
    for (const { sql } of own)
      served.set(
        sql,
        await source.execute({ sql, parameters: [], kind: 'admin', ...limits }).then((result) => result.rows, code),
      );
  }, 120_000);
  afterAll(async () => {
    await judges?.close();
    await source?.close();
  });

  async function sealedRows(sql: string, view: PrincipalView) {
    const statement = await seal.seal(callerSql(sql), view === open ? admin() : customer(1), view);
    return { text: statement.sql, rows: (await createExecute(source)(statement)).rows };
  }

  async function findFaults(view: PrincipalView): Promise<string[]> {
    const faults: string[] = [];
    for (const { sql, refused, serverAnswers = [], refusedFiltered } of own) {
      const theirs = served.get(sql) as readonly (readonly unknown[])[] | string;
      const ours = await sealedRows(sql, view).catch(code);
      const expected = refused ?? (view === filtered ? refusedFiltered : undefined);
      if (expected !== undefined) {
        if (ours !== expected) faults.push(`${sql}\n  ${JSON.stringify(ours)} instead of ${expected}`);
        if (refused !== undefined && (typeof theirs !== 'string') !== serverAnswers.includes(under.dialect))
          faults.push(`${sql}\n  the server says ${JSON.stringify(theirs)}`);
      } else if (typeof ours === 'string' || typeof theirs === 'string')
        faults.push(`${sql}\n  ours ${JSON.stringify(ours)}\n  theirs ${JSON.stringify(theirs)}`);
      else if (!sameRows(ours.rows, theirs, /\bORDER BY\b(?!.*\))/.test(sql)))
        faults.push(`${sql}\n  ${ours.text}\n  ours ${JSON.stringify(ours.rows)}\n  theirs ${JSON.stringify(theirs)}`);
    }
    return faults;
  }

  it('where every row is open', async () => {
    expect(own.length).toBeGreaterThanOrEqual(120);
    expect((await findFaults(open)).join('\n')).toBe('');
  }, 120_000);

  it('where rows are filtered and there are others', async () => {
    await under.runAsOwner(hiddenRows);
    expect((await findFaults(filtered)).join('\n')).toBe('');
  }, 120_000);
});
