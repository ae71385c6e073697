import { describe, expect, it } from 'vitest';
import { readSqliteCollations } from '../../../src/catalog/read-sqlite-collations.js';

const read = (sql: string) => Object.fromEntries(readSqliteCollations(sql));

describe('the collations of a CREATE TABLE text', () => {
  it('are found by column, in upper case', () => {
    expect(
      read('CREATE TABLE t (a TEXT COLLATE nocase, b TEXT, c VARCHAR(5) NOT NULL COLLATE "RTRIM" UNIQUE)'),
    ).toEqual({ a: 'NOCASE', c: 'RTRIM' });
  });

  it('are not taken from strings, comments, names, checks or defaults', () => {
    const sql = `CREATE TABLE "t (x COLLATE NOCASE)" (
      a TEXT DEFAULT ', b TEXT COLLATE NOCASE', -- , c TEXT COLLATE NOCASE
      "collate" TEXT, /* COLLATE RTRIM, */
      d TEXT CHECK (d = 'x' COLLATE NOCASE),
      e TEXT DEFAULT (upper('a' COLLATE NOCASE)),
      "odd, ""name" TEXT COLLATE NOCASE,
      [f g] TEXT COLLATE RTRIM)`;
    expect(read(sql)).toEqual({ 'odd, "name': 'NOCASE', 'f g': 'RTRIM' });
  });

  it('are read from text that is cut off or odd without failing', () => {
    for (const sql of [
      '',
      'CREATE TABLE t',
      'CREATE TABLE t (',
      'CREATE TABLE t (a COLLATE',
      'CREATE TABLE t (a TEXT /*',
      ')))',
    ])
      expect(read(sql)).toEqual({});
  });
});
