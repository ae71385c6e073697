import { spawn } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Dialect } from '../../src/domain/dialect.js';
import type { ParameterValue } from '../../src/domain/sealed-statement.js';
import type { ErrorCode } from '../../src/errors/catalogue.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { openSource } from '../../src/source/open-source.js';
import type { OpenedSource } from '../../src/source/opened-source.js';
import { proveServerFence } from '../../src/source/self-test.js';
import type { SourceRequest, SourceResult } from '../../src/source/source.js';
import { describeEngines } from '../engines/engines.js';

const COLUMNS_SERVER = `
  CREATE TABLE kinds (id INT PRIMARY KEY, branch INT NOT NULL, big BIGINT, huge BIGINT UNSIGNED, price DECIMAL(30,10), ratio DOUBLE, small FLOAT,
    name VARCHAR(40), bytes VARBINARY(8), bits BIT(9), day DATE, moment DATETIME(3), clock TIME, doc JSON, KEY kinds_branch (branch));
  INSERT INTO kinds VALUES
    (1, 7, 9007199254740993, 18446744073709551615, 12345678901234567890.1234567890, 0.1, 0.1, 'Ünï😀', x'00ff', b'101', '2026-03-01', '2026-03-01 12:00:00.120', '-12:00:00', '[1]'),
    (2, 8, 5, 5, 1.5, 2.5, 2.5, 'b', NULL, NULL, NULL, NULL, NULL, NULL);
  CREATE TABLE digits (n INT PRIMARY KEY);
  INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);`;

const SCRIPT = {
  mariadb: COLUMNS_SERVER,
  mysql: COLUMNS_SERVER,
  sqlite: `
    CREATE TABLE kinds (id INTEGER PRIMARY KEY, branch INT NOT NULL, big BIGINT, price DECIMAL(10,2), ratio DOUBLE, name VARCHAR(40), bytes BLOB, day DATE, moment DATETIME, clock TIME, doc JSON);
    CREATE INDEX kinds_branch ON kinds (branch);
    INSERT INTO kinds VALUES (1, 7, 9007199254740993, 12.5, 0.1, 'Ünï😀', x'00ff', '2026-03-01', '2026-03-01 12:00:00.120', '-12:00:00', '[1]'),
      (2, 8, 5, 3, 2.5, 'b', NULL, NULL, NULL, NULL, NULL);
    CREATE TABLE digits (n INTEGER PRIMARY KEY);
    INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);`,
} satisfies Record<Dialect, string>;

/** A statement that runs for minutes and gives one row; the mark finds it in the server's list. */
const slow = (mark: number): string =>
  `SELECT COUNT(*) + ${mark} AS n FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g, digits h, digits i, digits j WHERE a.n + b.n + c.n + d.n + e.n + f.n + g.n + h.n + i.n + j.n < 0`;

function request(
  sql: string,
  parameters: readonly ParameterValue[] = [],
  over: Partial<SourceRequest> = {},
): SourceRequest {
  return {
    sql,
    parameters,
    kind: 'customer',
    timeoutMs: 10_000,
    maxRows: 100,
    maxBytes: 1_000_000,
    mayEstimate: false,
    ...over,
  };
}

async function codeOf(work: Promise<unknown>): Promise<ErrorCode | 'no error'> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    if (error instanceof SwaliError) return error.code;
    throw error;
  }
}

