import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { mapForJudges, writeMapped } from '../../../src/seal/map-for-judges.js';

function mapText(printed: string, dialect: Dialect): string | null {
  const mapped = mapForJudges(printed, dialect);
  return mapped && writeMapped(mapped);
}

describe('printed text for foreign parsers', () => {
  it.each<[string, string | null]>([
    ['SELECT `a` <=> `b`', 'SELECT `a` = `b`'],
    ['SELECT `a` << 1 >> 2 ^ 3 & 4 | 5', 'SELECT `a` + 1 + 2 + 3 + 4 + 5'],
    ['SELECT `a` GLOB `b`', 'SELECT `a` LIKE `b`'],
    ['SELECT `a` REGEXP `b` XOR `c` DIV 2', 'SELECT `a` LIKE `b` OR `c` + 2'],
    ['SELECT _utf8mb4 0x41, _latin1', 'SELECT 0x41, _latin1'],
    ['SELECT `a` COLLATE utf8mb4_bin = 1', 'SELECT `a` = 1'],
    ['SELECT CAST(`a` AS CHAR CHARACTER SET utf8mb4)', 'SELECT CAST(`a` AS CHAR)'],
    ['SELECT 1 FROM DUAL WHERE TRUE', 'SELECT 1 WHERE TRUE'],
    ['SELECT NOT `a` IS NOT `b`', 'SELECT NOT `a` = `b`'],
    [
      'SELECT `a` IS NOT NULL, `a` IS NOT TRUE, `a` IS NOT FALSE, `a` IS NOT UNKNOWN',
      'SELECT `a` IS NOT NULL, `a` IS NOT TRUE, `a` IS NOT FALSE, `a` IS NOT UNKNOWN',
    ],
    ['SELECT `a` LIKE ? ESCAPE ?', 'SELECT `a` LIKE 1'],
    ['SELECT `a` LIKE ? ESCAPE _utf8mb4 0x7C', 'SELECT `a` LIKE 1'],
    ['SELECT `a` LIKE ? ESCAPE `b`', 'SELECT `a` LIKE 1 ESCAPE `b`'],
    ['SELECT `a` ORDER BY `a` NULLS FIRST, `b` NULLS LAST', 'SELECT `a` ORDER BY `a`, `b`'],
    ['SELECT `a` GROUP BY `a` WITH ROLLUP', 'SELECT `a` GROUP BY `a`'],
    ['SELECT BINARY `a`, CAST(`a` AS BINARY)', 'SELECT `a`, CAST(`a` AS BINARY)'],
    [
      'SELECT TRIM(BOTH FROM `a`), TRIM(LEADING `x` FROM `a`), TRIM(TRAILING FROM `a`)',
      'SELECT TRIM( `a`), TRIM(LEADING `x` FROM `a`), TRIM( `a`)',
    ],
    [
      'SELECT SUM(`a`) OVER (ORDER BY `b` RANGE BETWEEN CURRENT ROW AND 1 FOLLOWING EXCLUDE CURRENT ROW)',
      'SELECT SUM(`a`) OVER (ORDER BY `b` ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)',
    ],
    ['SELECT SUM(`a`) OVER (GROUPS CURRENT ROW EXCLUDE TIES)', 'SELECT SUM(`a`) OVER (ROWS CURRENT ROW)'],
    ['SELECT SUM(`a`) OVER (ROWS CURRENT ROW EXCLUDE NO OTHERS)', 'SELECT SUM(`a`) OVER (ROWS CURRENT ROW)'],
    [
      'SELECT 1 EXCEPT ALL SELECT 2 INTERSECT ALL SELECT 3 UNION ALL SELECT 4',
      'SELECT 1 EXCEPT SELECT 2 INTERSECT SELECT 3 UNION ALL SELECT 4',
    ],
    ['WITH `t1` (`c1`) AS MATERIALIZED (SELECT 1) SELECT 2', 'WITH `t1` (`c1`) AS (SELECT 1) SELECT 2'],
    ['WITH `t1` (`c1`) AS NOT MATERIALIZED (SELECT 1) SELECT 2', 'WITH `t1` (`c1`) AS (SELECT 1) SELECT 2'],
    ['SELECT 1 FROM `t1`, LATERAL (SELECT 2) AS `t2`', 'SELECT 1 FROM `t1`, (SELECT 2) AS `t2`'],
    ['SELECT STRAIGHT_JOIN 1', 'SELECT 1'],
    ['SELECT DISTINCT STRAIGHT_JOIN 1', 'SELECT DISTINCT 1'],
    ['SELECT 1 FROM `t1` STRAIGHT_JOIN `t2`', 'SELECT 1 FROM `t1` JOIN `t2`'],
    ['SELECT GROUP_CONCAT(`a` SEPARATOR 0x2C LIMIT 1)', 'SELECT GROUP_CONCAT(`a` SEPARATOR 0x2C)'],
    ["SELECT GROUP_CONCAT(`a` SEPARATOR '' LIMIT 1)", "SELECT GROUP_CONCAT(`a` SEPARATOR '')"],
    ['SELECT GROUP_CONCAT(`a` SEPARATOR 0x2C LIMIT 1 OFFSET 2)', 'SELECT GROUP_CONCAT(`a` SEPARATOR 0x2C)'],
    ['SELECT 1 LIMIT 5 OFFSET 6', 'SELECT 1 LIMIT 5 OFFSET 6'],
    ['SELECT 1 FROM (SELECT 1) AS `t3` (`c5`, `c6`)', 'SELECT 1 FROM (SELECT 1) AS `t3`'],
    ['SELECT 1 FROM (SELECT 1) AS `t3` (`c5`)', 'SELECT 1 FROM (SELECT 1) AS `t3`'],
    ['SELECT (1) AS `c1`, (`a`)', 'SELECT (1) AS `c1`, (`a`)'],
    [
      "SELECT 1 FROM JSON_TABLE(`t1`.`c1`, '$[*]' COLUMNS (`c2` INT PATH '$.a')) AS `t2`",
      'SELECT 1 FROM (SELECT 1) AS `t2`',
    ],
    ['SELECT JSON_TABLE', 'SELECT JSON_TABLE'],
    ["SELECT 1 FROM JSON_TABLE((SELECT 1), '$' COLUMNS (`c2` FOR ORDINALITY)) AS `t2`", null],
    ['SELECT 1 FROM JSON_TABLE(`a`', null],
    [
      'SELECT INTERVAL(1, 2, 3), `a` + INTERVAL (1) DAY, INTERVAL(1, 2)',
      'SELECT COALESCE(1, 2, 3), `a` + INTERVAL (1) DAY, COALESCE(1, 2)',
    ],
    [
      'SELECT `a` + INTERVAL 1 YEAR_MONTH - INTERVAL 1 DAY_HOUR - INTERVAL 1 MICROSECOND',
      'SELECT `a` + INTERVAL 1 MONTH - INTERVAL 1 HOUR - INTERVAL 1 SECOND',
    ],
    ['SELECT MICROSECOND(`a`), EXTRACT(MICROSECOND FROM `a`)', 'SELECT MICROSECOND(`a`), EXTRACT(SECOND FROM `a`)'],
    ['SELECT 1. , 1e3, 1.5, 12, 0x41', 'SELECT 1 , 1, 1.5, 12, 0x41'],
    ['SELECT ?, `a` = ?', 'SELECT 1, `a` = 1'],
    [
      'SELECT 1 FROM `a` RIGHT JOIN `b` ON TRUE CROSS JOIN `c` FULL JOIN `d`',
      'SELECT 1 FROM `a` LEFT JOIN `b` ON TRUE INNER JOIN `c` LEFT JOIN `d`',
    ],
    [
      'SELECT `a` <= ALL ((SELECT 1) INTERSECT SELECT 2), `b` = ANY (SELECT 3)',
      'SELECT `a` IN ((SELECT 1) INTERSECT SELECT 2), `b` IN (SELECT 3)',
    ],
    ['SELECT 1 UNION ALL (SELECT 2)', 'SELECT 1 UNION ALL (SELECT 2)'],
    ['SELECT `a` IS `b`', 'SELECT `a` = `b`'],
    ['SELECT RIGHT(`a`, 1)', 'SELECT RIGHT(`a`, 1)'],
    ['SELECT 1 -- x', null],
    ["SELECT 'x'", null],
  ])('of the MySQL family: %s', (printed, mapped) => {
    expect(mapText(printed, 'mysql')).toBe(mapped);
    expect(mapText(printed, 'mariadb')).toBe(mapped);
  });

  it.each<[string, string | null]>([
    ['SELECT 1 EXCEPT SELECT 2 INTERSECT SELECT 3', 'SELECT 1 UNION SELECT 2 UNION SELECT 3'],
    ['SELECT "a" IS NOT "b", "a" IS "b"', 'SELECT "a" = "b", "a" = "b"'],
    ['SELECT 1 FROM JSON_EACH("t1"."c1", ?) AS "t2", JSON_TREE(?)', 'SELECT 1 FROM (SELECT 1) AS "t2", (SELECT 1)'],
    ['SELECT "a" GLOB ?', 'SELECT "a" LIKE 1'],
    ['SELECT COUNT(*) FILTER (WHERE "a")', 'SELECT COUNT(*) FILTER (WHERE "a")'],
  ])('of SQLite: %s', (printed, mapped) => {
    expect(mapText(printed, 'sqlite')).toBe(mapped);
  });

  it.each([
    'DAY_MINUTE',
    'DAY_SECOND',
    'DAY_MICROSECOND',
    'HOUR_MINUTE',
    'HOUR_SECOND',
    'HOUR_MICROSECOND',
    'MINUTE_SECOND',
    'MINUTE_MICROSECOND',
    'SECOND_MICROSECOND',
  ])('knows no unit %s', (unit) => {
    expect(mapText(`SELECT \`a\` + INTERVAL 1 ${unit}`, 'mysql')).toBe('SELECT `a` + INTERVAL 1 HOUR');
  });

  it.each(['MICROSECOND', 'SECOND', 'MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR', 'DAY_HOUR'])(
    'tells INTERVAL (x) %s from the function INTERVAL(x)',
    (unit) => {
      expect(mapText(`SELECT INTERVAL (1) ${unit}`, 'mysql')).toMatch(/^SELECT INTERVAL \(1\) /);
      expect(mapText(`SELECT INTERVAL ((1) + 2) ${unit}`, 'mysql')).toMatch(/^SELECT INTERVAL \(\(1\) \+ 2\) /);
    },
  );
});
