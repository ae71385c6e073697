import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PrincipalKind } from '../../../src/domain/principal.js';
import { setAccountStatus } from '../../../src/identify/accounts.js';
import { createLogin } from '../../../src/identify/login.js';
import { createPasswords, type Passwords } from '../../../src/identify/passwords.js';
import { createSecondFactors } from '../../../src/identify/second-factor.js';
import { createSeedCipher } from '../../../src/identify/seed-cipher.js';
import { createSessions } from '../../../src/identify/sessions.js';
import { type Identity, LIFE, openIdentity, PASSWORD, REFRESH_TTL_S } from './identity-fixtures.js';
import { codeAt, wrongCodeAt } from './second-factor-contract.js';

const FROM = { requestId: 'r1', address: '203.0.113.9', userAgent: 'curl/8', tenant: null };
const BY_PASSWORD = { method: 'password', provider: null };
const CONTEXT = FROM;
const WRONG = { code: 'AUTH_CREDENTIALS_WRONG', status: 401 };
const INVALID = { code: 'AUTH_TOKEN_INVALID', status: 401 };

let passwords: Passwords;
beforeAll(async () => {
  passwords = await createPasswords({ cost: 4, threads: 1 });
});
afterAll(() => passwords.close());

let identity: Identity;
beforeEach(async () => {
  identity = await openIdentity(passwords);
  await identity.add({ kind: 'customer', identifier: 'cy@example.org', customerNumber: '103' });
  await identity.add({ kind: 'employee', identifier: 'eve@example.org', role: 'member', allowTables: ['orders'] });
  await identity.add({ kind: 'admin', identifier: 'root@example.org' });
});
afterEach(() => identity.close());

const signIn = (kind: PrincipalKind = 'customer', identifier = '103', password = PASSWORD) =>
  identity.login.login(kind, identifier, password, CONTEXT);
const records = async () => (await identity.audit.list({ limit: 100 })).map((record) => record.event).reverse();
const disable = (kind: PrincipalKind) =>
  setAccountStatus({ store: identity.store, clock: () => identity.clock.now }, { kind, id: 1 }, 'disabled');

/** A login over the same accounts that digests passwords at a higher cost than they were set with. */
async function raiseCost() {
  const { store, tokens, secondFactors, attempts, tenants, audit, clock } = identity;
  const costlier = await createPasswords({ cost: 5, threads: 1 });
  const sessions = createSessions({ store, clock: () => clock.now, ttlS: REFRESH_TTL_S, life: LIFE });
  const raised = createLogin({
    store,
    passwords: costlier,
    tokens,
    sessions,
    secondFactors,
    attempts,
    tenants,
    audit,
  });
  return { raised, costlier };
}