describeEngines('a source', SCRIPT, (engine) => {
  let source: OpenedSource;
  const isSqlite = engine.dialect === 'sqlite';
  const run = (
    sql: string,
    parameters: readonly ParameterValue[] = [],
    over: Partial<SourceRequest> = {},
  ): Promise<SourceResult> => source.execute(request(sql, parameters, over));

  /** Statements on the server that carry a mark, other than the one that looks. */
  const countRunning = async (mark: number): Promise<number> => {
    if (isSqlite) return 0;
    const rows = await engine.queryAsOwner('SHOW FULL PROCESSLIST');
    return rows.filter((row) => String(row.Info ?? '').includes(`+ ${mark} AS n`)).length;
  };

  beforeAll(async () => {
    source = await openSource({ url: engine.url, allowWideGrants: true, timeZone: 'Africa/Nairobi' });
  });
  afterAll(() => source.close());

  it('says what it is and that the fence holds', () => {
    expect(source.dialect).toBe(engine.dialect);
    expect(source.serverVersion).toMatch(/^\d+\.\d+\.\d+/);
    expect(source.fenceFaults).toEqual([]);
    expect(source.fenceHolds).toBe(true);
  });

  it('gives every type exactly, in JSON', async () => {
    const columns = isSqlite
      ? 'id, big, price, ratio, name, bytes, day, moment, clock, doc'
      : 'id, big, price, ratio, name, bytes, day, moment, clock, doc, huge, small, bits';
    const result = await run(`SELECT ${columns} FROM kinds ORDER BY id`);
    const common = ['integer', 'integer', 'decimal', 'float', 'text', 'binary', 'date', 'datetime', 'time', 'json'];
    expect(result.types).toEqual(isSqlite ? common : [...common, 'integer', 'float', 'binary']);
    const price = isSqlite ? '12.50' : '12345678901234567890.1234567890';
    const first = [
      1,
      '9007199254740993',
      price,
      0.1,
      'Ünï😀',
      '0x00ff',
      '2026-03-01',
      '2026-03-01 12:00:00.120',
      '-12:00:00',
      '[1]',
    ];
    expect(result.rows[0]).toEqual(isSqlite ? first : [...first, '18446744073709551615', 0.1, '0x0005']);
    expect(result.rows[1]?.slice(0, 6)).toEqual([2, 5, isSqlite ? '3.00' : '1.5000000000', 2.5, 'b', null]);
    expect(JSON.parse(JSON.stringify(result.rows))).toEqual(result.rows);
    expect(result.truncated).toBe(false);
  });

  it('tells how it means to run a statement, and runs nothing of it', async () => {
    // It would never end.
    const endless = `SELECT COUNT(*) AS c1 FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 0 FROM n) SELECT i FROM n) AS t1, kinds AS b WHERE b.id = ?`;
    const plan = await source.explain({ sql: endless, parameters: [1], kind: 'customer', timeoutMs: 20_000 });
    expect(plan?.length).toBeGreaterThan(0);
    expect(Object.keys(plan![0]!)).toEqual(expect.arrayContaining([isSqlite ? 'detail' : 'table']));
    const writes = source.explain({ sql: 'DELETE FROM kinds', parameters: [], kind: 'customer', timeoutMs: 5000 });
    if (isSqlite) expect(await codeOf(writes)).toBe('EXECUTE_FAILED');
    else await writes.catch(() => undefined);
    expect((await run('SELECT COUNT(*) AS n FROM kinds')).rows).toEqual([[2]]);
  });

  it('explains only where a connection is idle, and says what its pools lend out', async () => {
    const single = await openSource({ url: engine.url, allowWideGrants: true, size: 1 });
    try {
      await single.execute(request('SELECT 1 AS c1'));
      const [idle] = single.poolUse();
      expect(idle).toMatchObject({ size: 1, busy: 0, waiting: 0 });
      expect(idle?.name).toBe(isSqlite ? 'source children' : 'source customer+employee+admin');
      const asked = { sql: 'SELECT 1 AS c1', parameters: [], kind: 'customer', timeoutMs: 5000 } as const;
      const busy = single.execute(request('SELECT 2 AS c1'));
      // A place is given out in a later turn.
      for (let turn = 0; turn < 20 && single.poolUse()[0]?.busy === 0; turn += 1) await Promise.resolve();
      expect(single.poolUse()[0]?.busy).toBe(1);
      expect(await single.explain(asked)).toBeNull();
      await busy;
      expect(await single.explain(asked)).not.toBeNull();
    } finally {
      await single.close();
    }
  });

  it('binds text, numbers, large integers and NULL by their value', async () => {
    const byBranch = 'SELECT id FROM kinds WHERE branch = ?';
    expect((await run(byBranch, [7])).rows).toEqual([[1]]);
    expect((await run(byBranch, [7n])).rows).toEqual([[1]]);
    expect((await run('SELECT id FROM kinds WHERE big = ?', [9007199254740993n])).rows).toEqual([[1]]);
    expect((await run('SELECT id FROM kinds WHERE big = ?', [9007199254740992n])).rows).toEqual([]);
    expect((await run('SELECT id FROM kinds WHERE name = ?', ['Ünï😀'])).rows).toEqual([[1]]);
    expect((await run('SELECT id FROM kinds WHERE name = ?', [null])).rows).toEqual([]);
    expect((await run('SELECT id FROM kinds WHERE ratio = ?', [2.5])).rows).toEqual([[2]]);
  });

  it('finds rows by an index where an integer is bound', async () => {
    const explain = isSqlite
      ? 'EXPLAIN QUERY PLAN'
      : engine.dialect === 'mysql'
        ? 'EXPLAIN FORMAT=TRADITIONAL'
        : 'EXPLAIN';
    const sql = `${explain} SELECT name FROM kinds WHERE branch = ?`;
    const plan = JSON.stringify(await source.inspect(sql, [7]));
    expect(plan).toContain('kinds_branch');
  });

  it('binds nothing that could become SQL', async () => {
    for (const value of [{ a: 1 }, ['a'], Number.NaN, true, undefined, Buffer.from('a'), new Date(0)])
      expect(await codeOf(run('SELECT ? AS v', [value as unknown as ParameterValue]))).toBe('EXECUTE_FAILED');
    expect((await run('SELECT 1 AS v')).rows).toEqual([[1]]);
  });

  it('refuses too many and too few values', async () => {
    expect(await codeOf(run('SELECT ? AS v', [1, 2]))).toBe('EXECUTE_FAILED');
    expect(await codeOf(run('SELECT ? AS v, ? AS w', [1]))).toBe('EXECUTE_FAILED');
  });

  it('is not harmed by odd and equal column names', async () => {
    const quote = (name: string): string => (isSqlite ? `"${name}"` : `\`${name}\``);
    const names = ['__proto__', 'constructor', '__proto__', 'a b', 'toString', 'ключ'];
    const list = names.map((name, index) => `${index} AS ${quote(name)}`).join(', ');
    expect((await run(`SELECT ${list}`)).rows).toEqual([[0, 1, 2, 3, 4, 5]]);
    const [record] = await source.inspect(`SELECT 1 AS ${quote('__proto__')}`);
    expect(Object.entries(record!)).toEqual([['__proto__', 1]]);
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
  });

  it('cuts at the row cap and says so', async () => {
    const all = 'SELECT n FROM digits ORDER BY n';
    expect(await run(all, [], { maxRows: 10 })).toMatchObject({ truncated: false });
    expect(await run(all, [], { maxRows: 9 })).toMatchObject({
      truncated: true,
      rows: [[0], [1], [2], [3], [4], [5], [6], [7], [8]],
    });
    expect(await run(all, [], { maxRows: 0 })).toMatchObject({ truncated: true, rows: [] });
  });

  it('cuts at the byte cap and says so, and takes no more than the cap', async () => {
    const text = isSqlite ? "replace(hex(zeroblob(500)), '0', 'x')" : "REPEAT('x', 1000)";
    const result = await run(`SELECT ${text} AS v FROM digits`, [], { maxBytes: 3500 });
    expect(result.truncated).toBe(true);
    expect(result.rows).toHaveLength(3);
    expect(Buffer.byteLength(JSON.stringify(result.rows))).toBeLessThanOrEqual(3500);
  });

  it('stops reading a result that is far larger than its caps', async () => {
    const started = performance.now();
    const sql = 'SELECT a.n FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g';
    const result = await run(sql, [], { maxRows: 5, timeoutMs: 25_000 });
    expect(result).toMatchObject({ truncated: true });
    expect(result.rows).toHaveLength(5);
    expect(performance.now() - started).toBeLessThan(5000);
    expect((await run('SELECT 1 AS v')).rows).toEqual([[1]]);
  });

  it('ends a statement at its deadline, on the server too', async () => {
    const started = performance.now();
    expect(await codeOf(run(slow(4711), [], { timeoutMs: 300 }))).toBe('EXECUTE_TIMEOUT');
    expect(performance.now() - started).toBeLessThan(5000);
    await expect.poll(() => countRunning(4711), { timeout: 3000 }).toBe(0);
    expect((await run('SELECT 1 AS v')).rows).toEqual([[1]]);
  });

  it('ends a statement when the caller leaves, on the server too', async () => {
    const leaving = new AbortController();
    const running = codeOf(source.execute(request(slow(4712), [], { timeoutMs: 25_000 }), leaving.signal));
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (!isSqlite) expect(await countRunning(4712)).toBe(1);
    leaving.abort();
    expect(await running).toBe('EXECUTE_CANCELLED');
    await expect.poll(() => countRunning(4712), { timeout: 3000 }).toBe(0);
  });

  it('runs nothing for a caller who has left before', async () => {
    const left = AbortSignal.abort();
    expect(await codeOf(source.execute(request('SELECT 1 AS v'), left))).toBe('EXECUTE_CANCELLED');
  });

  it('serves others while one statement is slow, and all of many at once', async () => {
    const slowOne = codeOf(run(slow(4713), [], { timeoutMs: 1000 }));
    const many = await Promise.all(
      Array.from({ length: 40 }, (_, n) => run('SELECT n FROM digits WHERE n = ?', [n % 10])),
    );
    expect(many.map((result) => result.rows[0]?.[0])).toEqual(Array.from({ length: 40 }, (_, n) => n % 10));
    expect(await slowOne).toBe('EXECUTE_TIMEOUT');
  });

  it('changes nothing, whatever the text', async () => {
    const writes = [
      'DELETE FROM digits',
      'UPDATE digits SET n = n + 100',
      'INSERT INTO digits VALUES (77)',
      'DROP TABLE digits',
      'CREATE TABLE made (a INT)',
      'CREATE VIEW made AS SELECT 1',
      'ALTER TABLE digits ADD COLUMN made INT',
      isSqlite ? 'PRAGMA writable_schema = 1' : 'SELECT n FROM digits FOR UPDATE',
      isSqlite ? "ATTACH ':memory:' AS other" : 'TRUNCATE TABLE digits',
      isSqlite ? 'VACUUM' : 'RENAME TABLE digits TO made',
      isSqlite ? 'REINDEX' : 'CALL nothing()',
    ];
    for (const sql of writes) expect([sql, await codeOf(run(sql))]).toEqual([sql, 'EXECUTE_FAILED']);
    expect(await engine.queryAsOwner('SELECT COUNT(*) AS n, SUM(n) AS s FROM digits')).toMatchObject([{ n: 10 }]);
  });

  it('runs one statement and never the first of two', async () => {
    for (const sql of [
      'SELECT 1; SELECT 2',
      'SELECT 1; DROP TABLE digits',
      'SELECT 1;;SELECT 2',
      'SELECT 1 ; -- \n DELETE FROM digits',
    ])
      expect([sql, await codeOf(run(sql))]).toEqual([sql, 'EXECUTE_FAILED']);
  });

  it('tells a statement that fails from a source that is gone, and keeps the reason private', async () => {
    const failing = isSqlite ? 'SELECT abs(-9223372036854775808) AS v' : 'SELECT EXP(710) AS v';
    for (const sql of [failing, 'SELECT nope FROM digits', 'SELECT FROM', ''])
      expect([sql, await codeOf(run(sql))]).toEqual([sql, 'EXECUTE_FAILED']);
    const error = await run('SELECT nope FROM digits').catch((thrown: unknown) => thrown as SwaliError);
    expect((error as SwaliError).message).not.toContain('nope');
    const cause = (error as SwaliError).cause as Error;
    expect(cause.message).toContain('nope');
    // By the name, or by the server's number, the log withholds what may be a value.
    expect(isSqlite ? cause.name === 'SqliteError' : 'sqlState' in cause).toBe(true);
  });

  it('answers metadata and pings', async () => {
    expect(await source.inspect('SELECT n FROM digits WHERE n < ? ORDER BY n', [2])).toEqual(
      [{ n: 0 }, { n: 1 }].map((row) => Object.assign(Object.create(null), row)),
    );
    await expect(source.ping()).resolves.toBeUndefined();
  });

  it('refuses everything after it was closed', async () => {
    const other = await openSource({ url: engine.url, allowWideGrants: true });
    await other.close();
    expect(await codeOf(other.execute(request('SELECT 1 AS v')))).toBe('SOURCE_UNAVAILABLE');
  });

  it('refuses at once what finds no place in the queue', async () => {
    const narrow = await openSource({ url: engine.url, allowWideGrants: true, size: 1, queueLimit: 1 });
    try {
      const first = codeOf(narrow.execute(request(slow(4714), [], { timeoutMs: 1000 })));
      const second = codeOf(narrow.execute(request('SELECT 1 AS v')));
      const third = codeOf(narrow.execute(request('SELECT 1 AS v')));
      expect(await third).toBe('EXECUTE_BUSY');
      expect(await second).toBe('no error');
      expect(await first).toBe('EXECUTE_TIMEOUT');
    } finally {
      await narrow.close();
    }
  });
});

