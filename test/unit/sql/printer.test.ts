import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import type { Enclosure, Expression, Query } from '../../../src/sql/nodes.js';
import { parseExpression, parseQuery } from '../../../src/sql/parser.js';
import { printExpression, printQuery } from '../../../src/sql/printer.js';

const column = (name: string, ...qualifier: string[]): Expression => ({ kind: 'column', qualifier, name, at: -1 });

const enclosure: Enclosure = {
  kind: 'enclosure',
  relation: 'orders',
  inner: 'b1',
  alias: 't1',
  columns: [{ name: 'c1', expression: column('id', 'b1') }],
  filter: {
    kind: 'binary',
    operator: 'OR',
    left: {
      kind: 'binary',
      operator: '=',
      left: column('n', 'b1'),
      right: { kind: 'parameter', origin: 'claim', name: 'n', value: null },
    },
    right: { kind: 'boolean', value: false },
  },
  copied: [
    { kind: 'binary', operator: '=', left: column('id', 'b1'), right: { kind: 'number', form: 'integer', text: '7' } },
  ],
  orderBy: [],
  fenced: true,
};

function selectFrom(table: Enclosure): Query {
  const query = parseQuery('SELECT c1', 'mysql');
  if (query.body.kind !== 'select') throw new Error('not a select');
  return { ...query, body: { ...query.body, from: [table] } };
}

function refusedPrint(sql: string, from: 'mysql' | 'mariadb' | 'sqlite', to: 'mysql' | 'mariadb' | 'sqlite'): string {
  try {
    return printQuery(parseQuery(sql, from), to).sql;
  } catch (error) {
    return error instanceof SwaliError ? error.code : 'another error';
  }
}

describe('an enclosure', () => {
  it('prints its one form, with the fence of the dialect', () => {
    expect(printQuery(selectFrom(enclosure), 'mysql').sql).toBe(
      'SELECT `c1` FROM (SELECT `b1`.`id` AS `c1` FROM `orders` AS `b1` WHERE (`b1`.`n` = ? OR FALSE) AND `b1`.`id` = 7 LIMIT 9223372036854775807) AS `t1`',
    );
    expect(printQuery(selectFrom(enclosure), 'sqlite').sql).toBe(
      'SELECT "c1" FROM (SELECT "b1"."id" AS "c1" FROM "orders" AS "b1" WHERE ("b1"."n" = ? OR FALSE) AND "b1"."id" = 7 LIMIT -1) AS "t1"',
    );
  });

  it('prints neither WHERE nor LIMIT where nothing is filtered', () => {
    const open = { ...enclosure, filter: null, copied: [], fenced: false };
    expect(printQuery(selectFrom(open), 'mariadb').sql).toBe(
      'SELECT `c1` FROM (SELECT `b1`.`id` AS `c1` FROM `orders` AS `b1`) AS `t1`',
    );
  });
});

describe('string literals', () => {
  it('are hexadecimal on the MySQL family and bound on SQLite', () => {
    const literal = parseExpression("CONCAT('é', '')", 'mysql');
    expect(printExpression(literal, 'mariadb')).toEqual({
      sql: 'CONCAT(_utf8mb4 0xC3A9, LEFT(_utf8mb4 0x20, 0))',
      parameters: [],
    });
    const bound = printExpression(literal, 'sqlite');
    expect(bound.sql).toBe('CONCAT(?, ?)');
    expect(bound.parameters.map(({ origin, value }) => [origin, value])).toEqual([
      ['literal', 'é'],
      ['literal', ''],
    ]);
  });

  it('are bound in the order of the text', () => {
    const sql =
      "WITH q AS (SELECT 'a') SELECT CASE 'b' WHEN 'c' THEN 'd' ELSE 'e' END, x LIKE 'f' ESCAPE 'g' FROM (SELECT 'h') JOIN q ON 'i' WHERE 'j' GROUP BY 'k' HAVING 'l' ORDER BY 'm' LIMIT 1";
    const values = printQuery(parseQuery(sql, 'sqlite'), 'sqlite').parameters.map((parameter) => parameter.value);
    expect(values.join('')).toBe('abcdefghijklm');
  });

  it('make bytes on SQLite without a quote', () => {
    expect(printExpression(parseExpression("x'4d'", 'sqlite'), 'sqlite')).toMatchObject({
      sql: 'UNHEX(?)',
      parameters: [{ value: '4D' }],
    });
  });

  it('never hold half a surrogate pair', () => {
    expect(() => printExpression({ kind: 'string', value: '\ud800' }, 'mysql')).toThrow(SwaliError);
  });
});

