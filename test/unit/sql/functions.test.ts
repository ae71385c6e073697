import { DatabaseSync } from '@photostructure/sqlite';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIALECTS } from '../../../src/domain/dialect.js';
import { readRows, SCALAR_FALLIBLE } from '../../../src/sql/function-rows.js';
import type { FunctionRule } from '../../../src/sql/function-rule.js';
import { FUNCTIONS, functionRule } from '../../../src/sql/functions.js';
import { engineUrl } from '../../engines/engines.js';

/** Arguments for functions that do not take NULL in some place. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  ADDDATE: ['NULL', '1'],
  DATE_ADD: ['NULL', 'INTERVAL 1 DAY'],
  DATE_SUB: ['NULL', 'INTERVAL 1 DAY'],
  JSON_CONTAINS_PATH: ["'{}'", "'one'", "'$.a'", "'$.b'"],
  JSON_SCHEMA_VALID: ["'{}'", "'{}'", "'{}'"],
  JSON_SCHEMA_VALIDATION_REPORT: ["'{}'", "'{}'", "'{}'"],
  JSON_SEARCH: ["'{}'", "'one'", "'a'"],
  JSON_VALUE: ["'{}'", "'$.a'", "'$'"],
  JSON_OBJECTAGG: ["'a'", '1', '1'],
  JSON_OBJECT: ["'a'", '1', "'b'", '1', "'c'", '1', "'d'"],
  MEDIAN: ['1', '1'],
  NTILE: ['1', '1'],
  TO_CHAR: ['NOW()'],
  NTH_VALUE: ['1', '1', '1'],
  LAG: ['1', '1', '1', '1'],
  LEAD: ['1', '1', '1', '1'],
  ...Object.fromEntries(
    'CURRENT_TIME CURRENT_TIMESTAMP CURTIME LOCALTIME LOCALTIMESTAMP NOW UTC_TIME UTC_TIMESTAMP'
      .split(' ')
      .map((name) => [name, ['6', '6']]),
  ),
};

/** Counts of arguments that only newer versions of the listed range take. */
const NEWER_FORMS = new Set(['mariadb CRC32 2']);

/** `SELECT NAME(…)` with so many arguments, as an aggregate or over a window where the rule says so. */
function writeCall(rule: FunctionRule, count: number): string {
  const given = ARGUMENTS[rule.name] ?? [];
  const list = Array.from({ length: count }, (_, index) => given[index] ?? 'NULL').join(', ');
  const distinct = rule.name === 'COUNT' && count > 1 ? 'DISTINCT ' : '';
  if (rule.name === 'GROUPING') return `SELECT GROUPING(${list.replaceAll('NULL', 'i')}) FROM v GROUP BY i WITH ROLLUP`;
  const over = rule.name === 'MEDIAN' ? ' OVER ()' : ' OVER (ORDER BY (SELECT 1))';
  return `SELECT ${rule.name}(${distinct}${list})${rule.kind === 'window' ? over : ''}`;
}

describe('functionRule', () => {
  it('lists at least as many functions per dialect as the servers were found to share', () => {
    expect(FUNCTIONS.mysql.size).toBeGreaterThanOrEqual(210);
    expect(FUNCTIONS.mariadb.size).toBeGreaterThanOrEqual(205);
    expect(FUNCTIONS.sqlite.size).toBeGreaterThanOrEqual(120);
  });

  it('finds a function in any case', () => {
    expect(functionRule('mysql', 'coalesce')?.name).toBe('COALESCE');
    expect(functionRule('sqlite', 'StrfTime')?.volatility).toBe('clock');
  });

  it('does not find a name that becomes a listed one only by upper-casing other letters', () => {
    expect('ſum'.toUpperCase()).toBe('SUM');
    expect(functionRule('mysql', 'ſum')).toBeUndefined();
  });

  it.each(DIALECTS)('knows none of the functions with side effects, secrets or chance on %s', (dialect) => {
    const closed = (
      'SLEEP BENCHMARK GET_LOCK RELEASE_LOCK IS_FREE_LOCK IS_USED_LOCK RELEASE_ALL_LOCKS LOAD_FILE RAND RANDOM RANDOMBLOB ' +
      'RANDOM_BYTES UUID UUID_SHORT SYS_GUID USER CURRENT_USER SESSION_USER SYSTEM_USER CURRENT_ROLE DATABASE SCHEMA VERSION ' +
      'CONNECTION_ID FOUND_ROWS ROW_COUNT LAST_INSERT_ID SYSDATE NEXTVAL LASTVAL SETVAL DEFAULT VALUES VALUE NAME_CONST ' +
      'EXTRACTVALUE UPDATEXML MATCH AES_ENCRYPT AES_DECRYPT DES_ENCRYPT ENCRYPT PASSWORD OLD_PASSWORD MASTER_POS_WAIT ' +
      'SOURCE_POS_WAIT GTID_SUBSET WAIT_FOR_EXECUTED_GTID_SET MASTER_GTID_WAIT PS_CURRENT_THREAD_ID PS_THREAD_ID ' +
      'JSON_TABLE ANY_VALUE SQLITE_VERSION SQLITE_SOURCE_ID SQLITE_COMPILEOPTION_GET SQLITE_COMPILEOPTION_USED CHANGES ' +
      'TOTAL_CHANGES LAST_INSERT_ROWID LOAD_EXTENSION READFILE WRITEFILE EDIT ZEROBLOB FTS3_TOKENIZER FTS5 SNIPPET ' +
      'HIGHLIGHT BM25 OFFSETS MATCHINFO OPTIMIZE SQLITE_LOG RTREECHECK LIKELIHOOD SUBTYPE PROCEDURE'
    ).split(' ');
    expect(closed.length).toBeGreaterThanOrEqual(75);
    expect(closed.filter((name) => functionRule(dialect, name))).toEqual([]);
  });

  it('keeps to one dialect what the other servers lack', () => {
    expect(functionRule('mariadb', 'REGEXP_LIKE')).toBeUndefined();
    expect(functionRule('mysql', 'NVL')).toBeUndefined();
    expect(functionRule('sqlite', 'DATE_FORMAT')).toBeUndefined();
    expect(functionRule('mariadb', 'LAG')?.arity).toEqual([1, 2]);
    expect(functionRule('mysql', 'LAG')?.arity).toEqual([1, 3]);
  });
});