describeEngines(
  'a server session',
  SCRIPT,
  (engine) => {
    let source: OpenedSource;
    beforeAll(async () => {
      source = await openSource({ url: engine.url, allowWideGrants: true, timeZone: 'Africa/Nairobi' });
    });
    afterAll(() => source.close());
    const row = async (sql: string): Promise<readonly unknown[]> => (await source.execute(request(sql))).rows[0] ?? [];

    it('has the pins that the printer relies on, on every connection', async () => {
      const readOnly = engine.dialect === 'mysql' ? '@@transaction_read_only' : '@@tx_read_only';
      const sql = `SELECT @@sql_mode, @@time_zone, @@sql_big_selects, ${readOnly}, @@group_concat_max_len, @@character_set_connection, @@character_set_results, @@collation_connection = COLLATION(_utf8mb4 0x61)`;
      const all = await Promise.all(Array.from({ length: 8 }, () => row(sql)));
      for (const pins of all)
        expect(pins).toEqual([
          'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
          '+03:00',
          1,
          1,
          1048576,
          'utf8mb4',
          'utf8mb4',
          1,
        ]);
    });

    it('is found to leak where the fence is left out', async () => {
      const prove = (fence: string) =>
        proveServerFence((sql) => source.inspect(sql), source.dialect as 'mysql', source.serverVersion, fence);
      expect(await prove('LIMIT 9223372036854775807')).toEqual([]);
      expect((await prove('')).length).toBeGreaterThan(5);
    });

    it('compares parameters and introduced literals without a clash of collations', async () => {
      const result = await source.execute(request('SELECT ? = _utf8mb4 0xC39C AS same', ['Ü']));
      expect(result.rows).toEqual([[1]]);
    });

    it('gives the same when a statement runs again', async () => {
      const fenced = '(SELECT b.id, b.branch FROM kinds AS b WHERE b.branch = 7 LIMIT 9223372036854775807)';
      const several = `(SELECT x.n FROM (SELECT 1 AS n UNION ALL SELECT 2) AS x WHERE x.n = 1 OR (q.id = 999 AND q.branch = 9)) > 0`;
      const shapes = [
        `SELECT COUNT(*) AS n FROM ${fenced} AS r WHERE EXISTS (SELECT 1 FROM ${fenced} AS q WHERE q.id = r.id AND ${several})`,
        `SELECT COUNT(*) AS n FROM ${fenced} AS r WHERE NOT EXISTS (SELECT 1 FROM ${fenced} AS q WHERE q.id = r.id AND ${several})`,
        `SELECT COUNT(*) AS n FROM ${fenced} AS r WHERE r.id IN (SELECT q.id FROM ${fenced} AS q WHERE ${several})`,
      ];
      const single = await openSource({ url: engine.url, allowWideGrants: true, size: 1 });
      try {
        for (const sql of shapes) {
          const seen = [];
          for (let times = 0; times < 4; times += 1) seen.push((await single.execute(request(sql))).rows);
          expect(seen, sql).toEqual([seen[0], seen[0], seen[0], seen[0]]);
        }
      } finally {
        await single.close();
      }
    });

    it('does not let one statement leave something behind for the next', async () => {
      expect(await codeOf(source.execute(request('SET @left = 5')))).toBe('EXECUTE_FAILED');
      const seen = await Promise.all(Array.from({ length: 10 }, () => row('SELECT @left')));
      expect(seen.every(([value]) => value === null)).toBe(true);
    });

    it('keeps its prepared statements under the bound', async () => {
      const [limit] = await engine.queryAsOwner('SELECT @@max_prepared_stmt_count AS n');
      const readCount = async (): Promise<number> => {
        const [status] = await engine.queryAsOwner("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'");
        return Number(status?.Value);
      };
      const narrow = await openSource({ url: engine.url, allowWideGrants: true, size: 1 });
      const before = await readCount();
      for (let n = 0; n < 700; n++) await narrow.execute(request(`SELECT ${n} AS n`));
      expect((await readCount()) - before).toBeLessThanOrEqual(500);
      expect(Number(limit?.n)).toBeGreaterThan(0);
      await narrow.close();
    });

    it('refuses by the estimate only where it may', async () => {
      const sql = 'SELECT a.n FROM digits a, digits b, digits c WHERE a.n = 1 LIMIT 1';
      const careful = await openSource({ url: engine.url, allowWideGrants: true, maxEstimatedRows: 50 });
      try {
        expect(await codeOf(careful.execute(request(sql, [], { mayEstimate: true })))).toBe('EXECUTE_TOO_COSTLY');
        expect(await codeOf(careful.execute(request(sql, [], { mayEstimate: false })))).toBe('no error');
        expect(
          await codeOf(careful.execute(request('SELECT n FROM digits WHERE n = ?', [1], { mayEstimate: true }))),
        ).toBe('no error');
      } finally {
        await careful.close();
      }
    });

    it('refuses an account that can do more than read, naming its rights, and takes one that cannot', async () => {
      const database = new URL(engine.url).pathname.slice(1);
      const user = `${database.slice(0, 20)}_r`;
      const narrowUrl = Object.assign(new URL(engine.url), { username: user, password: 'p%40ss' }).href;
      const refusal = await openSource({ url: engine.url }).catch((error: unknown) => error as SwaliError);
      expect(refusal).toMatchObject({ code: 'SOURCE_NOT_READ_ONLY' });
      expect((refusal as SwaliError).detail).toContain('every database');
      await engine.runAsOwner(
        `CREATE USER '${user}'@'%' IDENTIFIED BY 'p@ss'; GRANT SELECT, SHOW VIEW ON \`${database.replace('_', '\\_')}\`.* TO '${user}'@'%'`,
      );
      try {
        const narrow = await openSource({ url: narrowUrl });
        expect(narrow.grantFaults).toEqual([]);
        expect(narrow.fenceHolds).toBe(true);
        expect((await narrow.execute(request('SELECT COUNT(*) AS n FROM digits'))).rows).toEqual([[10]]);
        expect(await codeOf(narrow.execute(request('SELECT COUNT(*) AS n FROM mysql.user')))).toBe('EXECUTE_FAILED');
        await narrow.close();
        await engine.runAsOwner(`GRANT INSERT ON \`${database}\`.digits TO '${user}'@'%'`);
        const wide = await openSource({ url: narrowUrl }).catch((error: unknown) => error as SwaliError);
        expect(wide).toMatchObject({
          code: 'SOURCE_NOT_READ_ONLY',
          detail: `account for customer, employee, admin: INSERT on ${database}`,
        });
      } finally {
        await engine.runAsOwner(`DROP USER '${user}'@'%'`);
      }
    });

    it('reads a view for an account that may not see how the server would', async () => {
      const database = new URL(engine.url).pathname.slice(1);
      const user = `${database.slice(0, 20)}_v`;
      await engine.runAsOwner(
        `CREATE VIEW shown_digits AS SELECT n FROM digits; CREATE USER '${user}'@'%' IDENTIFIED BY 'x'; GRANT SELECT ON \`${database}\`.shown_digits TO '${user}'@'%'`,
      );
      const url = Object.assign(new URL(engine.url), { username: user, password: 'x' }).href;
      const reader = await openSource({ url, allowWideGrants: true });
      try {
        const counted = await reader.execute(
          request('SELECT COUNT(*) AS n FROM shown_digits', [], { mayEstimate: true }),
        );
        expect(counted.rows).toEqual([[10]]);
      } finally {
        await reader.close();
        await engine.runAsOwner(`DROP USER '${user}'@'%'; DROP VIEW shown_digits`);
      }
    });

    it('runs each kind of principal as its own account', async () => {
      const database = new URL(engine.url).pathname.slice(1);
      const user = `${database.slice(0, 20)}_c`;
      await engine.runAsOwner(
        `CREATE USER '${user}'@'%' IDENTIFIED BY 'x'; GRANT SELECT ON \`${database}\`.digits TO '${user}'@'%'`,
      );
      const customer = Object.assign(new URL(engine.url), { username: user, password: 'x' }).href;
      const split = await openSource({ url: engine.url, urlsByKind: { customer }, allowWideGrants: true });
      try {
        const asked = { ...request('SELECT SUBSTRING_INDEX(CURRENT_USER(), _utf8mb4 0x40, 1) AS u') };
        expect((await split.execute({ ...asked, kind: 'customer' })).rows).toEqual([[user]]);
        expect((await split.execute({ ...asked, kind: 'employee' })).rows).toEqual([['root']]);
        expect(split.grantFaults.some((fault) => fault.startsWith('account for employee, admin: '))).toBe(true);
        expect(split.grantFaults.some((fault) => fault.startsWith('account for customer: '))).toBe(false);
      } finally {
        await split.close();
        await engine.runAsOwner(`DROP USER '${user}'@'%'`);
      }
    });

    it('takes up again after its connections were cut', async () => {
      await Promise.all(Array.from({ length: 4 }, () => row('SELECT n FROM digits WHERE n = 1')));
      const mine = await engine.queryAsOwner(
        'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()',
      );
      for (const { id } of mine) await engine.runAsOwner(`KILL ${String(id)}`).catch(() => undefined);
      expect(await row('SELECT n FROM digits WHERE n = 3')).toEqual([3]);
    });

    it('keeps to the deadline where the network swallows everything, and takes up again after', async () => {
      const network = await openNetwork(engine.url);
      const through = await openSource({ url: network.url, allowWideGrants: true, size: 1 });
      try {
        expect((await through.execute(request('SELECT 1 AS v'))).rows).toEqual([[1]]);
        network.setSilent(true);
        const started = performance.now();
        expect(await codeOf(through.execute(request('SELECT 2 AS v', [], { timeoutMs: 300 })))).toBe('EXECUTE_TIMEOUT');
        expect(performance.now() - started).toBeLessThan(9000);
        network.setSilent(false);
        expect((await through.execute(request('SELECT 3 AS v'))).rows).toEqual([[3]]);
      } finally {
        await through.close();
        await network.close();
      }
    });

    it('is unavailable where nothing listens, the password is wrong, or the database is not there', async () => {
      const closed = await new Promise<number>((resolve) => {
        const server = createServer().listen(0, '127.0.0.1', () => {
          const { port } = server.address() as { port: number };
          server.close(() => resolve(port));
        });
      });
      const change = (over: Partial<URL>): string => Object.assign(new URL(engine.url), over).href;
      for (const url of [
        change({ port: String(closed) }),
        change({ username: 'nobody', password: 'x' }),
        change({ pathname: '/swali_not_there' }),
      ])
        expect(await codeOf(openSource({ url }))).toBe('SOURCE_UNAVAILABLE');
    });
  },
  ['mariadb', 'mysql'],
);