describe('what a dialect lacks', () => {
  it.each([
    ['SELECT a, SUM(b) FROM t GROUP BY a WITH ROLLUP', 'mysql', 'sqlite'],
    ['SELECT a > ALL (SELECT 1) FROM t', 'mysql', 'sqlite'],
    ['SELECT d + INTERVAL 1 DAY FROM t', 'mysql', 'sqlite'],
    ['SELECT a XOR b, a DIV 2 FROM t', 'mysql', 'sqlite'],
    ['SELECT 1 FROM t, LATERAL (SELECT 1) x', 'mysql', 'mariadb'],
    ['SELECT 1 FROM (SELECT 1) x (a)', 'mysql', 'mariadb'],
    ['SELECT CAST(a AS JSON) FROM t', 'mysql', 'mariadb'],
    ['SELECT 1 FROM a FULL JOIN b ON 1', 'sqlite', 'mysql'],
    ['SELECT COUNT(*) FILTER (WHERE a) FROM t', 'sqlite', 'mysql'],
    ['SELECT a GLOB b FROM t', 'sqlite', 'mysql'],
    ['SELECT a IN () FROM t', 'sqlite', 'mysql'],
    ['SELECT a IS UNKNOWN FROM t', 'mysql', 'sqlite'],
    ['SELECT a REGEXP b FROM t', 'mysql', 'sqlite'],
    ['SELECT CONVERT(a USING utf8mb4) FROM t', 'mysql', 'sqlite'],
    ['SELECT EXTRACT(YEAR FROM a) FROM t', 'mysql', 'sqlite'],
    ['SELECT INTERVAL 1 DAY + a FROM t', 'mysql', 'sqlite'],
    ['SELECT TIMESTAMPADD(DAY, 1, a) FROM t', 'mysql', 'sqlite'],
    ['SELECT BINARY a FROM t', 'mysql', 'sqlite'],
    ["SELECT b'101' FROM t", 'mysql', 'sqlite'],
    ["SELECT DATE '2026-01-31' FROM t", 'mysql', 'sqlite'],
    ['SELECT CAST(a AS CHAR(5)) FROM t', 'mysql', 'sqlite'],
    ['SELECT CAST(a AS CHAR CHARACTER SET utf8mb4) FROM t', 'mysql', 'sqlite'],
    ['SELECT CAST(a AS DECIMAL(5, 2)) FROM t', 'mysql', 'sqlite'],
    ['SELECT CAST(a AS DATE) FROM t', 'mysql', 'sqlite'],
    ['SELECT CAST(a AS YEAR) FROM t', 'mysql', 'mariadb'],
    ['SELECT CAST(a AS NUMERIC) FROM t', 'sqlite', 'mysql'],
    ["SELECT TRIM('xy' FROM a) FROM t", 'mysql', 'sqlite'],
    ['SELECT TRIM(b FROM a) FROM t', 'mysql', 'sqlite'],
    ["SELECT TRIM('' FROM a) FROM t", 'mysql', 'sqlite'],
    ['SELECT a IN ((SELECT 1)) FROM t', 'sqlite', 'mysql'],
  ] as const)('is refused, never printed as something else: %s', (sql, from, to) => {
    expect(refusedPrint(sql, from, to)).toBe('SEAL_UNSUPPORTED');
  });

  it('is written another way where there is one', () => {
    expect(refusedPrint('SELECT a || b, a IS b, a IS NOT b FROM t', 'sqlite', 'mysql')).toBe(
      'SELECT CONCAT(`a`, `b`), `a` <=> `b`, NOT `a` <=> `b` FROM `t`',
    );
    expect(
      refusedPrint(
        "SELECT TRIM(a), TRIM(TRAILING FROM a), TRIM('x' FROM a), TRIM(LEADING '😀' FROM a) FROM t",
        'mysql',
        'sqlite',
      ),
    ).toBe('SELECT TRIM("a"), RTRIM("a"), TRIM("a", ?), LTRIM("a", ?) FROM "t"');
    expect(refusedPrint('SELECT CAST(a AS SIGNED), CAST(a AS CHAR), CAST(a AS BINARY) FROM t', 'mysql', 'sqlite')).toBe(
      'SELECT CAST("a" AS INTEGER), CAST("a" AS TEXT), CAST("a" AS BLOB) FROM "t"',
    );
    expect(refusedPrint('SELECT CAST(a AS INTEGER), CAST(a AS TEXT), a -> b, a ->> b FROM t', 'sqlite', 'mysql')).toBe(
      'SELECT CAST(`a` AS SIGNED), CAST(`a` AS CHAR), JSON_EXTRACT(`a`, `b`), JSON_UNQUOTE(JSON_EXTRACT(`a`, `b`)) FROM `t`',
    );
    expect(
      refusedPrint(
        "SELECT TIME '10:00:00.25', TIMESTAMP '2026-01-31 10:00:00', a IN ((SELECT 1), 2) FROM t LIMIT 5",
        'mysql',
        'mariadb',
      ),
    ).toBe(
      'SELECT CAST(_utf8mb4 0x31303A30303A30302E3235 AS TIME(2)), CAST(_utf8mb4 0x323032362D30312D33312031303A30303A3030 AS DATETIME), `a` IN ((SELECT 1), 2) FROM `t` LIMIT 5',
    );
    expect(refusedPrint('SELECT a FROM t LIMIT -1', 'sqlite', 'mysql')).toBe(
      'SELECT `a` FROM `t` LIMIT 18446744073709551615',
    );
    expect(refusedPrint('SELECT a IN ((SELECT 1)) FROM t', 'sqlite', 'sqlite')).toBe(
      'SELECT "a" IN ((SELECT 1)) FROM "t"',
    );
    expect(refusedPrint('SELECT a <=> b, TRIM(LEADING FROM a) FROM t', 'mysql', 'sqlite')).toBe(
      'SELECT "a" IS "b", LTRIM("a") FROM "t"',
    );
    expect(refusedPrint('SELECT STRAIGHT_JOIN 1 FROM a JOIN b ON a.x = b.x, c', 'mysql', 'sqlite')).toBe(
      'SELECT 1 FROM "a" CROSS JOIN "b" ON "a"."x" = "b"."x" CROSS JOIN "c"',
    );
    expect(refusedPrint('SELECT 1 EXCEPT (SELECT 2 EXCEPT SELECT 3)', 'mysql', 'sqlite')).toBe(
      'SELECT 1 EXCEPT SELECT * FROM (SELECT 2 EXCEPT SELECT 3)',
    );
  });
});

