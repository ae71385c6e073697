import { execFile } from 'node:child_process';
import { appendFileSync, rmSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SIZE_MIB = 24;

/** A small file system of a test, that can be filled to its last byte. */
export interface FullDisk {
  /** What it is: `tmpfs of 24 MiB`, or what stands for one where nothing may be mounted. */
  readonly name: string;
  readonly folder: string;
  /** Takes all the space that is left. @param pid of the process that writes there */
  fill(pid: number): Promise<void>;
  /** Gives it back. */
  free(pid: number): Promise<void>;
  remove(): Promise<void>;
}

/** Mounts a tmpfs; where that is not allowed, a limit on the size of files that the process may write stands for it. */
export async function mountSmallDisk(): Promise<FullDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'swali-disk-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m,mode=700`, 'tmpfs', folder]);
  } catch {
    return { name: 'limit on the size of files', folder, ...limitFiles(folder), remove: removeFolder };
  }
  const ballast = join(folder, 'ballast');
  return {
    name: `tmpfs of ${SIZE_MIB} MiB`,
    folder,
    fill: async () => fillUp(ballast),
    free: async () => rmSync(ballast, { force: true }),
    async remove() {
      await run('umount', ['-l', folder]);
      await removeFolder();
    },
  };
}

/** Writes until nothing goes in any more, in ever smaller pieces. */
function fillUp(path: string): void {
  for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

function limitFiles(folder: string): Pick<FullDisk, 'fill' | 'free'> {
  const limit = (pid: number, most: string) => run('prlimit', ['--pid', String(pid), `--fsize=${most}:unlimited`]);
  return {
    async fill(pid) {
      const { size } = statSync(join(folder, 'store.sqlite-wal'));
      await limit(pid, String(size));
    },
    free: async (pid) => void (await limit(pid, 'unlimited')),
  };
}
