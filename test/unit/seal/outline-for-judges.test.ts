import { describe, expect, it } from 'vitest';
import { mapForJudges, writeMapped } from '../../../src/seal/map-for-judges.js';
import { outlineForJudges } from '../../../src/seal/outline-for-judges.js';

function outline(printed: string): string {
  const mapped = mapForJudges(printed, 'mysql');
  if (!mapped) throw new Error('no printed text');
  return writeMapped(outlineForJudges(mapped));
}

describe('the outline of printed text', () => {
  it.each([
    ['SELECT `a`, `b` + 1 FROM `x` WHERE `a` > 2', 'SELECT 1 FROM `x` WHERE 1'],
    ['SELECT DISTINCT `a`, `b` FROM `x`', 'SELECT DISTINCT 1 FROM `x`'],
    ['SELECT ALL `a` FROM `x`', 'SELECT ALL 1 FROM `x`'],
    [
      'SELECT `a` FROM `x` GROUP BY `a`, `b` HAVING COUNT(*) > 1 ORDER BY `a` DESC, `b` LIMIT 5 OFFSET 6',
      'SELECT 1 FROM `x` GROUP BY 1 HAVING 1 ORDER BY 1 LIMIT 5 OFFSET 6',
    ],
    [
      'SELECT `a` FROM `x` JOIN `y` ON `x`.`a` = `y`.`a` LEFT JOIN `z` ON LEFT(`z`.`a`, 1) = `y`.`b`, `w`',
      'SELECT 1 FROM `x` JOIN `y` ON 1 LEFT JOIN `z` ON 1, `w`',
    ],
    ['SELECT `a` FROM `x` RIGHT JOIN `y` ON `b` CROSS JOIN `z`', 'SELECT 1 FROM `x` LEFT JOIN `y` ON 1 INNER JOIN `z`'],
    ['SELECT RIGHT(`a`, 1), LEFT(`b`, 2) FROM `x`', 'SELECT 1 FROM `x`'],
    ['SELECT `a` FROM `x` JOIN (`y` JOIN `z` ON `c`) ON `d`', 'SELECT 1 FROM `x` JOIN (`y` JOIN `z` ON 1) ON 1'],
    [
      'SELECT `t`.`a` FROM (SELECT `b`.`a` AS `c1` FROM `x` AS `b` WHERE `b`.`a` = ? LIMIT 9) AS `t`',
      'SELECT 1 FROM (SELECT 1 FROM `x` AS `b` WHERE 1 LIMIT 9) AS `t`',
    ],
    [
      'SELECT `a`, (SELECT MAX(`b`) FROM `y` WHERE `c` = 1) FROM `x` WHERE `d` = 2',
      'SELECT `a`, (SELECT 1 FROM `y` WHERE 1) FROM `x` WHERE 1',
    ],
    [
      'SELECT `a` FROM `x` WHERE `b` IN (SELECT `c` FROM `y`) AND `d` = 1 ORDER BY `a`',
      'SELECT 1 FROM `x` WHERE `b` IN (SELECT 1 FROM `y`) AND `d` = 1 ORDER BY 1',
    ],
    [
      'SELECT `a` FROM `x` WHERE ((`b` = (SELECT 1 UNION SELECT `c` FROM `y` WHERE `d`)))',
      'SELECT 1 FROM `x` WHERE ((`b` = (SELECT 1 UNION SELECT 1 FROM `y` WHERE 1)))',
    ],
    [
      'SELECT SUM(`a`) OVER (PARTITION BY `b` ORDER BY `c` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), (SELECT 2 FROM `y`) FROM `x`',
      'SELECT SUM(`a`) OVER (PARTITION BY 1 ORDER BY 1), (SELECT 1 FROM `y`) FROM `x`',
    ],
    [
      'SELECT `a` FROM `x` UNION ALL SELECT `b` + 1 FROM `y` EXCEPT SELECT `c` FROM `z` ORDER BY `a`',
      'SELECT 1 FROM `x` UNION ALL SELECT 1 FROM `y` EXCEPT SELECT 1 FROM `z` ORDER BY 1',
    ],
    [
      'WITH `t1` (`c1`) AS (SELECT `a` FROM `x`), `t2` (`c2`) AS (SELECT `b` FROM `t1`) SELECT `c2` FROM `t2`',
      'WITH `t1` (`c1`) AS (SELECT 1 FROM `x`), `t2` (`c2`) AS (SELECT 1 FROM `t1`) SELECT 1 FROM `t2`',
    ],
    ['SELECT EXTRACT(YEAR FROM `a`) FROM `x` WHERE `b`', 'SELECT EXTRACT(YEAR FROM `a`) FROM `x` WHERE 1'],
    ['VALUES ROW(1, 2), ROW(3, 4)', 'VALUES ROW(1, 2), ROW(3, 4)'],
    ['SELECT `a` WHERE `b` IN (VALUES ROW(1))', 'SELECT 1 WHERE `b` IN (VALUES ROW(1))'],
    ['SELECT `SELECT` FROM `FROM` WHERE `INTO`', 'SELECT 1 FROM `FROM` WHERE 1'],
  ])('of %s', (printed, expected) => {
    expect(outline(printed)).toBe(expected);
  });

  it.each([
    'SELECT `a` INTO `y` FROM `x`',
    'SELECT 1 FROM `x` WHERE `a` FOR UPDATE',
    'SELECT 1 FROM `x` WHERE `a` LOCK IN SHARE MODE',
    'SELECT 1 FROM `x` WHERE `a` IN (TABLE `y`)',
    'SELECT 1 FROM `x` ORDER BY `a` PROCEDURE ANALYSE(1)',
    'SELECT 1 FROM `x` ORDER BY (WITH `t` AS (SELECT 1) SELECT 1 FROM `t`)',
    'SELECT 1 FROM `x` ORDER BY (`y` JOIN `z`)',
  ])('leaves as it is %s', (text) => {
    expect(outline(text)).toBe(text);
  });

  it('bears parentheses that do not match', () => {
    expect(outline('SELECT `a`) + (`b` FROM `x`')).toBe('SELECT `a`) + (`b` FROM `x`');
    expect(outline(') SELECT `a` (')).toBe(') SELECT `a` (');
  });
});
