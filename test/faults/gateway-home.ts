import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDemo } from '../../src/demo/make-demo.js';
import { freePort } from '../engines/start-engines.js';
import { ACCOUNTS, PASSWORD } from '../http/served-gateway.js';
import { runCommand } from '../support/run-command.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_TIMEOUT_MS = 90_000;

/** How a process ended: its exit code, or the signal that ended it, and how long that took. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly ms: number;
}

/** The gateway as a process of its own. */
export interface GatewayProcess {
  readonly pid: number;
  /** What it wrote to its log, a JSON object a line. */
  log(): string;
  /** Resident memory in MiB. */
  memoryMib(): number;
  isRunning(): boolean;
  /** Sends a signal and waits for the end. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ended>;
}

/** A folder with accounts, and the settings that the gateway is started with there, again and again. */
export interface GatewayHome {
  /** `http://127.0.0.1:PORT`, the same at each start. */
  readonly url: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Starts it and waits until it says where it answers. */
  start(): Promise<GatewayProcess>;
  /** Runs a command of the program as a process, over the same settings. */
  swali(...args: readonly string[]): Promise<{ readonly code: number | null; readonly out: string }>;
  /** Ends what runs and takes the folder away. */
  remove(): Promise<void>;
}

/**
 * Makes a folder with the three accounts of {@link ACCOUNTS}, and settings that listen on a free port.
 *
 * @param env settings beside the test's own
 */
export async function openHome(env: Readonly<Record<string, string>>): Promise<GatewayHome> {
  const folder = await mkdtemp(join(tmpdir(), 'swali-fault-'));
  const port = await freePort();
  const settings = {
    PATH: process.env.PATH ?? '',
    DATA_DIR: folder,
    PORT: String(port),
    BCRYPT_COST: '4',
    RATE_LIMIT: 'off',
    TRANSLATOR: 'offline',
    JUDGE_TIMEOUT_MS: '20000',
    // One question is asked again and again, to see what becomes of the model.
    TRANSLATION_CACHE_TTL_S: '0',
    ...env,
  };
  // Made here, and small: each start would make it anew, and large.
  const demo = { target: `sqlite:${join(folder, 'demo.sqlite')}`, scale: 0.1, seed: 1, today: '2026-03-01' };
  if (!('SOURCE_URL' in env)) await makeDemo(demo);
  for (const account of Object.values(ACCOUNTS)) {
    const rights = 'role' in account ? ['--role', account.role, '--allow-tables', account.allowTables.join(',')] : [];
    const words = ['users', 'add', account.kind, '--identifier', account.identifier, ...rights, '--password-stdin'];
    const { code, err } = await runCommand(settings, words, PASSWORD);
    if (code !== 0) throw new Error(`no account was made: ${err}`);
  }
  const running = new Set<GatewayProcess>();
  const launch = (args: readonly string[]): ChildProcess =>
    spawn(process.execPath, ['dist/main.js', ...args], { cwd: ROOT, env: settings, stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    url: `http://127.0.0.1:${port}`,
    folder,
    env: settings,
    async start() {
      const started = await watchGateway(launch(['serve']));
      running.add(started);
      return started;
    },
    swali: (...args) => finish(launch(args)),
    async remove() {
      for (const each of running) if (each.isRunning()) await each.end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function finish(child: ChildProcess): Promise<{ readonly code: number | null; readonly out: string }> {
  const out: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => void out.push(String(chunk)));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out: out.join('') })));
}

async function watchGateway(child: ChildProcess): Promise<GatewayProcess> {
  const [said, log]: [string[], string[]] = [[], []];
  const ended = new Promise<Omit<Ended, 'ms'>>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  void ended.then(() => process.off('exit', killNow));
  child.stderr?.on('data', (chunk) => void log.push(String(chunk)));
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      killNow();
      reject(new Error(`the gateway ${why}: ${log.join('').slice(-2000)}`));
    };
    const timer = setTimeout(() => fail('did not start in time'), START_TIMEOUT_MS);
    void ended.then(({ code }) => fail(`ended with ${code}`));
    child.stdout?.on('data', (chunk) => {
      said.push(String(chunk));
      if (!said.join('').includes('Swali answers at')) return;
      clearTimeout(timer);
      resolve();
    });
  });
  const pid = child.pid!;
  return {
    pid,
    log: () => log.join(''),
    memoryMib: () => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async end(signal) {
      const startedAt = performance.now();
      child.kill(signal);
      const { code, signal: by } = await ended;
      return { code, signal: by, ms: Math.round(performance.now() - startedAt) };
    },
  };
}
