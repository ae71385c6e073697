import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDemo } from '../../src/demo/make-demo.js';
import { openSource } from '../../src/source/open-source.js';
import { openStore } from '../../src/store/store.js';
import { STRICT_TRANSPORT, type TransportRules } from '../../src/transport/transport-rules.js';
import { engineUrl } from '../engines/engines.js';
import { type StartedEngine, startOwnMariadb, startOwnMysql } from '../engines/start-engines.js';
import { makeTestAuthority } from '../support/test-authority.js';

/** This machine by a name that only a resolver takes for it, so that it counts as another one. */
const ELSEWHERE = '127.1';

const authority = makeTestAuthority('the company');
const stranger = makeTestAuthority('a stranger');
const trusting = (rules: Partial<TransportRules> = {}): TransportRules => ({
  ...STRICT_TRANSPORT,
  authorities: authority.certificate,
  ...rules,
});
const files = (names: readonly string[], to?: string) => {
  const { certificate, key } = authority.issue({ names, ...(to === undefined ? {} : { to }) });
  return { 'ca.pem': authority.certificate, 'cert.pem': certificate, 'key.pem': key };
};

const optionsIn = (folder: string): readonly string[] => [
  `--ssl-ca=${folder}/ca.pem`,
  `--ssl-cert=${folder}/cert.pem`,
  `--ssl-key=${folder}/key.pem`,
];

