import { describe, expect, it } from 'vitest';
import { readTokens } from '../../../src/sql/lexer.js';

const texts = (sql: string, dialect: 'mysql' | 'mariadb' | 'sqlite'): string[] =>
  readTokens(sql, dialect)
    .slice(0, -1)
    .map(({ kind, key, text }) => (kind === 'symbol' ? key : `${kind}:${text}`));

describe('readTokens', () => {
  it('ends a line comment at a line feed only', () => {
    expect(texts('1 -- a\r2', 'mysql')).toEqual(['integer:1']);
    expect(texts('1 -- a\n2', 'mysql')).toEqual(['integer:1', 'integer:2']);
  });

  it('wants white space behind -- on the MySQL family, and not on SQLite', () => {
    expect(texts('1--2', 'mysql')).toEqual(['integer:1', '-', '-', 'integer:2']);
    expect(texts('1--2', 'sqlite')).toEqual(['integer:1']);
    expect(texts('1--', 'mariadb')).toEqual(['integer:1']);
    expect(texts('1--\t2', 'mysql')).toEqual(['integer:1']);
  });

  it('takes tabs, ends of lines and form feeds for blanks, and no other control character, nor one in a comment', () => {
    expect(texts('1\t2\r3\f4\n5', 'mysql')).toEqual(['1', '2', '3', '4', '5'].map((digit) => `integer:${digit}`));
    for (const dialect of ['mysql', 'sqlite'] as const)
      for (const text of ['1\v2', '1\x01', '\ufeff1', '1 /* a\0 */', '1 /*\0*/', '1 -- a\0', '1 -- a\0\n2', '1\x7f'])
        expect(() => texts(text, dialect), JSON.stringify(text)).toThrow('a construct that is not');
  });

  it('says where half a surrogate pair stands', () => {
    for (const half of ['\ud800', '\udc00'])
      expect(() => texts(`1, '${half}'`, 'mysql')).toThrow(expect.objectContaining({ detail: 'at character 5' }));
    expect(texts("'\u{1f600}'", 'mysql')).toEqual(['string:\u{1f600}']);
    expect(() => texts('a\u{1f600}', 'mysql')).toThrow('a construct that is not');
  });

  it('tells prefixed strings from names', () => {
    expect(texts("n'a' N'b' n c", 'mysql')).toEqual(['string:a', 'string:b', 'word:n', 'word:c']);
    expect(texts("x'41' X'4a' b'01' x b", 'mysql')).toEqual(['hex:41', 'hex:4A', 'bit:01', 'word:x', 'word:b']);
    expect(texts("n 'a'", 'sqlite')).toEqual(['word:n', 'string:a']);
  });

  it('ends a block comment at the first end, and needs three characters for the shortest', () => {
    expect(texts('1 /* /* */ 2', 'mysql')).toEqual(['integer:1', 'integer:2']);
    expect(() => texts('1 /*/ 2', 'mysql')).toThrow();
  });

  it('takes a backslash for an escape on the MySQL family alone', () => {
    expect(texts(String.raw`'a\'b'`, 'mysql')).toEqual(["string:a'b"]);
    expect(texts(String.raw`'a\\'`, 'sqlite')).toEqual([String.raw`string:a\\`]);
    expect(texts(String.raw`'\%\_\Z'`, 'mariadb')).toEqual([`string:\\%\\_\x1a`]);
  });

  it('takes double quotes for strings on the MySQL family and for names on SQLite', () => {
    expect(texts('"a""b"', 'mysql')).toEqual(['string:a"b']);
    expect(texts('"a""b"', 'sqlite')).toEqual(['name:a"b']);
    expect(texts('[a"b], `c`', 'sqlite')).toEqual(['name:a"b', ',', 'name:c']);
    expect(() => texts('[a]]', 'sqlite')).toThrow();
  });

  it('takes no control character in a quoted name, and ends one at its own quote alone', () => {
    for (const control of ['\0', '\n', '\x1f', '\x7f']) {
      expect(() => texts(`\`a${control}b\``, 'mysql')).toThrow('a construct that is not');
      expect(() => texts(`"a${control}b"`, 'sqlite')).toThrow('a construct that is not');
    }
    expect(texts('`a``b`', 'mysql')).toEqual(['name:a`b']);
    expect(texts('`a b~`', 'mariadb')).toEqual(['name:a b~']);
    expect(texts('[a]', 'sqlite')).toEqual(['name:a']);
    for (const empty of ['``', '`a', '`a``']) expect(() => texts(empty, 'mysql')).toThrow();
  });

  it('knows names with digits first, dollars and letters of any script', () => {
    expect(texts('1a 2e 3ea t.5b', 'mysql')).toEqual(['word:1a', 'word:2e', 'word:3ea', 'name:t', '.', 'name:5b']);
    expect(texts('jina_la_mteja, 名前', 'sqlite')).toEqual(['word:jina_la_mteja', ',', 'name:名前']);
  });

  it('never takes a letter that only folds to ASCII for one', () => {
    expect(readTokens('ınto', 'mysql')[0]).toMatchObject({ kind: 'name', key: '' });
    expect(readTokens('unıon', 'sqlite')[0]).toMatchObject({ kind: 'name', key: '' });
  });

  it('takes a character that only begins a symbol for none, where the rest of the symbol is not there', () => {
    expect(texts('1 != 2', 'sqlite')).toEqual(['integer:1', '!=', 'integer:2']);
    expect(texts('!1', 'mysql')).toEqual(['!', 'integer:1']);
    expect(() => texts('1 !2', 'sqlite')).toThrow();
    expect(() => texts('!', 'sqlite')).toThrow();
  });

  it('gives every token its place', () => {
    const token = readTokens("a  'b'", 'mysql')[1];
    expect([token?.start, token?.end]).toEqual([3, 6]);
  });
});
