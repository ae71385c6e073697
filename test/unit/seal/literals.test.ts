import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { customerView, sealShop } from '../../support/seal-shop.js';
import { textAfter } from '../../support/seal-steps.js';

/** The text after the step, from its last WHERE on; strings that stay in the text are quoted. */
function conditionAfter(condition: string, dialect: Dialect = 'mysql', from = 'orders'): string {
  const catalog = sealShop(dialect);
  const view = customerView(catalog, { items: { masks: { product: "'x'" } } });
  const text = textAfter('literals', `SELECT 1 FROM ${from} WHERE ${condition}`, catalog, view);
  return text
    .slice(text.lastIndexOf('WHERE ') + 6)
    .replaceAll(/[`"]/g, '')
    .replaceAll(/\bt\d+\./g, '');
}

describe('a string is bound', () => {
  it.each([
    ['compared with a text column', "status = 'a'", 'c2 = ?'],
    ['on the other side', "'a' < status", '? < c2'],
    ['<=>', "status <=> 'a'", 'c2 <=> ?'],
    ['in a list', "status IN ('a', 'b', NULL)", 'c2 IN (?, ?, NULL)'],
    ['in BETWEEN', "status BETWEEN 'a' AND 'b'", 'c2 BETWEEN ? AND ?'],
  ])('where it is %s', (_name, condition, text) => {
    expect(conditionAfter(condition)).toBe(text);
  });

  it('through derived tables', () => {
    expect(conditionAfter("t.s = 'a'", 'mysql', '(SELECT status AS s FROM orders) t')).toBe('c2 = ?');
  });
});

describe('a string stays in the text', () => {
  it.each([
    ['compared with a number', "total = '5'", "c2 = '5'"],
    ['compared with a date', "day = '2026-01-01'", "c2 = '2026-01-01'"],
    ['compared with an expression', "UPPER(status) = 'A'", "UPPER(c2) = 'A'"],
    ['in COALESCE', "COALESCE(status, 'n/a') <> status", "COALESCE(c2, 'n/a') <> c2"],
    ['LIKE', "status LIKE 'a%'", "c2 LIKE 'a%'"],
  ])('where it is %s', (_name, condition, text) => {
    expect(conditionAfter(condition)).toBe(text);
  });

  it('compared with a masked column, which is text no more', () => {
    expect(conditionAfter("product = 'a'", 'mysql', 'items')).toBe("c2 = 'a'");
  });

  it('compared with an output of a set operation, which has several origins', () => {
    const from = '(SELECT status AS s FROM orders UNION ALL SELECT day FROM orders) t';
    expect(conditionAfter("t.s = 'a'", 'mysql', from)).toMatch(/= 'a'$/);
  });

  it('on SQLite, where the printer binds every string', () => {
    expect(conditionAfter("status = 'a'", 'sqlite')).toBe("c2 = 'a'");
  });
});
