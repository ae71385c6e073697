import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createGuards } from '../../src/operate/guards.js';
import { openStore, type Store, type StoreDatabase } from '../../src/store/store.js';
import { readTransient } from '../../src/store/store-rules.js';
import { describeEngines, type EngineUnderTest } from '../engines/engines.js';
import { startTcpRelay, type TcpRelay } from '../http/tcp-relay.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const ROWS = 'create table counted (id int primary key, n int not null); insert into counted values (1, 0), (2, 0)';
const add = (db: StoreDatabase, id: number) => sql`update counted set n = n + 1 where id = ${id}`.execute(db);
const read = async (store: Store) =>
  (await store.run((db) => sql<{ n: number }>`select n from counted order by id`.execute(db))).rows.map(({ n }) => n);

/** Resolves for all once as many have come; who comes later is not held up. */
function createMeeting(size: number): () => Promise<void> {
  let come = 0;
  let meet: () => void = () => {};
  const met = new Promise<void>((resolve) => (meet = resolve));
  return () => {
    come += 1;
    if (come === size) meet();
    return met;
  };
}

/** The same server through a port that can be cut. */
async function relayTo(url: string): Promise<{ readonly relay: TcpRelay; readonly url: string }> {
  const through = new URL(url);
  const relay = await startTcpRelay(through.hostname, Number(through.port || 3306));
  through.hostname = '127.0.0.1';
  through.port = String(relay.port);
  return { relay, url: through.href };
}

function describeRetries(engine: EngineUnderTest): void {
  const opened: (() => Promise<void>)[] = [];
  const open = async (url = engine.url, deps = {}) => {
    const store = await openStore(url, undefined, deps);
    opened.push(() => store.close());
    return store;
  };
  beforeAll(() => engine.runAsOwner(ROWS));
  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close();
    await engine.runAsOwner('update counted set n = 0');
  });

  it('runs a transaction again that the server ended to break a deadlock', async () => {
    const [one, other] = [await open(), await open()];
    const meet = createMeeting(2);
    let tries = 0;
    const crossing = (store: Store, ids: readonly [number, number]) =>
      store.transaction(async (db) => {
        tries += 1;
        await add(db, ids[0]);
        await meet();
        await add(db, ids[1]);
      });
    await Promise.all([crossing(one, [1, 2]), crossing(other, [2, 1])]);
    expect(tries).toBe(3);
    expect(await read(one)).toEqual([2, 2]);
  });

  it('gives up on deadlocks after some tries, with a pause before each', async () => {
    const pauses: number[] = [];
    const store = await open(engine.url, { backoff: (failures: number) => pauses.push(failures) });
    let tries = 0;
    const endless = store.transaction(async (db) => {
      tries += 1;
      await add(db, 1);
      await sql`signal sqlstate '40001' set mysql_errno = 1213`.execute(db);
    });
    await expect(endless).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect([tries, pauses]).toEqual([6, [1, 2, 3, 4, 5]]);
    expect(await read(store)).toEqual([0, 0]);
  });

  it('rolls all of it back before it waits again for a lock that was not given in time', async () => {
    const [one, other] = [await open(), await open()];
    let tries = 0;
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    let hold: () => void = () => {};
    const held = new Promise<void>((resolve) => (hold = resolve));
    const holding = other.transaction(async (db) => {
      await add(db, 2);
      hold();
      await released;
    });
    await held;
    await one.transaction(async (db) => {
      tries += 1;
      await sql`set session innodb_lock_wait_timeout = 1`.execute(db);
      await add(db, 1);
      // The second try begins with nothing of the first: its row is not added to twice.
      if (tries === 2) release();
      await add(db, 2);
    });
    await holding;
    expect([tries, await read(one)]).toEqual([2, [1, 2]]);
  });

  it('runs work again whose connection broke before COMMIT', async () => {
    const { relay, url } = await relayTo(engine.url);
    const store = await open(url);
    let tries = 0;
    await store.transaction(async (db) => {
      tries += 1;
      await add(db, 1);
      if (tries > 1) return;
      await relay.cut();
      await relay.mend();
      await add(db, 2);
    });
    expect([tries, await read(store)]).toEqual([2, [1, 0]]);
    opened.unshift(() => relay.cut());
  });

  it.each([
    ['does not run work again whose connection broke during COMMIT', false, 1],
    ['does so where the work says that twice is as good as once', true, 2],
  ])('%s', async (_name, idempotent, times) => {
    const { relay, url } = await relayTo(engine.url);
    const store = await open(url);
    let tries = 0;
    const outcome = store
      .transaction(
        async (db) => {
          tries += 1;
          await add(db, 1);
          if (tries > 1) return;
          relay.hush();
          setTimeout(async () => {
            await relay.cut();
            await relay.mend();
          }, 100);
        },
        { idempotent },
      )
      .catch((error: unknown) => error);
    const error = await outcome;
    if (idempotent) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(tries).toBe(times);
    opened.unshift(() => relay.cut());
  });

  it('hands on what the work threw where rolling back fails too', async () => {
    const { relay, url } = await relayTo(engine.url);
    const store = await open(url);
    const own = new SwaliError('IDENTITY_EXISTS');
    const outcome = store.transaction(async () => {
      await relay.cut();
      throw own;
    });
    await expect(outcome).rejects.toBe(own);
  });

  it('opens the circuit where the server is away, and closes it once it is back', async () => {
    const { relay, url } = await relayTo(engine.url);
    const time = { ms: 0 };
    const guards = createGuards({ logger: silent, now: () => time.ms, random: () => 0 });
    const store = await open(url, { makeGuard: guards.make });
    await relay.cut();
    for (let each = 0; each < 5; each += 1)
      await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryAfterS: 5 });
    expect(guards.states()).toEqual({ store: 'open' });
    await relay.mend();
    await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryAfterS: 1 });
    time.ms += 60_000;
    await store.ping();
    expect(guards.states()).toEqual({ store: 'closed' });
    opened.unshift(() => relay.cut());
  });

  it('keeps the circuit closed for statements that are at fault themselves', async () => {
    const guards = createGuards({ logger: silent, now: () => 0, random: () => 0 });
    const store = await open(engine.url, { makeGuard: guards.make });
    for (let each = 0; each < 8; each += 1)
      await expect(store.run((db) => sql`select nothing_like_it`.execute(db))).rejects.toThrow();
    expect(guards.states()).toEqual({ store: 'closed' });
  });
}

