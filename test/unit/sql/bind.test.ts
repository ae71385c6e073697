import { describe, expect, it } from 'vitest';
import { DIALECTS, type Dialect } from '../../../src/domain/dialect.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { bindPredicate } from '../../../src/sql/bind.js';
import { functionRule } from '../../../src/sql/functions.js';
import { parseExpression } from '../../../src/sql/parser.js';
import { printExpression } from '../../../src/sql/printer.js';
import { makeCatalog, makeRelation, makeView } from '../../support/hand-made-catalog.js';
import { readFixture } from '../../support/seal-engine.js';
import { bindText, codeOf, textAfter } from '../../support/seal-steps.js';

/** The tables of `test/engine/name-resolution.test.ts`, where the servers themselves say what names mean. */
function catalogOf(dialect: Dialect) {
  return makeCatalog(dialect, [
    makeRelation(dialect, 'a', { id: 'integer', x: 'int null', y: 'int null', g: 'int null' }),
    makeRelation(dialect, 'b', { id: 'integer', x: 'int null', z: 'int null', a_id: 'int null' }),
    makeRelation(dialect, 'c', { id: 'integer', w: 'int null', z: 'int null' }),
    makeRelation(dialect, 'd', { id: 'integer', secret: 'int null' }),
  ]);
}
const viewOf = (dialect: Dialect) => makeView(catalogOf(dialect), { d: { closed: true } });
const bound = (sql: string, dialect: Dialect) =>
  textAfter('resolve', sql, catalogOf(dialect), viewOf(dialect)).replaceAll(/[`"]/g, '');

interface BoundCase {
  readonly sql: string;
  readonly dialects: readonly Dialect[];
  readonly bound: string;
}
const lines = (path: string) => readFixture(path).split('\n').filter(Boolean);
const cases = lines('cases/bound.jsonl').map((line) => JSON.parse(line) as BoundCase);
const refusals = lines('cases/name-resolution.jsonl')
  .map((line) => JSON.parse(line) as { sql: string; dialects: Dialect[]; refused?: string })
  .flatMap(({ sql, dialects, refused }) => (refused ? dialects.map((dialect) => ({ sql, dialect, refused })) : []));

describe('names become ours', () => {
  it('has its cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(40);
    expect(refusals.length).toBeGreaterThanOrEqual(80);
  });

  it.each(cases.flatMap((entry) => entry.dialects.map((dialect) => ({ ...entry, dialect }))))(
    'in $sql, on $dialect',
    ({ sql, dialect, bound: text }) => {
      expect(bound(sql, dialect)).toBe(text);
    },
  );

  it.each(refusals)('or are refused with $refused in $sql, on $dialect', ({ sql, dialect, refused }) => {
    expect(codeOf(() => bound(sql, dialect))).toBe(refused);
  });

  it('and every one of ours is unique over the statement', () => {
    const sql =
      'SELECT a.id, t.id FROM a, (SELECT id FROM b UNION SELECT id FROM c) t WHERE a.x IN (SELECT x FROM b WHERE b.z > a.y)';
    const statement = bindText(sql, catalogOf('mysql'), viewOf('mysql'));
    expect([...statement.uses.keys()]).toHaveLength(4);
    expect([...statement.definitions.keys()]).toHaveLength(new Set(statement.definitions.keys()).size);
    expect(statement.sources).toBe(5);
  });

  it('while the caller’s output names are kept beside', () => {
    const { outputs } = bindText('SELECT a.*, x + 1 AS k FROM a', catalogOf('mysql'), viewOf('mysql'));
    expect(outputs.map((output) => output.name)).toEqual(['id', 'x', 'y', 'g', 'k']);
  });
});

describe('functions', () => {
  it.each<[string, Dialect, string]>([
    ['SELECT MIN(x, y) FROM a', 'sqlite', 'answered'],
    ['SELECT MIN(x, y) FROM a', 'mysql', 'SEAL_FUNCTION_MISUSED'],
    ['SELECT MIN(DISTINCT x, y) FROM a', 'sqlite', 'SEAL_FUNCTION_MISUSED'],
    ['SELECT COUNT(*) FROM a', 'mysql', 'answered'],
    ['SELECT SUM(*) FROM a', 'mysql', 'SEAL_FUNCTION_MISUSED'],
    ['SELECT COUNT() FROM a', 'mysql', 'SEAL_FUNCTION_MISUSED'],
    ['SELECT ABS(x, y) FROM a', 'mysql', 'SEAL_FUNCTION_MISUSED'],
    ['SELECT ABS(x) OVER () FROM a', 'sqlite', 'SEAL_FUNCTION_MISUSED'],
    ['SELECT GROUP_CONCAT(x) OVER () FROM a', 'mysql', 'SEAL_FUNCTION_MISUSED'],
    ['SELECT GROUP_CONCAT(x) OVER () FROM a', 'sqlite', 'answered'],
    ['SELECT RANK() FROM a', 'mariadb', 'SEAL_FUNCTION_MISUSED'],
    ['SELECT LAG(x, 1, 0) OVER (ORDER BY y) FROM a', 'mysql', 'answered'],
    ['SELECT LAG(x, 1, 0) OVER (ORDER BY y) FROM a', 'mariadb', 'SEAL_FUNCTION_MISUSED'],
    ['SELECT UPPER(x) FILTER (WHERE y) FROM a', 'sqlite', 'SEAL_FUNCTION_MISUSED'],
    ['SELECT sleep(1)', 'mysql', 'SEAL_FUNCTION_UNKNOWN'],
    ['SELECT load_extension(1)', 'sqlite', 'SEAL_FUNCTION_UNKNOWN'],
    ['SELECT (SELECT SUM(zz) FROM a)', 'mysql', 'SEAL_COLUMN_UNKNOWN'],
  ])('%s on %s: %s', (sql, dialect, code) => {
    expect(codeOf(() => bound(sql, dialect))).toBe(code);
  });
});

describe('a refusal says where', () => {
  const detailOf = (sql: string, dialect: Dialect = 'mysql') => {
    try {
      bound(sql, dialect);
    } catch (error) {
      if (error instanceof SwaliError) return `${error.code} ${error.detail}`;
      throw error;
    }
    throw new Error('not refused');
  };

  it.each([
    ['SELECT nope FROM a', 'SEAL_COLUMN_UNKNOWN at character 8'],
    ['SELECT  nope.* FROM a', 'SEAL_COLUMN_UNKNOWN at character 9'],
    ['SELECT id FROM a, b', 'SEAL_COLUMN_AMBIGUOUS at character 8'],
    ['SELECT 1 FROM nope', 'SEAL_RELATION_UNKNOWN at character 15'],
    ['SELECT 1 FROM d', 'SEAL_RELATION_UNKNOWN at character 15'],
    ['SELECT 1, sleep(1)', 'SEAL_FUNCTION_UNKNOWN at character 11'],
    ['SELECT 1, ABS(1, 2)', 'SEAL_FUNCTION_MISUSED ABS at character 11: number of arguments'],
    ['SELECT RANK() FROM a', 'SEAL_FUNCTION_MISUSED RANK at character 8: needs OVER'],
    ['SELECT ABS(1) OVER () FROM a', 'SEAL_FUNCTION_MISUSED ABS at character 8: does not take OVER'],
  ])('of %s: %s', (sql, detail) => {
    expect(detailOf(sql)).toBe(detail);
  });

  it('of an ambiguous name of a window on MariaDB', () => {
    expect(detailOf('SELECT x AS y, SUM(id) OVER (ORDER BY  y) FROM a', 'mariadb')).toBe(
      'SEAL_COLUMN_AMBIGUOUS at character 40',
    );
  });
});

describe('what no name can mean', () => {
  it.each<[string, string, readonly Dialect[]]>([
    ['rows of VALUES that differ in length, the later ones too', 'VALUES (1), (2), (3, 4)', ['sqlite']],
    ['a column list of another length', 'SELECT * FROM (SELECT id FROM a) t (k, l)', ['mysql']],
    ['a column list that is too short', 'SELECT * FROM (SELECT id, x FROM a) t (k)', ['mysql']],
    ['a common table’s list of another length', 'WITH t (k, l) AS (SELECT id FROM a) SELECT * FROM t', DIALECTS],
    ['two common tables of one name', 'WITH t AS (SELECT 1), T AS (SELECT 2) SELECT 1', DIALECTS],
    ['two tables of one name', 'SELECT 1 FROM a k, b K', DIALECTS],
    ['legs of different widths', 'SELECT id FROM a UNION SELECT id, x FROM b', DIALECTS],
    ['a column number that is not there', 'SELECT id FROM a ORDER BY 2', DIALECTS],
    ['the column number 0', 'SELECT id FROM a GROUP BY 0', DIALECTS],
    ['a collated column number that is not there', 'SELECT id FROM a ORDER BY 2 COLLATE NOCASE', ['sqlite']],
    ['a window that is not defined', 'SELECT SUM(x) OVER w FROM a', DIALECTS],
    ['a window upon one that is not defined', 'SELECT SUM(x) OVER (w) FROM a', DIALECTS],
    ['a named window upon one that is not defined', 'SELECT SUM(x) OVER v FROM a WINDOW v AS (w)', DIALECTS],
    ['an aggregate in the order of a union', 'SELECT id FROM a UNION SELECT id FROM b ORDER BY COUNT(*)', DIALECTS],
    ['an aggregate deep in that order', '(SELECT id FROM a LIMIT 1) ORDER BY 1 + ABS(MAX(id))', ['mysql', 'mariadb']],
    ['a window in that order', '(SELECT id FROM a LIMIT 1) ORDER BY RANK() OVER (ORDER BY id)', ['mysql', 'mariadb']],
    ['a star without FROM', 'SELECT *', DIALECTS],
  ])('%s', (_name, sql, dialects) => {
    for (const dialect of dialects)
      expect([dialect, codeOf(() => bound(sql, dialect))]).toEqual([dialect, 'SEAL_SHAPE']);
  });

  it.each<[string, string, readonly Dialect[]]>([
    [
      'a query as the document of JSON_TABLE',
      "SELECT 1 FROM JSON_TABLE((SELECT '[]'), '$[*]' COLUMNS (k INT PATH '$')) t",
      ['mysql', 'mariadb'],
    ],
    [
      'a query inside that document',
      "SELECT 1 FROM JSON_TABLE(CONCAT('[', (SELECT 1), ']'), '$[*]' COLUMNS (k INT PATH '$')) t",
      ['mysql', 'mariadb'],
    ],
    ['a query as the document of json_each', "SELECT 1 FROM json_each((SELECT '[]'))", ['sqlite']],
    ['a query as its path', "SELECT 1 FROM json_each('[]', (SELECT '$'))", ['sqlite']],
    ['EXISTS inside its document', 'SELECT 1 FROM json_each(EXISTS (SELECT 1))', ['sqlite']],
    [
      'a subquery of HAVING over a column that is not shown',
      'SELECT x FROM a GROUP BY x, y HAVING 1 IN (SELECT b.id FROM b WHERE b.z = a.y)',
      ['mariadb'],
    ],
    ['USING inside a join in parentheses', 'SELECT 1 FROM c JOIN (a JOIN b USING (id)) ON TRUE', ['sqlite']],
    ['NATURAL inside a join in parentheses', 'SELECT 1 FROM c JOIN (a NATURAL JOIN b) ON TRUE', ['sqlite']],
  ])('%s is not read', (_name, sql, dialects) => {
    for (const dialect of dialects)
      expect([dialect, codeOf(() => bound(sql, dialect))]).toEqual([dialect, 'SEAL_UNSUPPORTED']);
  });

  it.each<[string, string, readonly Dialect[]]>([
    ['a function of columns in the order of a union', 'SELECT id FROM a UNION SELECT id FROM b ORDER BY 1', DIALECTS],
    ['an aggregate in the order of one select', 'SELECT x FROM a GROUP BY x ORDER BY COUNT(*)', DIALECTS],
    ['a collated column number', 'SELECT x FROM a ORDER BY 1 COLLATE NOCASE', ['sqlite']],
    ['a decimal in the place of a column number', 'SELECT x FROM a ORDER BY 9.5', DIALECTS],
    [
      'a subquery of HAVING over what is shown',
      'SELECT y FROM a GROUP BY y HAVING 1 IN (SELECT b.id FROM b WHERE b.z = a.y)',
      DIALECTS,
    ],
    [
      'a subquery inside an aggregate of HAVING',
      'SELECT x FROM a GROUP BY x HAVING MAX((SELECT MAX(b.id) FROM b WHERE b.z = a.y)) > 1',
      ['mariadb'],
    ],
    ['a window by the alias of a column of that name', 'SELECT y AS y, SUM(id) OVER (ORDER BY y) FROM a', DIALECTS],
    ['a window by a qualified column', 'SELECT x AS y, SUM(id) OVER (ORDER BY a.y) FROM a', DIALECTS],
  ])('but %s is', (_name, sql, dialects) => {
    for (const dialect of dialects) expect([dialect, codeOf(() => bound(sql, dialect))]).toEqual([dialect, 'answered']);
  });
});

describe('VALUES', () => {
  it('becomes a union whose columns we name', () => {
    expect(bound('SELECT * FROM (VALUES (1, 2), (3, 4)) v', 'sqlite')).toBe(
      'SELECT t1.c1 AS c5, t1.c2 AS c6 FROM (SELECT 1 AS c1, 2 AS c2 UNION ALL SELECT 3 AS c3, 4 AS c4) AS t1',
    );
  });

  it('is refused where its rows differ in length, or are too many', () => {
    expect(codeOf(() => bound('VALUES (1), (2, 3)', 'sqlite'))).toBe('SEAL_SHAPE');
    const rows = (count: number) => `VALUES ${Array.from({ length: count }, () => '(1)').join()}`;
    expect(codeOf(() => bound(rows(200), 'sqlite'))).toBe('answered');
    expect(codeOf(() => bound(rows(201), 'sqlite'))).toMatch(/^SEAL_TOO_/);
  });
});

describe('a row rule', () => {
  const predicate = (text: string) => {
    const relation = { name: 'a', columns: ['id', 'x'] };
    const expression = bindPredicate(parseExpression(text, 'mysql', { allowNamedParameters: true }), relation, 'b', {
      dialect: 'mysql',
      relation: (name) => (name === 'p1' || name === 'c' ? { name, columns: ['id', 'z'] } : undefined),
      functionRule: (name) => functionRule('mysql', name),
      isClaim: (name) => name === 'owner',
    });
    return printExpression(expression, 'mysql').sql.replaceAll('`', '');
  };

  it('keeps the catalog’s column names, its own relation being b', () => {
    expect(predicate('x = :owner AND a.id > 1')).toBe('b.x = ? AND b.id > 1');
  });

  it('reads other relations under names that none of the source’s has', () => {
    expect(predicate('x IN (SELECT c.id FROM c WHERE c.z = a.x)')).toBe(
      'b.x IN (SELECT p2.id FROM c AS p2 WHERE p2.z = b.x)',
    );
  });

  it('refuses what is not there', () => {
    expect(codeOf(() => predicate('y = 1'))).toBe('SEAL_COLUMN_UNKNOWN');
    expect(codeOf(() => predicate('x = :other'))).toBe('SEAL_UNSUPPORTED');
    expect(codeOf(() => predicate('x IN (SELECT id FROM zz)'))).toBe('SEAL_RELATION_UNKNOWN');
  });
});
