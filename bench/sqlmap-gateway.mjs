/**
 * The gateway as `bench/sqlmap.mjs` attacks it: the built program in a process of its own, with the demonstration business, a
 * tenant, an OpenID Connect issuer and a SAML provider, all on loopback and in a temporary folder.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import mysql from 'mysql2/promise';
import { parseDocument } from 'yaml';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const POLICY = fileURLToPath(new URL('../sql-policies/demo.yaml', import.meta.url));

/** The company whose people sign in here. */
export const TENANT = 'acme';

/** Of every account, until somebody changes it. */
export const PASSWORD = 'a long test password';

/** Providers of single sign-on, and who comes in by the first. */
export const PROVIDERS = { oidc: 'office', saml: 'house' };
const PERSON = { subject: 'person-1', email: 'person@example.org' };
const CLIENT = { id: 'swali', secret: 'a secret of the bench, of more than 32 bytes' };

const ROOT = 'root@example.org';

/** Of a customer of the demonstration who has orders. */
export const BUYER_NUMBER = '103';

/** Answers on a free port of loopback. */
export async function listenOnLoopback(handle) {
  const server = createServer(handle);
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address();
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An issuer that signs in {@link PERSON} by any code, which it takes for the nonce. */
async function openIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const sign = (claims, typ) =>
    new SignJWT({ iss: server.url, aud: CLIENT.id, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...(typ && { typ }) })
      .setIssuedAt()
      .sign(privateKey);
  const answers = {
    '/.well-known/openid-configuration': () => ({
      issuer: server.url,
      authorization_endpoint: `${server.url}/authorize`,
      token_endpoint: `${server.url}/token`,
      jwks_uri: `${server.url}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    }),
    '/keys': () => ({ keys: [jwk] }),
    '/token': async (form) => ({
      access_token: 'unused',
      token_type: 'bearer',
      id_token: await sign({
        sub: PERSON.subject,
        email: PERSON.email,
        email_verified: true,
        nonce: form.get('code') ?? '',
        exp: Math.floor(Date.now() / 1000) + 60,
      }),
    }),
  };
  const server = await listenOnLoopback(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = answers[new URL(request.url, server.url).pathname];
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ? await answer(new URLSearchParams(Buffer.concat(chunks).toString())) : {}));
  });
  return {
    url: server.url,
    close: () => server.close(),
    signLogout: () =>
      sign(
        {
          sub: PERSON.subject,
          jti: randomUUID(),
          events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        },
        'logout+jwt',
      ),
  };
}

/** The policy of the demonstration, of which every relation is shared by the tenants. */
function writePolicy(folder) {
  const document = parseDocument(readFileSync(POLICY, 'utf8'));
  for (const { key, value } of document.get('relations').items) {
    if (!value.has('secret')) document.setIn(['relations', key.value, 'tenant'], 'shared');
  }
  mkdirSync(folder);
  writeFileSync(join(folder, 'demo.yaml'), document.toString());
}

function writeProviders(file, issuer) {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const shared = { tenant: TENANT, email_domains: ['example.org'], create: false };
  const oidc = { issuer, client_id: CLIENT.id, client_secret: CLIENT.secret };
  const saml = {
    entry_point: 'http://127.0.0.1:9/sso',
    issuer: 'swali',
    idp_issuer: 'house',
    idp_certificate: publicKey.export({ type: 'spki', format: 'pem' }),
    email_verified: 'always',
  };
  // JSON is YAML.
  writeFileSync(
    file,
    JSON.stringify({
      providers: [
        { name: PROVIDERS.oidc, protocol: 'oidc', kind: 'employee', ...shared, ...oidc },
        { name: PROVIDERS.saml, protocol: 'saml', kind: 'customer', ...shared, ...saml },
      ],
    }),
  );
}

/** The gateway's own tables: made for this run, gone after it. */
async function openStore(folder, server) {
  const statements = [
    "DELETE FROM sign_in_attempts WHERE scope <> 'known'",
    'UPDATE second_factors SET wrong_codes = 0, locked_until = 0 WHERE wrong_codes > 0',
  ];
  if (!server) {
    const path = join(folder, 'store.sqlite');
    return {
      name: 'sqlite',
      url: `sqlite:${path}`,
      endWaits() {
        const database = new DatabaseSync(path, { timeout: 10_000 });
        for (const statement of statements) database.exec(statement);
        database.close();
      },
      async close() {},
    };
  }
  const name = `swali_sqlmap_${process.pid}`;
  const connection = await mysql.createConnection(server);
  await connection.query(`CREATE DATABASE ${name}`);
  await connection.query(`USE ${name}`);
  return {
    name: new URL(server).protocol.slice(0, -1),
    url: new URL(`/${name}`, server).href,
    async endWaits() {
      for (const statement of statements) await connection.query(statement);
    },
    async close() {
      await connection.query(`DROP DATABASE ${name}`);
      await connection.end();
    },
  };
}

async function freePort() {
  const server = await listenOnLoopback(() => undefined);
  await server.close();
  return server.port;
}

/** Runs the program to its end. */
function runProgram(env, args, input = '') {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { env, input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
}

/**
 * Starts the gateway and adds its first admin.
 *
 * @param server URL of a MySQL or MariaDB server that holds the store in a database of its own; null for SQLite
 */
export async function startGateway(server = null) {
  const folder = mkdtempSync(join(tmpdir(), 'swali-sqlmap-'));
  const issuer = await openIssuer();
  const store = await openStore(folder, server);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  writePolicy(join(folder, 'policies'));
  writeProviders(join(folder, 'sso.yaml'), issuer.url);
  const env = {
    PATH: process.env.PATH,
    DATA_DIR: folder,
    PORT: String(port),
    PUBLIC_URL: url,
    STORE_URL: store.url,
    POLICY_DIR: join(folder, 'policies'),
    SSO_FILE: join(folder, 'sso.yaml'),
    TENANCY: 'on',
    TRUST_PROXY: '1',
    RATE_LIMIT: 'off',
    BCRYPT_COST: '4',
    ACCESS_TOKEN_TTL_S: '86400',
    JUDGE_TIMEOUT_MS: '20000',
    TRANSLATOR: 'offline',
    LOG_LEVEL: 'info',
  };
  runProgram(env, ['tenants', 'add', TENANT]);
  const addRoot = ['--tenant', TENANT, 'users', 'add', 'admin', '--identifier', ROOT, '--password-stdin'];
  runProgram(env, addRoot, PASSWORD);

  const child = spawn(process.execPath, [MAIN, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const links = new Map();
  /** Messages of the log that are no trace of an ordinary request. */
  const faults = [];
  const started = new Promise((resolve, reject) => {
    ended.then(() => reject(new Error(`the gateway did not start: ${faults.join('\n')}`)));
    const read = (line) => {
      if (line.startsWith('Swali answers at')) return resolve();
      const { level, to, text, msg, code, err } = parseLine(line);
      const token = /#(?:invitation|reset)=([\w-]+)/.exec(text ?? '')?.[1];
      if (token) links.set(to, token);
      if (level >= 50 || level === 'error') faults.push(`${msg} ${code ?? ''} ${JSON.stringify(err ?? '')}`);
    };
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', read);
    createInterface({ input: child.stderr }).on('line', (line) => line.startsWith('{') || faults.push(line));
  });
  async function stop() {
    child.kill('SIGTERM');
    await ended;
    await store.close();
    await issuer.close();
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    await started;
    const root = await signIn(url, 'admin', ROOT, 'token');
    const gateway = {
      url,
      port,
      folder,
      store: store.name,
      faults,
      issuer,
      rootToken: root.access,
      endWaits: () => store.endWaits(),
      stop,
      async linkOf(address) {
        for (let tries = 0; tries < 500 && !links.has(address); tries += 1)
          await new Promise((resolve) => setTimeout(resolve, 10));
        if (!links.has(address)) throw new Error('no mail came');
        return links.get(address);
      },
    };
    await addAccount(gateway, 'employee', { identifier: PERSON.email });
    const buyer = await addAccount(gateway, 'customer', { customer_number: BUYER_NUMBER });
    return { ...gateway, buyer };
  } catch (error) {
    await stop();
    throw error;
  }
}

function parseLine(line) {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

/** One request. @throws where the answer has no status of the expected ones */
export async function call(url, method, path, { token, body, cookie, expect = [200, 201, 202, 204, 303] } = {}) {
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(cookie && { cookie }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!expect.includes(response.status)) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  const cookies = new Map(response.headers.getSetCookie().map((each) => /^([^=]+)=([^;]*)/.exec(each).slice(1)));
  return { body: text === '' ? null : JSON.parse(text), cookies, location: response.headers.get('location') };
}

/** Makes names that nobody has yet. */
let made = 0;
export function freshName(prefix) {
  made += 1;
  return `${prefix}${made}`;
}

/** @returns the account as the gateway prints it */
export async function addAccount({ url, rootToken }, kind, details = {}) {
  const identifier = `${freshName('u')}@example.org`;
  const body = { identifier, password: PASSWORD, ...details };
  return (await call(url, 'POST', `/v1/admin/${kind}s`, { token: rootToken, body })).body;
}

/** @param session `token` or `cookie`: what is handed out. Both are told alike */
export async function signIn(url, kind, identifier, session) {
  const body = { tenant: TENANT, identifier, password: PASSWORD, session };
  const answer = await call(url, 'POST', `/v1/auth/${kind}/login`, { body });
  const access = answer.body.access_token ?? answer.cookies.get('swali-access');
  return {
    access,
    refresh: answer.body.refresh_token ?? answer.cookies.get('swali-refresh'),
    csrf: answer.body.csrf_token ?? '',
    csrfCookie: answer.cookies.get('swali-csrf') ?? '',
    id: JSON.parse(Buffer.from(access.split('.')[1], 'base64url').toString()).sid,
  };
}

/**
 * Texts of rows of the demonstration which a principal may not see.
 *
 * @param own what they see: `orders`, that table alone, or `customer`, what is of {@link BUYER_NUMBER}
 */
export function readForeignTexts({ folder }, own) {
  const database = new DatabaseSync(join(folder, 'demo.sqlite'), { readOnly: true });
  const texts = (sql) => database.prepare(sql).all().flatMap(Object.values).filter(Boolean);
  const all = {
    orders: [
      ...texts('SELECT email FROM customers'),
      ...texts('SELECT phone FROM customers'),
      ...texts('SELECT national_id FROM employees'),
      ...texts('SELECT email FROM employees'),
    ],
    customer: [
      ...texts(`SELECT email FROM customers WHERE customer_number <> ${BUYER_NUMBER}`),
      ...texts(`SELECT phone FROM customers WHERE customer_number <> ${BUYER_NUMBER}`),
      ...texts('SELECT national_id FROM employees'),
    ],
  };
  database.close();
  return all[own].map(String).filter((text) => text.length >= 7);
}

/** A short name for a long text, fit for a file. */
export function digestName(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
