import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Express } from 'express';
import request from 'supertest';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/config/settings.js';
import { openRecords } from '../../src/gateway.js';
import { addAccount } from '../../src/identify/accounts.js';
import { createIdentity } from '../../src/identity.js';
import { createBareApp } from '../support/bare-app.js';

const PASSWORD = 'a long test password';
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const folder = mkdtempSync(join(tmpdir(), 'swali-keys-'));
const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const privatePem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicPem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();

/** Starts the gateway's identity with other keys, over the same store each time. */
async function start(env: Readonly<Record<string, string>>): Promise<Express> {
  const settings = parseSettings({ DATA_DIR: folder, BCRYPT_COST: '4', ...env });
  const surroundings = { settings, clock: Date.now, logger: silent };
  const records = await openRecords(surroundings, 'test');
  opened.push(() => records.close());
  const identity = await createIdentity(surroundings, records.store);
  opened.push(() => identity.close());
  const account = { kind: 'customer', identifier: '103', password: PASSWORD } as const;
  await addAccount({ store: records.store, passwords: identity.passwords, clock: Date.now }, account).catch(() => null);
  return createBareApp({
    audit: records.audit,
    createLogin: identity.createLogin,
    createOwnSessions: identity.createOwnSessions,
    authenticate: identity.authenticate,
    publicKeys: identity.publicKeys,
  });
}

const signIn = async (app: Express): Promise<string> =>
  (await request(app).post('/v1/auth/customer/login').send({ identifier: '103', password: PASSWORD })).body
    .access_token;
const use = async (app: Express, token: string) =>
  (await request(app).get('/v1/auth/sessions').set('authorization', `Bearer ${token}`)).status;
const shown = async (app: Express) => (await request(app).get('/.well-known/jwks.json')).body;
const headerOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());

describe('the keys of access tokens', () => {
  it('change without signing anybody out, each with an overlap, and are shown where they are public', async () => {
    const secret = 'b0c1d2e3f4a5968778695a4b3c2d1e0f';
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

    const first = await start({ JWT_SECRET: secret });
    expect(await shown(first)).toEqual({ keys: [] });
    const ofSecret = await signIn(first);

    const second = await start({
      JWT_PRIVATE_KEY_FILE: fileOf('ec.pem', privatePem(ec.privateKey)),
      JWT_RETIRED_KEYS_FILE: fileOf('retired-secrets', `${secret}\n`),
    });
    const ofEc = await signIn(second);
    expect([await use(second, ofSecret), await use(second, ofEc), await use(first, ofEc)]).toEqual([200, 200, 401]);
    const { x, y } = ec.publicKey.export({ format: 'jwk' });
    expect(await shown(second)).toEqual({
      keys: [{ kty: 'EC', crv: 'P-256', x, y, kid: headerOf(ofEc).kid, alg: 'ES256', use: 'sig' }],
    });

    const third = await start({
      JWT_PRIVATE_KEY: privatePem(rsa.privateKey),
      JWT_RETIRED_KEYS: publicPem(ec.publicKey),
    });
    const ofRsa = await signIn(third);
    expect([await use(third, ofSecret), await use(third, ofEc), await use(third, ofRsa)]).toEqual([401, 200, 200]);
    const { keys } = await shown(third);
    expect(keys.map(({ kid, alg }: { kid: string; alg: string }) => [kid, alg]).sort()).toEqual(
      [
        [headerOf(ofEc).kid, 'ES256'],
        [headerOf(ofRsa).kid, 'RS256'],
      ].sort(),
    );

    const last = await start({ JWT_PRIVATE_KEY: privatePem(rsa.privateKey) });
    expect([await use(last, ofEc), await use(last, ofRsa)]).toEqual([401, 200]);
  });

  it('stop the start where one is not usable', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    await expect(start({ JWT_PRIVATE_KEY: privatePem(privateKey) })).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      detail: expect.stringContaining('JWT_PRIVATE_KEY: '),
    });
  });
});
