import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { type VerifyRequest, verifyPrinted } from '../../../src/seal/verify.js';

interface VerifyCase extends VerifyRequest {
  readonly name: string;
  readonly relations: readonly string[];
}

function readCases(file: string): readonly VerifyCase[] {
  const text = readFileSync(new URL(`../../../fixtures/cases/${file}`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as VerifyCase);
}

const ACCEPTED = readCases('verify-accepted.jsonl');
const REFUSED = readCases('verify-refused.jsonl');

function refusalOf(request: VerifyRequest): SwaliError {
  try {
    verifyPrinted(request);
  } catch (error) {
    if (error instanceof SwaliError) return error;
    throw error;
  }
  throw new Error(`accepted: ${request.sql}`);
}

/** Whether a token stands inside an enclosure: from the parenthesis before SELECT to the one behind the fence. */
function isEnclosed(tokens: readonly string[], at: number): boolean {
  let depth = 0;
  for (let from = at; from >= 0; from -= 1) {
    if (tokens[from] === ')' && from !== at) depth += 1;
    if (tokens[from] !== '(') continue;
    const opens =
      tokens[from + 1] === 'SELECT' && (/^[`"]b[`"]$/.test(tokens[from + 2] ?? '') || tokens[from + 4] === '`c0`');
    if (depth === 0 && opens) return true;
    depth = Math.max(0, depth - 1);
  }
  return false;
}

describe('verifyPrinted', () => {
  it('has its tables of cases', () => {
    expect(ACCEPTED.length).toBeGreaterThanOrEqual(28);
    expect(REFUSED.length).toBeGreaterThanOrEqual(120);
  });

  it.each(ACCEPTED)('accepts $name and says which relations it reads', (request) => {
    expect(verifyPrinted(request)).toEqual(request.relations);
  });

  it.each(REFUSED)('refuses $name', (request) => {
    const refusal = refusalOf(request);
    expect(refusal.code).toBe('SEAL_UNPROVEN');
    expect(refusal.detail).toBeNull();
    expect(String(refusal.cause)).not.toBe('');
  });

  it('refuses an accepted text when any one token of an enclosure is left out or doubled', () => {
    const request = ACCEPTED[0] as VerifyCase;
    const words = request.sql.split(' ');
    const [first, last] = [words.indexOf('(SELECT'), words.indexOf('9223372036854775807)') + 2];
    expect(last - first).toBeGreaterThan(15);
    for (let at = first; at <= last; at += 1) {
      const left = words.toSpliced(at, 1).join(' ');
      expect(refusalOf({ ...request, sql: left }).code).toBe('SEAL_UNPROVEN');
      // A second alias stands outside the enclosure and reads nothing.
      if (at === last) continue;
      const doubled = words.toSpliced(at, 0, words[at] as string).join(' ');
      expect(refusalOf({ ...request, sql: doubled }).code).toBe('SEAL_UNPROVEN');
    }
  });

  it.each(ACCEPTED)('refuses $name with any other token inside its enclosures', (request) => {
    const tokens = request.sql.match(/`[^`]*`|"[^"]*"|'[^']*'|\w+|[<>!]=|<>|[^\s\w]/g) as string[];
    const accepted: string[] = [];
    const attempt = (change: string, changed: readonly string[]) => {
      try {
        verifyPrinted({ ...request, sql: changed.join(' ') });
        accepted.push(change);
      } catch (error) {
        expect(error).toMatchObject({ code: 'SEAL_UNPROVEN' });
      }
    };
    for (const [at, token] of tokens.entries()) {
      if (!isEnclosed(tokens, at)) continue;
      const place = tokens.slice(Math.max(0, at - 4), at + 1).join(' ');
      attempt(`without ${place}`, tokens.toSpliced(at, 1));
      attempt(`twice ${place}`, tokens.toSpliced(at, 0, token));
      for (const other of ['`x`', '1', 'OR', ')'])
        if (other !== token) attempt(`${other} for ${place}`, tokens.with(at, other));
    }
    // Which look-up is copied behind the filter is the fence's affair.
    expect(
      accepted.filter(
        (change) =>
          !/for (?:\? AND|\) AND|AND) [`"]b[`"] \. [`"]\w+[`"]$|for [`"]b[`"] \. [`"]\w+[`"] = \w+$/.test(change),
      ),
    ).toEqual([]);
  });

  it.each([
    ['OR', '`b`.`paid` = 1 OR `b`.`customer_number` = ?', true],
    ['XOR', '`b`.`paid` = 1 XOR `b`.`customer_number` = ?', true],
    ['OR behind parentheses', '(`b`.`paid` = 1) OR `b`.`customer_number` = ?', true],
    ['OR behind CASE', 'CASE WHEN `b`.`paid` THEN 1 ELSE 0 END = 1 OR `b`.`customer_number` = ?', true],
    ['OR in parentheses', '(`b`.`paid` = 1 OR `b`.`customer_number` = ?)', false],
    ['OR in a function', 'COALESCE(`b`.`paid` OR (`b`.`paid`), 1) = ?', false],
    ['OR in CASE', 'CASE WHEN `b`.`paid` OR `b`.`id` THEN 1 ELSE 0 END = ?', false],
    ['AND', '`b`.`paid` = 1 AND `b`.`customer_number` = ?', false],
  ])(
    'wants parentheses around a filter with %s before a copied look-up only where they change what it says',
    (_name, filterSql, loose) => {
      const text = (filter: string): VerifyRequest => ({
        sql: `SELECT \`t1\`.\`c1\` AS \`c2\` FROM (SELECT \`b\`.\`id\` AS \`c1\` FROM \`orders\` AS \`b\` WHERE ${filter} AND \`b\`.\`id\` = 17 LIMIT 9223372036854775807) AS \`t1\` LIMIT 201`,
        dialect: 'mysql',
        parameterCount: 1,
        enclosures: [{ relation: 'orders', filterSql, columnSqls: ['`b`.`id`'] }],
      });
      expect(verifyPrinted(text(`(${filterSql})`))).toEqual(['orders']);
      if (loose) expect(refusalOf(text(filterSql)).code).toBe('SEAL_UNPROVEN');
      else expect(verifyPrinted(text(filterSql))).toEqual(['orders']);
    },
  );

  /** The first accepted text with another select list, and more behind its FROM. */
  const around = (select: string, tail = ''): VerifyRequest => {
    const request = ACCEPTED[0] as VerifyCase;
    const sql = request.sql.replace('`t1`.`c1`', select).replace(/ LIMIT 201$/, `${tail} LIMIT 201`);
    return { ...request, sql };
  };

  it.each([
    ['a path of three parts', '`t1`.`c1`.`c2`'],
    ['a table that is none of ours', '`xt1`.`c1`'],
    ['a table whose name goes on', '`t1x`.`c1`'],
    ['a column that is none of ours', '`t1`.`xc1`'],
    ['a column whose name goes on', '`t1`.`c1x`'],
    ['a column of another table by its name', '`t1`.`status`'],
    ['a column of json_each', '`t1`.`value`'],
    ['a bare name that is none of ours', '`total`'],
    ['a path behind a column', '`c1`.`c2`'],
    ['a path to a star', '`t1`.*'],
    ['a function in small letters', 'sum(`t1`.`c1`)'],
    ['a function without its parenthesis', '(SUM)'],
    ['a function that is not open', 'SLEEP(1)'],
    ['a function with a schema', '`t1`.SUM(1)'],
    ['a collation that is called', '1 COLLATE utf8mb4_bin(1)'],
    ['a collation with more behind a point', '1 COLLATE utf8mb4_bin.`c1`'],
    ['a character set without its text', '_utf8mb4 `t1`.`c1`'],
    ['SET by itself', 'CAST(1 AS SET)'],
    ['a word of JSON_TABLE', 'COLUMNS(1)'],
    ['an ordinal number', '1 FOR ORDINALITY'],
    ['a type of JSON_TABLE', 'CAST(1 AS BIGINT)'],
    ['a JSON path', "CONCAT('$.a')"],
    ['an empty text', "CONCAT('')"],
    ['a query inside EXTRACT', 'EXTRACT(SELECT `t1`.`c1`)'],
    ['a query inside TRIM', 'TRIM(SELECT `t1`.`c1`)'],
    ['a join in the select list', '1 JOIN (SELECT 1)'],
    ['a straight join in the select list', '1 STRAIGHT_JOIN (SELECT 1)'],
    ['a second FROM', '1 FROM (SELECT 1) AS `t2`'],
    ['IN with a name', '1 IN `t1`'],
    ['ANY with a name', '1 = ANY `t1`'],
    ['EXISTS with a name', 'EXISTS `t1`'],
    ['a parenthesis too few', '(1'],
    ['a parenthesis too many', '1)'],
  ])('refuses %s', (_name, select) => {
    expect(refusalOf(around(select)).code).toBe('SEAL_UNPROVEN');
  });

  it.each([
    ['a relation behind a comma', ', `orders`'],
    ['a table of ours that no WITH defines', ', `t2`'],
    ['a table with a schema', ' JOIN `t1`.`t2` ON TRUE'],
    ['a relation behind JOIN', ' JOIN `orders` ON TRUE'],
    ['a relation behind STRAIGHT_JOIN', ' STRAIGHT_JOIN `orders`'],
    ['a number in the place of a table', ' JOIN 1'],
    ['a text in the place of a table', ' JOIN ?'],
    ['WHERE in the place of a table', ', WHERE 1'],
    ['LATERAL without a query', ', LATERAL `orders`'],
    ['a function of SQLite that makes rows', ', JSON_EACH(?) AS `t2`'],
    ['a join behind WHERE', ' WHERE 1 JOIN (SELECT 1) AS `t2`'],
    ['nothing in the place of a table', ' UNION SELECT 1 FROM'],
    [
      'a query in the document of a table function',
      ", JSON_TABLE((SELECT 1), '$' COLUMNS (`c2` INT PATH '$')) AS `t2`",
    ],
    [
      'a query deep in the document of a table function',
      ", JSON_TABLE(CONCAT((SELECT 1)), '$' COLUMNS (`c2` INT PATH '$')) AS `t2`",
    ],
    ['a table function without its columns', ', JSON_TABLE AS `t2`'],
  ])('refuses %s behind the enclosure', (_name, tail) => {
    expect(refusalOf(around('1', tail)).code).toBe('SEAL_UNPROVEN');
  });

  it.each([
    ['groups', '`t1`.`c1`', ' GROUP BY `t1`.`c1`, `t1`.`c2`'],
    ['totals', '`t1`.`c1`', ' GROUP BY `t1`.`c1` WITH ROLLUP'],
    ['an order', '`t1`.`c1`', ' ORDER BY `t1`.`c1`, `t1`.`c2`'],
    ['named windows', 'SUM(1) OVER `w1`', ' WINDOW `w1` AS (), `w2` AS ()'],
    ['a straight join', 'STRAIGHT_JOIN `t1`.`c1`', ''],
    ['another of its own queries', '`t1`.`c1`', ' UNION SELECT 1, 2 INTERSECT SELECT 3, 4 EXCEPT SELECT 5, 6'],
    ['a set of rows', '`t1`.`c1`', ' UNION VALUES ROW(1), ROW(2)'],
    ['a collation', '1 COLLATE utf8mb4_bin', ''],
    ['a text', '_utf8mb4 0x41', ''],
    ['a part of a time', 'EXTRACT(YEAR FROM 1)', ''],
    ['a query inside a function', 'COALESCE((SELECT 1), 2)', ''],
  ])('accepts %s', (_name, select, tail) => {
    expect(verifyPrinted(around(select, tail))).toEqual(['orders']);
  });

  it('refuses a character set’s mark on SQLite, and a clock that is called', () => {
    const text = (select: string): VerifyRequest => ({
      sql: `SELECT ${select} AS "c1" LIMIT 201`,
      dialect: 'sqlite',
      parameterCount: 0,
      enclosures: [],
    });
    expect(verifyPrinted(text('CURRENT_DATE'))).toEqual([]);
    for (const select of ['_utf8mb4 0x41', 'CURRENT_DATE()', 'CURRENT_DATE(1)', 'NOW'])
      expect(refusalOf(text(select)).code).toBe('SEAL_UNPROVEN');
  });

  it('refuses the text of one dialect for the other', () => {
    const dialects: readonly Dialect[] = ['mysql', 'mariadb', 'sqlite'];
    const request = ACCEPTED[0] as VerifyCase;
    const accepting = dialects.filter((dialect) => {
      try {
        verifyPrinted({ ...request, dialect });
        return true;
      } catch {
        return false;
      }
    });
    expect(accepting).toEqual(['mysql', 'mariadb']);
  });

  it('comes to an end on a long text', () => {
    const request = ACCEPTED[0] as VerifyCase;
    const long = `${request.sql.replace(/ LIMIT 201$/, '')} WHERE ${Array.from({ length: 4000 }, () => '(`t1`.`c1` = 1)').join(' AND ')} LIMIT 201`;
    verifyPrinted({ ...request, sql: long });
  });
});
