import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, countEnds, expectCoded, openCaller, type Told } from './caller.js';
import { reportFigures } from './figures.js';
import { type GatewayHome, type GatewayProcess, openHome } from './gateway-home.js';
import { KILLABLE, type KillableServer, startKillableServer } from './killable-server.js';
import { sleep, startLoad, untilAnswered } from './load.js';
import { expectAudited } from './records.js';
import { ENDLESS, makeShopSource, OWN_ORDERS } from './shop-source.js';

const QUERY_TIMEOUT_MS = 5000;

describe.each(['mysql', 'mariadb'] as const)('a source on %s that is killed', (dialect) => {
  describe.skipIf(!KILLABLE.includes(dialect))('while statements run on it', { timeout: 180_000 }, () => {
    let server: KillableServer;
    let home: GatewayHome;
    let gateway: GatewayProcess;
    let caller: Caller;
    beforeAll(async () => {
      server = await startKillableServer(dialect);
      home = await openHome({
        SOURCE_URL: await makeShopSource(server),
        QUERY_TIMEOUT_MS: String(QUERY_TIMEOUT_MS),
      });
      gateway = await home.start();
      caller = openCaller(home.url);
      for (const name of ['customer', 'employee', 'admin'] as const) await caller.signIn(name);
    }, 180_000);
    afterAll(async () => {
      caller?.close();
      await home?.remove();
      await server?.remove();
    });

    it('ends each with a code, and answers again when it is back, without a restart', async () => {
      expect((await caller.ask('customer', OWN_ORDERS)).status).toBe(200);
      const load = startLoad(4, () => caller.ask('customer', OWN_ORDERS));
      const inFlight = [1, 2, 3].map(() => caller.sql('admin', ENDLESS));
      await sleep(700);
      const killedAt = performance.now();
      await server.kill();
      const cut = await Promise.all(inFlight);
      await sleep(2000);
      const unready = await caller.get('/readyz', null);
      await server.start();
      const recoveryS = await untilAnswered(() => caller.ask('customer', OWN_ORDERS), performance.now());
      await sleep(500);
      const told: readonly Told[] = [...(await load.end()), ...cut];

      // What ran then cannot have been answered, and its end came with the kill, not with a deadline.
      for (const each of cut) {
        expect([each.status, each.code], each.text).toEqual([503, 'SOURCE_UNAVAILABLE']);
        expect(each.at - killedAt).toBeLessThan(QUERY_TIMEOUT_MS);
      }
      expectCoded(told, ['SOURCE_UNAVAILABLE', 'EXECUTE_TIMEOUT', 'EXECUTE_BUSY']);
      expect([unready.status, JSON.parse(unready.text).checks.source]).toEqual([503, 'failing']);
      expect((await caller.get('/readyz', null)).status).toBe(200);
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
});
