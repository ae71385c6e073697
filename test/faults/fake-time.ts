import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, installPackage, isRoot } from '../engines/start-engines.js';
import { sleep } from './load.js';

/** Where Debian puts it on the machines that it runs on. */
const FOLDERS = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((machine) => `/usr/lib/${machine}/faketime`);
const findLibrary = (): string | null =>
  FOLDERS.map((folder) => join(folder, 'libfaketime.so.1')).find((path) => existsSync(path)) ?? null;

/** Longer than anything that has read the time before takes to use it, in milliseconds. */
const NOTICED_AFTER_MS = 300;

const mayInstall = process.env.SWALI_TEST_INSTALL === '1' && isRoot() && findProgram('apt-get') !== null;

/** Whether this machine has libfaketime, or may install it. */
export const CAN_FAKE_TIME = findLibrary() !== null || mayInstall;

/** A wall clock of processes, that can be put anywhere while they run; what they measure waits by goes on evenly. */
export interface FakeTime {
  readonly env: Readonly<Record<string, string>>;
  /** Puts it so many hours from the true time, and waits until the processes have noticed. */
  jump(hours: number): Promise<void>;
  /** Its time now, in milliseconds since 1970. */
  now(): number;
  remove(): Promise<void>;
}

/** Opens one that shows the true time, by libfaketime. */
export async function openFakeTime(): Promise<FakeTime> {
  if (findLibrary() === null) await installPackage('faketime');
  const folder = await mkdtemp(join(tmpdir(), 'swali-time-'));
  const path = join(folder, 'offset');
  let offset = 0;
  await writeFile(path, '+0');
  return {
    env: {
      LD_PRELOAD: findLibrary()!,
      FAKETIME_TIMESTAMP_FILE: path,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    async jump(hours) {
      offset = hours;
      await writeFile(path, `${hours < 0 ? '' : '+'}${hours}h`);
      await sleep(NOTICED_AFTER_MS);
    },
    now: () => Date.now() + offset * 3_600_000,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
