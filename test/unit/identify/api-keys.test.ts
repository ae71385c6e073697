import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Permission, Principal } from '../../../src/domain/principal.js';
import {
  type ApiKeys,
  createApiKeys,
  createKeyAuthenticate,
  isApiKey,
  KEY_MAX_TTL_S,
  KEYS_PER_ACCOUNT,
} from '../../../src/identify/api-keys.js';
import { createStepUp, type Proof } from '../../../src/identify/step-up.js';
import { codeOfPromise } from '../../support/code-of-promise.js';
import { type Identity, openIdentity, PASSWORD } from './identity-fixtures.js';
import { codeAt, wrongCodeAt } from './second-factor-contract.js';

const CONTEXT = { requestId: 'r1', address: '192.0.2.1', tenant: null, userAgent: 'test' };
const TTL_S = 3600;
const PROOF = { code: null, password: PASSWORD };

let identity: Identity;
let keys: ApiKeys;
let authenticate: (key: string) => Promise<Principal>;
beforeAll(async () => {
  identity = await openIdentity();
  const { store, tenants, audit } = identity;
  const clock = () => identity.clock.now;
  keys = createApiKeys({ store, clock, audit, stepUp: createStepUp(identity), allowLoopbackHttp: false });
  authenticate = createKeyAuthenticate({ store, clock, tenants });
});
afterAll(() => identity?.close());

let made = 0;
/** A new employee, signed in. */
async function signIn(role = 'manager'): Promise<Principal> {
  made += 1;
  const identifier = `keys${made}@example.org`;
  await identity.add({ kind: 'employee', identifier, role, allowTables: ['orders'] });
  const { accessToken } = await identity.login.login('employee', identifier, PASSWORD, CONTEXT);
  return identity.authenticate(accessToken);
}

const wanted = (...scopes: readonly Permission[]) => ({ name: 'nightly', scopes, ttlS: TTL_S });
const lastEvent = async () => (await identity.audit.list({ limit: 1 }))[0]?.event;

describe('a key', () => {
  it('acts for its owner, from their slice, with its scopes alone', async () => {
    const owner = await signIn();
    const { key, apiKey } = await keys.create(owner, wanted('ask', 'export'), PROOF, CONTEXT);
    expect(isApiKey(key)).toBe(true);
    expect(key).toContain(apiKey.id);
    const principal = await authenticate(key);
    expect(principal).toEqual({ ...owner, session: null, permissions: new Set(['ask', 'export']) });
    expect(await lastEvent()).toMatchObject({
      event: 'api-key',
      action: 'create',
      subject: owner.subject,
      key: apiKey.id,
      scopes: ['ask', 'export'],
      decision: 'accepted',
    });
  });

  it('is kept as a digest, and is nowhere on record', async () => {
    const { key } = await keys.create(await signIn(), wanted('ask'), PROOF, CONTEXT);
    const secret = key.slice(key.lastIndexOf('_') + 1);
    const rows = await identity.store.run((db) => db.selectFrom('api_keys').selectAll().execute());
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(JSON.stringify(await identity.audit.list({ limit: 200 }))).not.toContain(secret);
  });

  it('has the rights that its owner has now, and no others', async () => {
    const owner = await signIn('manager');
    const { key } = await keys.create(owner, wanted('ask', 'verified:promote'), PROOF, CONTEXT);
    const id = Number(owner.subject.split(':')[1]);
    await identity.store.run((db) =>
      db.updateTable('employees').set({ role: 'viewer' }).where('id', '=', id).execute(),
    );
    expect((await authenticate(key)).permissions).toEqual(new Set(['ask']));
    await identity.store.run((db) =>
      db.updateTable('employees').set({ status: 'disabled' }).where('id', '=', id).execute(),
    );
    expect(await codeOfPromise(authenticate(key))).toBe('AUTH_TOKEN_INVALID');
  });

  it('ends at its time, and when it is revoked', async () => {
    const owner = await signIn();
    const [one, two] = [
      await keys.create(owner, wanted('ask'), PROOF, CONTEXT),
      await keys.create(owner, wanted('ask'), PROOF, CONTEXT),
    ];
    await keys.revoke(owner, one.apiKey.id, CONTEXT);
    expect(await codeOfPromise(authenticate(one.key))).toBe('AUTH_TOKEN_INVALID');
    expect((await keys.list(owner)).map(({ id }) => id)).toEqual([two.apiKey.id]);
    identity.clock.now += TTL_S * 1000 - 1;
    await expect(authenticate(two.key)).resolves.toMatchObject({ subject: owner.subject });
    identity.clock.now += 1;
    expect(await codeOfPromise(authenticate(two.key))).toBe('AUTH_TOKEN_INVALID');
    expect(await keys.list(owner)).toEqual([]);
  });

  it('is refused in every other spelling', async () => {
    const { key } = await keys.create(await signIn(), wanted('ask'), PROOF, CONTEXT);
    const last = key.at(-1) === 'A' ? 'B' : 'A';
    const wrong = [
      `${key.slice(0, -1)}${last}`,
      key.slice(0, -1),
      `${key}A`,
      key.toUpperCase(),
      `swali_${'0'.repeat(16)}_${key.slice(-43)}`,
      'swali_',
      ` ${key}`,
    ];
    const codes = await Promise.all(wrong.map((each) => codeOfPromise(authenticate(each))));
    expect(new Set(codes)).toEqual(new Set(['AUTH_TOKEN_INVALID']));
    await expect(authenticate(key)).resolves.toBeDefined();
  });

  it('says when it was last used, to the minute', async () => {
    const owner = await signIn();
    const { key } = await keys.create(owner, wanted('ask'), PROOF, CONTEXT);
    const used = async () => (await keys.list(owner))[0]?.lastUsedAt;
    expect(await used()).toBeNull();
    const first = identity.clock.now;
    await authenticate(key);
    await expect.poll(used).toBe(first);
    identity.clock.now += 30_000;
    await authenticate(key);
    identity.clock.now += 30_000;
    await authenticate(key);
    await expect.poll(used).toBe(first + 60_000);
  });
});

