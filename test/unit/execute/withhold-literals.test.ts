import { describe, expect, it } from 'vitest';
import { withholdLiterals } from '../../../src/execute/withhold-literals.js';

describe('withholding literals', () => {
  it.each([
    [
      'SELECT `t1`.`c1` FROM `orders` AS `t1` WHERE `t1`.`c1` = 103',
      'SELECT `t1`.`c1` FROM `orders` AS `t1` WHERE `t1`.`c1` = ?',
    ],
    ['COALESCE(`b`.`d`, _utf8mb4 0x53656372657421)', 'COALESCE(`b`.`d`, _utf8mb4 ?)'],
    ['`2024 x 0xFF` < 1.5e-3 OR .5 > -0', '`2024 x 0xFF` < ? OR ? > -?'],
    ['CAST(? AS DECIMAL(10,2)) LIMIT 9223372036854775807', 'CAST(? AS DECIMAL(?,?)) LIMIT ?'],
    [`a = 'it''s \\' b' AND c = "se""cret" AND d = x'00ff'`, 'a = ? AND c = ? AND d = ?'],
    ["a = 'never closed", 'a = ?'],
    ['b1001 + c2', 'b1001 + c2'],
    ['`a``0b1` + 0b1', '`a``0b1` + ?'],
  ])('of MySQL: %s', (text, shown) => {
    expect(withholdLiterals(text, 'mysql')).toBe(shown);
    expect(withholdLiterals(text, 'mariadb')).toBe(shown);
  });

  it.each([
    ['SELECT "t1"."c 5" FROM "orders" WHERE x = 5', 'SELECT "t1"."c 5" FROM "orders" WHERE x = ?'],
    ["a = 'back\\' AND b = 7", 'a = ? AND b = ?'],
    ["X'0102' || 'it''s'", '? || ?'],
    ['SEARCH b USING INDEX by_customer (customer_number=?)', 'SEARCH b USING INDEX by_customer (customer_number=?)'],
  ])('of SQLite: %s', (text, shown) => {
    expect(withholdLiterals(text, 'sqlite')).toBe(shown);
  });
});
