import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const INSTALL_TIMEOUT_MS = 600_000;

/** Nothing of the browser's own may call out while it is tested. */
export const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function findProgram(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) =>
    [...folders, '/usr/bin'].map((folder) => join(folder, name)),
  );
  return paths.find((path) => existsSync(path)) ?? null;
}

/**
 * Finds the browser of this machine; as root on Debian with SWALI_TEST_INSTALL=1 it is installed where it is missing.
 *
 * @returns its path, or null, which is said on the standard output with how to get one
 */
export async function findChromium(): Promise<string | null> {
  const found = findProgram();
  if (found) return found;
  if (process.env.SWALI_TEST_INSTALL === '1' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const options = {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: INSTALL_TIMEOUT_MS,
      maxBuffer: 64 * 1024 * 1024,
    };
    const wait = ['-q', '-o', 'DPkg::Lock::Timeout=300'];
    await run('apt-get', ['update', ...wait], options);
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...wait, 'chromium'], options);
    return findProgram();
  }
  process.stdout.write(
    'browser chromium: NOT THERE, the tests of the page are skipped; install chromium, or as root on Debian set SWALI_TEST_INSTALL=1\n',
  );
  return null;
}
