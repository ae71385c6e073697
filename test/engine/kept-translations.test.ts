import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyRing } from '../../src/store/key-ring.js';
import { openRedis, type Redis } from '../../src/store/redis.js';
import { createKeptTranslations } from '../../src/translate/cache/kept-translations.js';
import { engineUrl } from '../engines/engines.js';
import { startTcpRelay, type TcpRelay } from '../http/tcp-relay.js';

const url = engineUrl('redis');
/** Of this file alone. */
const DATABASE = 9;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const SECRET = 'the question of somebody';
const KEPT = { sql: `SELECT '${SECRET}'`, provider: 'first' };

describe.skipIf(url === null)('translations that replicas share', () => {
  let relay: TcpRelay;
  let direct: Redis;
  let through: Redis;
  const ring = createKeyRing({ current: 'a store key of the tests, long enough' });
  const replica = (redis = through, ttlMs = 60_000, keys = ring) =>
    createKeptTranslations({ ttlMs, shared: { redis, ring: keys } });
  const nameOf = async (): Promise<string> => ((await direct.send('KEYS', '*')) as string[])[0]!;

  beforeEach(async () => {
    const { hostname, port } = new URL(url!);
    relay = await startTcpRelay(hostname, Number(port));
    direct = await openRedis(`${url}/${DATABASE}`, silent);
    through = await openRedis(`redis://127.0.0.1:${relay.port}/${DATABASE}`, silent);
    await direct.send('FLUSHDB');
  });
  afterEach(async () => {
    await through.close();
    await direct.close();
    await relay.cut();
  });

  it('are found by another replica, for as long as they are believed', async () => {
    const key = randomUUID();
    replica().put(key, KEPT);
    await expect.poll(() => replica().get(key)).toEqual(KEPT);
    expect(Number(await direct.send('PTTL', await nameOf()))).toBeGreaterThan(50_000);
    replica().drop(key);
    await expect.poll(() => replica().get(key)).toBeNull();
  });

  it('lie there encrypted', async () => {
    replica().put(randomUUID(), KEPT);
    await expect.poll(() => direct.send('DBSIZE')).toBe(1);
    expect(String(await direct.send('GET', await nameOf()))).not.toContain(SECRET);
  });

  it.each([
    ['is written there', async () => 'SELECT 1'],
    ['is that of another question', async (text: string) => text],
    ['was changed', async (text: string) => `${text.slice(0, -4)}AAAA`],
    [
      'was encrypted with another key',
      async (_text: string, key: string) => {
        const other = createKeyRing({ current: 'another key of the tests, long enough' });
        return other.seal(Buffer.from(JSON.stringify(KEPT)), 'kept-translation', key);
      },
    ],
    [
      'is no translation',
      async (_text: string, key: string) => ring.seal(Buffer.from('{"rows":[]}'), 'kept-translation', key),
    ],
  ])('are passed over where the text %s', async (_what, forge) => {
    const [key, other] = [randomUUID(), randomUUID()];
    replica().put(key, KEPT);
    await expect.poll(() => direct.send('DBSIZE')).toBe(1);
    const name = await nameOf();
    const forged = await forge(String(await direct.send('GET', name)), other);
    await direct.send('SET', name.replace(key, other), forged);
    expect(await replica().get(other)).toBeNull();
    expect(await replica().get(key)).toEqual(KEPT);
  });

  it('are kept by each process itself while Redis is away', async () => {
    const [one, another] = [replica(), replica()];
    await relay.cut();
    const key = randomUUID();
    one.put(key, KEPT);
    expect(await one.get(key)).toEqual(KEPT);
    expect(await another.get(key)).toBeNull();
  });
});
