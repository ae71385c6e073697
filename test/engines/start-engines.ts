import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';

const run = promisify(execFile);
const START_TIMEOUT_MS = 90_000;
const INSTALL_TIMEOUT_MS = 900_000;

/** A server of the tests: where it is, what it says it is, and how to stop it. */
export interface StartedEngine {
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

/** An engine that is not there, and what would bring it. */
export interface MissingEngine {
  readonly reason: string;
}

/** Settings of the run that decide which engines there are. */
export interface EngineSettings {
  readonly mariadbUrl: string | undefined;
  readonly mysqlUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** Whether packages may be installed on this machine. */
  readonly mayInstall: boolean;
}

/** A port of the loop-back address that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** What a MySQL or MariaDB server says that it is. */
export async function readVersion(url: string): Promise<string> {
  const connection = await createConnection({ uri: url, connectTimeout: 5000 });
  try {
    const [rows] = await connection.query('SELECT VERSION() AS version');
    return String((rows as { version: unknown }[])[0]?.version);
  } finally {
    connection.destroy();
  }
}

/** Asks a server that was started until it answers. @throws what it last said, once it has ended or the time is over */
export async function waitForServer(askVersion: () => Promise<string>, isRunning: () => boolean): Promise<string> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await askVersion();
    } catch (error) {
      if (!isRunning() || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Where a program is; null where it is not there. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/libexec'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Whether this process may install packages and mount file systems. */
export const isRoot = (): boolean => process.getuid?.() === 0;

/** Installs one package of Debian, its service not started. */
export async function installPackage(name: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-q'], { env, timeout: INSTALL_TIMEOUT_MS });
  // The service would take the default port and keep running; a policy file of exit 101 keeps it from starting.
  await run('sh', [
    '-c',
    'test -e /usr/sbin/policy-rc.d || { printf "#!/bin/sh\\nexit 101\\n" >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; touch /tmp/swali-policy-rc.d; }',
  ]);
  try {
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', name], {
      env,
      timeout: INSTALL_TIMEOUT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
  } finally {
    await run('sh', [
      '-c',
      'if test -e /tmp/swali-policy-rc.d; then rm -f /usr/sbin/policy-rc.d /tmp/swali-policy-rc.d; fi',
    ]);
  }
}

/** Watches a server that was started: it goes with the run, and its folder with it. */
function keepChild(child: ChildProcess, folder: string) {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let running = true;
  void ended.then(() => {
    running = false;
  });
  // A run that ends in haste must not leave the server behind.
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  const stop = async (): Promise<void> => {
    process.off('exit', killNow);
    child.kill('SIGTERM');
    const impatient = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(impatient);
    await rm(folder, { recursive: true, force: true });
  };
  return { isRunning: () => running, stop };
}

/** Starts a private `mariadbd` on a free port, its data in a temporary folder that goes with it. */
async function startPrivateMariadb(server: string, options: readonly string[] = []): Promise<StartedEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'swali-mariadb-'));
  const data = join(folder, 'data');
  const install = findProgram('mariadb-install-db');
  if (!install) throw new Error('mariadb-install-db is not there');
  const user = isRoot() ? ['--user=root'] : [];
  await run(
    install,
    ['--no-defaults', ...user, `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
    {
      timeout: START_TIMEOUT_MS,
      maxBuffer: 16 * 1024 * 1024,
    },
  );
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  const port = await freePort();
  const child = spawn(
    server,
    [
      '--no-defaults',
      ...user,
      `--datadir=${data}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder, 's')}`,
      `--pid-file=${join(folder, 'pid')}`,
      // A server clears its temporary folder of tables when it starts, those of its neighbours too.
      `--tmpdir=${temporary}`,
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-buffer-pool-size=64M',
      ...options,
    ],
    { stdio: 'ignore' },
  );
  const { isRunning, stop } = keepChild(child, folder);
  try {
    const url = `mariadb://root@127.0.0.1:${port}/`;
    return { url, version: await waitForServer(() => readVersion(url.replace('mariadb:', 'mysql:')), isRunning), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A MariaDB of a test's own, started with options; null where this machine has none. */
export async function startOwnMariadb(options: readonly string[]): Promise<StartedEngine | null> {
  const server = findProgram('mariadbd');
  return server ? startPrivateMariadb(server, options) : null;
}

/**
 * A MySQL of a test's own, started with options; null where none is unpacked on this machine.
 *
 * @param optionsIn makes the options for the folder of the files, as the server sees it
 * @param files by name
 */
export async function startOwnMysql(
  optionsIn: (folder: string) => readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<StartedEngine | null> {
  const root = isRoot() ? await run(MYSQL_SCRIPT, ['root']).catch(() => null) : null;
  if (root === null) return null;
  const folder = await mkdtemp(join(root.stdout.trim(), 'swali-own-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const forget = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const engine = await startUnpackedMysql(optionsIn(`/${basename(folder)}`));
    return { ...engine, stop: () => engine.stop().then(forget) };
  } catch (error) {
    await forget();
    throw error;
  }
}

/** A Redis of a test's own, started with options; null where this machine has none. */
export async function startOwnRedis(options: readonly string[]): Promise<StartedEngine | null> {
  const server = findProgram('redis-server');
  return server ? startPrivateRedis(server, options) : null;
}

const keepRunning = async (): Promise<void> => undefined;

/** MariaDB: the one of the settings, else a private one of this machine, else an installed one. */
export async function startMariadb(settings: EngineSettings): Promise<StartedEngine | MissingEngine> {
  if (settings.mariadbUrl) {
    const url = settings.mariadbUrl.replace(/^mysql:/, 'mariadb:');
    return { url, version: await readVersion(url.replace(/^mariadb:/, 'mysql:')), stop: keepRunning };
  }
  if (!findProgram('mariadbd') && settings.mayInstall && isRoot() && findProgram('apt-get'))
    await installPackage('mariadb-server');
  const server = findProgram('mariadbd');
  return server
    ? startPrivateMariadb(server)
    : { reason: 'set TEST_MARIADB_URL, install mariadb-server, or as root on Debian set SWALI_TEST_INSTALL=1' };
}

/** MySQL: the one of the settings, else one unpacked into a folder of its own. */
export async function startMysql(settings: EngineSettings): Promise<StartedEngine | MissingEngine> {
  if (settings.mysqlUrl)
    return { url: settings.mysqlUrl, version: await readVersion(settings.mysqlUrl), stop: keepRunning };
  if (!settings.mayInstall || !isRoot() || !findProgram('apt-get'))
    return { reason: 'set TEST_MYSQL_URL, or as root on Debian set SWALI_TEST_INSTALL=1' };
  return startUnpackedMysql([]);
}

const MYSQL_SCRIPT = join(dirname(fileURLToPath(import.meta.url)), 'mysql-server');

async function startUnpackedMysql(options: readonly string[]): Promise<StartedEngine> {
  const port = String(await freePort());
  const limits = { timeout: INSTALL_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await run(MYSQL_SCRIPT, ['start', port, ...options], limits);
  const url = stdout.trim().split('\n').at(-1) ?? '';
  const stop = async (): Promise<void> => {
    await run(MYSQL_SCRIPT, ['stop', port], { timeout: 60_000 });
  };
  try {
    return { url, version: await readVersion(url), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a Redis says that it is. */
export async function readRedisVersion(url: string): Promise<string> {
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return /^redis_version:(.*)$/m.exec(await client.info('server'))?.[1]?.trim() ?? 'unknown';
  } finally {
    client.disconnect();
  }
}

/** Starts a private `redis-server` on a free port that keeps nothing on disk. */
async function startPrivateRedis(server: string, extra: readonly string[] = []): Promise<StartedEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'swali-redis-'));
  const port = await freePort();
  const options = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'no',
    ...extra,
  ];
  const { isRunning, stop } = keepChild(spawn(server, options, { stdio: 'ignore' }), folder);
  const url = `redis://127.0.0.1:${port}`;
  try {
    return { url, version: await waitForServer(() => readRedisVersion(url), isRunning), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Redis: the one of the settings, else a private one of this machine, else an installed one. */
export async function startRedis(settings: EngineSettings): Promise<StartedEngine | MissingEngine> {
  const { redisUrl: url } = settings;
  if (url) return { url, version: await readRedisVersion(url), stop: keepRunning };
  if (!findProgram('redis-server') && settings.mayInstall && isRoot() && findProgram('apt-get')) {
    await installPackage('redis-server');
  }
  const server = findProgram('redis-server');
  return server
    ? startPrivateRedis(server)
    : { reason: 'set TEST_REDIS_URL, install redis-server, or as root on Debian set SWALI_TEST_INSTALL=1' };
}