describeEngines('transactions on', 'select 1', describeRetries, ['mariadb', 'mysql']);

describe('transactions on SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'swali-retries-'));
  const path = join(folder, 'store.sqlite');
  let store: Store;
  beforeAll(async () => {
    store = await openStore(`sqlite:${path}`);
    await store.run(async (db) => {
      for (const statement of ROWS.split('; ')) await sql.raw(statement).execute(db);
    });
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('wait for another process that writes, and then go on', async () => {
    const holder = `
      const { DatabaseSync } = require('@photostructure/sqlite');
      const db = new DatabaseSync(${JSON.stringify(path)});
      db.exec('begin immediate; update counted set n = n + 10');
      process.stdout.write('held');
      setTimeout(() => { db.exec('commit'); db.close(); }, 400);`;
    const child = spawn(process.execPath, ['-e', holder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.once('close', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await store.transaction((db) => add(db, 1));
    await ended;
    expect(await read(store)).toEqual([11, 10]);
  });

  it('are run again where SQLite says in the midst of them that it is busy', async () => {
    const other = new DatabaseSync(path, { timeout: 0 });
    let tries = 0;
    const busy = (): unknown => {
      try {
        other.exec('begin immediate');
      } catch (error) {
        return error;
      }
      throw new Error('the lock was not held');
    };
    await store.transaction(async (db) => {
      tries += 1;
      await add(db, 2);
      // As of a statement of this transaction: the real error of the real engine.
      if (tries === 1) throw busy();
    });
    other.close();
    expect([tries, await read(store)]).toEqual([2, [11, 11]]);
  });

  it('are recognised as worth another try where their view of the file is outdated', () => {
    const [reader, writer] = [new DatabaseSync(path, { timeout: 0 }), new DatabaseSync(path, { timeout: 0 })];
    reader.exec('begin');
    reader.prepare('select n from counted').all();
    writer.exec('update counted set n = n + 1');
    let error: unknown;
    try {
      reader.exec('update counted set n = 0');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ errcode: 517 });
    expect(readTransient(error)).toBe('busy');
    reader.close();
    writer.close();
  });
});
