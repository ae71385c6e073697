import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, countEnds, expectCoded, openCaller, type Told } from './caller.js';
import { reportFigures } from './figures.js';
import { type GatewayHome, openHome } from './gateway-home.js';
import { HAS_REDIS, type KillableRedis, startKillableRedis } from './killable-redis.js';
import { sleep, startLoad, untilAnswered } from './load.js';
import { expectAudited } from './records.js';

describe.skipIf(!HAS_REDIS)('a Redis that is killed', { timeout: 120_000 }, () => {
  let redis: KillableRedis;
  let home: GatewayHome;
  let caller: Caller;
  beforeAll(async () => {
    redis = await startKillableRedis();
    home = await openHome({ RATE_LIMIT: 'on', REDIS_URL: redis.url });
    await home.start();
    caller = openCaller(home.url);
    for (const name of ['customer', 'employee', 'admin'] as const) await caller.signIn(name);
  }, 120_000);
  afterAll(async () => {
    caller?.close();
    await home?.remove();
    await redis?.remove();
  });

  it('refuses sign-ins closed and answers everything else, counted in the process', async () => {
    const told: Told[] = [];
    const signIns: Told[] = [];
    // Few a second: the windows of a minute are on, and what they refuse is another story.
    const load = startLoad(1, () => caller.sql('admin', 'SELECT COUNT(*) AS n FROM branches'), 150);
    await sleep(1000);
    await redis.kill();
    for (let tries = 0; tries < 3; tries += 1) {
      signIns.push(await caller.signIn('customer'));
      await sleep(700);
    }
    const ready = await caller.get('/readyz', null);
    await redis.start();
    const recoveryS = await untilAnswered(() => caller.signIn('customer'), performance.now(), 20_000);
    told.push(...(await load.end()));

    expect(countEnds(signIns)).toEqual({ '503 LIMITS_UNAVAILABLE': 3 });
    expectCoded(signIns, ['LIMITS_UNAVAILABLE']);
    expectCoded(told, []);
    expect([ready.status, JSON.parse(ready.text).checks.redis]).toEqual([200, 'failing']);
    reportFigures({
      fault: 'redis-killed',
      on: `Redis ${redis.version}`,
      saw: countEnds([...told, ...signIns]),
      unaudited: await expectAudited(told, home),
      recoveryS,
      more: { 'of these, sign-ins refused': String(signIns.length) },
    });
  });

  it('gives nobody a fresh quota', async () => {
    // An account of the standard tier may ask 60 times a minute, whoever counts.
    const asks: Told[] = [];
    for (let count = 0; count < 65; count += 1) {
      if (count === 30) await redis.kill();
      asks.push(await caller.ask('customer', 'How many orders did I place in 2025?'));
    }
    await redis.start();
    expectCoded(asks, ['RATE_LIMITED']);
    expect(countEnds(asks)).toEqual({ '200': 60, '429 RATE_LIMITED': 5 });
  });
});
