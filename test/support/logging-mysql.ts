import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const START_TIMEOUT_MS = 60_000;

/** Where test/engines/mysql-server has unpacked MySQL. */
const ROOTFS =
  process.env.MYSQL_ROOTFS || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mysql-rootfs');

/** Why there can be no server with a binary log here; null where there can. */
export function whyNoLoggingMysql(): string | null {
  if (process.getuid?.() !== 0) return 'it needs root';
  if (!existsSync(join(ROOTFS, 'usr/bin/mysqlbinlog'))) return `there is no MySQL with mysqlbinlog in ${ROOTFS}`;
  return existsSync('/usr/bin/mariadb') ? null : 'there is no client to replay with';
}

/** A MySQL server of one test alone, that writes a binary log. */
export interface LoggingMysql {
  /** `mysql://root@127.0.0.1:PORT/`. */
  readonly url: string;
  /** Runs statements by the command line's client. @returns what it prints, without headings */
  query(sql: string): Promise<string>;
  /** What mysqlbinlog makes of every log so far. */
  readLogs(...options: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Starts it; its data is gone when it stops. */
export async function startLoggingMysql(): Promise<LoggingMysql> {
  const port = await freePort();
  const place = `/var/swali-log-${port}`;
  const folder = join(ROOTFS, place);
  await mkdir(folder, { recursive: true });
  const server = (...options: readonly string[]) => [
    ROOTFS,
    'mysqld',
    '--no-defaults',
    '--user=root',
    `--datadir=${place}/data`,
    ...options,
  ];
  await run('chroot', server('--initialize-insecure'), { timeout: START_TIMEOUT_MS });
  const child = spawn(
    'chroot',
    server(
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${place}/sock`,
      `--pid-file=${place}/pid`,
      `--log-error=${place}/log.err`,
      '--mysqlx=OFF',
      '--gtid-mode=ON',
      '--enforce-gtid-consistency=ON',
      `--log-bin=${place}/data/binlog`,
      '--innodb-buffer-pool-size=64M',
    ),
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (
    !existsSync(join(folder, 'log.err')) ||
    !readFileSync(join(folder, 'log.err'), 'utf8').includes('ready for connections')
  ) {
    if (Date.now() > deadline || child.exitCode !== null) {
      await stop();
      throw new Error('the server does not start');
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    url: `mysql://root@127.0.0.1:${port}/`,
    async query(sql) {
      const client = spawn('mariadb', ['--no-defaults', '--protocol=tcp', '-h127.0.0.1', `-P${port}`, '-uroot', '-N']);
      let [out, err] = ['', ''];
      client.stdout.on('data', (text) => {
        out += String(text);
      });
      client.stderr.on('data', (text) => {
        err += String(text);
      });
      client.stdin.end(sql);
      const code = await new Promise((resolve) => client.once('close', resolve));
      if (code !== 0) throw new Error(err);
      return out.trim();
    },
    async readLogs(...options) {
      const logs = readdirSync(join(folder, 'data')).filter((name) => /^binlog\.\d+$/.test(name));
      const args = [ROOTFS, 'mysqlbinlog', ...options, ...logs.sort().map((name) => `${place}/data/${name}`)];
      const { stdout } = await run('chroot', args, {
        maxBuffer: 256 * 1024 * 1024,
        env: { ...process.env, TZ: 'UTC' },
      });
      return stdout;
    },
    stop,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
