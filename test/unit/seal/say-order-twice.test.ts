import { describe, expect, it } from 'vitest';
import { sayOrderTwice } from '../../../src/seal/say-order-twice.js';
import { parseExpression } from '../../../src/sql/parser.js';
import { printExpression } from '../../../src/sql/printer.js';

const said = (text: string) =>
  printExpression(sayOrderTwice(parseExpression(text, 'sqlite')), 'sqlite', { strings: 'quoted' }).sql;

describe('the order of an aggregate of one argument', () => {
  it('is said twice where it is one term', () => {
    expect(said('group_concat(a ORDER BY b DESC)')).toBe('GROUP_CONCAT("a" ORDER BY "b" DESC, "b" DESC)');
    expect(said('json_group_array(a ORDER BY a + 1)')).toBe('JSON_GROUP_ARRAY("a" ORDER BY "a" + 1, "a" + 1)');
  });

  it.each([
    ['group_concat(a ORDER BY b, c)', 'GROUP_CONCAT("a" ORDER BY "b", "c")'],
    [`group_concat(a, ';' ORDER BY b)`, `GROUP_CONCAT("a", ';' ORDER BY "b")`],
    ['group_concat(a)', 'GROUP_CONCAT("a")'],
    ['count(*)', 'COUNT(*)'],
    ['a + b', '"a" + "b"'],
  ])('and is left as it is in %s', (text, printed) => {
    expect(said(text)).toBe(printed);
  });
});
