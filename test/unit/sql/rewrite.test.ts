import { describe, expect, it } from 'vitest';
import type { Enclosure, Expression, Query, Select } from '../../../src/sql/nodes.js';
import { parseQuery } from '../../../src/sql/parser.js';
import { printQuery } from '../../../src/sql/printer.js';
import { rewriteLevels, rewriteQuery } from '../../../src/sql/rewrite.js';
import { measureDepth, visitLevel, visitQuery, visitWritten } from '../../../src/sql/visit.js';

/** A number at every place of a query where an expression can stand. */
const EVERYWHERE = `WITH d AS (SELECT 1 AS a FROM t WHERE 2 = 2)
  SELECT 3, SUM(4) OVER (PARTITION BY 5 ORDER BY 6 ROWS BETWEEN 7 PRECEDING AND 8 FOLLOWING), (SELECT 9 FROM d), GROUP_CONCAT(10 ORDER BY 11)
  FROM (SELECT 12 AS b FROM u) e JOIN v ON 13 = 13 LEFT JOIN (w JOIN z ON 14 = 14) ON 15 = 15
  WHERE EXISTS (SELECT 16 FROM t) AND 17 IN (18, 19) AND 20 IN (SELECT 21 FROM t) AND 22 BETWEEN 23 AND 24 AND 25 LIKE 26
  GROUP BY 27 + 0 HAVING CASE 28 WHEN 29 THEN 30 ELSE 31 END
  WINDOW k AS (PARTITION BY 32 ORDER BY 33)
  UNION SELECT 34, 35, 36, CAST(37 AS CHAR) FROM t ORDER BY 38 + 0`;

