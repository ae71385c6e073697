import type { ResultValue } from '../domain/result-set.js';
import { SwaliError } from '../errors/swali-error.js';

type Rows = readonly Readonly<Record<string, ResultValue>>[];

/** Runs trusted text on a pinned session. */
type Inspect = (sql: string, parameters?: readonly (string | number)[]) => Promise<Rows>;

/** The fence of MySQL and MariaDB: a LIMIT that never bites. */
export const SERVER_FENCE = 'LIMIT 9223372036854775807';
/** Tables of the source that are tried; each costs a few look-ups by an index. */
const TRIED_TABLES = 3;

/**
 * Whether the gateway knows this server: only then the self-test means something, as its shapes were chosen for these.
 *
 * @returns null, or why not
 */
export function judgeVersion(dialect: 'mysql' | 'mariadb', version: string): string | null {
  const [, major = 0, minor = 0, patch = 0] = (/^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  const atLeast = (...wanted: readonly number[]): boolean => {
    const difference = [major, minor, patch].map((part, index) => part - wanted[index]!).find((part) => part !== 0);
    return (difference ?? 0) >= 0;
  };
  if (/tidb|vitess|oceanbase|singlestore|dolt|percona xtradb|columnstore/i.test(version))
    return `${version} is not a server that is known`;
  const known = dialect === 'mariadb' ? atLeast(10, 6, 0) && major <= 12 : atLeast(8, 0, 31) && major <= 9;
  return known ? null : `${version} is not a version that is known`;
}

/** Two makings of the same relation (id, owner, secret): with a row of another owner, and without. */
interface Base {
  readonly whole: string;
  readonly slice: string;
  /** Predicate that only the hidden row fulfils. */
  readonly hidden: string;
}

const union = (rows: readonly string[]): string => `(${rows.join(' UNION ALL ')})`;
const OPEN_ROWS = ['SELECT 3, 1, 2', 'SELECT 4, 1, 3'];
const jsonTable = (rows: string): string =>
  `JSON_TABLE('[${rows}]', '$[*]' COLUMNS (id INT PATH '$.i', owner INT PATH '$.o', secret INT PATH '$.s'))`;

const CONSTANT_BASES: readonly Base[] = [
  {
    whole: union(['SELECT 1 AS id, 1 AS owner, 1 AS secret', 'SELECT 2, 2, 710', ...OPEN_ROWS]),
    slice: union(['SELECT 1 AS id, 1 AS owner, 1 AS secret', ...OPEN_ROWS]),
    hidden: 'q.secret > 5',
  },
  {
    whole: jsonTable('{"i":1,"o":1,"s":1},{"i":2,"o":2,"s":710},{"i":3,"o":1,"s":2}'),
    slice: jsonTable('{"i":1,"o":1,"s":1},{"i":3,"o":1,"s":2}'),
    hidden: 'q.secret > 5',
  },
];

const enclose = (base: string, fence: string): string =>
  `(SELECT b.id, b.owner, b.secret FROM ${base} AS b WHERE b.owner = 1 ${fence})`;

/** Conditions that fail only where a row is reached that the filter removes. */
const FAILING: readonly ((hidden: string) => string)[] = [
  (hidden) => `EXP(IF(${hidden}, 710, 1)) > 0`,
  (hidden) => `IF(${hidden}, 9223372036854775807 + q.id, 1) > 0`,
  (hidden) => `(SELECT x.n FROM (SELECT 1 AS n UNION ALL SELECT 2) AS x WHERE x.n = 1 OR ${hidden}) > 0`,
];

/** The same, but constant where the condition is an equality: then it fails on no row at all, and proves nothing alone. */
const FAILING_BESIDE: (hidden: string) => string = (hidden) => `${hidden} AND EXP(709 + q.owner) > 0`;

/** Statements around an enclosure in which a caller can put such a condition. */
const SHAPES: readonly ((fence: string, failing: string) => string)[] = [
  (fence, p) => `SELECT COUNT(*) AS n FROM ${fence} AS q WHERE ${p}`,
  (fence, p) => `SELECT COUNT(*) AS n FROM ${fence} AS q WHERE q.id = 2 AND ${p}`,
  (fence, p) => `WITH c AS (SELECT * FROM ${fence} AS e) SELECT COUNT(*) AS n FROM c AS q WHERE ${p}`,
  (fence, p) => `SELECT DISTINCT q.owner AS n FROM ${fence} AS q WHERE ${p} ORDER BY n`,
  (fence, p) => `SELECT q.owner AS n, COUNT(*) AS m FROM ${fence} AS q GROUP BY q.owner HAVING MAX(${p}) = 1`,
  (fence, p) => `SELECT COUNT(*) AS n FROM ${fence} AS r JOIN ${fence} AS q ON q.id = r.id AND ${p}`,
  (fence, p) => `SELECT COUNT(*) AS n FROM ${fence} AS r LEFT JOIN ${fence} AS q ON q.id = r.id AND ${p}`,
  (fence, p) =>
    `SELECT COUNT(*) AS n FROM ${fence} AS r WHERE EXISTS (SELECT 1 FROM ${fence} AS q WHERE q.id = r.id AND ${p})`,
  (fence, p) => `SELECT COUNT(*) AS n FROM ${fence} AS r WHERE r.id IN (SELECT q.id FROM ${fence} AS q WHERE ${p})`,
  (fence, p) => `SELECT q.id AS n FROM ${fence} AS q WHERE ${p} ORDER BY q.id LIMIT 1`,
];

/** What the conditions above fail with: out of range, and a subquery of several rows. */
const DATA_FAILURES: ReadonlySet<string> = new Set(['failed with 1690', 'failed with 1242']);
/** Tries of a statement that the server fails for a reason of its own, a lost temporary table say. */
const TRIES = 3;

/** The rows, or the failure: all that a caller can observe. */
async function observe(inspect: Inspect, sql: string): Promise<string> {
  try {
    return JSON.stringify(await inspect(sql));
  } catch (error) {
    if (!(error instanceof SwaliError) || error.code !== 'EXECUTE_FAILED') throw error;
    return `failed with ${(error.cause as { readonly errno?: unknown } | undefined)?.errno}`;
  }
}

/** Whether what statements show is suspect, a failure that the data did not cause being tried again first. */
async function isSuspect(
  inspect: Inspect,
  statements: readonly string[],
  suspect: (seen: readonly string[]) => boolean,
): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    const seen = await Promise.all(statements.map((sql) => observe(inspect, sql)));
    if (!suspect(seen)) return false;
    const ofTheServer = seen.some((one) => one.startsWith('failed') && !DATA_FAILURES.has(one));
    if (!ofTheServer || tries === TRIES) return true;
  }
}

