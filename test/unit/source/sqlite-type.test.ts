import { describe, expect, it } from 'vitest';
import { readSqliteType } from '../../../src/source/sqlite-type.js';

describe('a declared type of SQLite', () => {
  it.each([
    ['INTEGER', 'integer', null],
    ['unsigned big int', 'integer', null],
    ['tinyint(1)', 'integer', null],
    ['VARCHAR(60)', 'text', null],
    ['NATIVE CHARACTER(70)', 'text', null],
    ['CLOB', 'text', null],
    ['BLOB', 'binary', null],
    ['DOUBLE PRECISION', 'float', null],
    ['real', 'float', null],
    ['DECIMAL(10,2)', 'decimal', 2],
    ['decimal ( 10 , 4 )', 'decimal', 4],
    ['NUMERIC', 'decimal', null],
    ['BOOLEAN', 'boolean', null],
    ['bool', 'boolean', null],
    ['DATE', 'date', null],
    ['DATETIME', 'datetime', null],
    ['TIMESTAMP WITH TIME ZONE', 'datetime', null],
    ['TIME', 'time', null],
    ['YEAR', 'year', null],
    ['JSON', 'json', null],
    ['', 'unknown', null],
    ['whatever', 'unknown', null],
  ])('%j is %s', (declared, family, scale) => {
    expect(readSqliteType(declared)).toEqual({ family, scale });
  });

  it('is unknown where nothing was declared', () => {
    expect(readSqliteType(null).family).toBe('unknown');
  });
});
