import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineUrl } from '../engines/engines.js';
import { readVersion } from '../engines/start-engines.js';
import { startTcpRelay, type TcpRelay } from '../http/tcp-relay.js';
import { type Caller, countEnds, expectCoded, openCaller, type Told } from './caller.js';
import { IS_FULL, reportFigures } from './figures.js';
import { type GatewayHome, type GatewayProcess, openHome } from './gateway-home.js';
import { sleep, startLoad, untilAnswered } from './load.js';
import { expectAudited } from './records.js';
import { makeReader, OWN_ORDERS } from './shop-source.js';
import { makeStoreDatabase, type StoreDatabase } from './store-database.js';

const QUERY_TIMEOUT_MS = 1500;
const SILENT_MS = IS_FULL ? 30_000 : 14_000;
/** Longest that anyone may wait for a code: less than the silence, so nobody waited for its end. */
const BOUND_MS = 12_500;
const url = engineUrl('mariadb');

describe.skipIf(url === null)('a network that falls silent and closes nothing', { timeout: 240_000 }, () => {
  let relay: TcpRelay;
  let database: StoreDatabase;
  let home: GatewayHome;
  let gateway: GatewayProcess;
  let caller: Caller;
  let version = '';

  /** A database of its own behind a relay. */
  const openRelayed = async (): Promise<string> => {
    version = await readVersion(url!.replace(/^mariadb:/, 'mysql:'));
    database = await makeStoreDatabase('mariadb');
    const address = new URL(database.env.STORE_URL!);
    relay = await startTcpRelay(address.hostname, Number(address.port));
    return database.env.STORE_URL!;
  };
  const throughRelay = (direct: string): string => {
    const address = new URL(direct);
    address.port = String(relay.port);
    return address.href;
  };
  const open = async (env: Readonly<Record<string, string>>): Promise<void> => {
    home = await openHome({ QUERY_TIMEOUT_MS: String(QUERY_TIMEOUT_MS), ...env });
    gateway = await home.start();
    caller = openCaller(home.url);
    for (const name of ['customer', 'employee'] as const) expect((await caller.signIn(name)).status).toBe(200);
  };
  const close = async (): Promise<void> => {
    caller?.close();
    await home?.remove();
    await relay?.cut();
    await database?.drop();
  };

  /** Load over a silence. */
  const fallSilent = async (): Promise<{ readonly told: readonly Told[]; readonly recoveryS: number }> => {
    expect((await caller.ask('customer', OWN_ORDERS)).status).toBe(200);
    const load = startLoad(6, () => caller.ask('customer', OWN_ORDERS), 20);
    await sleep(700);
    relay.hush();
    await sleep(SILENT_MS);
    const live = await caller.get('/livez', null);
    relay.speak();
    const recoveryS = await untilAnswered(() => caller.ask('customer', OWN_ORDERS), performance.now());
    await sleep(300);
    expect(live.status).toBe(200);
    return { told: await load.end(), recoveryS };
  };
  const longest = (told: readonly Told[]): number => Math.max(...told.map(({ ms }) => ms));

  describe('to the source', () => {
    beforeAll(async () => {
      await open({ SOURCE_URL: throughRelay(await makeReader(await openRelayed())) });
    }, 120_000);
    afterAll(close);

    it('ends each statement with a code in time, and is over when it is over', async () => {
      const { told, recoveryS } = await fallSilent();
      reportFigures({
        fault: 'source-silent',
        on: `mariadb ${version}, QUERY_TIMEOUT_MS=${QUERY_TIMEOUT_MS}`,
        saw: countEnds(told),
        unaudited: await expectAudited(told, home),
        recoveryS,
        more: { 'longest wait of a caller': `${(longest(told) / 1000).toFixed(2)} s` },
      });
      expectCoded(told, ['SOURCE_UNAVAILABLE', 'EXECUTE_TIMEOUT', 'EXECUTE_BUSY']);
      expect(told.some(({ end }) => end === 'refused')).toBe(true);
      expect(longest(told)).toBeLessThan(BOUND_MS);
      expect(gateway.isRunning()).toBe(true);
    });
  });

  describe('to the store', () => {
    beforeAll(async () => {
      const direct = await openRelayed();
      await open({ STORE_URL: throughRelay(direct) });
    }, 120_000);
    afterAll(close);

    it('ends each request with a code in time, and is over when it is over', async () => {
      const { told, recoveryS } = await fallSilent();
      reportFigures({
        fault: 'store-silent',
        on: `mariadb ${version}`,
        saw: countEnds(told),
        unaudited: await expectAudited(told, home),
        recoveryS,
        more: { 'longest wait of a caller': `${(longest(told) / 1000).toFixed(2)} s` },
      });
      expectCoded(told, ['STORE_UNAVAILABLE', 'AUDIT_UNAVAILABLE']);
      expect(told.some(({ end }) => end === 'refused')).toBe(true);
      expect(longest(told)).toBeLessThan(BOUND_MS);
      expect(gateway.isRunning()).toBe(true);
    });
  });
});