describe('readRows', () => {
  it.each(['abs 1', 'ABS', 'ABS 1-', 'ABS x', 'ABS 1, COS 1'])('refuses the malformed entry %s', (entry) => {
    expect(() => readRows(SCALAR_FALLIBLE, entry)).toThrow('function table');
  });
});

describe('the SQLite list against the library', () => {
  const database = new DatabaseSync(':memory:');
  const rules = [...FUNCTIONS.sqlite.values()];

  it.each(rules)('$name takes the numbers of arguments that the list says', (rule) => {
    const accepts = (count: number): boolean => {
      try {
        database.prepare(writeCall(rule, count));
        return true;
      } catch (error) {
        expect(String(error)).toMatch(/wrong number of arguments|syntax error/);
        return false;
      }
    };
    const [least, most] = rule.arity;
    // CURRENT_DATE and its like are words, not calls.
    if (/^CURRENT_/.test(rule.name)) {
      expect(() => database.prepare(`SELECT ${rule.name}`)).not.toThrow();
      return;
    }
    expect(accepts(least)).toBe(true);
    if (least > 0 && !/^JSON|^STRFTIME/.test(rule.name)) expect(accepts(least - 1)).toBe(false);
    if (Number.isFinite(most)) {
      expect(accepts(most)).toBe(true);
      expect(accepts(most + 1)).toBe(false);
    } else {
      expect(accepts(least + 7)).toBe(true);
    }
  });

  it('finds no stored value on which a leakproof function fails', () => {
    const values = [
      '-9223372036854775808',
      '9223372036854775807',
      '0',
      '1e308',
      '-1e308',
      '9e999',
      '-9e999',
      "''",
      "'abc'",
      "'now'",
      "'9223372036854775808'",
      "x'00'",
      "x'FF'",
      "x''",
      "CAST(x'C3' AS TEXT)",
      "CAST(x'00610062' AS TEXT)",
      '\'{"a":\'',
      'NULL',
    ];
    database.exec(`CREATE TABLE v (a); ${values.map((value) => `INSERT INTO v VALUES (${value});`).join(' ')}`);
    const leakproof = rules.filter((rule) => rule.class === 'leakproof');
    expect(leakproof.length).toBeGreaterThanOrEqual(28);
    for (const rule of leakproof) {
      const count = Math.max(rule.arity[0], Math.min(rule.arity[1], 3));
      const list = ['p.a', 'q.a', 'r.a'].slice(0, count).join(', ');
      const from = ['v p', 'v q', 'v r'].slice(0, Math.max(count, 1)).join(', ');
      const over = rule.kind === 'window' ? ' OVER (ORDER BY p.a)' : '';
      const statement = database.prepare(`SELECT ${rule.name}(${list})${over} FROM ${from}`);
      statement.setReadBigInts(true);
      expect(() => statement.all()).not.toThrow();
    }
  });
});

const SERVERS = [
  { dialect: 'mysql', url: engineUrl('mysql') },
  { dialect: 'mariadb', url: engineUrl('mariadb') },
] as const;

