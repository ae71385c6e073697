import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../src/catalog/build-catalog.js';
import type { CatalogColumn } from '../../../src/catalog/catalog.js';
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

describe('a rule without a claim', () => {
  const allowed: readonly [string, string][] = [
    ['is_public IS TRUE', '`b`.`is_public` IS TRUE'],
    ['NOT is_public', 'NOT `b`.`is_public`'],
    ['customer_number', '`b`.`customer_number`'],
    ['customer_number IN (7, 8)', '`b`.`customer_number` IN (7, 8)'],
    ['-1 < customer_number', '-1 < `b`.`customer_number`'],
    ['shipped_on = ordered_at', '`b`.`shipped_on` = `b`.`ordered_at`'],
    ['status = nick', '`b`.`status` = `b`.`nick`'],
    ['CURDATE() > shipped_on', 'CURDATE() > `b`.`shipped_on`'],
    ['ordered_at < NOW()', '`b`.`ordered_at` < NOW()'],
    ['COALESCE(is_public, NULL) = 1', 'COALESCE(`b`.`is_public`, NULL) = 1'],
    [
      "shipped_on BETWEEN '2026-01-01' AND '2026-02-28'",
      '`b`.`shipped_on` BETWEEN _utf8mb4 0x323032362D30312D3031 AND _utf8mb4 0x323032362D30322D3238',
    ],
    ["ordered_at > '2026-01-01 10:00:00'", '`b`.`ordered_at` > _utf8mb4 0x323032362D30312D30312031303A30303A3030'],
    ["shipped_on > DATE '2026-02-28'", '`b`.`shipped_on` > CAST(_utf8mb4 0x323032362D30322D3238 AS DATE)'],
    ['id IN (SELECT o.id FROM orders o)', '`b`.`id` IN (SELECT `p1`.`id` FROM `orders` AS `p1`)'],
  ];
  it.each(allowed)('may be %s', (rule, sql) => {
    expect(filterOf(rule).sql).toBe(sql);
  });
});

describe('a claim compared with a column', () => {
  /** The filter of orders where one of its columns is another than the shop's. */
  function filterWhere(
    change: Partial<CatalogColumn> & { readonly name: string },
    rule: string,
  ): string | null | undefined {
    const shop = shopCatalog();
    const catalog = buildCatalog(
      'mysql',
      '1',
      'shop',
      [...shop.relations.values()].map((relation) => ({
        ...relation,
        columns: relation.columns.map((each) => (each.name === change.name ? { ...each, ...change } : each)),
      })),
    );
    const text = `orders:\n  open_to: [customer]\n  rows: { customer: ${JSON.stringify(rule)} }\n  columns: { id: {} }`;
    return policyOf(text, { catalog }).viewFor(someone('customer')).relations.get('orders')?.filterSql;
  }

  it('that holds 64-bit numbers with a sign is cast to such a number', () => {
    expect(filterWhere({ name: 'tenant_id', unsigned: false }, 'tenant_id = :n')).toBe(
      '`b`.`tenant_id` = CAST(? AS SIGNED)',
    );
  });

  it.each([null, 'utf8mb4', 'utf8mb3', 'utf8', 'ascii'])(
    'of the character set %s is compared by its own bytes',
    (characterSet) => {
      expect(filterWhere({ name: 'code', characterSet }, 'code = :n')).toBe(
        '`b`.`code` = ? AND CAST(`b`.`code` AS BINARY) = CAST(? AS BINARY)',
      );
    },
  );

  const table: readonly [string, Dialect, string, string][] = [
    ['a list behind a claim', 'mysql', ':n IN (customer_number, id)', '`b`.`customer_number` = ? OR `b`.`id` = ?'],
    ['a claim last in a list', 'mysql', 'id IN (7, :n)', '`b`.`id` = 7 OR `b`.`id` = ?'],
    ['<=> of numbers', 'mysql', 'customer_number <=> :n', '`b`.`customer_number` <=> ?'],
    ['<=> of text', 'mysql', 'nick <=> :n', '`b`.`nick` <=> ? AND CAST(`b`.`nick` AS BINARY) <=> CAST(? AS BINARY)'],
    ['<=> of text on SQLite', 'sqlite', 'nick <=> :n', '"b"."nick" IS ? AND "b"."nick" COLLATE BINARY IS ?'],
    ['<> of folded text on SQLite', 'sqlite', 'nick <> :n', '"b"."nick" COLLATE BINARY <> ?'],
    ['<> of text on SQLite', 'sqlite', 'code <> :n', '"b"."code" <> ?'],
    ['<=> without a claim on SQLite', 'sqlite', 'customer_number <=> id', '"b"."customer_number" IS "b"."id"'],
  ];
  it.each(table)('may be %s (%s)', (_title, dialect, rule, sql) => {
    expect(filterOf(rule, dialect).sql).toBe(sql);
  });

  it('shares its name with another column of that form, and with no other', () => {
    const { claim } = filterOf('customer_number = :n OR id = :n');
    expect(claim('n:integer', 7)).toBe(7);
    expect(refusalOf(() => claim('n:integer:2', 7)).code).toBe('SEAL_CLAIM_MISSING');
  });
});

describe('a rule in another dialect than the source’s', () => {
  it('says IS of SQLite in MySQL’s words', () => {
    const filter = (rule: string) => {
      const text = `orders:\n  open_to: [customer]\n  rows: { customer: "${rule}" }\n  columns: { id: {} }`;
      const policy = policyOf(text, { fileDialect: 'sqlite' });
      return policy.viewFor(someone('customer')).relations.get('orders')?.filterSql;
    };
    expect(filter('customer_number IS id')).toBe('`b`.`customer_number` <=> `b`.`id`');
    expect(filter('customer_number IS NOT id')).toBe('NOT `b`.`customer_number` <=> `b`.`id`');
    expect(filter('customer_number IS :n')).toBe('`b`.`customer_number` <=> ?');
    expect(refusalOf(() => filter('id IN ()')).detail).toContain('an empty list');
    expect(refusalOf(() => filter('code = nick')).detail).toContain('collations differ');
  });

  it('is refused where a function has no equal there', () => {
    expect(refusalOf(() => filterOf("UPPER(code) = 'X'", 'sqlite')).detail).toContain('has no equal on sqlite');
    expect(filterOf('COALESCE(is_public, FALSE) = TRUE', 'sqlite').sql).toBe('COALESCE("b"."is_public", FALSE) = TRUE');
    expect(filterOf("UPPER(nick) = 'X'", 'mariadb').sql).toContain('UPPER');
  });
});
