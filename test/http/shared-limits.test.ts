import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLimits, LIMIT_CLASSES, type LimitClass } from '../../src/http/limits.js';
import { answerProblems } from '../../src/http/problem.js';
import { openContext } from '../../src/http/request-context.js';
import { createRunningRequests } from '../../src/http/running-requests.js';
import { readTiers } from '../../src/identify/tiers.js';
import { openRedis, type Redis } from '../../src/store/redis.js';
import { engineUrl } from '../engines/engines.js';
import { createBareApp } from '../support/bare-app.js';
import { LIMITS } from '../support/limits.js';
import { startTcpRelay, type TcpRelay } from './tcp-relay.js';

const url = engineUrl('redis');
/** Of this file alone. */
const DATABASE = 7;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** How many of the answers have each status. */
function tally(statuses: readonly number[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe.skipIf(url === null)('limits of several replicas', () => {
  let relay: TcpRelay;
  let direct: Redis;
  let key = '';
  let opened: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    const { hostname, port } = new URL(url!);
    relay = await startTcpRelay(hostname, Number(port));
    direct = await openRedis(`${url}/${DATABASE}`, silent);
    await direct.send('FLUSHDB');
    key = randomBytes(24).toString('hex');
    opened = [() => direct.close(), () => relay.cut()];
  });
  afterEach(async () => {
    for (const close of opened.reverse()) await close();
  });

  async function connect(address = `redis://127.0.0.1:${relay.port}`): Promise<Redis> {
    const redis = await openRedis(`${address}/${DATABASE}`, silent);
    opened.push(() => redis.close());
    return redis;
  }

  async function listen(app: Express): Promise<string> {
    const server: Server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** One replica of a program with `GET /CLASS`; the header `x-who` names the account. */
  async function startReplica(work: () => Promise<void> = async () => {}): Promise<string> {
    const tiers = readTiers(JSON.stringify({ small: { ...LIMITS, requests_per_day: 7, concurrency: 3 } }));
    const limits = createLimits({ enabled: true, tiers, redis: await connect(), key });
    const app = express();
    app.use(openContext());
    for (const name of ['ask', 'login', 'read'] as const) {
      const handlers = limits(name, (asked) => {
        const subject = asked.get('x-who');
        return subject === undefined ? null : { subject, tier: 'small' };
      });
      app.get(`/${name}`, ...handlers, async (_asked, response) => {
        await work();
        response.json({});
      });
    }
    app.use(answerProblems(silent, { note: async () => {}, close: async () => {} }));
    return listen(app);
  }

  const call = (replica: string, name: LimitClass, who?: string) =>
    fetch(`${replica}/${name}`, who === undefined ? {} : { headers: { 'x-who': who } });

  /** Calls both replicas in turn, all at once. */
  const callBoth = async (replicas: readonly string[], times: number, name: LimitClass, who?: string) =>
    tally(
      await Promise.all(
        Array.from({ length: times }, async (_, n) => (await call(replicas[n % replicas.length]!, name, who)).status),
      ),
    );

  it('let exactly as much pass as one would, of two gateways asked at once', async () => {
    const apps = await Promise.all(
      [1, 2].map(async () => createBareApp({ rateLimit: true, redis: await connect(url!), limitKey: key })),
    );
    const replicas = await Promise.all(apps.map(listen));
    const statuses = await Promise.all(
      Array.from(
        { length: LIMIT_CLASSES.probe + 100 },
        async (_, n) => (await fetch(`${replicas[n % 2]}/livez`)).status,
      ),
    );
    expect(tally(statuses)).toEqual({ 200: LIMIT_CLASSES.probe, 429: 100 });
  });

  it('count an account’s day over all replicas, and each account by itself', async () => {
    const replicas = [await startReplica(), await startReplica()];
    for (const who of ['customer:1', 'customer:2']) {
      // One after the other, as no more than three may run at once.
      const statuses: number[] = [];
      for (let n = 0; n < 12; n += 1) statuses.push((await call(replicas[n % 2]!, 'ask', who)).status);
      expect(statuses).toEqual([...Array(7).fill(200), ...Array(5).fill(429)]);
    }
  });

  it('keep no address and no account in Redis, and nothing for ever', async () => {
    const replica = await startReplica();
    await call(replica, 'ask', 'customer:4711');
    await call(replica, 'read');
    const before = new Set<string>();
    const keys = (await direct.send('KEYS', 'swali:*')) as string[];
    for (const name of keys) {
      expect(name).toMatch(/^swali:(?:window:[a-z-]+|running):[A-Za-z0-9_-]{22}$/);
      expect(Number(await direct.send('PTTL', name))).toBeGreaterThan(0);
      before.add(name);
    }
    expect(before.size).toBeGreaterThanOrEqual(4);
  });

  it('refuse every sign-in while Redis is away, and count it again once it is back', async () => {
    const replica = await startReplica();
    expect((await call(replica, 'login')).status).toBe(200);
    await relay.cut();
    const refused = await call(replica, 'login');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await refused.json()).toMatchObject({ code: 'LIMITS_UNAVAILABLE' });
    await relay.mend();
    await expect.poll(async () => (await call(replica, 'login')).status, { timeout: 5000 }).toBe(200);
    expect(await callBoth([replica], LIMIT_CLASSES.login, 'login')).toEqual({ 200: LIMIT_CLASSES.login - 2, 429: 2 });
  });

  it('refuse sign-ins of a process that started without Redis, until that is there', async () => {
    await relay.cut();
    const replica = await startReplica();
    expect((await call(replica, 'login')).status).toBe(503);
    expect((await call(replica, 'read')).status).toBe(200);
    await relay.mend();
    await expect.poll(async () => (await call(replica, 'login')).status, { timeout: 5000 }).toBe(200);
  });

  it('are counted by each process for the rest meanwhile, with what it has counted before', async () => {
    const replicas = [await startReplica(), await startReplica()];
    const [first = '', second = ''] = replicas;
    for (let n = 0; n < 2; n += 1) expect((await call(first, 'ask', 'customer:1')).status).toBe(200);
    await relay.cut();
    const statusesOf = async (replica: string, times: number) => {
      const statuses: number[] = [];
      for (let n = 0; n < times; n += 1) statuses.push((await call(replica, 'ask', 'customer:1')).status);
      return tally(statuses);
    };
    expect(await statusesOf(first, 8)).toEqual({ 200: 5, 429: 3 });
    expect(await statusesOf(second, 8)).toEqual({ 200: 7, 429: 1 });
    await relay.mend();
    // Redis has counted two of them, from before.
    await expect.poll(async () => (await call(second, 'ask', 'customer:1')).status, { timeout: 5000 }).toBe(200);
  });

  it('hold again after Redis has lost all it knew, its scripts too', async () => {
    const replica = await startReplica();
    expect((await call(replica, 'login')).status).toBe(200);
    await direct.send('SCRIPT', 'FLUSH');
    const digests = (await direct.send('KEYS', 'swali:window:login:*')) as string[];
    await direct.send('DEL', ...digests);
    expect(await callBoth([replica], 25, 'login')).toEqual({ 200: 20, 429: 5 });
  });

  it('say on every answer what is left, refusals too', async () => {
    const replica = await startReplica();
    for (const [status, left] of [...Array.from({ length: 7 }, (_, n) => [200, 6 - n] as const), [429, 0] as const]) {
      const answer = await call(replica, 'ask', 'customer:1');
      expect(answer.status).toBe(status);
      expect(answer.headers.get('ratelimit')).toMatch(
        new RegExp(`^"ask"; r=\\d+; t=\\d+, "tier-minute"; r=\\d+; t=\\d+, "tier-day"; r=${left}; t=\\d+$`),
      );
      expect(answer.headers.get('ratelimit-policy')).toMatch(/"tier-day"; q=7; w=86400; pk=:[A-Za-z0-9+/=]+:$/);
    }
  });

  describe('at the same time', () => {
    const LEASE_MS = 300;
    const FREE = expect.any(Function);

    it('count over all replicas, exactly, and a place that is given back is free', async () => {
      const replicas = [createRunningRequests(await connect()), createRunningRequests(await connect())];
      const taken = await Promise.all(Array.from({ length: 30 }, (_, n) => replicas[n % 2]!.take(key, 3)));
      const places = taken.filter((place) => place !== null);
      expect(places).toHaveLength(3);
      expect(await replicas[0]!.take('another account', 1)).toEqual(FREE);
      places[0]?.();
      await expect.poll(() => replicas[1]!.take(key, 3)).toEqual(FREE);
      expect(await replicas[0]!.take(key, 3)).toBeNull();
    });

    it('hold a place for as long as the request runs, and no longer than a lease after its process died', async () => {
      const dying = await connect();
      const [first, second] = [
        createRunningRequests(dying, LEASE_MS),
        createRunningRequests(await connect(), LEASE_MS),
      ];
      // One of the two places is the other replica's, which lives on.
      expect(await first.take(key, 2)).toEqual(FREE);
      expect(await second.take(key, 2)).toEqual(FREE);
      await new Promise((resolve) => setTimeout(resolve, 3 * LEASE_MS));
      expect(await second.take(key, 2)).toBeNull();
      await dying.close();
      await expect.poll(() => second.take(key, 2), { timeout: 3 * LEASE_MS, interval: 50 }).toEqual(FREE);
    });

    it('count in the process while Redis is away, and over all replicas what runs on once it is back', async () => {
      const [first, second] = [
        createRunningRequests(await connect(), LEASE_MS),
        createRunningRequests(await connect(), LEASE_MS),
      ];
      await relay.cut();
      expect(await first.take(key, 1)).toEqual(FREE);
      expect(await first.take(key, 1)).toBeNull();
      await relay.mend();
      const set = `swali:running:${key}`;
      await expect.poll(() => direct.send('ZCARD', set), { timeout: 5000 }).toBe(1);
      await expect.poll(() => second.take(key, 2), { timeout: 5000 }).toEqual(FREE);
      expect(await second.take(key, 2)).toBeNull();
    });

    it('refuse what is too much with the time to wait, wherever it comes in', async () => {
      let release = () => {};
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      let running = 0;
      const work = () => {
        running += 1;
        return gate;
      };
      const replicas = [await startReplica(work), await startReplica(work)];
      const held = [0, 1, 0].map((n) => call(replicas[n]!, 'ask', 'customer:1'));
      await expect.poll(() => running).toBe(3);
      const refused = await call(replicas[1]!, 'ask', 'customer:1');
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
      release();
      expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200, 200]);
      await expect.poll(async () => (await call(replicas[1]!, 'ask', 'customer:1')).status).toBe(200);
    });

    it('keep no place for a caller who has hung up, not even while waiting for one', async () => {
      let running = 0;
      const replica = await startReplica(() => {
        running += 1;
        return new Promise<void>(() => {});
      });
      const threeThatLeave = async (afterMs: number) => {
        const end = new AbortController();
        const calls = [1, 2, 3].map(() =>
          fetch(`${replica}/ask`, { headers: { 'x-who': 'customer:1' }, signal: end.signal }).catch(() => null),
        );
        await new Promise((resolve) => setTimeout(resolve, afterMs));
        end.abort();
        await Promise.all(calls);
      };
      const places = async () => {
        const [name] = (await direct.send('KEYS', 'swali:running:*')) as string[];
        return name === undefined ? 0 : direct.send('ZCARD', name);
      };
      await threeThatLeave(300);
      expect(running).toBe(3);
      await expect.poll(places).toBe(0);
      relay.hush();
      await threeThatLeave(100);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      // In this process alone by now, and all of its places are free; one request is left of the day's seven.
      const sent = running;
      call(replica, 'ask', 'customer:1').catch(() => null);
      await expect.poll(() => running).toBe(sent + 1);
    });
  });
});

