import { describe, expect, it } from 'vitest';
import { parseExpression, parseQuery } from '../../../src/sql/parser.js';
import { createMeasure, createPurse } from '../../../src/sql/tree-size.js';
import { codeOf } from '../../support/seal-steps.js';

const size = (text: string) => createMeasure()(parseExpression(text, 'mysql'));

describe('the size of a tree', () => {
  it.each([
    ['a', 1],
    ['1', 1],
    ['a + 1', 3],
    ['a + b * c', 5],
    ['f(a, b)', 3],
    ['a IN (1, 2, 3)', 5],
    ['CASE WHEN a THEN 1 ELSE 2 END', 4],
  ])('of %s is %i', (text, nodes) => {
    expect(size(text)).toBe(nodes);
  });

  it('counts a shared part once for each place, and walks it once', () => {
    let part = parseExpression('a + 1', 'mysql');
    for (let level = 0; level < 40; level += 1) part = { kind: 'binary', operator: '+', left: part, right: part };
    expect(createMeasure()(part)).toBe(4 * 2 ** 40 - 1);
  });

  it('measures lists, and queries', () => {
    expect(createMeasure()([parseExpression('a + 1', 'mysql'), parseExpression('b', 'mysql')])).toBe(4);
    expect(createMeasure()(parseQuery('SELECT a, b FROM t', 'mysql'))).toBe(
      createMeasure()(parseQuery('SELECT a FROM t', 'mysql')) + 2,
    );
  });
});

describe('a purse', () => {
  it('pays for 40 000 nodes and not for one more', () => {
    const pay = createPurse();
    const thousand = Array.from({ length: 1000 }, () => parseExpression('a', 'mysql'));
    for (let time = 0; time < 40; time += 1) pay(thousand);
    expect(codeOf(() => pay([parseExpression('a', 'mysql')]))).toBe('SEAL_TOO_DEEP');
  });

  it('counts what was paid before', () => {
    const pay = createPurse();
    const half = Array.from({ length: 20_001 }, () => parseExpression('a', 'mysql'));
    pay(half);
    expect(codeOf(() => pay(half))).toBe('SEAL_TOO_DEEP');
  });
});
