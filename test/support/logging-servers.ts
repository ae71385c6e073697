import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../engines/start-engines.js';

const run = promisify(execFile);
const START_TIMEOUT_MS = 60_000;
const MAX_LOG_BYTES = 256 * 1024 * 1024;

/** Where test/engines/mysql-server has unpacked MySQL. */
const ROOTFS =
  process.env.MYSQL_ROOTFS || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mysql-rootfs');

/** A server of one test alone, that writes a binary log. */
export interface LoggingServer {
  /** `mysql://root@127.0.0.1:PORT/`. */
  readonly url: string;
  /** Runs statements by the command line's client. @returns what it prints, without headings */
  query(statements: string): Promise<string>;
  /**
   * What the server's own program makes of its logs.
   *
   * @param from first log that is read; all of them where left out
   */
  readLogs(options: readonly string[], from?: string): Promise<string>;
  /** Its data is gone then. */
  stop(): Promise<void>;
}

/** Why there can be no such server here; null where there can. */
export function whyNoLoggingServer(engine: 'mysql' | 'mariadb'): string | null {
  if (process.getuid?.() !== 0) return 'it needs root';
  if (!existsSync('/usr/bin/mariadb')) return 'there is no client to replay with';
  if (engine === 'mariadb') return existsSync('/usr/sbin/mariadbd') ? null : 'there is no mariadbd';
  return existsSync(join(ROOTFS, 'usr/bin/mysqlbinlog')) ? null : `there is no MySQL with mysqlbinlog in ${ROOTFS}`;
}

/** Starts one. */
export async function startLoggingServer(engine: 'mysql' | 'mariadb'): Promise<LoggingServer> {
  const port = await freePort();
  // MySQL lives in a tree of its own; its paths start there.
  const root = engine === 'mysql' ? ROOTFS : '';
  const place = engine === 'mysql' ? `/var/swali-log-${port}` : await mkdtemp(join(tmpdir(), 'swali-log-'));
  await mkdir(join(root, place), { recursive: true });
  const own = ['--no-defaults', '--user=root', `--datadir=${place}/data`];
  const start = (program: string, ...options: readonly string[]): readonly [string, string[]] =>
    engine === 'mysql' ? ['chroot', [root, program, ...options]] : [program, [...options]];
  const [install, installOptions] =
    engine === 'mysql'
      ? start('mysqld', ...own, '--initialize-insecure')
      : start('mariadb-install-db', ...own, '--auth-root-authentication-method=normal', '--skip-test-db');
  await run(install, installOptions, { timeout: START_TIMEOUT_MS });
  const [program, options] = start(
    engine === 'mysql' ? 'mysqld' : 'mariadbd',
    ...own,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${place}/sock`,
    `--pid-file=${place}/pid`,
    `--log-bin=${place}/data/binlog`,
    '--binlog-format=ROW',
    '--server-id=1',
    '--innodb-buffer-pool-size=64M',
    ...(engine === 'mysql' ? ['--mysqlx=OFF', '--gtid-mode=ON', '--enforce-gtid-consistency=ON'] : []),
  );
  const child = spawn(program, options, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const server: LoggingServer = {
    url: `mysql://root@127.0.0.1:${port}/`,
    query: (statements) => runClient(port, statements),
    async readLogs(given, from = '') {
      const names = readdirSync(join(root, place, 'data')).filter((name) => /^binlog\.\d+$/.test(name) && name >= from);
      const logs = names.sort().map((name) => `${place}/data/${name}`);
      const [reader, args] = start(engine === 'mysql' ? 'mysqlbinlog' : 'mariadb-binlog', ...given, ...logs);
      const env = { ...process.env, TZ: 'UTC' };
      return (await run(reader, args, { maxBuffer: MAX_LOG_BYTES, env })).stdout;
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(join(root, place), { recursive: true, force: true });
    },
  };
  try {
    await waitFor(server, () => child.exitCode === null);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function waitFor(server: LoggingServer, isRunning: () => boolean): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await server.query('select 1');
      return;
    } catch (error) {
      if (!isRunning() || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function runClient(port: number, statements: string): Promise<string> {
  const client = spawn('mariadb', ['--no-defaults', '--protocol=tcp', '-h127.0.0.1', `-P${port}`, '-uroot', '-N']);
  let [out, err] = ['', ''];
  client.stdout.on('data', (text) => {
    out += String(text);
  });
  client.stderr.on('data', (text) => {
    err += String(text);
  });
  // A client that cannot connect closes its end.
  client.stdin.on('error', () => undefined);
  client.stdin.end(statements);
  const code = await new Promise((resolve) => client.once('close', resolve));
  if (code !== 0) throw new Error(err);
  return out.trim();
}