const folders: string[] = [];
async function startMariadb(content: Record<string, string>): Promise<StartedEngine | null> {
  const folder = mkdtempSync(join(tmpdir(), 'swali-tls-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(content)) writeFileSync(join(folder, name), text);
  return startOwnMariadb(optionsIn(folder));
}
const startMysql = (content: Record<string, string>) => startOwnMysql(optionsIn, content);

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const portOf = (engine: StartedEngine): string => new URL(engine.url).port;

/** Makes a database, a reader and one who must show a certificate, as the server's own root. */
async function furnish(engine: StartedEngine): Promise<void> {
  const uri = engine.url.replace('mariadb:', 'mysql:');
  const connection = await createConnection({ uri, multipleStatements: true });
  await connection.query(`CREATE DATABASE shop; CREATE DATABASE own; CREATE TABLE shop.orders (id INT PRIMARY KEY);
    CREATE USER 'reader'@'%' IDENTIFIED BY 'p'; GRANT SELECT ON shop.* TO 'reader'@'%';
    CREATE USER 'sealed'@'%' IDENTIFIED BY 'p' REQUIRE SSL; GRANT SELECT ON shop.* TO 'sealed'@'%';
    CREATE USER 'writer'@'%' IDENTIFIED BY 'p'; GRANT ALL ON own.* TO 'writer'@'%';
    CREATE USER 'shown'@'%' IDENTIFIED BY 'p' REQUIRE X509; GRANT ALL ON own.* TO 'shown'@'%';`);
  await connection.end();
}

/** What becomes of an attempt: the cipher that the server says the session has, or the refusal. */
async function openAsSource(url: string, transport?: TransportRules): Promise<unknown> {
  const source = await openSource({ url, size: 1, allowWideGrants: true, ...(transport ? { transport } : {}) });
  try {
    const [row] = await source.inspect("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
    return row?.Value ?? row?.value;
  } finally {
    await source.close();
  }
}
async function openAsStore(url: string, transport?: TransportRules): Promise<unknown> {
  const store = await openStore(url, transport);
  try {
    const { rows } = await store.run((db) => sql<{ Value: string }>`SHOW SESSION STATUS LIKE 'Ssl_cipher'`.execute(db));
    return rows[0]?.Value;
  } finally {
    await store.close();
  }
}

describe.each([
  ['MariaDB', startMariadb],
  ['MySQL', startMysql],
])('TLS to %s', { timeout: 120_000 }, (_name, start) => {
  let engine: StartedEngine | null = null;
  beforeAll(async () => {
    engine = await start(files([ELSEWHERE, 'localhost', '127.0.0.1']));
    if (engine !== null) await furnish(engine);
  }, 180_000);
  afterAll(() => engine?.stop());

  const source = (host: string) => `mysql://reader:p@${host}:${portOf(engine!)}/shop`;
  const store = (host: string, user = 'writer') => `mysql://${user}:p@${host}:${portOf(engine!)}/own`;

  it('encrypts where the authority is known and the name is right', async (context) => {
    if (engine === null) return context.skip();
    for (const host of [ELSEWHERE, '127.0.0.1', 'localhost']) {
      expect(await openAsSource(source(host), trusting()), host).toMatch(/^(?:TLS_|ECDHE)/);
      expect(await openAsStore(store(host), trusting()), host).toMatch(/^(?:TLS_|ECDHE)/);
    }
  });

  it('is left out on this machine alone, unless authorities are named', async (context) => {
    if (engine === null) return context.skip();
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(await openAsSource(source(host))).toBe('');
      expect(await openAsStore(store(host))).toBe('');
    }
  });

  it('refuses whom no authority of the machine vouches for, by default', async (context) => {
    if (engine === null) return context.skip();
    const detail = 'no known authority vouches for the server’s certificate';
    await expect(openAsSource(source(ELSEWHERE))).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', detail });
    await expect(openAsStore(store(ELSEWHERE))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', detail });
  });

  it('refuses whom only another authority vouches for, plain being allowed or not', async (context) => {
    if (engine === null) return context.skip();
    for (const mayBePlain of [false, true]) {
      const rules = trusting({ authorities: stranger.certificate, mayBePlain });
      const detail = 'no known authority vouches for the server’s certificate';
      await expect(openAsSource(source(ELSEWHERE), rules)).rejects.toMatchObject({ detail });
      await expect(openAsStore(store('127.0.0.1'), rules)).rejects.toMatchObject({ detail });
    }
  });

  it('lets nothing in the URL change that', async (context) => {
    if (engine === null) return context.skip();
    for (const ending of [
      '?ssl=false',
      '?ssl={"rejectUnauthorized":false}',
      '?sslmode=disable',
      '?ssl-mode=DISABLED',
    ]) {
      await expect(openAsSource(source(ELSEWHERE) + ending)).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
      await expect(openAsStore(store(ELSEWHERE) + ending)).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
    }
  });

  it('is plain to another machine where that is stated', async (context) => {
    if (engine === null) return context.skip();
    const rules = { ...STRICT_TRANSPORT, mayBePlain: true };
    // MySQL takes a password without a key once it has seen it, here by the connection on this machine.
    for (const url of [source('127.0.0.1'), store('127.0.0.1')]) await openAsStore(url);
    expect(await openAsSource(source(ELSEWHERE), rules)).toBe('');
    expect(await openAsStore(store(ELSEWHERE), rules)).toBe('');
  });

  it('shows a certificate of its own where it has one', async (context) => {
    if (engine === null) return context.skip();
    const { certificate, key } = authority.issue({ names: ['gateway'] });
    const rules = trusting({ identity: `${certificate}${key}` });
    expect(await openAsStore(store(ELSEWHERE, 'shown'), rules)).toMatch(/^(?:TLS_|ECDHE)/);
    await expect(openAsStore(store(ELSEWHERE, 'shown'), trusting())).rejects.toMatchObject({
      cause: { errno: 1045 },
    });
  });

  it('kills a statement over TLS as well', async (context) => {
    if (engine === null) return context.skip();
    // An account that the server lets in by TLS alone, the connection that kills too.
    const url = source(ELSEWHERE).replace('reader', 'sealed');
    const opened = await openSource({ url, size: 1, transport: trusting() });
    try {
      const request = { parameters: [], maxRows: 10, maxBytes: 1000, mayEstimate: false, kind: 'admin' as const };
      const root = await createConnection(engine.url.replace('mariadb:', 'mysql:'));
      const running = async () => JSON.stringify((await root.query('SHOW FULL PROCESSLIST'))[0]);
      const hangUp = new AbortController();
      const slow = opened.execute({ sql: 'SELECT SLEEP(20) AS s', timeoutMs: 30_000, ...request }, hangUp.signal);
      const refused = expect(slow).rejects.toMatchObject({ code: 'EXECUTE_CANCELLED' });
      await expect.poll(running, { timeout: 5000 }).toContain('SLEEP(20)');
      hangUp.abort();
      await refused;
      await expect.poll(running, { timeout: 5000 }).not.toContain('SLEEP(20)');
      await root.end();
    } finally {
      await opened.close();
    }
  });

  it('holds for the demonstration too', async (context) => {
    if (engine === null) return context.skip();
    const request = { target: store(ELSEWHERE), scale: 0.05, seed: 1, today: '2026-03-01' };
    const detail = 'no known authority vouches for the server’s certificate';
    await expect(makeDemo(request)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', detail });
    await makeDemo({ ...request, transport: trusting() });
    await expect(makeDemo({ ...request, target: `${store(ELSEWHERE)}?ssl=false` })).rejects.toMatchObject({
      code: 'DEMO_TARGET_REFUSED',
    });
  });
});

describe('a MariaDB whose certificate', { timeout: 120_000 }, () => {
  it.each([
    [
      'is of another host',
      files(['db.example.com', '127.0.0.2']),
      'the server’s certificate is not that of the host of the URL',
    ],
    ['is of localhost alone', files(['localhost']), 'the server’s certificate is not that of the host of the URL'],
    ['has expired', files([ELSEWHERE, '127.0.0.1'], '20010101'), 'the server’s certificate has expired'],
  ])('%s is refused, by name and by address', async (_name, content, detail) => {
    const engine = await startMariadb(content);
    expect(engine).not.toBeNull();
    try {
      for (const host of [ELSEWHERE, '127.0.0.1']) {
        const url = `mysql://reader:p@${host}:${portOf(engine!)}/shop`;
        await expect(openAsSource(url, trusting()), host).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', detail });
        await expect(openAsStore(url, trusting()), host).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', detail });
      }
    } finally {
      await engine?.stop();
    }
  });
});

describe('a server that offers no TLS', () => {
  /** The greeting of a server of MySQL, without CLIENT_SSL; keeps what it is sent. */
  const heard: Buffer[] = [];
  let server: Server;
  let port = 0;
  beforeAll(async () => {
    const body = Buffer.concat([
      Buffer.from([10]),
      Buffer.from('8.4.0\0'),
      Buffer.from([1, 0, 0, 0]),
      Buffer.from('12345678\0'),
      Buffer.from([0xff, 0xf7 & ~0x08, 45, 2, 0, 0xff, 0x81, 21]),
      Buffer.alloc(10),
      Buffer.from('123456789012\0caching_sha2_password\0'),
    ]);
    server = createServer((socket) => {
      socket.on('data', (chunk) => heard.push(chunk));
      socket.on('error', () => undefined);
      socket.write(Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as { port: number }).port;
  });
  afterAll(() => void server.close());

  it('is told neither user nor password', async () => {
    const url = `mysql://reader:hush-hush@${ELSEWHERE}:${port}/shop`;
    const detail = 'the server offers no TLS, and off loopback nothing else will do';
    await expect(openAsSource(url)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', detail });
    await expect(openAsStore(url)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', detail });
    expect(Buffer.concat(heard)).toHaveLength(0);
  });
});

const mysqlUrl = engineUrl('mysql');

describe.skipIf(mysqlUrl === null)('the password of an account of MySQL over plain', () => {
  it('is not encrypted with a key that somebody between could have sent', async () => {
    const root = await createConnection(mysqlUrl!);
    const name = `plain_${process.pid}`;
    const port = new URL(mysqlUrl!).port;
    try {
      await root.query(`CREATE USER '${name}'@'%' IDENTIFIED WITH caching_sha2_password BY 'hush'`);
      const rules = { ...STRICT_TRANSPORT, mayBePlain: true };
      const url = (host: string) => `mysql://${name}:hush@${host}:${port}/information_schema`;
      await expect(openAsStore(url(ELSEWHERE), rules)).rejects.toMatchObject({
        cause: { message: expect.stringContaining('a key that nobody vouches for') },
      });
      // On this machine there is nobody between; from then on the server knows the password's digest.
      expect(await openAsStore(url('127.0.0.1'), rules)).toBe('');
      expect(await openAsStore(url(ELSEWHERE), rules)).toBe('');
    } finally {
      await root.query(`DROP USER IF EXISTS '${name}'@'%'`);
      await root.end();
    }
  });

  it('is not sent at all to the certificate that a server makes for itself', async () => {
    const url = `mysql://reader:hush@${ELSEWHERE}:${new URL(mysqlUrl!).port}/shop`;
    await expect(openAsSource(url)).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      detail: expect.stringContaining('authority'),
    });
  });
});