const quote = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/**
 * Enclosures over tables of the source itself, filtered by an indexed whole number to no row at all, and the condition
 * that one existing row fulfils. Such a fence must give nothing and never fail.
 */
async function readTableFences(
  inspect: Inspect,
  fence: string,
): Promise<readonly { enclosure: string; hidden: string }[]> {
  const parts = await inspect(
    `SELECT s.TABLE_NAME AS t, s.INDEX_NAME AS i, s.SEQ_IN_INDEX AS n, s.COLUMN_NAME AS c
       FROM information_schema.STATISTICS AS s
       JOIN information_schema.COLUMNS AS c ON c.TABLE_SCHEMA = s.TABLE_SCHEMA AND c.TABLE_NAME = s.TABLE_NAME AND c.COLUMN_NAME = s.COLUMN_NAME
      WHERE s.TABLE_SCHEMA = DATABASE() AND c.DATA_TYPE IN ('int', 'bigint') ORDER BY t, i, n LIMIT 1000`,
  );
  const candidates = parts
    .filter((part) => part.i === 'PRIMARY' && part.n === 1)
    .filter((part) => !parts.some((other) => other.t === part.t && other.i === 'PRIMARY' && other.n !== 1))
    .flatMap((key) => {
      const other = parts.find((part) => part.t === key.t && part.i !== 'PRIMARY' && part.n === 1 && part.c !== key.c);
      return other ? [{ t: key.t, id: key.c, f: other.c }] : [];
    })
    .slice(0, TRIED_TABLES);
  const fences: { enclosure: string; hidden: string }[] = [];
  for (const { t, id, f } of candidates) {
    const [table, key, filter] = [t, id, f].map((name) => quote(String(name)));
    const [row] = await inspect(
      `SELECT ${key} AS id, ${filter} AS f FROM ${table} WHERE ${filter} IS NOT NULL LIMIT 1`,
    );
    const [top] = await inspect(`SELECT MAX(${filter}) AS f FROM ${table}`);
    if (!row || top?.f === null || top === undefined) continue;
    fences.push({
      enclosure: `(SELECT b.${key} AS id, b.${filter} AS owner FROM ${table} AS b WHERE b.${filter} = ${BigInt(String(top.f)) + 1n} ${fence})`,
      hidden: `(q.id = ${BigInt(String(row.id))} AND q.owner = ${BigInt(String(row.f))})`,
    });
  }
  return fences;
}

/**
 * Runs the known oracles against the fence on a server, without the right to create anything: over constant relations,
 * each with a hidden row and without, and over tables of the source filtered to nothing.
 *
 * @param inspect runs trusted text on sessions pinned as those of callers are
 * @param fence what ends an enclosure; another is given only to show that the test finds leaks
 * @returns one line for each leak, or why the test means nothing here; empty where the fence holds
 * @throws SwaliError where the server cannot be reached
 */
export async function proveServerFence(
  inspect: Inspect,
  dialect: 'mysql' | 'mariadb',
  version: string,
  fence: string = SERVER_FENCE,
): Promise<readonly string[]> {
  const unknown = judgeVersion(dialect, version);
  if (unknown !== null) return [unknown];
  const faults: string[] = [];
  for (const base of CONSTANT_BASES)
    for (const shape of SHAPES)
      for (const failing of [...FAILING, FAILING_BESIDE]) {
        const [whole, slice] = [base.whole, base.slice].map((made) =>
          shape(enclose(made, fence), failing(base.hidden)),
        );
        const differs = ([seen, expected]: readonly string[]): boolean => seen !== expected;
        if (await isSuspect(inspect, [whole!, slice!], differs)) faults.push(whole!);
      }
  for (const { enclosure, hidden } of await readTableFences(inspect, fence))
    for (const shape of SHAPES)
      for (const failing of FAILING) {
        const sql = shape(enclosure, failing(hidden));
        if (await isSuspect(inspect, [sql], ([seen]) => seen!.startsWith('failed'))) faults.push(sql);
      }
  return faults;
}
