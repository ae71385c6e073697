import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { readFixture } from '../../support/seal-engine.js';
import { customerView, sealShop } from '../../support/seal-shop.js';
import { codeOf, textAfter } from '../../support/seal-steps.js';

/** What stands outside the enclosures, their insides shortened to their relation. */
function outside(sql: string, dialect: Dialect = 'mysql'): string {
  const catalog = sealShop(dialect);
  return textAfter('order', sql, catalog, customerView(catalog))
    .replaceAll(/[`"]/g, '')
    .replaceAll(
      /\(SELECT [^()]* FROM (\w+) AS b(?: WHERE b\.owner = \?)?(?: ORDER BY (?:[^()]|CAST\([^()]*\))*?)?(?: LIMIT (?:9223372036854775807|-1))?\)/g,
      '[$1]',
    );
}

interface OrderCase {
  readonly name: string;
  readonly dialects: readonly Dialect[];
  readonly sql: string;
  readonly text?: string;
  readonly refused?: string;
}
const cases = readFixture('cases/seal-order.jsonl')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as OrderCase);

describe('the order of rows is not the server’s choice', () => {
  it('has its cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(45);
  });

  it.each(cases.flatMap((entry) => entry.dialects.map((dialect) => ({ ...entry, dialect }))))(
    '$name, on $dialect',
    ({ sql, text, refused, dialect }) => {
      if (refused === undefined) expect(outside(sql, dialect)).toBe(text);
      else expect(codeOf(() => outside(sql, dialect))).toBe(refused);
    },
  );
});
