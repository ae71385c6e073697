import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGuards } from '../../src/operate/guards.js';
import { openRedis, type Redis } from '../../src/store/redis.js';
import { engineUrl } from '../engines/engines.js';
import { startTcpRelay, type TcpRelay } from '../http/tcp-relay.js';

const url = engineUrl('redis');

const answers = (redis: Pick<Redis, 'ping'>) =>
  redis.ping().then(
    () => true,
    () => false,
  );

describe.skipIf(url === null)('a connection to Redis', () => {
  let relay: TcpRelay;
  let redis: Redis;
  const told: string[] = [];
  const tell = (level: string) => (fields: object, message: string) =>
    void told.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const logger = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') };
  const open = (port: number, credentials = '') => openRedis(`redis://${credentials}127.0.0.1:${port}/3`, logger);

  beforeEach(async () => {
    told.length = 0;
    const { hostname, port } = new URL(url!);
    relay = await startTcpRelay(hostname, Number(port));
    redis = await open(relay.port);
  });
  afterEach(async () => {
    await redis.close();
    await relay.cut();
  });

  it('answers, in the database that its address names', async () => {
    await redis.ping();
    expect(await redis.send('CLIENT', 'INFO')).toMatch(/ db=3 /);
    expect(await redis.send('EVAL', "return {1, ARGV[1], redis.call('EXISTS', KEYS[1])}", 1, 'swali:none', 7)).toEqual([
      1,
      '7',
      0,
    ]);
    expect(told).toEqual([]);
  });

  it('fails at once while Redis is away, tells it once, and is back by itself', async () => {
    await relay.cut();
    const startedAt = performance.now();
    for (let n = 0; n < 20; n += 1) await expect(redis.ping()).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(250);
    // Several connections are tried meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^error redis is away/);
    await relay.mend();
    await expect.poll(() => answers(redis), { timeout: 5000 }).toBe(true);
    expect(told).toHaveLength(2);
    expect(told[1]).toMatch(/^info redis is back/);
  });

  it('opens its circuit where Redis is away, and closes it with the first command once it is there again', async () => {
    const time = { ms: 0 };
    const guards = createGuards({ logger, now: () => time.ms, random: () => 0 });
    const guarded = await openRedis(`redis://127.0.0.1:${relay.port}/3`, logger, undefined, guards.make);
    try {
      // What Redis itself refuses, it has answered.
      for (let n = 0; n < 8; n += 1) await expect(guarded.send('NOSUCHCOMMAND')).rejects.toThrow();
      expect(guards.states()).toEqual({ redis: 'closed' });
      await relay.cut();
      for (let n = 0; n < 5; n += 1) await expect(guarded.ping()).rejects.toThrow();
      expect(guards.states()).toEqual({ redis: 'open' });
      await relay.mend();
      // Time does not pass here: only the new connection lets it be tried.
      await expect.poll(() => answers(guarded), { timeout: 5000 }).toBe(true);
      expect(guards.states()).toEqual({ redis: 'closed' });
    } finally {
      await guarded.close();
    }
  });

  it('waits for a silent Redis once and no longer than a moment', async () => {
    relay.hush();
    const startedAt = performance.now();
    await expect(redis.ping()).rejects.toThrow('in time');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(240);
    const next = performance.now();
    await expect(redis.ping()).rejects.toThrow();
    expect(next - startedAt).toBeLessThan(1000);
    expect(performance.now() - next).toBeLessThan(100);
    await relay.cut();
    await relay.mend();
    await expect.poll(() => answers(redis), { timeout: 5000 }).toBe(true);
  });

  it('reads an answer that came while this process was busy', async () => {
    // Without the relay, which is of this process too.
    const direct = await open(Number(new URL(url!).port));
    const answer = direct.ping();
    const until = performance.now() + 400;
    while (performance.now() < until);
    await answer;
    await direct.close();
    expect(told).toEqual([]);
  });

  it('starts without Redis, and finds it later', async () => {
    await relay.cut();
    const early = await open(relay.port);
    try {
      await expect(early.ping()).rejects.toThrow();
      await relay.mend();
      await expect.poll(() => answers(early), { timeout: 5000 }).toBe(true);
    } finally {
      await early.close();
    }
  });

  it('never tells its password', async () => {
    const wrong = await open(relay.port, 'someone:hush-hush@');
    try {
      await expect(wrong.ping()).rejects.toThrow();
      await expect.poll(() => told.length).toBeGreaterThan(0);
      expect(told.join()).toMatch(/WRONGPASS/);
      expect(told.join()).not.toContain('hush-hush');
    } finally {
      await wrong.close();
    }
  });

  it('tells what Redis refuses once, and goes on', async () => {
    for (let n = 0; n < 3; n += 1) await expect(redis.send('NONSENSE')).rejects.toThrow(/unknown command/);
    await redis.ping();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^error redis refuses/);
  });

  it('speaks TLS to nobody whose certificate is not trusted', async () => {
    const pem = readFileSync(new URL('../../fixtures/tls/self-signed.pem', import.meta.url), 'utf8');
    const server = createServer({ key: pem, cert: pem }, (socket) => socket.end());
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const refused = await openRedis(`rediss://127.0.0.1:${port}`, logger);
    try {
      await expect(refused.ping()).rejects.toThrow();
      expect(told.join()).toMatch(/self-signed certificate/);
    } finally {
      await refused.close();
      server.close();
    }
  });
});
