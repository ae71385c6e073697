import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, freePort, readRedisVersion, waitForServer } from '../engines/start-engines.js';

/** A Redis of one test, on one port. */
export interface KillableRedis {
  readonly url: string;
  readonly version: string;
  /** SIGKILL; resolves when it is gone, with all that it counted. */
  kill(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** Whether this machine can run one. */
export const HAS_REDIS = findProgram('redis-server') !== null;

/** Starts a Redis that keeps nothing on disk. */
export async function startKillableRedis(): Promise<KillableRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'swali-killable-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  let child: ChildProcess | null = null;
  let gone: Promise<void> = Promise.resolve();
  const killNow = (): void => void child?.kill('SIGKILL');
  process.once('exit', killNow);
  const start = async (): Promise<string> => {
    const started = spawn(findProgram('redis-server')!, options, { stdio: 'ignore' });
    child = started;
    gone = new Promise((resolve) => started.once('exit', () => resolve()));
    return waitForServer(
      () => readRedisVersion(url),
      () => started.exitCode === null && started.signalCode === null,
    );
  };
  const kill = async (): Promise<void> => {
    killNow();
    await gone;
  };
  const version = await start();
  return {
    url,
    version,
    kill,
    start: async () => void (await start()),
    async remove() {
      process.off('exit', killNow);
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