describe('text that is printed as it is', () => {
  it('must be of its shape', () => {
    const bad: readonly Expression[] = [
      { kind: 'number', form: 'integer', text: '1 OR 1' },
      { kind: 'bytes', form: 'hex', digits: "4D'" },
      { kind: 'collate', operand: { kind: 'null' }, collation: 'a, b' },
      { kind: 'transcode', operand: { kind: 'null' }, characterSet: 'utf8mb4)' },
      { ...(parseExpression('f(1)', 'mysql') as Extract<Expression, { kind: 'call' }>), name: 'F(1),G' },
    ];
    const type = { name: 'CHAR', length: null, scale: null, characterSet: null } as const;
    const operand: Expression = { kind: 'null' };
    const more: readonly Expression[] = [
      { kind: 'bytes', form: 'hex', digits: '4' },
      { kind: 'bytes', form: 'hex', digits: '4D 4D' },
      { kind: 'bytes', form: 'bit', digits: '012' },
      { kind: 'bytes', form: 'bit', digits: '210' },
      { kind: 'transcode', operand, characterSet: ', utf8mb4' },
      { kind: 'collate', operand, collation: '' },
      { kind: 'cast', operand, type: { ...type, characterSet: 'utf8mb4)' } },
      { kind: 'cast', operand, type: { ...type, characterSet: '(utf8mb4' } },
      { kind: 'cast', operand, type: { ...type, length: -1 } },
      { kind: 'cast', operand, type: { ...type, length: 1.5 } },
    ];
    for (const expression of more) expect(() => printExpression(expression, 'mysql')).toThrow(SwaliError);
    expect(() => printExpression({ kind: 'string', value: 'a\0b' }, 'sqlite', { strings: 'quoted' })).toThrow(
      SwaliError,
    );
    for (const expression of bad) expect(() => printExpression(expression, 'mysql')).toThrow(SwaliError);
  });

  it('is never a name of control characters, nor of none', () => {
    for (const dialect of ['mysql', 'sqlite'] as const)
      for (const name of ['', 'a\nb', 'a\0', '\x1f', '\x7f'])
        for (const node of [column(name), column('a', name)])
          expect(() => printExpression(node, dialect)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    expect(printExpression(column('a b', 'é'), 'mysql').sql).toBe('`é`.`a b`');
  });

  it('has its quotes doubled inside names', () => {
    expect(printExpression(column('a`b', 't"'), 'mysql').sql).toBe('`t"`.`a``b`');
    expect(printExpression(column('a`b', 't"'), 'sqlite').sql).toBe('"t"""."a`b"');
  });
});
