import { rename } from 'node:fs/promises';
import { afterEach, beforeAll, expect, it } from 'vitest';
import type { PrincipalKind } from '../../src/domain/principal.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createGuards } from '../../src/operate/guards.js';
import { openSource } from '../../src/source/open-source.js';
import { describeEngines, type EngineUnderTest } from '../engines/engines.js';
import { startTcpRelay, type TcpRelay } from '../http/tcp-relay.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const SCRIPT = "create table things (id int primary key, name varchar(20)); insert into things values (1, 'one')";
/** As long as the deadline allows, on every engine. */
const SLOW = `with recursive n (i) as (select 1 union all select i + 1 from n where i < 900)
  select count(*) from n a, n b, n c, n d`;

function describeCircuit(engine: EngineUnderTest): void {
  const opened: (() => Promise<unknown>)[] = [];
  beforeAll(() => engine.runAsOwner(SCRIPT));
  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close();
  });

  async function open(size?: number) {
    const time = { ms: 0 };
    const guards = createGuards({ logger: silent, now: () => time.ms, random: () => 0 });
    let [url, relay] = [engine.url, null as TcpRelay | null];
    if (!url.startsWith('sqlite:')) {
      const through = new URL(url);
      relay = await startTcpRelay(through.hostname, Number(through.port || 3306));
      through.hostname = '127.0.0.1';
      through.port = String(relay.port);
      url = through.href;
      opened.push(() => relay?.cut() ?? Promise.resolve());
    }
    const source = await openSource({
      url,
      allowWideGrants: true,
      makeGuard: guards.make,
      ...(size === undefined ? {} : { size }),
    });
    opened.push(() => source.close());
    const run = (sql: string, kind: PrincipalKind = 'customer', timeoutMs = 5000, signal?: AbortSignal) =>
      source
        .execute({ sql, parameters: [], kind, timeoutMs, maxRows: 10, maxBytes: 10_000, mayEstimate: false }, signal)
        .then(
          ({ rows }) => rows,
          (error: unknown) => (error instanceof SwaliError ? error.code : error),
        );
    return { time, guards, source, run, relay };
  }

  it('stays closed for statements that fail, take too long or are left by their callers', {
    timeout: 60_000,
  }, async () => {
    const { guards, run } = await open();
    for (let each = 0; each < 8; each += 1)
      expect(await run('select nothing_like_it from things')).toBe('EXECUTE_FAILED');
    for (let each = 0; each < 6; each += 1)
      expect(await run(SLOW, 'customer', 50)).toMatch(/^EXECUTE_(?:TIMEOUT|BUSY)$/);
    for (let each = 0; each < 6; each += 1)
      expect(await run(SLOW, 'customer', 5000, AbortSignal.timeout(50))).toBe('EXECUTE_CANCELLED');
    expect(guards.states()).toEqual({ source: 'closed' });
    expect(await run('select name from things')).toEqual([['one']]);
  });

  it('keeps a connection for others while one kind of principal takes all it can', { timeout: 60_000 }, async () => {
    const { run } = await open(3);
    const pressing = Array.from({ length: 4 }, () => run(SLOW, 'customer', 3000));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await Promise.race([run('select name from things', 'admin'), Promise.race(pressing)])).toEqual([['one']]);
    expect(new Set(await Promise.all(pressing))).toEqual(new Set(['EXECUTE_TIMEOUT', 'EXECUTE_BUSY']));
  });

  if (engine.dialect === 'sqlite') {
    it('opens where the file is gone, and closes once it is back', { timeout: 60_000 }, async () => {
      const { guards, run, time } = await open(1);
      const path = engine.url.slice('sqlite:'.length);
      await rename(path, `${path}.away`);
      // The child that holds the file open ends at a deadline; the next finds none.
      await run(SLOW, 'customer', 50);
      await expect
        .poll(() => run('select name from things').then(() => guards.states()), { timeout: 30_000 })
        .toEqual({
          source: 'open',
        });
      await rename(`${path}.away`, path);
      time.ms += 60_000;
      await expect.poll(() => run('select name from things'), { timeout: 10_000 }).toEqual([['one']]);
      expect(guards.states()).toEqual({ source: 'closed' });
    });
    return;
  }

  it('opens where the server is away, refuses at once with the time, and lets one try when it is over', async () => {
    const { guards, run, source, relay, time } = await open();
    await relay?.cut();
    for (let each = 0; each < 6; each += 1) expect(await run('select 1')).toBe('SOURCE_UNAVAILABLE');
    expect(guards.states()).toEqual({ source: 'open' });
    await relay?.mend();
    await expect(source.ping()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryAfterS: 1 });
    time.ms += 60_000;
    expect(await run('select name from things')).toEqual([['one']]);
    expect(guards.states()).toEqual({ source: 'closed' });
  });

  it('opens where the server is there and silent, though every caller gives up sooner', {
    timeout: 60_000,
  }, async () => {
    const { guards, run, relay } = await open();
    relay?.hush();
    await Promise.all(Array.from({ length: 8 }, () => run('select 1', 'admin', 100)));
    // Each connection that is tried ends after five seconds.
    await expect
      .poll(() => Promise.all(Array.from({ length: 6 }, () => run('select 1', 'admin', 100))).then(guards.states), {
        timeout: 40_000,
      })
      .toEqual({ source: 'open' });
  });
}

describeEngines('the circuit of a source on', 'select 1', describeCircuit);
