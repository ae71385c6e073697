import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineUrl } from '../engines/engines.js';
import { type Caller, countEnds, openCaller, type Told } from './caller.js';
import { IS_FULL, reportFigures } from './figures.js';
import { type GatewayHome, openHome } from './gateway-home.js';
import { sleep, startLoad, untilAnswered } from './load.js';
import { expectAudited } from './records.js';
import { OWN_ORDERS } from './shop-source.js';
import { makeStoreDatabase, type StoreDatabase } from './store-database.js';

const KILLS = IS_FULL ? 10 : 2;
const STORES = IS_FULL ? (['sqlite', 'mysql', 'mariadb'] as const) : (['sqlite', 'mysql'] as const);

describe.each(STORES)('a gateway over a store on %s that is killed', (dialect) => {
  const isThere = dialect === 'sqlite' || engineUrl(dialect) !== null;
  describe.skipIf(!isThere)('while it answers', { timeout: 240_000 }, () => {
    let store: StoreDatabase;
    let home: GatewayHome;
    let caller: Caller;
    beforeAll(async () => {
      store = await makeStoreDatabase(dialect);
      home = await openHome(store.env);
      caller = openCaller(home.url);
    }, 120_000);
    afterAll(async () => {
      caller?.close();
      await home?.remove();
      await store?.drop();
    });

    it('has a record of every answer that left, and an intact log after each start', async () => {
      const told: Told[] = [];
      const recoveries: number[] = [];
      let unaudited = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        const startedAt = performance.now();
        const gateway = await home.start();
        for (const name of ['customer', 'employee'] as const) expect((await caller.signIn(name)).status).toBe(200);
        recoveries.push(await untilAnswered(() => caller.ask('customer', OWN_ORDERS), startedAt));
        const load = startLoad(
          16,
          (count) =>
            count % 2 === 0
              ? caller.ask('customer', OWN_ORDERS)
              : caller.sql('employee', 'SELECT COUNT(*) AS n FROM branches'),
          0,
        );
        await sleep(1000 + 90 * kill);
        const { signal } = await gateway.end('SIGKILL');
        expect(signal).toBe('SIGKILL');
        const ends = await load.end();
        expect(ends.some(({ end }) => end === 'answered')).toBe(true);
        told.push(...ends);
        unaudited += await expectAudited(ends, home);
      }
      // Whoever waited at a kill was cut off, not answered in part.
      expect(told.every(({ end }) => end !== 'hung')).toBe(true);
      reportFigures({
        fault: 'gateway-killed',
        on: store.version,
        saw: countEnds(told),
        unaudited,
        recoveryS: Math.max(...recoveries),
        more: { kills: String(KILLS) },
      });
    });
  });
});
