import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, countEnds, expectCoded, openCaller, type Told } from './caller.js';
import { IS_FULL, reportFigures } from './figures.js';
import { type GatewayHome, type GatewayProcess, openHome } from './gateway-home.js';
import { KILLABLE, type KillableServer, startKillableServer } from './killable-server.js';
import { sleep, startLoad, untilAnswered } from './load.js';
import { expectAudited } from './records.js';
import { ENDLESS, makeShopSource, OWN_ORDERS } from './shop-source.js';

const QUERY_TIMEOUT_MS = 5000;
const STORE_KILLS = IS_FULL ? 5 : 2;

describe.each(['mysql', 'mariadb'] as const)('a server of %s that is killed', (dialect) => {
  describe.skipIf(!KILLABLE.includes(dialect))('under a gateway', { timeout: 240_000 }, () => {
    let server: KillableServer;
    let home: GatewayHome;
    let gateway: GatewayProcess;
    let caller: Caller;
    beforeAll(async () => {
      server = await startKillableServer(dialect);
    }, 180_000);
    afterAll(() => server?.remove());

    const open = async (env: Readonly<Record<string, string>>): Promise<void> => {
      home = await openHome(env);
      gateway = await home.start();
      caller = openCaller(home.url);
      for (const name of ['customer', 'employee', 'admin'] as const) {
        expect((await caller.signIn(name)).status).toBe(200);
      }
    };
    const close = async (): Promise<void> => {
      caller?.close();
      await home?.remove();
    };

    describe('as the source, while statements run on it', () => {
      beforeAll(async () => {
        const url = await makeShopSource(server);
        await open({ SOURCE_URL: url, QUERY_TIMEOUT_MS: String(QUERY_TIMEOUT_MS) });
      }, 120_000);
      afterAll(close);

      it('ends each with a code, and is asked again when it is back, without a restart of the gateway', async () => {
        expect((await caller.ask('customer', OWN_ORDERS)).status).toBe(200);
        const load = startLoad(4, () => caller.ask('customer', OWN_ORDERS));
        const inFlight = [1, 2, 3].map(() => caller.sql('admin', ENDLESS));
        await sleep(700);
        await server.kill();
        const cut = await Promise.all(inFlight);
        await sleep(2000);
        const unready = await caller.get('/readyz', null);
        await server.start();
        const recoveryS = await untilAnswered(() => caller.ask('customer', OWN_ORDERS), performance.now());
        await sleep(500);
        const told: readonly Told[] = [...(await load.end()), ...cut];

        // What ran then cannot have been answered, and its end came with the kill: at its deadline it would have another code.
        for (const each of cut) {
          expect([each.status, each.code], each.text).toEqual([503, 'SOURCE_UNAVAILABLE']);
        }
        expectCoded(told, ['SOURCE_UNAVAILABLE', 'EXECUTE_TIMEOUT', 'EXECUTE_BUSY']);
        expect([unready.status, JSON.parse(unready.text).checks.source]).toEqual([503, 'failing']);
        // What a probe found holds for a second.
        await expect.poll(async () => (await caller.get('/readyz', null)).status, { timeout: 5000 }).toBe(200);
        expect(gateway.isRunning()).toBe(true);
        reportFigures({
          fault: 'source-killed',
          on: `${dialect} ${server.version}`,
          saw: countEnds(told),
          unaudited: await expectAudited(told, home),
          recoveryS,
          more: { 'longest wait of a caller': `${(Math.max(...told.map(({ ms }) => ms)) / 1000).toFixed(2)} s` },
        });
      });
    });

    describe('as the store, while records are committed to it', () => {
      beforeAll(async () => {
        await server.query('CREATE DATABASE store CHARACTER SET utf8mb4');
        await open({ STORE_URL: server.url('store') });
      }, 120_000);
      afterAll(close);

      it('lets no answer leave without its record, and goes on when it is back', async () => {
        const load = startLoad(8, (count) =>
          count % 2 === 0
            ? caller.ask('customer', OWN_ORDERS)
            : caller.sql('employee', 'SELECT COUNT(*) AS n FROM branches'),
        );
        const recoveries: number[] = [];
        for (let kill = 0; kill < STORE_KILLS; kill += 1) {
          await sleep(1500);
          await server.kill();
          await sleep(1000);
          await server.start();
          recoveries.push(await untilAnswered(() => caller.ask('customer', OWN_ORDERS), performance.now()));
        }
        await sleep(500);
        const told = await load.end();
        expectCoded(told, ['STORE_UNAVAILABLE', 'AUDIT_UNAVAILABLE']);
        const saw = countEnds(told);
        // Both sides of the fault were met: a test that never got an answer, or was never refused one, shows nothing.
        expect(saw['200']).toBeGreaterThan(0);
        expect(told.filter(({ end }) => end === 'refused').length).toBeGreaterThan(0);
        expect(gateway.isRunning()).toBe(true);
        reportFigures({
          fault: 'store-killed',
          on: `${dialect} ${server.version}`,
          saw,
          unaudited: await expectAudited(told, home),
          recoveryS: Math.max(...recoveries),
          more: { kills: String(STORE_KILLS) },
        });
      });
    });
  });
});
