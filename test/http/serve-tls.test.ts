import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type RequestOptions, request as requestPlain } from 'node:http';
import { Agent, request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../src/cli/serve.js';
import { parseSettings } from '../../src/config/settings.js';
import { freePort } from '../engines/start-engines.js';
import { type Issued, makeTestAuthority } from '../support/test-authority.js';

const authority = makeTestAuthority('the company');
const issue = (to?: string): Issued => authority.issue({ names: ['localhost'], ...(to === undefined ? {} : { to }) });

const folder = mkdtempSync(join(tmpdir(), 'swali-serve-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const CERT = join(folder, 'cert.pem');
const KEY = join(folder, 'key.pem');
const put = ({ certificate, key }: Partial<Issued>): void => {
  if (certificate !== undefined) writeFileSync(CERT, certificate);
  if (key !== undefined) writeFileSync(KEY, key);
};

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function send(request: typeof requestPlain, options: RequestOptions & ConnectionOptions, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: 'localhost', ...options }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('a gateway that speaks https itself', { timeout: 60_000 }, () => {
  let port = 0;
  let redirectPort = 0;
  const end = new AbortController();
  const log: string[] = [];
  const write = (fields: object, message: string) => void log.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { debug: write, info: write, warn: write, error: write };
  let stopped: Promise<unknown>;
  const settingsOf = (more: Record<string, string> = {}) =>
    parseSettings({
      DATA_DIR: join(folder, 'data'),
      HOST: 'localhost',
      PORT: String(port),
      HTTP_REDIRECT_PORT: String(redirectPort),
      PUBLIC_URL: `https://localhost:${port}`,
      TLS_CERT_FILE: CERT,
      TLS_KEY_FILE: KEY,
      BCRYPT_COST: '4',
      RATE_LIMIT: 'off',
      JUDGE_TIMEOUT_MS: '10000',
      ...more,
    });
  const start = (more: Record<string, string> = {}) => {
    const stdout = new PassThrough();
    const terminal = { env: {}, stdin: Readable.from([]), stdout, stderr: new PassThrough(), signal: end.signal };
    const done = serve({ settings: settingsOf(more), clock: Date.now, logger }, terminal);
    return { done, announced: new Promise<string>((resolve) => stdout.on('data', (text) => resolve(String(text)))) };
  };
  const get = (path: string, options: RequestOptions & ConnectionOptions = {}) =>
    send(requestTls, { port, path, ca: authority.certificate, agent: false, ...options });
  const plain = (method: string, path: string, headers: Record<string, string> = {}, body = '') =>
    send(requestPlain, { port: redirectPort, method, path, headers, agent: false }, body);
  const shakeHands = (options: ConnectionOptions) =>
    new Promise<TLSSocket>((resolve, reject) => {
      const given = { host: 'localhost', servername: 'localhost', port, ca: authority.certificate, ...options };
      const socket = connect(given, () => resolve(socket));
      socket.on('error', reject);
    });

  beforeAll(async () => {
    port = await freePort();
    redirectPort = await freePort();
    put(issue());
    const started = start();
    stopped = started.done;
    await Promise.race([started.announced, stopped]);
  }, 60_000);
  afterAll(async () => {
    end.abort();
    await stopped;
  });

  it('answers by https, and tells browsers to insist on it', async () => {
    const page = await get('/');
    expect(page.status).toBe(200);
    expect(page.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    await expect(get('/', { ca: makeTestAuthority('a stranger').certificate })).rejects.toThrow(/certificate/);
  });

  it('speaks TLS 1.2 and 1.3 with forward secrecy, and nothing older', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await shakeHands({ minVersion: version, maxVersion: version });
      expect([socket.getProtocol(), socket.getCipher().name]).toEqual([
        version,
        expect.stringMatching(/^(?:TLS_|ECDHE-).*(?:GCM|POLY1305)/),
      ]);
      socket.destroy();
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(shakeHands(old)).rejects.toThrow(/protocol version/);
    const weak = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:AES128-SHA' } as const;
    await expect(shakeHands(weak)).rejects.toThrow(/handshake failure/);
  });

  it('agrees on nothing anew within a connection', async () => {
    const socket = await shakeHands({ maxVersion: 'TLSv1.2' });
    const ended = new Promise((resolve) => socket.resume().once('close', resolve));
    socket.on('error', () => undefined);
    socket.renegotiate({}, () => undefined);
    await ended;
    expect((await get('/livez')).status).toBe(200);
  });

  it('leads pages on from the port in plain, to its own address alone', async () => {
    const page = await plain('GET', '/?tenant=acme', { host: 'evil.example' });
    expect([page.status, page.headers.location]).toEqual([308, `https://localhost:${port}/?tenant=acme`]);
    expect([page.headers['strict-transport-security'], page.headers.connection]).toEqual([undefined, 'close']);
  });

  it('takes no credentials there, whoever says that they came by https', async () => {
    const login = JSON.stringify({ identifier: 'root@example.org', password: 'x' });
    for (const headers of [{}, { 'x-forwarded-proto': 'https' }] as const) {
      const sent = { 'content-type': 'application/json', ...headers };
      const refused = await plain('POST', '/v1/auth/admin/login', sent, login);
      expect([refused.status, JSON.parse(refused.text).code]).toEqual([403, 'TLS_REQUIRED']);
    }
    expect((await plain('GET', '/v1/schema', { authorization: 'Bearer x' })).status).toBe(403);
  });

  it('answers probes there', async () => {
    expect((await plain('GET', '/livez')).status).toBe(200);
    expect(JSON.parse((await plain('GET', '/readyz')).text).status).toBe('ready');
  });

  it('serves a renewed certificate, without ending a connection that there is, and never a broken one', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.certificate });
    const ports = new Set<number | undefined>();
    const ask = async (): Promise<number> =>
      new Promise((resolve, reject) => {
        const sent = requestTls({ host: 'localhost', port, path: '/livez', agent }, (response) => {
          ports.add(sent.socket?.localPort);
          response.resume().on('end', () => resolve(response.statusCode ?? 0));
        });
        sent.on('error', reject).end();
      });
    const served = async (): Promise<string> => {
      const socket = await shakeHands({});
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    try {
      expect(await ask()).toBe(200);
      const first = await served();
      // Half of a pair, as it is while a program writes the other one.
      const next = issue();
      put({ certificate: next.certificate });
      const lookAt = { timeout: 20_000, interval: 500 };
      const logAfterAsking = async (): Promise<string> => {
        await ask();
        return log.join();
      };
      await expect.poll(logAfterAsking, lookAt).toMatch(/the old one is served/);
      expect(await served()).toBe(first);
      put({ key: next.key });
      await expect.poll(logAfterAsking, lookAt).toMatch(/a new certificate is served/);
      expect(await served()).not.toBe(first);
      expect(await ask()).toBe(200);
      expect(ports.size).toBe(1);
    } finally {
      agent.destroy();
    }
  });

  it.each([
    ['of two pairs', () => put({ ...issue(), key: issue().key }), 'TLS_KEY_FILE'],
    ['that has expired', () => put(issue('20250101')), 'TLS_CERT_FILE'],
  ])('does not start with a certificate %s, and opens nothing', async (_what, prepare, name) => {
    const own = join(folder, 'unborn');
    prepare();
    const broken = start({ DATA_DIR: own, PORT: '0', HTTP_REDIRECT_PORT: '0' });
    await expect(broken.done).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      detail: expect.stringMatching(new RegExp(`^${name}`)),
    });
    put(issue());
    expect(existsSync(own)).toBe(false);
  });

  it('does not start where the port in plain is taken, and leaves nothing listening', async () => {
    const other = await freePort();
    const broken = start({ DATA_DIR: join(folder, 'second'), PORT: String(other), PUBLIC_URL: 'https://localhost' });
    await expect(broken.done).rejects.toMatchObject({ detail: expect.stringContaining('HTTP_REDIRECT_PORT') });
    await expect(send(requestPlain, { port: other, path: '/' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
