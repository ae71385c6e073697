import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, countEnds, expectCoded, openCaller, type Told } from './caller.js';
import { reportFigures } from './figures.js';
import { type GatewayHome, openHome } from './gateway-home.js';
import { sleep, startLoad } from './load.js';
import { expectAudited } from './records.js';
import { OWN_ORDERS } from './shop-source.js';

const SHUTDOWN_TIMEOUT_MS = 10_000;
/** What a busy machine may add to the end of a process, in milliseconds. */
const EXIT_MS = 2000;
/** Takes SQLite about a second, so that it runs when the signal comes. */
const LONG = 'SELECT COUNT(*) AS n FROM order_items a, products b, branches c WHERE a.quantity + b.price + c.id < 0';

describe('a gateway that is told to stop', { timeout: 120_000 }, () => {
  let home: GatewayHome;
  let caller: Caller;
  beforeAll(async () => {
    home = await openHome({
      SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
      SHUTDOWN_DELAY_MS: '1500',
      QUERY_TIMEOUT_MS: '20000',
    });
    caller = openCaller(home.url);
  }, 60_000);
  afterAll(async () => {
    caller?.close();
    await home?.remove();
  });

  it('loses no request in flight, and ends in time with exit code 0', async () => {
    const gateway = await home.start();
    for (const name of ['customer', 'admin'] as const) expect((await caller.signIn(name)).status).toBe(200);
    const load = startLoad(6, () => caller.ask('customer', OWN_ORDERS));
    await sleep(1000);
    const long = untilTaken(() => caller.sql('admin', LONG));
    await sleep(300);
    const stopped = gateway.end('SIGTERM');
    // As a balancer does: nothing more is sent once the gateway says that it is not ready.
    while ((await caller.get('/readyz', null)).status === 200) await sleep(20);
    const told = [...(await load.end()), await long];
    const { code, ms } = await stopped;

    const lost = told.filter(({ end }) => end !== 'answered' && end !== 'refused');
    expect(lost).toEqual([]);
    expectCoded(told, ['SHUTTING_DOWN']);
    expect((await long).status, (await long).text).toBe(200);
    expect([code, ms < SHUTDOWN_TIMEOUT_MS + EXIT_MS]).toEqual([0, true]);
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
        'exit code': String(code),
      },
    });
  });
});

/** Asks until it is not refused at the door. */
async function untilTaken(attempt: () => Promise<Told>): Promise<Told> {
  for (;;) {
    const told = await attempt();
    if (told.code !== 'OVERLOADED') return told;
  }
}
