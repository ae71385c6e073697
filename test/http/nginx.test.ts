import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../engines/start-engines.js';
import { makeTestAuthority } from '../support/test-authority.js';
import { ACCOUNTS, PASSWORD, type ServedGateway, serveGateway } from './served-gateway.js';

const EXAMPLE = readFileSync(new URL('../../deploy/nginx/swali.conf', import.meta.url), 'utf8');
const HOST = 'ask.example.com';

function hasNginx(): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The example with the ports and folders of a test: each must be there to be put elsewhere. */
function place(
  folder: string,
  ports: { readonly gateway: string; readonly http: number; readonly https: number },
): string {
  const put = (text: string, from: string, to: string): string => {
    if (!text.includes(from)) throw new Error(`the example has no ${from}`);
    return text.replaceAll(from, to);
  };
  let text = put(EXAMPLE, '127.0.0.1:3000', `127.0.0.1:${ports.gateway}`);
  text = put(text, '  listen [::]:80;\n', '');
  text = put(text, '  listen [::]:443 ssl;\n', '');
  text = put(text, 'listen 80;', `listen 127.0.0.1:${ports.http};`);
  text = put(text, 'listen 443 ssl;', `listen 127.0.0.1:${ports.https} ssl;`);
  return put(text, '/etc/nginx/tls/', `${folder}/`);
}

describe.skipIf(!hasNginx())('deploy/nginx/swali.conf', { timeout: 60_000 }, () => {
  const authority = makeTestAuthority('the company');
  const folder = mkdtempSync(join(tmpdir(), 'swali-nginx-'));
  let gateway: ServedGateway<keyof typeof ACCOUNTS>;
  let nginx: ChildProcess;
  let http = 0;
  let https = 0;

  const send = (
    secure: boolean,
    method: string,
    path: string,
    headers: Record<string, string | string[]> = {},
    body?: object,
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const given = {
        host: '127.0.0.1',
        method,
        path,
        headers: { host: HOST, ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
        agent: false as const,
      };
      const sent = secure
        ? requestTls({ ...given, port: https, servername: HOST, ca: authority.certificate })
        : requestPlain({ ...given, port: http });
      sent.on('response', (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      });
      sent.on('error', reject);
      sent.end(body ? JSON.stringify(body) : undefined);
    });

  beforeAll(async () => {
    const port = String(await freePort());
    gateway = await serveGateway(ACCOUNTS, { PUBLIC_URL: `https://${HOST}`, TRUST_PROXY: '1', PORT: port });
    http = await freePort();
    https = await freePort();
    const { certificate, key } = authority.issue({ names: [HOST] });
    writeFileSync(join(folder, `${HOST}.pem`), certificate);
    writeFileSync(join(folder, `${HOST}.key`), key);
    mkdirSync(join(folder, 'temp'));
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((each) => `${each}_temp_path ${folder}/temp/${each};`)
      .join(' ');
    const site = place(folder, { gateway: port, http, https });
    const whole = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
      events {} http { access_log off; ${temporary}\n${site} }`;
    writeFileSync(join(folder, 'nginx.conf'), whole);
    nginx = spawn('nginx', ['-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
    for (let tries = 0; ; tries += 1) {
      const answer = await send(true, 'GET', '/livez').catch(() => null);
      if (answer?.status === 200) break;
      if (tries > 50) throw new Error(`nginx does not answer: ${readFileSync(join(folder, 'error.log'), 'utf8')}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }, 120_000);
  afterAll(async () => {
    if (nginx?.exitCode === null) {
      const ended = new Promise((resolve) => nginx.once('exit', resolve));
      nginx.kill('SIGTERM');
      await ended;
    }
    await gateway?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const signIn = (headers: Record<string, string | string[]> = {}, password = PASSWORD) =>
    send(true, 'POST', '/v1/auth/admin/login', headers, { identifier: 'root@example.org', password });

  it('lets programs sign in and ask', async () => {
    const login = await signIn();
    expect(login.status).toBe(200);
    const authorization = `Bearer ${JSON.parse(login.text).access_token}`;
    const answer = await send(true, 'POST', '/v1/ask', { authorization }, { question: 'Who are our best customers?' });
    expect(JSON.parse(answer.text).status).toBe('answered');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('lets browsers sign in with cookies that this host alone can set', async () => {
    const browser = { origin: `https://${HOST}`, 'sec-fetch-site': 'same-origin' };
    const page = await send(true, 'GET', '/', browser);
    expect(page.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    const credentials = { identifier: 'root@example.org', password: PASSWORD, session: 'cookie' };
    const login = await send(true, 'POST', '/v1/auth/admin/login', browser, credentials);
    const set = login.headers['set-cookie'] ?? [];
    expect(set.map((each) => each.split('=')[0]).sort()).toEqual([
      '__Host-swali-access',
      '__Host-swali-csrf',
      '__Secure-swali-refresh',
    ]);
    for (const each of set) expect(each).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
    const cookie = set.map((each) => each.split(';')[0]).join('; ');
    const csrf = JSON.parse(login.text).csrf_token as string;
    const question = { question: 'Who are our best customers?' };
    const asked = await send(true, 'POST', '/v1/ask', { ...browser, cookie, 'x-csrf-token': csrf }, question);
    expect(JSON.parse(asked.text).status).toBe('answered');
    const foreign = { ...browser, cookie, 'x-csrf-token': csrf, origin: 'https://evil.example' };
    expect((await send(true, 'POST', '/v1/ask', foreign, question)).status).toBe(403);
    expect(login.status).toBe(200);
  });

  it('leads pages from http to https, and takes nothing else there', async () => {
    const page = await send(false, 'GET', '/?tenant=acme', { host: 'evil.example' });
    expect([page.status, page.headers.location]).toEqual([308, `https://${HOST}/?tenant=acme`]);
    const login = { identifier: 'root@example.org', password: PASSWORD };
    expect((await send(false, 'POST', '/v1/auth/admin/login', {}, login)).status).toBe(403);
    expect((await send(false, 'GET', '/v1/schema', { authorization: 'Bearer x' })).status).toBe(403);
    expect((await send(false, 'POST', '/', {}, {})).status).toBe(403);
  });

  it('lets nobody choose the address or the scheme that Swali believes', async () => {
    const lies = {
      'x-forwarded-for': '203.0.113.9, 203.0.113.10',
      'x-real-ip': '203.0.113.9',
      forwarded: 'for=203.0.113.9;proto=http',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'evil.example',
    };
    expect((await signIn(lies, 'a wrong password')).status).toBe(401);
    const { text } = await signIn();
    const authorization = `Bearer ${JSON.parse(text).access_token}`;
    const { text: audit } = await send(true, 'GET', '/v1/audit?limit=50', { authorization });
    expect(audit).toContain('"127.0.0.1"');
    expect(audit).not.toContain('203.0.113');
  });

  it('takes no body beyond what Swali takes', async () => {
    const { status } = await send(true, 'POST', '/v1/ask', {}, { question: 'x'.repeat(70_000) });
    expect(status).toBe(413);
  });
});