describe('making and revoking keys', () => {
  it.each<[string, object, string]>([
    ['a scope that the owner does not hold', { scopes: ['audit:read'] }, 'AUTH_PERMISSION_MISSING'],
    ['no scope', { scopes: [] }, 'IDENTITY_INPUT_INVALID'],
    ['no name', { name: ' ' }, 'IDENTITY_INPUT_INVALID'],
    ['an invisible name', { name: 'a\u200b' }, 'IDENTITY_INPUT_INVALID'],
    ['a long name', { name: 'a'.repeat(101) }, 'IDENTITY_INPUT_INVALID'],
    ['a life of seconds', { ttlS: 59 }, 'IDENTITY_INPUT_INVALID'],
    ['a life of more than a year', { ttlS: KEY_MAX_TTL_S + 1 }, 'IDENTITY_INPUT_INVALID'],
  ])('is refused with %s, on record', async (_name, change, code) => {
    const owner = await signIn();
    expect(await codeOfPromise(keys.create(owner, { ...wanted('ask'), ...change }, PROOF, CONTEXT))).toBe(code);
    expect(await lastEvent()).toMatchObject({ event: 'api-key', action: 'create', decision: 'refused', code });
    expect(await keys.list(owner)).toEqual([]);
  });

  it('is nothing that a key may do', async () => {
    const owner = await signIn();
    const { key, apiKey } = await keys.create(owner, wanted('ask'), PROOF, CONTEXT);
    const asKey = await authenticate(key);
    const acts = [
      keys.create(asKey, wanted('ask'), PROOF, CONTEXT),
      keys.list(asKey),
      keys.revoke(asKey, apiKey.id, CONTEXT),
    ];
    expect(new Set(await Promise.all(acts.map(codeOfPromise)))).toEqual(new Set(['AUTH_PERMISSION_MISSING']));
    await expect(authenticate(key)).resolves.toBeDefined();
  });

  it('ends at one’s own keys', async () => {
    const [owner, other] = [await signIn(), await signIn()];
    const { key, apiKey } = await keys.create(owner, wanted('ask'), PROOF, CONTEXT);
    expect(await codeOfPromise(keys.revoke(other, apiKey.id, CONTEXT))).toBe('AUTH_KEY_UNKNOWN');
    expect(await codeOfPromise(keys.revoke(other, '0'.repeat(16), CONTEXT))).toBe('AUTH_KEY_UNKNOWN');
    expect(await keys.list(other)).toEqual([]);
    await expect(authenticate(key)).resolves.toBeDefined();
    await keys.revoke(owner, apiKey.id, CONTEXT);
    expect(await codeOfPromise(keys.revoke(owner, apiKey.id, CONTEXT))).toBe('AUTH_KEY_UNKNOWN');
  });

  it('ends at so many', async () => {
    const owner = await signIn();
    for (let count = 0; count < KEYS_PER_ACCOUNT; count += 1) await keys.create(owner, wanted('ask'), PROOF, CONTEXT);
    expect(await codeOfPromise(keys.create(owner, wanted('ask'), PROOF, CONTEXT))).toBe('IDENTITY_INPUT_INVALID');
  });

  describe('needs proof that its owner asks', () => {
    const make = (owner: Principal, proof: Partial<Proof>) =>
      codeOfPromise(keys.create(owner, wanted('ask'), { code: null, password: null, ...proof }, CONTEXT));
    const ownerOf = ({ kind, subject }: Principal) => {
      return { tenant: null, kind, subject, id: Number(subject.split(':')[1]), identifier: 'x@example.org' };
    };

    it('the present password, where there is no second factor', async () => {
      const owner = await signIn();
      expect(await make(owner, {})).toBe('AUTH_PASSWORD_REQUIRED');
      expect(await make(owner, { code: '123456' })).toBe('AUTH_PASSWORD_REQUIRED');
      expect(await make(owner, { password: 'another one' })).toBe('AUTH_CREDENTIALS_WRONG');
      const code = 'AUTH_CREDENTIALS_WRONG';
      expect(await lastEvent()).toMatchObject({ event: 'api-key', action: 'create', decision: 'refused', code });
      expect(await keys.list(owner)).toEqual([]);
      expect(await make(owner, { password: PASSWORD })).toBe('answered');
      expect(JSON.stringify(await identity.audit.list({ limit: 20 }))).not.toContain('another one');
    });

    it('wrong passwords wait as at sign-in', async () => {
      const owner = await signIn();
      const codes: string[] = [];
      for (let n = 0; n < 6; n += 1) codes.push(await make(owner, { password: 'another one' }));
      expect(codes).toEqual([...Array(5).fill('AUTH_CREDENTIALS_WRONG'), 'RATE_LIMITED']);
      expect(await make(owner, { password: PASSWORD })).toBe('RATE_LIMITED');
      identity.clock.now += 60_000;
      expect(await make(owner, { password: PASSWORD })).toBe('answered');
    });

    it('a fresh code, where there is a second factor', async () => {
      const owner = await signIn();
      const { secret } = await identity.secondFactors.enrol(ownerOf(owner), false);
      // A factor that waits to be confirmed is none yet.
      expect(await make(owner, { password: PASSWORD })).toBe('answered');
      const codes = await identity.secondFactors.confirm(ownerOf(owner), codeAt(secret, identity.clock.now));
      identity.clock.now += 60_000;
      expect(await make(owner, { password: PASSWORD })).toBe('AUTH_SECOND_FACTOR_REQUIRED');
      const wrong = wrongCodeAt(secret, identity.clock.now);
      expect(await make(owner, { code: wrong, password: PASSWORD })).toBe('AUTH_SECOND_FACTOR_WRONG');
      const right = codeAt(secret, identity.clock.now);
      expect(await make(owner, { code: right })).toBe('answered');
      expect(await make(owner, { code: right })).toBe('AUTH_SECOND_FACTOR_WRONG');
      expect(await make(owner, { code: codes?.[0] ?? '' })).toBe('answered');
    });

    it('and looks at none where the key would be refused anyway', async () => {
      const owner = await signIn();
      const { secret } = await identity.secondFactors.enrol(ownerOf(owner), false);
      await identity.secondFactors.confirm(ownerOf(owner), codeAt(secret, identity.clock.now));
      identity.clock.now += 60_000;
      const code = codeAt(secret, identity.clock.now);
      const refused = keys.create(owner, wanted('audit:read'), { code, password: null }, CONTEXT);
      expect(await codeOfPromise(refused)).toBe('AUTH_PERMISSION_MISSING');
      expect(await make(owner, { code })).toBe('answered');
    });
  });
});
