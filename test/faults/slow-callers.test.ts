import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, countEnds, expectCoded, openCaller } from './caller.js';
import { IS_FULL, reportFigures } from './figures.js';
import { type GatewayHome, type GatewayProcess, openHome } from './gateway-home.js';
import { sleep, startLoad, untilAnswered } from './load.js';
import { expectAudited } from './records.js';
import { OWN_ORDERS } from './shop-source.js';

const SLOW = 300;
/** Headers may take 15 s and requests 30 s, looked at every 5 s; what is more is a busy machine's. */
const PATIENCE_MS = IS_FULL ? 50_000 : 30_000;
/** Files that the gateway may open beside those that are open already. */
const DESCRIPTORS = 40;

let home: GatewayHome;
let gateway: GatewayProcess;
let caller: Caller;
const sockets: Socket[] = [];

const open = async (): Promise<void> => {
  home = await openHome({});
  gateway = await home.start();
  caller = openCaller(home.url);
  expect((await caller.signIn('customer')).status).toBe(200);
};
const close = async (): Promise<void> => {
  for (const socket of sockets.splice(0)) socket.destroy();
  caller?.close();
  await home?.remove();
};

/** Connects, and says a first part. */
function reach(first: string): Socket {
  const { hostname, port } = new URL(home.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.resume();
  if (first !== '') socket.write(first);
  sockets.push(socket);
  return socket;
}

describe('callers that send a byte at a time', { timeout: 150_000 }, () => {
  beforeAll(() => open(), 120_000);
  afterAll(close);

  it('keep nobody else from an answer, and are sent away', async () => {
    const head = 'POST /v1/sql HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n';
    const before = gateway.memoryMib();
    const slow = Array.from({ length: SLOW }, (_, index) =>
      // Half of them never end their headers, half of them their body.
      reach(index % 2 === 0 ? head : `${head}content-length: 60000\r\n\r\n{"sql":"`),
    );
    const drip = setInterval(() => {
      for (const socket of slow) if (!socket.destroyed) socket.write('x');
    }, 1000);
    const load = startLoad(4, () => caller.ask('customer', OWN_ORDERS), 20);
    const startedAt = performance.now();
    const isGone = (socket: Socket): boolean => socket.destroyed || socket.readableEnded;
    // Those in the middle of a body go last; only the whole length waits for them.
    const awaited = slow.filter((_, index) => IS_FULL || index % 2 === 0);
    while (!awaited.every(isGone) && performance.now() - startedAt < PATIENCE_MS) await sleep(100);
    const goneAfterS = (performance.now() - startedAt) / 1000;
    const grown = gateway.memoryMib() - before;
    const told = await load.end();
    clearInterval(drip);
    expectCoded(told, []);
    expect(awaited.filter((socket) => !isGone(socket))).toHaveLength(0);
    reportFigures({
      fault: 'slow-callers',
      on: `${SLOW} slow connections`,
      saw: countEnds(told),
      unaudited: await expectAudited(told, home),
      recoveryS: null,
      more: {
        'memory grown by': `${Math.round(grown)} MiB`,
        [IS_FULL ? 'all closed after' : 'those without headers closed after']: `${Math.round(goneAfterS)} s`,
      },
    });
  });
});

describe('more connections than file descriptors', { timeout: 120_000 }, () => {
  beforeAll(() => open(), 120_000);
  afterAll(close);

  it('crash nothing, and honest callers are answered once they are gone', async () => {
    expect((await caller.ask('customer', OWN_ORDERS)).status).toBe(200);
    const most = readdirSync(`/proc/${gateway.pid}/fd`).length + DESCRIPTORS;
    await promisify(execFile)('prlimit', ['--pid', String(gateway.pid), `--nofile=${most}:${most}`]);
    const crowd = Array.from({ length: DESCRIPTORS * 4 }, () => reach(''));
    await sleep(2000);
    const during = await Promise.race([caller.ask('customer', OWN_ORDERS), sleep(1000).then(() => null)]);
    expect(readdirSync(`/proc/${gateway.pid}/fd`).length).toBeGreaterThanOrEqual(most - 2);
    for (const socket of crowd) socket.destroy();
    const endedAt = performance.now();
    const recoveryS = await untilAnswered(() => caller.ask('customer', OWN_ORDERS), endedAt);
    const after = await Promise.all(Array.from({ length: 20 }, () => caller.ask('customer', OWN_ORDERS)));
    expectCoded(after, []);
    expect(gateway.isRunning()).toBe(true);
    reportFigures({
      fault: 'no-descriptors',
      on: `${DESCRIPTORS} descriptors left, ${crowd.length} connections`,
      saw: countEnds([...after, ...(during ? [during] : [])]),
      unaudited: await expectAudited(after, home),
      recoveryS,
    });
  });
});
