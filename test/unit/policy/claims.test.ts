import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import type { ClaimValue } from '../../../src/domain/principal.js';
import { policyOf, refusalOf, shopCatalog, someone } from './policy-fixtures.js';

/** The filter of orders for customers under one rule. */
function filterOf(rule: string, dialect: Dialect = 'mysql', relation = 'orders') {
  const text = `${relation}:\n  open_to: [customer]\n  rows: { customer: ${JSON.stringify(rule)} }\n  columns: { id: {} }`;
  const policy = policyOf(text, { catalog: shopCatalog(dialect), fileDialect: 'mysql' });
  return {
    sql: policy.viewFor(someone('customer')).relations.get(relation)?.filterSql,
    claim: (name: string, value: ClaimValue) =>
      policy.viewFor(someone('customer', { claims: { [name.split(':')[0] as string]: value } })).claim(name),
    missing: (name: string) => policy.viewFor(someone('customer')).claim(name),
  };
}

describe('a claim in a rule', () => {
  const table: readonly [string, Dialect, string, string][] = [
    ['an integer is compared as it is', 'mysql', 'customer_number = :n', '`b`.`customer_number` = ?'],
    ['the claim may stand first', 'mysql', ':n = customer_number', '`b`.`customer_number` = ?'],
    [
      'a 64-bit integer is cast, as a double would round',
      'mysql',
      'tenant_id = :n',
      '`b`.`tenant_id` = CAST(? AS UNSIGNED)',
    ],
    ['a decimal is cast to its column', 'mariadb', 'total = :n', '`b`.`total` = CAST(? AS DECIMAL(10, 2))'],
    [
      'text is also compared bytewise',
      'mysql',
      'nick = :n',
      '`b`.`nick` = ? AND CAST(`b`.`nick` AS BINARY) = CAST(? AS BINARY)',
    ],
    [
      'text of another character set is made Unicode first',
      'mysql',
      'code = :n',
      '`b`.`code` = ? AND CAST(CONVERT(`b`.`code` USING utf8mb4) AS BINARY) = CAST(? AS BINARY)',
    ],
    [
      'text differs where its bytes differ',
      'mysql',
      'nick <> :n',
      '`b`.`nick` <> ? OR CAST(`b`.`nick` AS BINARY) <> CAST(? AS BINARY)',
    ],
    [
      'a list becomes single comparisons',
      'mysql',
      'customer_number IN (:n, 7)',
      '`b`.`customer_number` = ? OR `b`.`customer_number` = 7',
    ],
    [
      'and so does a negated one',
      'mysql',
      'customer_number NOT IN (:n, 7)',
      '`b`.`customer_number` <> ? AND `b`.`customer_number` <> 7',
    ],
    ['text on SQLite compares bytewise by itself', 'sqlite', 'code = :n', '"b"."code" = ?'],
    [
      'a folding collation of SQLite is set aside',
      'sqlite',
      'nick = :n',
      '"b"."nick" = ? AND "b"."nick" COLLATE BINARY = ?',
    ],
    ['<=> is IS on SQLite', 'sqlite', 'customer_number <=> :n', '"b"."customer_number" IS ?'],
  ];
  it.each(table)('%s (%s)', (_title, dialect, rule, sql) => {
    expect(filterOf(rule, dialect).sql).toBe(sql);
  });

  it('is bound in subqueries over base tables too', () => {
    expect(
      filterOf('order_id IN (SELECT id FROM orders WHERE customer_number = :customer_number)', 'mysql', 'order_items')
        .sql,
    ).toMatch(/^`b`\.`order_id` IN \(SELECT `p1`\.`id`.* FROM `orders` AS `p1` WHERE `p1`\.`customer_number` = \?\)$/u);
  });

  it('is checked against the type of its column', () => {
    const integers = filterOf('customer_number = :n');
    expect(integers.claim('n:integer', 7)).toBe(7);
    expect(integers.claim('n:integer', '-2147483648')).toBe(-2147483648);
    const bad: ClaimValue[] = [
      '007',
      ' 7',
      '7 ',
      '7abc',
      '',
      '-0',
      -0,
      '+7',
      '7.0',
      7.5,
      '1e3',
      '٧',
      Number.NaN,
      2 ** 53,
      '2147483648',
      '9'.repeat(400),
    ];
    for (const value of bad)
      expect(refusalOf(() => integers.claim('n:integer', value)).code, String(value)).toBe('SEAL_CLAIM_MALFORMED');
    expect(refusalOf(() => integers.missing('n:integer')).code).toBe('SEAL_CLAIM_MISSING');
    expect(refusalOf(() => integers.claim('other:integer', 7)).code).toBe('SEAL_CLAIM_MISSING');
  });

  it('keeps 64-bit integers whole', () => {
    const wide = filterOf('tenant_id = :n');
    expect(wide.claim('n:integer', '9007199254740993')).toBe(9007199254740993n);
    expect(wide.claim('n:integer', '9007199254740991')).toBe(9007199254740991);
    expect(refusalOf(() => wide.claim('n:integer', '-1')).code).toBe('SEAL_CLAIM_MALFORMED');
    expect(refusalOf(() => wide.claim('n:integer', '18446744073709551616')).code).toBe('SEAL_CLAIM_MALFORMED');
  });

  it('of a text column is text as it is, no longer than the column', () => {
    const texts = filterOf('nick = :n');
    for (const value of ['C7', 'c7', 'Ç7', "'; DROP", '😀'.repeat(12), '007'])
      expect(texts.claim('n:text', value)).toBe(value);
    for (const value of ['', 7, 'C7\n', 'C\u0000', '\ud800', 'x'.repeat(13)])
      expect(refusalOf(() => texts.claim('n:text', value)).code).toBe('SEAL_CLAIM_MALFORMED');
  });

  it('of a decimal column is a canonical decimal that fits', () => {
    const decimals = filterOf('total = :n');
    for (const value of ['0', '12.5', '-12345678.25', '0.05']) expect(decimals.claim('n:decimal', value)).toBe(value);
    for (const value of ['12.50', '.5', '1.234', '123456789', 12.5, '-0', '1e2'])
      expect(refusalOf(() => decimals.claim('n:decimal', value)).code, String(value)).toBe('SEAL_CLAIM_MALFORMED');
    expect(refusalOf(() => filterOf('total = :n', 'sqlite')).detail).toContain('floating point');
  });

  it('that meets columns of two sizes is checked by each', () => {
    const { claim, sql } = filterOf('customer_number = :n AND tenant_id = :n');
    expect(sql).toBe('`b`.`customer_number` = ? AND `b`.`tenant_id` = CAST(? AS UNSIGNED)');
    expect(claim('n:integer', -5)).toBe(-5);
    expect(refusalOf(() => claim('n:integer:2', -5)).code).toBe('SEAL_CLAIM_MALFORMED');
  });
});

describe('a rule in another dialect than the source’s', () => {
  it('is refused where a function has no equal there', () => {
    expect(refusalOf(() => filterOf("UPPER(code) = 'X'", 'sqlite')).detail).toContain('has no equal on sqlite');
    expect(filterOf('COALESCE(is_public, FALSE) = TRUE', 'sqlite').sql).toBe('COALESCE("b"."is_public", FALSE) = TRUE');
    expect(filterOf("UPPER(nick) = 'X'", 'mariadb').sql).toContain('UPPER');
  });
});
