import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { findProgram, freePort, isRoot, readVersion, waitForServer } from '../engines/start-engines.js';

const run = promisify(execFile);
const BUFFER = { maxBuffer: 64 * 1024 * 1024 };

/** A database server of one test, whose data outlives it. */
export interface KillableServer {
  readonly dialect: 'mysql' | 'mariadb';
  readonly version: string;
  /** `mysql://root@127.0.0.1:PORT/NAME`, the same after a restart. */
  url(database: string): string;
  /** Runs statements as root, several with `;`, and gives the rows of the last. */
  query(sql: string, database?: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** SIGKILL: it has no time to write anything. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again over its data, and waits until it answers. */
  start(): Promise<void>;
  /** Ends it, and takes its data away. */
  remove(): Promise<void>;
}

interface Layout {
  readonly folder: string;
  readonly port: number;
  readonly spawnServer: () => ChildProcess;
}

/** Which servers this machine can run for a test of its own. */
export const KILLABLE: readonly KillableServer['dialect'][] = [
  ...(findProgram('mariadbd') ? (['mariadb'] as const) : []),
  ...(isRoot() && existsSync(join(mysqlRootfs(), 'usr/sbin/mysqld')) ? (['mysql'] as const) : []),
];

function mysqlRootfs(): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return process.env.MYSQL_ROOTFS || join(cache, 'mysql-rootfs');
}

async function layMariadb(): Promise<Layout> {
  const folder = await mkdtemp(join(tmpdir(), 'swali-killable-'));
  const [data, temporary, port] = [join(folder, 'data'), join(folder, 'tmp'), await freePort()];
  const user = isRoot() ? ['--user=root'] : [];
  const make = ['--no-defaults', ...user, `--datadir=${data}`, '--auth-root-authentication-method=normal'];
  await run(findProgram('mariadb-install-db')!, [...make, '--skip-test-db'], BUFFER);
  await mkdir(temporary);
  const options = ['--no-defaults', ...user, `--datadir=${data}`, `--port=${port}`, '--bind-address=127.0.0.1'];
  const own = [`--socket=${join(folder, 's')}`, `--pid-file=${join(folder, 'pid')}`, `--tmpdir=${temporary}`];
  // Its commits are on the disk before they are acknowledged: what is lost in a kill is then the gateway's fault.
  const durable = ['--innodb-flush-log-at-trx-commit=1', '--innodb-buffer-pool-size=64M'];
  const server = findProgram('mariadbd')!;
  return { folder, port, spawnServer: () => spawn(server, [...options, ...own, ...durable], { stdio: 'ignore' }) };
}

async function layMysql(): Promise<Layout> {
  const script = join(dirname(fileURLToPath(import.meta.url)), '../engines/mysql-server');
  const { stdout } = await run(script, ['root'], BUFFER);
  const [rootfs, port] = [stdout.trim(), await freePort()];
  const inside = `/var/swali-killable-${port}`;
  const folder = join(rootfs, inside);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const base = [rootfs, 'mysqld', '--no-defaults', '--user=root', `--datadir=${inside}/data`];
  await run('chroot', [...base, '--initialize-insecure'], BUFFER);
  const own = [`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${inside}/s`, `--pid-file=${inside}/pid`];
  const lean = ['--mysqlx=OFF', '--skip-log-bin', '--innodb-flush-log-at-trx-commit=1', '--performance-schema=OFF'];
  return { folder, port, spawnServer: () => spawn('chroot', [...base, ...own, ...lean], { stdio: 'ignore' }) };
}

/** Starts a server of a kind on a port of its own. */
export async function startKillableServer(dialect: KillableServer['dialect']): Promise<KillableServer> {
  const { folder, port, spawnServer } = await (dialect === 'mysql' ? layMysql() : layMariadb());
  const address = `mysql://root@127.0.0.1:${port}/`;
  let child: ChildProcess | null = null;
  let gone: Promise<void> = Promise.resolve();
  const killNow = (): void => void child?.kill('SIGKILL');
  process.once('exit', killNow);

  const start = async (): Promise<string> => {
    const started = spawnServer();
    child = started;
    gone = new Promise((resolve) => started.once('exit', () => resolve()));
    return waitForServer(
      () => readVersion(address),
      () => started.exitCode === null && started.signalCode === null,
    );
  };
  const kill = async (): Promise<void> => {
    killNow();
    await gone;
  };
  const remove = async (): Promise<void> => {
    process.off('exit', killNow);
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const version = await start();
    return {
      dialect,
      version,
      url: (database) => `${dialect}://root@127.0.0.1:${port}/${database}`,
      async query(sql, database) {
        const connection = await createConnection({
          uri: address,
          multipleStatements: true,
          ...(database === undefined ? {} : { database }),
        });
        try {
          const [rows] = await connection.query(sql);
          return rows as Record<string, unknown>[];
        } finally {
          connection.destroy();
        }
      },
      kill,
      start: async () => void (await start()),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
