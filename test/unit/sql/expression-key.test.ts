import { describe, expect, it } from 'vitest';
import { expressionKey } from '../../../src/sql/expression-key.js';
import { parseExpression, parseQuery } from '../../../src/sql/parser.js';

const keyOf = (text: string) => expressionKey(parseExpression(text, 'mysql'));

describe('the key of an expression', () => {
  it('is one for the same tree at different places', () => {
    expect(keyOf('a.b + 1')).toBe(keyOf('  a . b+/* x */1'));
    expect(keyOf('(SELECT a + 1 FROM t)')).toBe(keyOf('(SELECT  a+1  FROM t)'));
  });

  it.each([
    ['a.b', "'a.b'"],
    ['a', "'a'"],
    ['`a.b`', 'a.b'],
    ["'1'", '1'],
    ['1', '1.0'],
    ["''", 'NULL'],
    ["'null'", 'NULL'],
    ['f(a, b)', "f('a, b')"],
    ['f(a, b)', 'f(b, a)'],
    ["f('a', 'b')", "f('a'',''b')"],
    ["'a\\'b'", "'a\"b'"],
    ["'a\\\\'", "'a'"],
    ["'é'", "'e'"],
    ['a + (b + c)', 'a + b + c'],
    ['a IN (1, 2)', 'a IN ((1, 2))'],
    ['`a`.`b,c`', '`a,b`.`c`'],
    ["`a'`", '`a`'],
    ['EXISTS (SELECT 1 LIMIT 1)', 'EXISTS (SELECT 1 LIMIT 2)'],
    ['(SELECT a AS b FROM t)', '(SELECT a AS c FROM t)'],
    ['LENGTH(a)', 'LOWER(a)'],
    ['a', 'b'],
    ['a + 1', 'a - 1'],
    ["'12n'", '12'],
  ])('tells %s from %s', (left, right) => {
    expect(keyOf(left)).not.toBe(keyOf(right));
  });

  it('tells a list from what reads like its parts, and a number of a limit from a text', () => {
    const column = { kind: 'column', qualifier: ['a'], name: 'b', at: -1 } as const;
    const rest = { kind: 'boolean', value: true } as const;
    expect(expressionKey({ ...column, qualifier: [] })).not.toBe(expressionKey({ ...column, qualifier: [''] }));
    expect(expressionKey(column)).not.toBe(expressionKey({ ...column, qualifier: ['a', 'b'], name: '' }));
    expect(expressionKey(column)).not.toBe(expressionKey(rest));
    const limited = (value: bigint | string) =>
      expressionKey({
        kind: 'exists',
        query: { kind: 'query', body: rest, orderBy: [], limit: { count: { kind: 'integer', value } } },
      } as never);
    expect(limited(1n)).toBe(limited(1n));
    expect(limited(1n)).not.toBe(limited(2n));
    expect(limited(1n)).not.toBe(limited('1n'));
  });

  it('takes a whole query', () => {
    const query = (text: string) => expressionKey(parseQuery(text, 'sqlite'));
    expect(query('SELECT a FROM t LIMIT 2')).toBe(query('SELECT a  FROM t LIMIT 2;'));
    expect(query('SELECT a FROM t LIMIT 2')).not.toBe(query('SELECT a FROM t LIMIT 2 OFFSET 1'));
  });
});