describe('a rewrite', () => {
  it('reaches every expression, once', () => {
    const seen: number[] = [];
    visitQuery(parseQuery(EVERYWHERE, 'mysql'), {
      expression: (node) => {
        if (node.kind === 'number' && node.text !== '0') seen.push(Number(node.text));
      },
    });
    const expected = Array.from({ length: 38 }, (_, index) => index + 1).flatMap((value) =>
      [2, 13, 14, 15].includes(value) ? [value, value] : [value],
    );
    expect(seen.sort((left, right) => left - right)).toEqual(expected);
  });

  it('replaces what it is told to and leaves the input as it was', () => {
    const query = parseQuery(EVERYWHERE, 'mysql');
    const before = printQuery(query, 'mysql').sql;
    const zeros = rewriteQuery(query, {
      expression: (node) => (node.kind === 'number' ? { ...node, text: '0' } : node),
      table: (node) => (node.kind === 'relation' ? { ...node, name: 'r', alias: null } : node),
      select: (node) => ({ ...node, distinct: true }),
      query: (node) => ({ ...node, limit: { count: { kind: 'integer', value: 1n }, offset: null } }),
    });
    const text = printQuery(zeros, 'mysql').sql;
    expect(text.match(/\b[1-9]\d*\b/g)?.every((number) => number === '1')).toBe(true);
    expect(text.match(/FROM `(?!r`)\w+`/g)).toBeNull();
    expect(text.match(/SELECT(?! DISTINCT)/g)).toBeNull();
    expect(text.match(/LIMIT 1/g)?.length).toBe(6);
    expect(printQuery(query, 'mysql').sql).toBe(before);
  });

  it('sees the rewritten parts of a node, bottom up', () => {
    const texts: string[] = [];
    rewriteQuery(parseQuery('SELECT -(-1)', 'mysql'), {
      expression: (node) => {
        texts.push(node.kind);
        return node.kind === 'number' ? { kind: 'null' } : node;
      },
    });
    expect(texts[0]).toBe('number');
    expect(texts.at(-1)).toBe('unary');
  });
});

describe('a rewrite that changes one place', () => {
  /** More places, each with a number of its own, in what `EVERYWHERE` has not. */
  const OTHERS = `SELECT TRIM(LEADING 1 FROM 2), 3 + INTERVAL 4 DAY, EXTRACT(YEAR FROM 5), CONVERT(6 USING utf8mb4), 7 COLLATE utf8mb4_bin,
    TIMESTAMPADD(DAY, 8, 9), (10, 11) = ANY (SELECT 12, 13), -14, BINARY 15, 16 IS NULL, 17 LIKE 18 ESCAPE 19,
    CASE WHEN 20 THEN 21 WHEN 22 THEN 23 END, LAG(24, 25) OVER (w ORDER BY 26), NOT EXISTS (SELECT 27)
    FROM JSON_TABLE(28, '$' COLUMNS (k INT PATH '$')) j, (SELECT 29 UNION ALL SELECT 30) u WINDOW w AS (PARTITION BY 31)`;
  const SQLITE = `SELECT COUNT(*) FILTER (WHERE 1), GROUP_CONCAT(2, 3) FROM json_each(4, 5) UNION ALL VALUES (6, 7), (8, 9)`;
  const TEXTS = [
    ['mysql', EVERYWHERE],
    ['mysql', OTHERS],
    ['sqlite', SQLITE],
  ] as const;

  it.each([
    ['mysql', EVERYWHERE, 38],
    ['mysql', OTHERS, 31],
    ['sqlite', SQLITE, 9],
  ] as const)('changes that and nothing else, whatever stays the same around it (%s)', (dialect, sql, count) => {
    const query = parseQuery(sql, dialect);
    const before = printQuery(query, dialect).sql;
    for (let number = 1; number <= count; number += 1) {
      const changed = rewriteQuery(query, {
        expression: (node) => (node.kind === 'number' && node.text === String(number) ? { ...node, text: '99' } : node),
      });
      expect(printQuery(changed, dialect).sql, String(number)).toBe(
        before.replaceAll(new RegExp(`(?<![\\w.])${number}(?!\\w)`, 'g'), '99'),
      );
    }
  });

  it('leaves a query the same object where it changes nothing', () => {
    for (const [dialect, sql] of TEXTS) {
      const query = parseQuery(sql, dialect);
      expect(rewriteQuery(query, { expression: (node) => node, select: (node) => node })).toBe(query);
      expect(rewriteQuery(query, {})).toBe(query);
    }
  });

  it('meets the same nodes as a visit', () => {
    for (const [dialect, sql] of TEXTS) {
      const query = parseQuery(sql, dialect);
      const [rewritten, visited]: [string[], string[]] = [[], []];
      rewriteQuery(query, {
        expression: (node) => {
          rewritten.push(JSON.stringify([node.kind, node.kind === 'number' && node.text]));
          return node;
        },
        table: (node) => {
          rewritten.push(node.kind);
          return node;
        },
        query: (node) => {
          rewritten.push(node.kind);
          return node;
        },
      });
      visitQuery(query, {
        expression: (node) => visited.push(JSON.stringify([node.kind, node.kind === 'number' && node.text])),
        table: (node) => visited.push(node.kind),
        query: (node) => visited.push(node.kind),
      });
      expect(visited.length).toBeGreaterThan(12);
      expect(visited.toSorted()).toEqual(rewritten.toSorted());
    }
  });

  it('meets an enclosure and does not enter it, as a visit does', () => {
    const number = (text: string): Expression => ({ kind: 'number', form: 'integer', text });
    const enclosure: Enclosure = {
      kind: 'enclosure',
      relation: 'orders',
      inner: 'b',
      alias: 't1',
      columns: [
        { name: 'c1', expression: number('1') },
        { name: 'c2', expression: number('2') },
      ],
      filter: number('3'),
      copied: [number('4'), number('5')],
      orderBy: [],
      fenced: true,
    };
    const plain = parseQuery('SELECT 6 FROM t', 'mysql');
    const query: Query = { ...plain, body: { ...(plain.body as Select), from: [enclosure] } };
    expect(rewriteQuery(query, { expression: (node) => node })).toBe(query);
    const numbersOf = (visit: typeof visitQuery) => {
      const numbers: string[] = [];
      visit(query, { expression: (node) => numbers.push(node.kind === 'number' ? node.text : node.kind) });
      return numbers.toSorted();
    };
    expect(numbersOf(visitQuery)).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(numbersOf(visitWritten)).toEqual(['6']);
    const met: string[] = [];
    const changed = rewriteQuery(query, {
      expression: (node) => {
        met.push(node.kind === 'number' ? node.text : node.kind);
        return node.kind === 'number' ? number('99') : node;
      },
      table: (node) => {
        met.push(node.kind);
        return node;
      },
    });
    expect(met.toSorted()).toEqual(['6', 'enclosure']);
    expect(printQuery(changed, 'mysql').sql).toBe(printQuery(query, 'mysql').sql.replace('6', '99'));
  });
});

describe('a rewrite of levels', () => {
  const SQL = 'WITH w AS (SELECT 1) SELECT (SELECT 2) FROM (SELECT 3) d JOIN w ON (SELECT 4) ORDER BY (SELECT 5)';
  const meet = (asks: boolean) => {
    const met: string[] = [];
    const query = parseQuery(SQL, 'mysql');
    const rewritten = rewriteLevels(query, asks, {
      select: (node) => {
        const [item] = node.items;
        if (item?.kind === 'expression') met.push(item.expression.kind === 'number' ? item.expression.text : 'whole');
        return node;
      },
    });
    expect(rewritten).toBe(query);
    return met.toSorted();
  };

  it('enters expressions only where they ask', () => {
    expect(meet(true)).toEqual(['1', '2', '3', '4', '5', 'whole']);
    expect(meet(false)).toEqual(['1', '3', 'whole']);
  });
});

describe('a visit of one level', () => {
  it('enters calls and windows, and no subquery', () => {
    const query = parseQuery('SELECT SUM(1 + 2) OVER (PARTITION BY 3) + (SELECT 4) + (5 IN (SELECT 6))', 'mysql');
    const [item] = (query.body as Select).items;
    const numbers: string[] = [];
    if (item?.kind === 'expression')
      visitLevel(item.expression, (node) => {
        if (node.kind === 'number') numbers.push(node.text);
      });
    expect(numbers).toEqual(['1', '2', '3', '5']);
  });
});

describe('depth', () => {
  it.each([
    ['SELECT 1', 1],
    ['SELECT (SELECT 1)', 2],
    ['SELECT (SELECT (SELECT 1))', 3],
    ['SELECT 1 FROM (SELECT 1) t, (SELECT 2) u', 2],
    ['SELECT 1 FROM (SELECT 1 FROM (SELECT 2) t) u', 3],
    ['WITH a AS (SELECT 1), b AS (SELECT 2) SELECT 1', 2],
    ['SELECT 1 UNION SELECT 2 UNION SELECT 3', 1],
    ['SELECT 1 FROM t JOIN u ON t.x = (SELECT 1)', 2],
    ['SELECT 1 FROM t WHERE x IN (SELECT 1)', 2],
    ['VALUES ROW((SELECT 1))', 2],
    ['SELECT 1 FROM t GROUP BY (SELECT 1)', 2],
    ['SELECT 1 FROM t HAVING (SELECT 1)', 2],
    ['SELECT 1 FROM t ORDER BY (SELECT 1)', 2],
    ['SELECT COALESCE(1, CASE WHEN EXISTS (SELECT 1) THEN 1 END)', 2],
    ['SELECT SUM(x) OVER (ORDER BY (SELECT 1)) FROM t', 2],
    ['SELECT 1 UNION SELECT (SELECT 2)', 2],
    ['SELECT (SELECT 1) UNION SELECT 2', 2],
    ['(SELECT (SELECT 1) LIMIT 1) LIMIT 1', 3],
    ['SELECT t.* FROM t WHERE EXISTS (SELECT u.* FROM u)', 2],
    ['SELECT SUM(x) OVER w FROM t WINDOW w AS (ORDER BY (SELECT 1))', 2],
  ])('of %s is %i', (sql, depth) => {
    expect(measureDepth(parseQuery(sql, 'mysql'))).toBe(depth);
  });
});
