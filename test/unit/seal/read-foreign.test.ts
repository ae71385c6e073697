import { beforeAll, describe, expect, it } from 'vitest';
import { type JudgeFinding, readWithNodeSqlParser } from '../../../src/seal/read-node-sql-parser.js';
import { loadSqlparserRs, readWithSqlparserRs } from '../../../src/seal/read-sqlparser-rs.js';

beforeAll(loadSqlparserRs);

const READERS = [
  ['node-sql-parser', readWithNodeSqlParser],
  ['sqlparser-rs', readWithSqlparserRs],
] as const;

const plain = (...relations: string[]): JudgeFinding => ({
  statements: 1,
  isSelect: true,
  fault: null,
  relations,
  commonTables: [],
});

describe.each(READERS)('%s', (name, read) => {
  const isRs = name === 'sqlparser-rs';

  it.each<[string, JudgeFinding]>([
    ['SELECT 1', plain()],
    ['SELECT a FROM t', plain('t')],
    ['SELECT a FROM v, t JOIN u ON 1 = 1', plain('t', 'u', 'v')],
    ['SELECT a FROM (SELECT b FROM t) d', plain('t')],
    ['SELECT a FROM (t JOIN u ON 1 = 1)', plain('t', 'u')],
    ['SELECT a FROM v JOIN (t JOIN (u JOIN s ON 1 = 1) ON 1 = 1) ON 1 = 1', plain('s', 't', 'u', 'v')],
    ['SELECT a FROM v JOIN (t JOIN (SELECT 1 FROM u) d ON 1 = 1) ON 1 = 1', plain('t', 'u', 'v')],
    ['SELECT 1 UNION SELECT a FROM t', plain('t')],
    ['SELECT a FROM u UNION SELECT a FROM t UNION ALL SELECT a FROM s', plain('s', 't', 'u')],
    ['SELECT (SELECT b FROM u) FROM t WHERE EXISTS (SELECT 1 FROM v)', plain('t', 'u', 'v')],
    ['SELECT a FROM `we``ird`', plain('we`ird')],
    ['WITH a AS (SELECT 1) SELECT * FROM a', { ...plain(), commonTables: ['a'] }],
    ['WITH a AS (SELECT x FROM t) SELECT * FROM a JOIN u ON 1 = 1', { ...plain('t', 'u'), commonTables: ['a'] }],
    ['SELECT 1; SELECT a FROM t', { ...plain('t'), statements: 2 }],
    ['SELECT a INTO b FROM t', { ...plain('t'), isSelect: false }],
    ['SELECT 1; DELETE FROM t', { ...plain('t'), statements: 2, isSelect: false }],
    ['DELETE FROM t; SELECT 1', { ...plain('t'), statements: 2, isSelect: false }],
    ['SELECT a FROM t FOR UPDATE', { ...plain('t'), fault: 'a locking read' }],
    ['SELECT 1 FROM (SELECT a FROM t FOR UPDATE) d', { ...plain('t'), fault: 'a locking read' }],
  ])('finds in %s what stands there', (sql, expected) => {
    expect(read(sql, 'mysql')).toEqual(expected);
    expect(read(sql, 'mariadb')).toEqual(expected);
  });

  it('finds a name with a schema at fault', () => {
    const fault = isRs ? 'a name with a schema or arguments' : 'a name with a schema';
    for (const dialect of ['mysql', 'sqlite'] as const)
      expect(read('SELECT a FROM s.t', dialect)).toMatchObject({ isSelect: true, fault });
  });

  it('finds an INSERT to be no SELECT', () => {
    expect(read('INSERT INTO t VALUES (1)', 'mysql')?.isSelect).toBe(false);
    expect(read('INSERT INTO t VALUES (1)', 'sqlite')?.isSelect).toBe(false);
  });

  it('gives nothing for what it cannot read', () => {
    expect(read('garbage (', 'mysql')).toBeNull();
    expect(read('SELECT FROM WHERE', 'sqlite')).toBeNull();
  });

  it('reads SQLite by its own rules', () => {
    expect(read('SELECT "a" FROM "t" AS "x"', 'sqlite')).toEqual(plain('t'));
  });
});

describe('sqlparser-rs alone', () => {
  it.each([
    ['SELECT a FROM f(1)', { isSelect: true, fault: 'a name with a schema or arguments' }],
    ['SELECT a FROM TABLE(f(1))', { isSelect: true, fault: 'an unknown FROM entry' }],
    ['SELECT 1 UNION TABLE t', { isSelect: false, fault: null }],
    ['TABLE t UNION SELECT 1', { isSelect: false, fault: null }],
    ['VALUES (1)', { isSelect: true, fault: null }],
  ])('reads %s', (sql, expected) => {
    const found = readWithSqlparserRs(sql, 'mysql');
    if (found) expect(found).toMatchObject(expected);
    else expect(sql).toBe('TABLE t UNION SELECT 1');
  });
});

describe('node-sql-parser alone', () => {
  it('knows DUAL for no table, and a lock by its older words', () => {
    expect(readWithNodeSqlParser('SELECT 1 FROM DUAL', 'mysql')?.fault ?? null).toBeNull();
    expect(readWithNodeSqlParser('SELECT a FROM t LOCK IN SHARE MODE', 'mysql')?.fault).toBe('a locking read');
    expect(readWithNodeSqlParser("SELECT a INTO OUTFILE 'x' FROM t", 'mysql')?.isSelect).toBe(false);
  });
});