describe('signing in', () => {
  it.each([
    ['customer', '103', 'customer:1'],
    ['customer', 'CY@example.org', 'customer:1'],
    ['employee', 'eve@example.org', 'employee:1'],
    ['admin', 'root@example.org', 'admin:1'],
  ] as const)('lets the %s in by %s, and puts it on record', async (kind, identifier, subject) => {
    const issued = await signIn(kind, identifier);
    expect(issued).toEqual({
      accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      expiresInS: 900,
      refreshToken: expect.stringMatching(/^[\w-]{43}$/),
      session: identity.tokens.verify(issued.accessToken).session,
    });
    expect(await identity.authenticate(issued.accessToken)).toMatchObject({ kind, subject });
    expect(await records()).toEqual([
      { event: 'login', ...FROM, subject, kind, ...BY_PASSWORD, decision: 'accepted', code: null },
    ]);
  });

  it.each([
    ['a wrong password', 'customer', '103', 'correct horse batterz', 'customer:1'],
    ['an empty password', 'customer', '103', '', 'customer:1'],
    ['a password over 72 bytes that begins right', 'customer', '103', PASSWORD.padEnd(73, 'x'), 'customer:1'],
    ['an unknown number', 'customer', '104', PASSWORD, null],
    ['an identifier that cannot be one', 'customer', '1\u200b03', PASSWORD, null],
    ['an employee on the customers’ path', 'customer', 'eve@example.org', PASSWORD, null],
    ['a customer on the employees’ path', 'employee', 'cy@example.org', PASSWORD, null],
    ['a customer number on the employees’ path', 'employee', '103', PASSWORD, null],
    ['an employee on the admins’ path', 'admin', 'eve@example.org', PASSWORD, null],
  ] as const)('refuses %s, and puts it on record', async (_, kind, identifier, password, subject) => {
    await expect(signIn(kind, identifier, password)).rejects.toMatchObject(WRONG);
    expect(await records()).toEqual([
      { event: 'login', ...FROM, subject, kind, ...BY_PASSWORD, decision: 'refused', code: 'AUTH_CREDENTIALS_WRONG' },
    ]);
  });

  it('tells a disabled account, an unknown one and a wrong password alike', async () => {
    await disable('customer');
    const errors = await Promise.all(
      [signIn(), signIn('customer', '104'), signIn('admin', 'root@example.org', 'wrong password')].map((attempt) =>
        attempt.catch((error: Error) => ({ ...error, message: error.message })),
      ),
    );
    expect(errors[0]).toMatchObject(WRONG);
    expect(errors[1]).toEqual(errors[0]);
    expect(errors[2]).toEqual(errors[0]);
  });

  it('lets nobody in, and begins no session that works, while the audit log cannot be written', async () => {
    await identity.store.run((db) =>
      sql`create trigger full before insert on audit_records begin select raise(abort, 'full'); end`.execute(db),
    );
    await expect(signIn()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    await expect(signIn('customer', '103', 'wrong password')).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  });

  it('digests the password anew once the cost has gone up, and the password still works', async () => {
    const { store } = identity;
    const { raised, costlier } = await raiseCost();
    const digest = async () =>
      (await store.run((db) => db.selectFrom('customers').select('password_hash').executeTakeFirstOrThrow()))
        .password_hash;
    expect(await digest()).toMatch(/^\$2b\$04\$/);
    await raised.login('customer', '103', PASSWORD, CONTEXT);
    expect(await digest()).toMatch(/^\$2b\$05\$/);
    await raised.login('customer', '103', PASSWORD, CONTEXT);
    await costlier.close();
  });

  it('lets a password in that is older than today’s rules, and digests it anew as any other', async () => {
    const { store } = identity;
    const digest = async () =>
      (await store.run((db) => db.selectFrom('admins').select('password_hash').executeTakeFirstOrThrow()))
        .password_hash;
    const old = await passwords.rehash('password');
    await store.run((db) => db.updateTable('admins').set({ password_hash: old }).execute());
    await signIn('admin', 'root@example.org', 'password');
    expect(await digest()).toBe(old);
    const { raised, costlier } = await raiseCost();
    await raised.login('admin', 'root@example.org', 'password', CONTEXT);
    expect(await digest()).toMatch(/^\$2b\$05\$/);
    await raised.login('admin', 'root@example.org', 'password', CONTEXT);
    await costlier.close();
  });
});

describe('refreshing', () => {
  it('exchanges a refresh token for new tokens of the same session', async () => {
    const first = await signIn();
    identity.clock.now += 60_000;
    const second = await identity.login.refresh(first.refreshToken, CONTEXT);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    const session = (await identity.authenticate(first.accessToken)).session;
    expect((await identity.authenticate(second.accessToken)).session).toBe(session);
    expect((await records()).at(-1)).toMatchObject({
      event: 'session',
      action: 'refresh',
      decision: 'accepted',
      subject: 'customer:1',
    });
  });

  it('ends the session when a refresh token comes a second time', async () => {
    const first = await signIn();
    const second = await identity.login.refresh(first.refreshToken, CONTEXT);
    await expect(identity.login.refresh(first.refreshToken, CONTEXT)).rejects.toMatchObject(INVALID);
    expect((await records()).at(-1)).toMatchObject({ event: 'session', action: 'reuse', decision: 'refused' });
    await expect(identity.login.refresh(second.refreshToken, CONTEXT)).rejects.toMatchObject(INVALID);
    await expect(identity.authenticate(second.accessToken)).rejects.toMatchObject(INVALID);
  });

  it('serves one of two exchanges that come together', async () => {
    const { refreshToken } = await signIn();
    const outcomes = await Promise.allSettled([
      identity.login.refresh(refreshToken, CONTEXT),
      identity.login.refresh(refreshToken, CONTEXT),
    ]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('leaves other sessions of the account alone when one ends', async () => {
    const [one, other] = [await signIn(), await signIn()];
    await identity.login.logout(one.refreshToken, CONTEXT);
    await identity.authenticate(other.accessToken);
    await identity.login.refresh(other.refreshToken, CONTEXT);
  });

  it('refuses a token that expired, was never made, or is of a disabled account', async () => {
    const { refreshToken } = await signIn();
    await expect(identity.login.refresh('x'.repeat(43), CONTEXT)).rejects.toMatchObject(INVALID);
    await expect(identity.login.refresh('', CONTEXT)).rejects.toMatchObject(INVALID);
    const other = await signIn();
    identity.clock.now += REFRESH_TTL_S * 1000;
    await expect(identity.login.refresh(refreshToken, CONTEXT)).rejects.toMatchObject(INVALID);
    identity.clock.now -= 1;
    await disable('customer');
    await expect(identity.login.refresh(other.refreshToken, CONTEXT)).rejects.toMatchObject(INVALID);
  });
});

describe('refreshing for an account that is disabled in the table alone', () => {
  it('is refused', async () => {
    const { refreshToken } = await signIn();
    await identity.store.run((db) => db.updateTable('customers').set({ status: 'disabled' }).execute());
    await expect(identity.login.refresh(refreshToken, CONTEXT)).rejects.toMatchObject(INVALID);
  });
});

describe('sessions that are over', () => {
  it('are forgotten at the next sign-in, those that live are not', async () => {
    const count = async () => {
      const rows = await identity.store.run((db) => db.selectFrom('sessions').select('id').execute());
      return rows.length;
    };
    await signIn();
    await signIn('employee', 'eve@example.org');
    identity.clock.now += (REFRESH_TTL_S / 2) * 1000;
    const living = await signIn();
    expect(await count()).toBe(3);
    identity.clock.now += (REFRESH_TTL_S / 2) * 1000;
    await signIn();
    expect(await count()).toBe(3);
    await identity.login.refresh(living.refreshToken, CONTEXT);
  });
});

describe('signing out', () => {
  it('ends the session at once, access tokens included, and is no error twice', async () => {
    const { accessToken, refreshToken } = await signIn();
    await identity.authenticate(accessToken);
    await identity.login.logout(refreshToken, CONTEXT);
    await expect(identity.authenticate(accessToken)).rejects.toMatchObject(INVALID);
    await expect(identity.login.refresh(refreshToken, CONTEXT)).rejects.toMatchObject(INVALID);
    await identity.login.logout(refreshToken, CONTEXT);
    expect((await records()).filter((event) => (event as { action?: string }).action === 'logout')).toMatchObject([
      { subject: 'customer:1', kind: 'customer' },
      { subject: null, kind: null },
    ]);
  });
});

describe('secrets', () => {
  it('keeps no password and no token anywhere in the store’s files', async () => {
    const first = await signIn();
    const second = await identity.login.refresh(first.refreshToken, CONTEXT);
    await signIn('customer', 'my-password-typed-as-name', 'typed-the-wrong-way-round').catch(() => undefined);
    await signIn('customer', '103', 'a wrong password that I use elsewhere').catch(() => undefined);
    await identity.login.logout(second.refreshToken, CONTEXT);
    const folder = dirname(identity.path);
    const files = readdirSync(folder);
    expect(files).toContain('store.sqlite-wal');
    const bytes = Buffer.concat(files.map((file) => readFileSync(join(folder, file))));
    expect(bytes.includes('cy@example.org')).toBe(true);
    const secrets = [
      PASSWORD,
      'my-password-typed-as-name',
      'typed-the-wrong-way-round',
      'a wrong password that I use elsewhere',
      ...[first, second].flatMap((issued) => [
        issued.refreshToken,
        issued.accessToken,
        issued.accessToken.split('.')[2],
      ]),
    ];
    expect(secrets).toHaveLength(10);
    for (const secret of secrets) expect(bytes.includes(secret as string)).toBe(false);
  });
});

describe('signing in with a second factor', () => {
  const ROOT = { tenant: null, kind: 'admin', id: 1, subject: 'admin:1', identifier: 'root@example.org' } as const;
  const enter = (totp: string | null, password = PASSWORD) =>
    identity.login.login('admin', 'root@example.org', password, CONTEXT, totp);
  /** Confirms a factor of the admin, then lets the code that did it run out. */
  async function addFactor(): Promise<{ secret: string; codes: readonly string[] }> {
    const { secret } = await identity.secondFactors.enrol(ROOT, false);
    const codes = await identity.secondFactors.confirm(ROOT, codeAt(secret, identity.clock.now));
    identity.clock.now += 90_000;
    return { secret, codes: codes ?? [] };
  }
  const decisions = async () =>
    (await records()).map((event) => {
      const { event: name, action, decision, code } = event as unknown as Record<string, string>;
      return [name, action, decision, code].filter((part) => part).join(' ');
    });
  const countSessions = () =>
    identity.store.run(async (db) => (await db.selectFrom('sessions').select('id').execute()).length);

  it('asks for the code after the right password, issues nothing before, and takes it once', async () => {
    const { secret } = await addFactor();
    await expect(enter(null)).rejects.toMatchObject({ code: 'AUTH_SECOND_FACTOR_REQUIRED', status: 401 });
    expect(await countSessions()).toBe(0);
    const code = codeAt(secret, identity.clock.now);
    expect(await identity.authenticate((await enter(code)).accessToken)).toMatchObject({ subject: 'admin:1' });
    await expect(enter(code)).rejects.toMatchObject(WRONG);
    expect(await decisions()).toEqual([
      'login refused AUTH_SECOND_FACTOR_REQUIRED',
      'second-factor verify accepted',
      'login accepted',
      'second-factor verify refused AUTH_CREDENTIALS_WRONG',
      'login refused AUTH_CREDENTIALS_WRONG',
    ]);
    expect(await countSessions()).toBe(1);
  });

  it('lets one of two sign-ins in that come together with one code', async () => {
    const { secret } = await addFactor();
    const code = codeAt(secret, identity.clock.now);
    const outcomes = await Promise.allSettled([enter(code), enter(code)]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('takes a recovery code once', async () => {
    const { codes } = await addFactor();
    await enter(codes[4] as string);
    await expect(enter(codes[4] as string)).rejects.toMatchObject(WRONG);
  });

  it('asks for none that was not confirmed, and looks at none that it does not ask for', async () => {
    await identity.secondFactors.enrol(ROOT, false);
    await enter(null);
    await enter('000000');
  });

  it('tells nobody of it without the password, whatever code comes, and spends neither code nor try', async () => {
    const { secret, codes } = await addFactor();
    const right = codeAt(secret, identity.clock.now);
    const told = async (attempt: Promise<unknown>) => {
      const error = (await attempt.catch((thrown: unknown) => thrown)) as Error;
      return { ...error, message: error.message };
    };
    const bare = await told(signIn('admin', 'nobody@example.org'));
    expect(bare).toMatchObject(WRONG);
    const forgetFailures = () => identity.store.run((db) => db.deleteFrom('sign_in_attempts').execute());
    for (const code of [null, '000000', right, codes[0] as string]) {
      await forgetFailures();
      for (let n = 0; n < 3; n += 1) expect(await told(enter(code, 'not the password'))).toEqual(bare);
    }
    await disable('admin');
    await forgetFailures();
    expect(await told(enter(right))).toEqual(bare);
    await setAccountStatus({ store: identity.store, clock: () => identity.clock.now }, ROOT, 'active');
    await enter(right);
  });

  it('makes wrong codes wait, over replicas, and puts each on record', async () => {
    const { secret } = await addFactor();
    const wrong = wrongCodeAt(secret, identity.clock.now);
    for (let n = 0; n < 5; n += 1) await expect(enter(wrong)).rejects.toMatchObject(WRONG);
    const { store, tokens, passwords: same, attempts, tenants, audit, clock } = identity;
    const read = () => clock.now;
    const replica = createLogin({
      store,
      passwords: same,
      tokens,
      sessions: createSessions({ store, clock: read, ttlS: REFRESH_TTL_S, life: LIFE }),
      secondFactors: createSecondFactors({
        store,
        clock: read,
        cipher: createSeedCipher({ storeKey: 'k'.repeat(40) }),
      }),
      attempts,
      tenants,
      audit,
    });
    const enterThere = () =>
      replica.login('admin', ROOT.identifier, PASSWORD, CONTEXT, codeAt(secret, identity.clock.now));
    await expect(enterThere()).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterS: 30 });
    expect((await decisions()).slice(-2)).toEqual([
      'second-factor verify refused RATE_LIMITED',
      'login refused RATE_LIMITED',
    ]);
    identity.clock.now += 30_000;
    await enterThere();
  });

  it('puts a seed that cannot be decrypted on record too, and lets nobody in', async () => {
    const { secret } = await addFactor();
    await identity.store.run((db) => db.updateTable('second_factors').set({ secret: 'v1.none' }).execute());
    await expect(enter(codeAt(secret, identity.clock.now))).rejects.toMatchObject({ code: 'INTERNAL' });
    expect((await decisions()).at(-1)).toBe('login refused INTERNAL');
  });
});
