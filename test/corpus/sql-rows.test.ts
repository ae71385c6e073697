import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DatabaseSync } from '@photostructure/sqlite';
import { type Connection, createConnection } from 'mysql2/promise';
import { describe, expect, it } from 'vitest';
import { printQuery } from '../../src/sql/printer.js';
import { engineUrl } from '../engines/engines.js';
import { sameRows } from '../support/compare-rows.js';
import { everyNth } from '../support/corpus-share.js';
import { evaluationFolder } from '../support/spider.js';
import { Tally } from '../support/tally.js';
import { readJsonLines, readOnce, reasonOf } from './read-statements.js';

const folder = evaluationFolder() ?? '';
const mariadb = engineUrl('mariadb');

interface Step {
  readonly kind: 'statement' | 'query';
  readonly sql: string;
}

/** Statements and queries of a sqllogictest file that SQLite runs (https://sqlite.org/sqllogictest). */
function readLogicTest(path: string): Step[] {
  const steps: Step[] = [];
  for (const record of gunzipSync(readFileSync(path))
    .toString('utf8')
    .replaceAll('\r\n', '\n')
    .split(/\n\s*\n/)) {
    const lines = record.split('\n').filter((line) => !line.startsWith('#') && line.trim() !== '');
    const head = lines.findIndex((line) => /^(statement|query)\b/.test(line));
    if (head < 0 || lines.slice(0, head).some((line) => /^skipif sqlite|^onlyif (?!sqlite)/.test(line))) continue;
    const end = lines.indexOf('----', head);
    const sql = lines.slice(head + 1, end < 0 ? undefined : end).join('\n');
    steps.push({ kind: lines[head]!.startsWith('query') ? 'query' : 'statement', sql });
  }
  return steps;
}

describe.skipIf(folder === '')('sqllogictest on SQLite', () => {
  it('gives the same rows for what is read and printed', { timeout: 1_800_000 }, () => {
    const tally = new Tally();
    const tests = join(folder, 'sql-corpus/sqllogictest');
    for (const file of readdirSync(tests)) {
      const database = new DatabaseSync(':memory:');
      const rowsOf = (sql: string, values: readonly (string | null)[]): unknown[][] | null => {
        try {
          const statement = database.prepare(sql);
          statement.setReturnArrays(true);
          return statement.all(...values) as unknown as unknown[][];
        } catch {
          return null;
        }
      };
      // Many lines differ in numbers only: every third keeps the run short.
      readLogicTest(join(tests, file)).forEach(({ kind, sql }, index) => {
        if (kind === 'statement') {
          try {
            database.exec(sql);
          } catch {
            // A statement that is meant to fail.
          }
        } else if (index % everyNth(3) === 0) compare(sql, rowsOf, tally);
      });
      database.close();
    }
    tally.print('sqllogictest, SQLite', ['equal']);
    expect(tally.total).toBeGreaterThan(14_000);
    expect(tally.count('different')).toBe(0);
    expect(tally.share('equal')).toBeGreaterThanOrEqual(0.998);
  });

  function compare(
    sql: string,
    rowsOf: (sql: string, values: readonly (string | null)[]) => unknown[][] | null,
    tally: Tally,
  ): void {
    const theirs = rowsOf(sql, []);
    if (theirs === null) return;
    const reading = new Tally();
    const query = readOnce(sql, 'sqlite', reading);
    if (query === null || reading.count('read') === 0) {
      tally.add([...reading.reasons.keys()].join(), sql);
      return;
    }
    const printed = printQuery(query, 'sqlite');
    const ours = rowsOf(
      printed.sql,
      printed.parameters.map((parameter) => parameter.value),
    );
    tally.add(
      ours !== null && sameRows(theirs, ours, true) ? 'equal' : 'different',
      `${sql}\n            ${printed.sql}`,
    );
  }
});

interface ServerTest {
  readonly file: string;
  readonly steps: readonly (readonly ['s' | 'q', string])[];
}

/** What must not be run on a shared server, never ends, or changes what a text means: the gateway pins its sql_mode. */
const UNFIT =
  /\b(?:SLEEP|BENCHMARK|GET_LOCK|SHUTDOWN|KILL|GLOBAL|FLUSH|INSTALL|LOAD|OUTFILE|DUMPFILE|USER|GRANT|REVOKE|DELAYED|DATABASE|SQL_MODE)\b/i;

describe.skipIf(folder === '' || mariadb === null)('the tests of MariaDB on MariaDB', () => {
  it('gives the same rows for what is read and printed', { timeout: 600_000 }, async () => {
    const tally = new Tally();
    const tests = readJsonLines<ServerTest>(folder, 'sql-corpus/mariadb-tests-a.jsonl.gz');
    const connection = await createConnection({
      uri: (mariadb as string).replace(/^mariadb:/, 'mysql:'),
      charset: 'utf8mb4',
      rowsAsArray: true,
      flags: ['-IGNORE_SPACE'],
      dateStrings: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
    });
    try {
      // Every seventh file: the whole takes minutes.
      for (const [index, test] of tests.entries()) if (index % everyNth(7) === 0) await replay(connection, test, tally);
    } finally {
      await connection.query('DROP DATABASE IF EXISTS swali_corpus').catch(() => undefined);
      await connection.end();
    }
    tally.print('MariaDB tests, MariaDB', ['equal']);
    expect(tally.total).toBeGreaterThan(800);
    expect(tally.share('different')).toBeLessThanOrEqual(0.01);
    expect(tally.share('equal')).toBeGreaterThanOrEqual(0.85);
  });

  const rowsOf = async (connection: Connection, sql: string): Promise<unknown[][] | null> => {
    try {
      const [rows] = await connection.query(sql);
      return Array.isArray(rows) ? (rows as unknown[][]) : null;
    } catch {
      return null;
    }
  };

  async function replay(connection: Connection, test: ServerTest, tally: Tally): Promise<void> {
    await connection.query('DROP DATABASE IF EXISTS swali_corpus');
    await connection.query('CREATE DATABASE swali_corpus CHARACTER SET utf8mb4');
    await connection.query('USE swali_corpus');
    await connection.query(
      'SET SESSION sql_mode = DEFAULT, max_statement_time = 2, character_set_connection = utf8mb4, optimizer_switch = DEFAULT',
    );
    for (const [kind, sql] of test.steps) {
      if (UNFIT.test(sql)) continue;
      if (kind === 's') {
        await rowsOf(connection, sql);
        continue;
      }
      const reading = new Tally();
      const query = readOnce(sql, 'mariadb', reading);
      if (query === null) {
        tally.add([...reading.reasons.keys()].join(), `${test.file}: ${sql}`);
        continue;
      }
      const theirs = await rowsOf(connection, sql);
      if (theirs === null) continue;
      let printed: string;
      try {
        printed = printQuery(query, 'mariadb').sql;
      } catch (error) {
        tally.add(`printing: ${reasonOf(error)}`, sql);
        continue;
      }
      const ours = await rowsOf(connection, printed);
      const equal = ours !== null && sameRows(theirs, ours);
      tally.add(
        equal ? 'equal' : ours === null ? 'fails' : 'different',
        `${test.file}: ${sql}\n            ${printed}`,
      );
    }
  }
});
