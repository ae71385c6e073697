import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ResultStream } from '../../src/domain/result-set.js';
import type { ErrorCode } from '../../src/errors/catalogue.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { openSource } from '../../src/source/open-source.js';
import type { OpenedSource } from '../../src/source/opened-source.js';
import type { SourceStreamRequest } from '../../src/source/source.js';
import { describeEngines } from '../engines/engines.js';

const DIGITS = 'INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);';
const SERVER = `
  CREATE TABLE digits (n INT PRIMARY KEY); ${DIGITS}
  CREATE TABLE kinds (id INT PRIMARY KEY, big BIGINT, huge BIGINT UNSIGNED, price DECIMAL(30,10), small FLOAT, name VARCHAR(40), bytes VARBINARY(8), day DATE, moment DATETIME(3), doc JSON);
  INSERT INTO kinds VALUES
    (1, 9007199254740993, 18446744073709551615, 12345678901234567890.1234567890, 0.1, 'Ünï😀', x'00ff', '2026-03-01', '2026-03-01 12:00:00.120', '[1]'),
    (2, 5, 5, 1.5, 2.5, 'b', NULL, NULL, NULL, NULL);`;
const SCRIPT = {
  mariadb: SERVER,
  mysql: SERVER,
  sqlite: `
    CREATE TABLE digits (n INTEGER PRIMARY KEY); ${DIGITS}
    CREATE TABLE kinds (id INTEGER PRIMARY KEY, big BIGINT, price DECIMAL(10,2), small DOUBLE, name VARCHAR(40), bytes BLOB, day DATE, moment DATETIME, doc JSON);
    INSERT INTO kinds VALUES (1, 9007199254740993, 12.5, 0.1, 'Ünï😀', x'00ff', '2026-03-01', '2026-03-01 12:00:00.120', '[1]'),
      (2, 5, 3, 2.5, 'b', NULL, NULL, NULL, NULL);`,
};

/** All numbers below a power of ten, in order where it is asked for. */
const below = (power: number, select = '', order = 'ORDER BY n'): string => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, power);
  const number = names.map((name, place) => `${name}.n * ${10 ** place}`).join(' + ');
  return `SELECT ${number} AS n${select} FROM ${names.map((name) => `digits ${name}`).join(', ')} ${order}`;
};

/** A statement that begins to give rows at once, and has many and wide ones: no socket holds them. */
const wide = (mark: number, isSqlite: boolean): string => {
  const text = isSqlite ? "replace(hex(zeroblob(500)), '0', 'x')" : "REPEAT('x', 1000)";
  return below(6, `, ${text} AS w, 0 + ${mark} AS mark`, '');
};

function request(sql: string, over: Partial<SourceStreamRequest> = {}): SourceStreamRequest {
  return {
    sql,
    parameters: [],
    kind: 'customer',
    timeoutMs: 30_000,
    maxRows: 1_000_000,
    maxBytes: 1_000_000_000,
    mayEstimate: false,
    idleMs: 20_000,
    readerMs: 60_000,
    ...over,
  };
}

