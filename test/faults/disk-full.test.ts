import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, countEnds, expectCoded, openCaller } from './caller.js';
import { reportFigures } from './figures.js';
import { type FullDisk, mountSmallDisk } from './full-disk.js';
import { type GatewayHome, type GatewayProcess, openHome } from './gateway-home.js';
import { sleep, startLoad, untilAnswered } from './load.js';
import { expectAudited } from './records.js';
import { OWN_ORDERS } from './shop-source.js';

describe('a disk that is full under the audit log', { timeout: 120_000 }, () => {
  let disk: FullDisk;
  let home: GatewayHome;
  let gateway: GatewayProcess;
  let caller: Caller;
  beforeAll(async () => {
    disk = await mountSmallDisk();
    home = await openHome({ STORE_URL: `sqlite:${join(disk.folder, 'store.sqlite')}` });
    gateway = await home.start();
    caller = openCaller(home.url);
    for (const name of ['customer', 'employee'] as const) await caller.signIn(name);
  }, 120_000);
  afterAll(async () => {
    caller?.close();
    await home?.remove();
    await disk?.remove();
  });

  it('stops every answer, refusals of the seal among them, and goes on with the space', async () => {
    const load = startLoad(4, (count) =>
      count % 2 === 0 ? caller.ask('customer', OWN_ORDERS) : caller.sql('employee', 'DELETE FROM branches'),
    );
    await sleep(1000);
    await disk.fill(gateway.pid);
    // What is left in pages that are allocated already is used up first.
    const fullAt = performance.now();
    while (!load.told.some(({ code }) => code === 'AUDIT_UNAVAILABLE') && performance.now() - fullAt < 30_000) {
      await sleep(50);
    }
    await sleep(500);
    const stopsAt = load.told.length;
    await sleep(2000);
    const whileFull = load.told.slice(stopsAt);
    await disk.free(gateway.pid);
    const recoveryS = await untilAnswered(() => caller.ask('customer', OWN_ORDERS), performance.now());
    await sleep(500);
    const told = await load.end();

    expectCoded(told, ['AUDIT_UNAVAILABLE', 'STORE_UNAVAILABLE', 'SEAL_NOT_SELECT']);
    expect(whileFull.length).toBeGreaterThan(0);
    const codes = new Set(whileFull.map(({ status, code }) => code ?? String(status)));
    expect(['200', 'SEAL_NOT_SELECT'].filter((each) => codes.has(each))).toEqual([]);
    expect(gateway.isRunning()).toBe(true);
    reportFigures({
      fault: 'disk-full',
      on: `SQLite on ${disk.name}`,
      saw: countEnds(told),
      unaudited: await expectAudited(told, home),
      recoveryS,
      more: { 'answers while full': '0' },
    });
  });
});