/** A column of every family with values that conversions stumble over. */
const VALUES: Readonly<Record<string, readonly [type: string, ...values: string[]]>> = {
  i: ['bigint', '-9223372036854775808', '9223372036854775807', '0', '20261399'],
  u: ['bigint unsigned', '18446744073709551615', '0', '99991231235959', '7'],
  m: ['decimal(65,30)', '99999999999999999999999999999999999.999999999999999999999999999999', '-0.5', '0', '20260230'],
  f: ['double', '1.7976931348623157e308', '-1.7976931348623157e308', '5e-324', '-0.0'],
  t: ['varchar(200)', "'abc'", "'2026-02-31'", "'2020-01-01 00:00:00+25:00'", "''"],
  g: ['text character set latin1', "'\\\\u0000'", "'9999-99-99 99:99:99.9999999'", "'é\\0'", "'1e999999'"],
  n: ['varchar(60) collate utf8mb4_bin', "'[1,{'", "'😀\\\\'", '\'{"a":1}\'', "'838:59:59'"],
  b: ['varbinary(60)', "x'FF'", "x'C3'", "x''", "x'00FFFE'"],
  d: ['date', "'0001-01-01'", "'9999-12-31'", "'2024-02-29'", "'1970-01-01'"],
  h: [
    'datetime(6)',
    "'0001-01-01 00:00:00'",
    "'9999-12-31 23:59:59.999999'",
    "'2024-02-29 00:00:00'",
    "'1970-01-01 00:00:00'",
  ],
  c: ['time(6)', "'-838:59:59.000000'", "'838:59:59'", "'00:00:00'", "'23:59:59.999999'"],
  y: ['year', '1901', '2155', '0', '2026'],
  e: ["enum('a','2026-01-01','')", "'a'", "'2026-01-01'", "''", 'NULL'],
  s: ["set('a','b')", "'a,b'", "''", "'a'", 'NULL'],
  k: ['bit(64)', "b'1111111111111111111111111111111111111111111111111111111111111111'", "b'0'", "b'101'", 'NULL'],
  j: ['json', "'null'", '\'[1, "2026-01-01"]\'', '\'{"a": 1e308}\'', '\'"abc"\''],
};

describe.each(SERVERS)('the $dialect list against its server', ({ dialect, url }) => {
  const rules = [...FUNCTIONS[dialect].values()];
  const schema = `functions_test_${process.pid}_${dialect}`;
  let connection: Connection;

  beforeAll(async () => {
    if (!url) return;
    connection = await createConnection({ uri: url, charset: 'utf8mb4_general_ci' });
    await connection.query(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4`);
    await connection.query(`USE ${schema}`);
    await connection.query(
      "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
    );
    const names = Object.keys(VALUES);
    await connection.query(`CREATE TABLE v (${names.map((name) => `${name} ${VALUES[name]?.[0]}`).join(', ')})`);
    for (const row of [1, 2, 3, 4]) {
      await connection.query(`INSERT INTO v VALUES (${names.map((name) => VALUES[name]?.[row]).join(', ')})`);
    }
    await connection.query(`INSERT INTO v VALUES (${names.map(() => 'NULL').join(', ')})`);
  });

  afterAll(async () => {
    if (!url) return;
    await connection.query(`DROP DATABASE ${schema}`);
    await connection.end();
  });

  /** Null where the server takes the text, else its error number. */
  const tryStatement = async (sql: string): Promise<{ readonly errno: number; readonly message: string } | null> => {
    try {
      await connection.query(sql);
      return null;
    } catch (error) {
      const { errno, sqlMessage } = error as { errno: number; sqlMessage: string };
      return { errno, message: `${errno} ${sqlMessage} <- ${sql}` };
    }
  };

  it.skipIf(!url)('knows every function with its least and most arguments, and takes no more or less', async () => {
    const faults: string[] = [];
    for (const rule of rules) {
      const [least, most] = rule.arity;
      for (const count of [least, Number.isFinite(most) ? most : least + 6]) {
        const error = await tryStatement(writeCall(rule, count));
        if (error) faults.push(error.message);
      }
      for (const count of [least - 1, most + 1]) {
        if (NEWER_FORMS.has(`${dialect} ${rule.name} ${count}`)) continue;
        if (count >= 0 && Number.isFinite(count) && !(await tryStatement(writeCall(rule, count)))) {
          faults.push(`taken: ${writeCall(rule, count)}`);
        }
      }
    }
    expect(faults).toEqual([]);
  });

  it.skipIf(!url)(
    'finds no stored value of any type on which a leakproof function fails',
    async () => {
      const columns = Object.keys(VALUES);
      const leakproof = rules.filter((rule) => rule.class === 'leakproof');
      expect(leakproof.length).toBeGreaterThanOrEqual(40);
      const faults = new Set<string>();
      for (const rule of leakproof) {
        const count = Math.max(rule.arity[0], Math.min(rule.arity[1], 2));
        for (const first of columns) {
          for (const second of count > 1 ? columns : [first]) {
            const list = [first, second, 'i', 'i'].slice(0, count).join(', ');
            const distinct = rule.name === 'COUNT' ? 'DISTINCT ' : '';
            const over = rule.kind === 'window' ? ' OVER (ORDER BY i)' : '';
            const error = await tryStatement(`SELECT ${rule.name}(${distinct}${list})${over} FROM v`);
            // An error that the types alone decide tells nothing about the values: it comes with no row at all.
            if (error && !(await tryStatement(`SELECT ${rule.name}(${distinct}${list})${over} FROM v WHERE i < i`))) {
              faults.add(error.message);
            }
          }
        }
      }
      expect([...faults]).toEqual([]);
    },
    120_000,
  );
});