describeEngines(
  'a SQLite source',
  SCRIPT,
  (engine) => {
    it('is unavailable where the file is missing or no database, and makes none', async () => {
      const path = engine.url.slice('sqlite:'.length);
      expect(await codeOf(openSource({ url: `sqlite:${path}.missing` }))).toBe('SOURCE_UNAVAILABLE');
      expect(await codeOf(openSource({ url: `sqlite:${path}.missing` }))).toBe('SOURCE_UNAVAILABLE');
      expect(await codeOf(openSource({ url: `sqlite:${import.meta.filename}` }))).toBe('SOURCE_UNAVAILABLE');
    });

    it('shows neither its own tables nor its settings', async () => {
      const source = await openSource({ url: engine.url });
      try {
        for (const sql of [
          'SELECT * FROM sqlite_schema',
          'SELECT * FROM sqlite_master',
          'SELECT * FROM sqlite_temp_schema',
          "SELECT * FROM pragma_table_info('digits')",
          'SELECT * FROM pragma_database_list',
          'SELECT * FROM dbstat',
          'PRAGMA table_info(digits)',
          "SELECT load_extension('x')",
          "SELECT fts3_tokenizer('simple')",
          'EXPLAIN SELECT 1',
          'SELECT 1) --',
        ])
          expect([sql, await codeOf(source.execute(request(sql)))]).toEqual([sql, 'EXECUTE_FAILED']);
      } finally {
        await source.close();
      }
    });

    it('does not go down with a statement that eats memory', async () => {
      const source = await openSource({ url: engine.url, size: 1 });
      try {
        const eater = `WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 2000) SELECT max(length(x)) AS n FROM (SELECT json_group_array(hex(randomblob(4000000))) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) AS x FROM c)`;
        expect(await codeOf(source.execute(request(eater, [], { timeoutMs: 20_000 })))).toBe('EXECUTE_FAILED');
        expect((await source.execute(request('SELECT 1 AS v'))).rows).toEqual([[1]]);
      } finally {
        await source.close();
      }
    });

    it('leaves no child behind when the gateway is killed in the middle of a statement', async () => {
      const script = `
        import { openSource } from ${JSON.stringify(new URL('../../dist/source/open-source.js', import.meta.url).href)};
        const source = await openSource({ url: ${JSON.stringify(engine.url)}, size: 1 });
        const running = source.execute({ sql: ${JSON.stringify(slow(4715))}, parameters: [], kind: 'admin', timeoutMs: 60000, maxRows: 1, maxBytes: 1000, mayEstimate: false });
        process.stdout.write('running');
        await running;`;
      const gateway = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => gateway.stdout.once('data', resolve));
      const children = await childrenOf(gateway.pid!);
      expect(children).toHaveLength(1);
      gateway.kill('SIGKILL');
      await expect.poll(() => children.filter(isRunning), { timeout: 5000 }).toEqual([]);
    });
  },
  ['sqlite'],
);

/** A network between the gateway and a server, which can fall silent without closing anything. */
async function openNetwork(serverUrl: string) {
  const target = new URL(serverUrl);
  let silent = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => {
        if (!silent) to.write(data);
      });
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: Object.assign(new URL(serverUrl), { port: String(port) }).href,
    setSilent(value: boolean): void {
      silent = value;
    },
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