async function readAll(stream: ResultStream) {
  const rows = [];
  let batches = 0;
  for await (const batch of stream.batches) {
    batches += 1;
    expect(batch.length).toBeGreaterThan(0);
    expect(batch.length).toBeLessThanOrEqual(500);
    rows.push(...batch);
  }
  return { rows, batches };
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

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describeEngines('a stream of a source', SCRIPT, (engine) => {
  const isSqlite = engine.dialect === 'sqlite';
  /** One connection, so that one that is not given back, or given back ill, shows at the next statement. */
  let source: OpenedSource;
  beforeAll(async () => {
    source = await openSource({ url: engine.url, allowWideGrants: true, size: 1 });
  });
  afterAll(() => source.close());
  // SQLite reads twice, so less is asked of it.
  const most = isSqlite ? 30_000 : 1_000_000;
  const open = (sql: string, over: Partial<SourceStreamRequest> = {}, signal?: AbortSignal) =>
    source.stream(request(sql, { maxRows: most, ...over }), signal);

  const countRunning = async (mark: number): Promise<number> => {
    if (isSqlite) return 0;
    const rows = await engine.queryAsOwner('SHOW FULL PROCESSLIST');
    return rows.filter((row) => String(row.Info ?? '').includes(`+ ${mark} AS mark`)).length;
  };
  /** Nothing is lent out, nothing runs, and the one connection serves. */
  const assertHealthy = async (mark: number): Promise<void> => {
    await expect.poll(() => source.poolUse()[0]?.busy, { timeout: 10_000 }).toBe(0);
    await expect.poll(() => countRunning(mark), { timeout: 10_000 }).toBe(0);
    expect((await source.execute(request('SELECT 1 AS v'))).rows).toEqual([[1]]);
    expect((await readAll(await open('SELECT 2 AS v'))).rows).toEqual([[2]]);
  };

  it('gives what execute gives: names of types, values and order', async () => {
    const sql = 'SELECT * FROM kinds ORDER BY id';
    const whole = await source.execute(request(sql));
    const stream = await open(sql);
    expect(stream.types).toEqual(whole.types);
    expect((await readAll(stream)).rows).toEqual(whole.rows);
    expect(stream.isTruncated()).toBe(false);
    const many = await open(below(4));
    expect((await readAll(many)).rows).toEqual(Array.from({ length: 10_000 }, (_, n) => [n]));
    expect(many.types).toEqual(['integer']);
    const none = await open('SELECT n FROM digits WHERE n > 100');
    expect(await readAll(none)).toEqual({ rows: [], batches: 0 });
    expect(none.types).toEqual(['integer']);
  });

  it('hands over batches', async () => {
    const { rows, batches } = await readAll(await open(below(3)));
    expect([rows.length, batches]).toEqual([1000, 2]);
  });

  it.each([
    ['few rows', 3, 7],
    ['many rows', 5, 43_210],
    ['no rows', 3, 0],
  ])('cuts at the row cap and says so: %s', async (_name, power, maxRows) => {
    const stream = await open(below(power), { maxRows });
    const { rows } = await readAll(stream);
    expect(rows).toEqual(Array.from({ length: maxRows }, (_, n) => [n]));
    expect(stream.isTruncated()).toBe(true);
    const exact = await open(below(power), { maxRows: 10 ** power });
    expect((await readAll(exact)).rows.length).toBe(10 ** power);
    expect(exact.isTruncated()).toBe(false);
    await assertHealthy(0);
  });

  it('cuts at the byte cap as execute does', async () => {
    const sql = below(4);
    for (const maxBytes of [100, 20_000]) {
      const whole = await source.execute(request(sql, { maxBytes }));
      const stream = await open(sql, { maxBytes });
      expect((await readAll(stream)).rows).toEqual(whole.rows);
      expect([stream.isTruncated(), whole.truncated]).toEqual([true, true]);
    }
  });

  it('ends the statement where the reader leaves early, and serves the next', async () => {
    const stream = await open(wide(7101, isSqlite));
    let taken = 0;
    for await (const batch of stream.batches) {
      taken += batch.length;
      if (!isSqlite) expect(await countRunning(7101)).toBe(1);
      break;
    }
    expect(taken).toBeGreaterThan(0);
    await assertHealthy(7101);
  });

  it('ends it where the reader leaves before the first row', async () => {
    const stream = await open(wide(7102, isSqlite));
    await stream.batches[Symbol.asyncIterator]().return?.();
    await assertHealthy(7102);
  });

  it('ends it where the caller hangs up, while rows are read and while none are', async () => {
    for (const isReading of [true, false]) {
      const controller = new AbortController();
      const stream = await open(wide(7103, isSqlite), {}, controller.signal);
      const reading = (async () => {
        for await (const _ of stream.batches) {
          if (!isReading) await new Promise((resolve) => controller.signal.addEventListener('abort', resolve));
        }
      })();
      const code = codeOf(reading);
      await sleep(50);
      controller.abort();
      expect(await code).toBe('EXECUTE_CANCELLED');
      await assertHealthy(7103);
    }
    const gone = AbortSignal.abort();
    expect(await codeOf(open('SELECT 1 AS v', {}, gone))).toBe('EXECUTE_CANCELLED');
  });

  it('kills what takes longer than its own time', async () => {
    const condition = 'a.n + b.n + c.n + d.n + e.n + f.n + g.n + h.n + i.n + j.n < 0';
    const heavy = `SELECT COUNT(*) + 7104 AS mark FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g, digits h, digits i, digits j WHERE ${condition}`;
    const read = async (): Promise<unknown> => readAll(await open(heavy, { timeoutMs: 300 }));
    expect(await codeOf(read())).toBe('EXECUTE_TIMEOUT');
    await assertHealthy(7104);
  });

  it('does not count the waits of the reader as the statement’s own time', async () => {
    const stream = await open(wide(7105, isSqlite), { timeoutMs: isSqlite ? 20_000 : 1500, maxRows: 20_000 });
    let rows = 0;
    for await (const batch of stream.batches) {
      if (rows === 0) await sleep(2500);
      rows += batch.length;
    }
    expect([rows, stream.isTruncated()]).toEqual([20_000, true]);
    await assertHealthy(7105);
  });

  it('kills it where the reader takes nothing for too long', async () => {
    const stream = await open(wide(7106, isSqlite), { idleMs: 200 });
    await assertHealthy(7106);
    expect(await codeOf(readAll(stream))).toBe('EXECUTE_TIMEOUT');
  });

  it('kills it where the reader lets it wait too long altogether', async () => {
    const stream = await open(wide(7107, isSqlite), { idleMs: 5000, readerMs: 400 });
    const read = async (): Promise<void> => {
      for await (const _ of stream.batches) await sleep(60);
    };
    expect(await codeOf(read())).toBe('EXECUTE_TIMEOUT');
    await assertHealthy(7107);
  });

  it('says where a statement fails at a later row, and serves the next', async () => {
    // The sort of MySQL and MariaDB would compute it before the first row leaves.
    const failing = isSqlite
      ? 'json_extract(CASE WHEN a.n + b.n * 10 + c.n * 100 + d.n * 1000 = 7777 THEN char(123) ELSE char(49) END, char(36))'
      : '(SELECT x.n FROM digits x WHERE x.n < IF(a.n + b.n * 10 + c.n * 100 + d.n * 1000 = 7777, 2, 1))';
    const sql = below(4, `, ${failing} AS f`, '');
    const code = codeOf((async () => readAll(await open(sql)))());
    expect(await code).toBe('EXECUTE_FAILED');
    await assertHealthy(0);
  });

  it('refuses what execute refuses', async () => {
    expect(await codeOf(open('SELECT nothing FROM digits'))).toBe('EXECUTE_FAILED');
    expect(await codeOf(open('SELECT ? AS v'))).toBe('EXECUTE_FAILED');
    expect(await codeOf(open('SELECT 1 AS v', { parameters: [1] }))).toBe('EXECUTE_FAILED');
    for (const sql of ['DELETE FROM kinds', 'BEGIN', 'SET @a = 1'])
      expect(await codeOf((async () => readAll(await open(sql)))())).toBe('EXECUTE_FAILED');
    await assertHealthy(0);
    expect((await source.execute(request('SELECT COUNT(*) AS n FROM kinds'))).rows).toEqual([[2]]);
  });

  it('holds its connection until it has ended, and no longer', async () => {
    const stream = await open(wide(7108, isSqlite));
    expect(source.poolUse()[0]).toMatchObject({ busy: 1 });
    expect(await codeOf(source.execute(request('SELECT 1 AS v', { timeoutMs: 200 })))).toBe('EXECUTE_BUSY');
    await stream.batches[Symbol.asyncIterator]().return?.();
    await assertHealthy(7108);
  });

  it('reads 200 000 rows in bounded memory, however slowly they are taken', async () => {
    const read = async (pause: boolean): Promise<number> => {
      const text = isSqlite ? "replace(hex(zeroblob(100)), '0', 'x')" : "REPEAT('x', 200)";
      const stream = await open(below(6, `, ${text} AS w`, ''), { maxRows: 200_000 });
      globalThis.gc?.();
      let most = 0;
      let rows = 0;
      const before = process.memoryUsage().heapUsed + process.memoryUsage().external;
      for await (const batch of stream.batches) {
        rows += batch.length;
        if (pause && rows % 20_000 === 0) await sleep(20);
        const { heapUsed, external } = process.memoryUsage();
        most = Math.max(most, heapUsed + external - before);
      }
      expect(rows).toBe(200_000);
      return most;
    };
    // The rows are 40 MB as text, and more as objects.
    for (const pause of [false, true]) expect(await read(pause)).toBeLessThan(60 * 1024 * 1024);
  });

  it('does not read on while the reader waits', async () => {
    if (isSqlite) return;
    const stream = await open(wide(7109, isSqlite));
    const batches = stream.batches[Symbol.asyncIterator]();
    await batches.next();
    await sleep(300);
    // All of it would be a gigabyte; what the server has sent is what the sockets hold.
    const [sent] = await engine.queryAsOwner(
      engine.dialect === 'mysql'
        ? "SELECT VARIABLE_VALUE AS n FROM performance_schema.status_by_thread s JOIN performance_schema.threads t USING (THREAD_ID) WHERE VARIABLE_NAME = 'Bytes_sent' AND t.PROCESSLIST_INFO LIKE '%+ 7109 AS mark%' AND t.PROCESSLIST_ID <> CONNECTION_ID()"
        : 'SELECT 1 AS n',
    );
    expect(Number(sent?.n ?? 0)).toBeLessThan(32 * 1024 * 1024);
    expect(await countRunning(7109)).toBe(1);
    await batches.return?.();
    await assertHealthy(7109);
  });
});
