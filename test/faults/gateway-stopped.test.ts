import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, countEnds, expectCoded, openCaller } from './caller.js';
import { reportFigures } from './figures.js';
import { type GatewayHome, openHome } from './gateway-home.js';
import { sleep, startLoad } from './load.js';
import { expectAudited, recordedIds } from './records.js';
import { OWN_ORDERS } from './shop-source.js';

const SHUTDOWN_TIMEOUT_MS = 10_000;
/** Takes SQLite about a second, so that it runs when the signal comes. */
const LONG = 'SELECT COUNT(*) AS n FROM order_items a, products b, branches c WHERE a.quantity + b.price + c.id < 0';

describe('a gateway that is told to stop', { timeout: 120_000 }, () => {
  let home: GatewayHome;
  let caller: Caller;
  beforeAll(async () => {
    home = await openHome({ SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS), QUERY_TIMEOUT_MS: '20000' });
    caller = openCaller(home.url);
  }, 60_000);
  afterAll(async () => {
    caller?.close();
    await home?.remove();
  });

  it('loses no request in flight, and ends in time with exit code 0', async () => {
    const gateway = await home.start();
    for (const name of ['customer', 'admin'] as const) expect((await caller.signIn(name)).status).toBe(200);
    const load = startLoad(8, () => caller.ask('customer', OWN_ORDERS), 0);
    await sleep(1500);
    const long = caller.sql('admin', LONG);
    await sleep(150);
    const stopped = gateway.end('SIGTERM');
    const { code, ms } = await stopped;
    const told = [...(await load.end()), await long];

    // New connections are refused once it has stopped listening; what it has taken it answers.
    const lost = told.filter(({ end }) => end === 'cut' || end === 'hung');
    expect(lost).toEqual([]);
    // Whoever found nobody listening has not been served behind their back either.
    const recorded = await recordedIds(`sqlite:${home.folder}/store.sqlite`);
    expect(told.filter(({ end, id }) => end === 'refused connection' && recorded.has(id))).toEqual([]);
    expect((await long).status, (await long).text).toBe(200);
    const refused = told.filter(({ end }) => end === 'refused');
    expectCoded(refused, ['SHUTTING_DOWN']);
    expect([code, ms < SHUTDOWN_TIMEOUT_MS]).toEqual([0, true]);
    expect(gateway.log()).toContain('"msg":"stopped"');
    reportFigures({
      fault: 'gateway-stopped',
      on: 'SQLite',
      saw: countEnds(told),
      unaudited: await expectAudited(told, home),
      recoveryS: null,
      more: {
        'requests lost': String(lost.length),
        'from signal to exit': `${(ms / 1000).toFixed(2)} s`,
        'exit code': '0',
      },
    });
  });
});