describe('limits of one process', () => {
  it('have one window for all endpoints of a class', async () => {
    const app = createBareApp({ rateLimit: true });
    const paths = ['/v1/auth/customer/login', '/v1/auth/employee/login', '/v1/auth/admin/login'];
    const statuses: number[] = [];
    for (let n = 0; n < LIMIT_CLASSES.login + 1; n += 1)
      statuses.push(
        (
          await request(app)
            .post(paths[n % 3]!)
            .send({ identifier: 'x', password: 'y' })
        ).status,
      );
    expect(tally(statuses)).toEqual({ 503: LIMIT_CLASSES.login, 429: 1 });
  });

  it('say what is left on every answer: served, refused, unknown, failed', async () => {
    const app = createBareApp({ rateLimit: true });
    for (const [path, status] of [
      ['/livez', 200],
      ['/v1/schema', 401],
      ['/nothing', 404],
      ['/console.css', 200],
    ] as const) {
      const answer = await request(app).get(path);
      expect([path, answer.status]).toEqual([path, status]);
      expect(answer.headers.ratelimit).toMatch(/^"address"; r=\d+; t=\d+/);
      expect(answer.headers['ratelimit-policy']).toMatch(/^"address"; q=600; w=60; pk=:[A-Za-z0-9+/=]+:/);
    }
  });
});
