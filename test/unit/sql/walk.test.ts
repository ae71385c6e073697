import { describe, expect, it } from 'vitest';
import { parseExpression, parseQuery } from '../../../src/sql/parser.js';
import { printQuery } from '../../../src/sql/printer.js';
import {
  equalExpressions,
  equalQueries,
  forEachExpression,
  forEachQuery,
  mapExpression,
  mapQuery,
  visit,
} from '../../../src/sql/walk.js';

const WIDE = `WITH q AS (SELECT a FROM t WHERE b) SELECT c, CASE d WHEN e THEN f ELSE g END, h BETWEEN i AND j, k IN (l, m),
  n IN (SELECT o), p LIKE r ESCAPE s, SUM(u) OVER (PARTITION BY v ORDER BY w ROWS x PRECEDING), CAST(y AS CHAR), z IS NULL,
  (aa, ab) = ANY (SELECT ac, ad), TRIM(ae FROM af), EXTRACT(DAY FROM ag), TIMESTAMPDIFF(DAY, ah, ai), aj + INTERVAL ak DAY, EXISTS (SELECT al),
  GROUP_CONCAT(am ORDER BY an), ao COLLATE binary, NOT ap, CONVERT(aq USING utf8mb4), (SELECT ar)
  FROM t JOIN (SELECT bs) x ON bt WHERE bu GROUP BY bv HAVING bw WINDOW bx AS (ORDER BY by2) UNION SELECT bz ORDER BY ca`;

const columnNames = (sql: string): string[] => {
  const names: string[] = [];
  forEachExpression(parseQuery(sql, 'mysql'), (node) => {
    if (node.kind === 'column') names.push(node.name);
  });
  return names;
};

describe('walks', () => {
  it('reach every column of every part', () => {
    const written =
      'a b c d e f g h i j k l m n o p r s u v w x y z aa ab ac ad ae af ag ah ai aj ak al am an ao ap aq ar bs bt bu bv bw by2 bz ca';
    expect(columnNames(WIDE).sort()).toEqual(written.split(' ').sort());
  });

  it('rename every column of every part, and leave the input as it was', () => {
    const query = parseQuery(WIDE, 'mysql');
    const before = printQuery(query, 'mysql').sql;
    const renamed = mapQuery(query, (node) => (node.kind === 'column' ? { ...node, name: 'zz' } : node));
    expect(printQuery(query, 'mysql').sql).toBe(before);
    const names = new Set<string>();
    forEachExpression(renamed, (node) => {
      if (node.kind === 'column') names.add(node.name);
    });
    expect([...names]).toEqual(['zz']);
    expect(
      equalQueries(
        mapQuery(query, (node) => node),
        query,
      ),
    ).toBe(true);
  });

  it('build from the leaves up', () => {
    const seen: string[] = [];
    mapExpression(parseExpression('a + f(b)', 'mysql'), (node) => {
      seen.push(node.kind === 'column' ? node.name : node.kind);
      return node;
    });
    expect(seen).toEqual(['a', 'b', 'call', 'binary']);
  });

  it('visit queries outer before inner, and stop at them where told', () => {
    const query = parseQuery(WIDE, 'mysql');
    let count = 0;
    forEachQuery(query, () => count++);
    expect(count).toBe(7);
    let outer = 0;
    visit(query, { query: () => outer++, enterQueries: false });
    expect(outer).toBe(7);
    const names: string[] = [];
    visit(parseExpression('a IN (SELECT b)', 'mysql'), {
      expression: (node) => node.kind === 'column' && names.push(node.name),
      enterQueries: false,
    });
    expect(names).toEqual(['a']);
  });
});

describe('equality', () => {
  it('does not mind places and source text', () => {
    expect(equalExpressions(parseExpression('a+1', 'mysql'), parseExpression('( a  + 1 )', 'mysql'))).toBe(true);
    expect(equalQueries(parseQuery('SELECT a+1', 'mysql'), parseQuery('SELECT  a + 1', 'mysql'))).toBe(true);
  });

  it('minds values, kinds, order and names', () => {
    for (const [left, right] of [
      ['a', 'b'],
      ['1', '1.0'],
      ["'1'", '1'],
      ['a + b', 'b + a'],
      ['f(a)', 'g(a)'],
      ['a IN (1)', 'a IN (1, 2)'],
      ['a', 't.a'],
    ] as const)
      expect(
        equalExpressions(parseExpression(left, 'mysql'), parseExpression(right, 'mysql')),
        `${left} ${right}`,
      ).toBe(false);
  });
});
