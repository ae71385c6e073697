import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineUrl } from '../engines/engines.js';
import { type Caller, openCaller, type Told } from './caller.js';
import { IS_FULL, reportFigures } from './figures.js';
import { type GatewayHome, type GatewayProcess, openHome } from './gateway-home.js';
import { quantile, sleep } from './load.js';
import { expectAudited } from './records.js';
import { makeReader, OWN_ORDERS } from './shop-source.js';
import { makeStoreDatabase, type StoreDatabase } from './store-database.js';

/** Answers a second that the source can give, by so many at a time: each takes 80 ms. */
const CAPACITY = 100;
const WORKERS = 8;
const FACTOR = 10;
const SECONDS = IS_FULL ? 60 : 6;
/** For p99 with no load: at a fifth of the capacity nothing waits. */
const QUIET_SECONDS = IS_FULL ? 20 : 4;
const url = engineUrl('mysql') ?? engineUrl('mariadb');

const programOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** One request of the load: what its caller saw. */
interface Asked {
  readonly id: string;
  readonly status: number;
  readonly code: string | null;
  readonly ms: number;
  readonly retryAfter: string | null;
}

describe.skipIf(url === null)('ten times what the source can answer', { timeout: 300_000 }, () => {
  let database: StoreDatabase;
  let throttle: ChildProcess;
  let home: GatewayHome;
  let gateway: GatewayProcess;
  let caller: Caller;
  let token = '';
  beforeAll(async () => {
    database = await makeStoreDatabase(url === engineUrl('mysql') ? 'mysql' : 'mariadb');
    const source = new URL(await makeReader(database.env.STORE_URL!));
    throttle = spawn(
      process.execPath,
      [programOf('throttle.mjs'), source.hostname, source.port, String(CAPACITY), String(WORKERS)],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const [port] = await once(throttle.stdout!, 'data');
    source.port = String(port).trim();
    home = await openHome({ SOURCE_URL: source.href, LOG_LEVEL: 'error' });
    gateway = await home.start();
    caller = openCaller(home.url);
    token = JSON.parse((await caller.signIn('customer')).text).access_token;
  }, 180_000);
  afterAll(async () => {
    caller?.close();
    await home?.remove();
    throttle?.kill('SIGKILL');
    await database?.drop();
  });

  const load = async (perSecond: number, seconds: number): Promise<readonly Asked[]> => {
    const child = spawn(process.execPath, [programOf('open-load.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(`${JSON.stringify({ url: home.url, token, question: OWN_ORDERS, perSecond, seconds })}\n`);
    const chunks: string[] = [];
    child.stdout.on('data', (chunk) => void chunks.push(String(chunk)));
    await once(child, 'close');
    return chunks
      .join('')
      .trim()
      .split('\n')
      .map((line) => {
        const [id, , status, code, ms, retryAfter] = JSON.parse(line);
        return { id, status, code, ms, retryAfter };
      });
  };
  const answered = (all: readonly Asked[]): readonly Asked[] => all.filter(({ status }) => status === 200);
  const p99 = (all: readonly Asked[]): number =>
    quantile(
      answered(all).map(({ ms }) => ms),
      0.99,
    );
  const toTold = ({ id, status }: Asked): Told =>
    ({ id, path: '/v1/ask', end: status === 200 ? 'answered' : 'refused' }) as Told;

  it('is shed early with a code, keeps what is admitted quick, and is over when it is over', async () => {
    await load(CAPACITY / 5, 2);
    const quiet = await load(CAPACITY / 5, QUIET_SECONDS);
    const memory = [gateway.memoryMib()];
    const watching = setInterval(() => memory.push(gateway.memoryMib()), 500);
    const crowd = await load(CAPACITY * FACTOR, SECONDS);
    clearInterval(watching);

    // Over when a probe of ordinary load is answered whole, and as quickly as before.
    const endedAt = performance.now();
    let recoveryS = Number.NaN;
    while (Number.isNaN(recoveryS) && performance.now() - endedAt < 30_000) {
      const probe = await Promise.all([1, 2, 3, 4].map(() => caller.ask('customer', OWN_ORDERS)));
      if (probe.every(({ status, ms }) => status === 200 && ms <= 2 * p99(quiet))) {
        recoveryS = (performance.now() - endedAt) / 1000;
      } else await sleep(50);
    }

    const shed = crowd.filter(({ status }) => status !== 200);
    const codes: Record<string, number> = { '200': answered(crowd).length };
    for (const { status, code } of shed) codes[`${status} ${code}`] = (codes[`${status} ${code}`] ?? 0) + 1;
    const unaudited = await expectAudited([...quiet, ...crowd].map(toTold), home);
    const most = Math.max(...memory);
    const first = memory.slice(0, Math.ceil(memory.length / 2));
    const figures = {
      'refused without load': String(quiet.length - answered(quiet).length),
      'p99 without load': `${p99(quiet).toFixed(0)} ms`,
      'p99 of admitted': `${p99(crowd).toFixed(0)} ms`,
      'p99 of shed': `${quantile(
        shed.map(({ ms }) => ms),
        0.99,
      ).toFixed(0)} ms`,
      'answers a second': (answered(crowd).length / SECONDS).toFixed(1),
      'memory before, most, at the end': `${memory[0]!.toFixed(0)}, ${most.toFixed(0)}, ${memory.at(-1)!.toFixed(0)} MiB`,
    };
    reportFigures({
      fault: 'overload',
      on: `${database.version}, ${SECONDS} s`,
      saw: codes,
      unaudited,
      recoveryS,
      more: figures,
    });

    // On a machine that does much else a few of the quiet ones may meet a closed door.
    const turnedAway = quiet.filter(({ status }) => status !== 200);
    expect(turnedAway.length, turnedAway[0]?.code ?? '').toBeLessThanOrEqual(IS_FULL ? 0 : quiet.length / 2);
    expect(crowd.length).toBe(CAPACITY * FACTOR * SECONDS);
    expect(shed.length).toBeGreaterThan(crowd.length / 2);
    for (const { status, code, retryAfter } of shed) {
      expect([status, code, Number(retryAfter) > 0]).toEqual([503, expect.stringMatching(/^[A-Z_]+$/), true]);
    }
    expect(answered(crowd).length).toBeGreaterThan(0);
    expect(recoveryS).toBeLessThanOrEqual(IS_FULL ? 5 : 30);
    expect(gateway.isRunning()).toBe(true);
    if (!IS_FULL) return;
    // Bounds of the issue, on a machine that does nothing else.
    expect(p99(crowd)).toBeLessThanOrEqual(2 * p99(quiet));
    expect(most).toBeLessThan(Math.max(...first) * 1.25);
  });
});
