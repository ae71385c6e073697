import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, it } from 'vitest';
import type { CatalogColumn, ColumnFamily } from '../../../src/catalog/catalog.js';
import type { Dialect } from '../../../src/domain/dialect.js';
import { makeMask, nameMask } from '../../../src/policy/mask.js';
import { PolicyRefusal } from '../../../src/policy/policy-fault.js';
import type { MaskEntry } from '../../../src/policy/policy-file.js';
import { printExpression } from '../../../src/sql/printer.js';

function column(family: ColumnFamily, declaredType: string = family): CatalogColumn {
  return {
    name: 'v',
    family,
    declaredType,
    unsigned: false,
    nullable: true,
    generated: 'no',
    collation: null,
    characterSet: null,
  };
}

function printed(mask: MaskEntry, family: ColumnFamily, dialect: Dialect): string {
  return printExpression(makeMask(mask, 'people', column(family), dialect), dialect, { strings: 'quoted' }).sql;
}

describe('the text of a mask', () => {
  it.each<[MaskEntry, ColumnFamily, Dialect, string]>([
    ['null', 'text', 'mysql', 'CAST(NULL AS CHAR)'],
    ['null', 'binary', 'sqlite', 'CAST(NULL AS TEXT)'],
    [
      { last: 4 },
      'text',
      'mysql',
      "CASE WHEN `b`.`v` IS NULL THEN NULL WHEN CHAR_LENGTH(CAST(`b`.`v` AS CHAR)) >= 8 THEN CONCAT('••••', RIGHT(CAST(`b`.`v` AS CHAR), 4)) ELSE '••••' END",
    ],
    [
      { last: 4 },
      'text',
      'sqlite',
      `CASE WHEN "b"."v" IS NULL THEN NULL WHEN LENGTH(CAST("b"."v" AS TEXT)) >= 8 THEN '••••' || SUBSTR(CAST("b"."v" AS TEXT), -4) ELSE '••••' END`,
    ],
    [
      'email',
      'text',
      'mariadb',
      "CASE WHEN `b`.`v` IS NULL THEN NULL WHEN LOCATE('@', CAST(`b`.`v` AS CHAR)) > 1 AND LOCATE('@', SUBSTR(CAST(`b`.`v` AS CHAR), LOCATE('@', CAST(`b`.`v` AS CHAR)) + 1)) = 0 THEN CONCAT(LEFT(CAST(`b`.`v` AS CHAR), 1), '••••@', SUBSTR(CAST(`b`.`v` AS CHAR), LOCATE('@', CAST(`b`.`v` AS CHAR)) + 1)) ELSE '••••' END",
    ],
    ['year', 'date', 'mysql', 'CAST(YEAR(`b`.`v`) AS CHAR)'],
    ['year', 'datetime', 'mariadb', 'CAST(YEAR(`b`.`v`) AS CHAR)'],
    ['hash', 'integer', 'mysql', 'SHA2(CONCAT(?, SHA2(CONCAT(?, CAST(`b`.`v` AS CHAR)), 256)), 256)'],
  ])('%o of %s on %s', (mask, family, dialect, sql) => {
    expect(printed(mask, family, dialect)).toBe(sql);
  });

  it('takes a key of the column for the digest, twice, as HMAC does', () => {
    const { parameters } = printExpression(makeMask('hash', 'people', column('text'), 'mysql'), 'mysql');
    const key = { kind: 'parameter', origin: 'claim', name: 'mask-key:people.v', value: null };
    expect(parameters).toEqual([key, key]);
  });
});

describe('a mask on SQLite', () => {
  const database = new DatabaseSync(':memory:');
  const shown = (mask: MaskEntry, family: ColumnFamily, value: string | number | null): unknown =>
    Object.values(
      database.prepare(`SELECT ${printed(mask, family, 'sqlite')} FROM (SELECT ? AS v) AS b`).get(value) as object,
    )[0];

  it.each([
    [null, null],
    ['', '••••'],
    ['1234567', '••••'],
    ['12345678', '••••5678'],
    [1234567890, '••••7890'],
  ])('last 4 of %o is %o: what is shown is at most half', (value, expected) => {
    expect(shown({ last: 4 }, 'text', value)).toBe(expected);
  });

  it.each([
    [null, null],
    ['ana@example.com', 'a••••@example.com'],
    ['a@b', 'a••••@b'],
    ['@example.com', '••••'],
    ['ana', '••••'],
    ['ana@b@c', '••••'],
    ['', '••••'],
  ])('email of %o is %o', (value, expected) => {
    expect(shown('email', 'text', value)).toBe(expected);
  });

  it.each([
    [null, null],
    ['2024-02-29', '2024'],
    ['1999-12-31 23:59:59', '1999'],
    ['in 1999', null],
    ['99-12-31', null],
    [1999, null],
  ])('year of %o is %o: what is no date shows nothing', (value, expected) => {
    expect(shown('year', 'date', value)).toBe(expected);
  });

  it('null shows nothing of any value', () => {
    expect(shown('null', 'text', 'secret')).toBeNull();
  });
});

describe('what cannot be masked', () => {
  const refused = (mask: MaskEntry, column: CatalogColumn, dialect: Dialect = 'mysql'): string => {
    try {
      makeMask(mask, 'people', column, dialect);
      return 'masked';
    } catch (error) {
      if (error instanceof PolicyRefusal) return error.message;
      throw error;
    }
  };

  it.each<ColumnFamily>(['integer', 'decimal', 'float', 'text', 'date', 'datetime', 'time', 'year', 'enum', 'boolean'])(
    '%s can be masked by its last letters and by a digest',
    (family) => {
      expect(refused({ last: 2 }, column(family))).toBe('masked');
      expect(refused('hash', column(family))).toBe('masked');
    },
  );

  it.each<ColumnFamily>(['json', 'binary', 'bit', 'set', 'spatial', 'unknown'])(
    'of %s only the mask "null" is taken',
    (family) => {
      for (const mask of ['email', 'hash', 'year', { last: 2 }] as const)
        expect(refused(mask, column(family, 'blob'))).toMatch(/^v is blob; /);
      expect(refused('email', column(family, ''))).toMatch(/^v is of no type; /);
      expect(refused('null', column(family))).toBe('masked');
    },
  );

  it('the year of what is no date', () => {
    for (const family of ['text', 'integer', 'time', 'year'] as const)
      expect(refused('year', column(family))).toMatch(new RegExp(`v is ${family}$`));
    expect(refused('year', column('text', ''), 'sqlite')).toMatch(/v is of no type$/);
  });

  it('a digest on SQLite, which has none', () => {
    expect(refused('hash', column('text'), 'sqlite')).toMatch(/hash/);
    expect(refused('hash', column('text'), 'mariadb')).toBe('masked');
  });
});

it('the name of a mask is what the file says, in words', () => {
  expect((['null', 'email', 'year', 'hash', { last: 4 }] as const).map(nameMask)).toEqual([
    'null',
    'email',
    'year',
    'hash',
    'last 4',
  ]);
});
