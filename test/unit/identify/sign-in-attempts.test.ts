import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAuditLog } from '../../../src/audit/append-log.js';
import type { PrincipalKind } from '../../../src/domain/principal.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { findAccount } from '../../../src/identify/find-account.js';
import { createLogin, type Login } from '../../../src/identify/login.js';
import { createPasswords, type Passwords } from '../../../src/identify/passwords.js';
import { createSessions } from '../../../src/identify/sessions.js';
import { createSignInAttempts } from '../../../src/identify/sign-in-attempts.js';
import {
  ACCOUNT_RULE,
  ADDRESS_RULE,
  ADDRESS_WINDOW_MS,
  FAILURES_KEPT_MS,
  KNOWN_ADDRESS_MS,
  PAIR_RULE,
} from '../../../src/identify/sign-in-waits.js';
import { openStore } from '../../../src/store/store.js';
import { AUDIT_KEYS } from '../../support/audit-keys.js';
import { type Identity, LIFE, openIdentity, PASSWORD, REFRESH_TTL_S } from './identity-fixtures.js';

const COST = 4;
const HOME = '203.0.113.9';
const WRONG = 'a wrong password';

let passwords: Passwords;
let comparisons: number[] = [];
beforeAll(async () => {
  passwords = await createPasswords({ cost: COST, threads: 1, onComparison: (cost) => comparisons.push(cost) });
});
afterAll(() => passwords.close());

let identity: Identity;
beforeEach(async () => {
  identity = await openIdentity(passwords);
  await identity.add({ kind: 'customer', identifier: 'cy@example.org', customerNumber: '103' });
  await identity.add({ kind: 'admin', identifier: 'root@example.org' });
  comparisons = [];
});
afterEach(() => identity.close());

interface Try {
  readonly kind?: PrincipalKind;
  readonly identifier?: string;
  readonly password?: string;
  readonly from?: string;
  readonly login?: Login;
}

/** What a try is answered: `in`, a code, or the seconds to wait. */
async function attempt(options: Try = {}): Promise<string | number> {
  const { kind = 'customer', identifier = '103', password = WRONG, from = HOME, login = identity.login } = options;
  try {
    await login.login(kind, identifier, password, { requestId: 'r1', address: from, tenant: null, userAgent: 'test' });
    return 'in';
  } catch (error) {
    if (!(error instanceof SwaliError)) throw error;
    return error.code === 'RATE_LIMITED' && error.retryAfterS !== null ? error.retryAfterS : error.code;
  }
}

/** Fails once more, however long the wait before it; gives that wait in seconds. */
async function failAfterWait(options: Try = {}): Promise<number> {
  const answer = await attempt(options);
  if (typeof answer !== 'number') return 0;
  identity.clock.now += answer * 1000 - 1;
  expect(await attempt({ ...options, password: PASSWORD })).toBe(1);
  identity.clock.now += 1;
  expect(await attempt(options)).toBe('AUTH_CREDENTIALS_WRONG');
  return answer;
}

async function failTimes(times: number, options: Try = {}): Promise<number[]> {
  const waits: number[] = [];
  for (let each = 0; each < times; each += 1) waits.push(await failAfterWait(options));
  return waits;
}

/** An address for each number, none of them home. */
const stranger = (number: number): string => `198.51.${number >> 8}.${number & 255}`;

/** Fails from an address of its own each time, as soon as the account lets it. */
async function failFromStrangers(times: number, options: Try = {}): Promise<number[]> {
  const waits: number[] = [];
  for (let each = 0; each < times; each += 1) waits.push(await failAfterWait({ ...options, from: stranger(each) }));
  return waits;
}

const rows = () => identity.store.run((db) => db.selectFrom('sign_in_attempts').selectAll().execute());
const records = async () => (await identity.audit.list({ limit: 100 })).map((record) => record.event).reverse();

/** Another process over the same store. */
async function openReplica(): Promise<{ login: Login; close: () => Promise<void> }> {
  const { tokens, secondFactors, tenants, path, clock } = identity;
  const read = () => clock.now;
  const store = await openStore(`sqlite:${path}`);
  const login = createLogin({
    store,
    passwords,
    tokens,
    sessions: createSessions({ store, clock: read, ttlS: REFRESH_TTL_S, life: LIFE }),
    secondFactors,
    attempts: createSignInAttempts({ store, clock: read, key: 'k'.repeat(40) }),
    tenants,
    audit: await openAuditLog({ store, clock: read, writerId: 'replica', ...AUDIT_KEYS }),
  });
  return { login, close: () => store.close() };
}

describe('one account from one address', () => {
  it('waits after the fifth failure, twice as long after each, up to 15 minutes', async () => {
    expect(await failTimes(18)).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    expect([PAIR_RULE.failures, PAIR_RULE.longestMs]).toEqual([5, 900_000]);
  });

  it('refuses the right password as long, without comparing it, and puts that on record', async () => {
    await failTimes(PAIR_RULE.failures);
    comparisons = [];
    expect(await attempt({ password: PASSWORD })).toBe(1);
    expect(comparisons).toEqual([]);
    expect((await records()).at(-1)).toEqual({
      event: 'login',
      requestId: 'r1',
      address: HOME,
      userAgent: 'test',
      tenant: null,
      subject: 'customer:1',
      kind: 'customer',
      method: 'password',
      provider: null,
      decision: 'refused',
      code: 'RATE_LIMITED',
    });
    identity.clock.now += 1000;
    expect(await attempt({ password: PASSWORD })).toBe('in');
    expect(comparisons).toEqual([COST]);
  });

  it('waits no longer for a clock that is put back', async () => {
    await failTimes(PAIR_RULE.failures + 3);
    expect(await attempt()).toBe(8);
    identity.clock.now -= 3 * 3_600_000;
    expect(await attempt()).toBe(8);
    identity.clock.now += 8000;
    expect(await attempt()).toBe('AUTH_CREDENTIALS_WRONG');
    expect(await attempt()).toBe(16);
  });

  it('waits as long as before where the clocks of replicas differ a little', async () => {
    await failTimes(PAIR_RULE.failures + 3);
    identity.clock.now -= 2000;
    expect(await attempt()).toBe(10);
  });

  it('is not made to wait longer by tries that had to wait', async () => {
    await failTimes(PAIR_RULE.failures);
    for (let each = 0; each < 20; each += 1) expect(await attempt()).toBe(1);
    identity.clock.now += 1000;
    expect(await attempt({ password: PASSWORD })).toBe('in');
  });

  it('begins anew after a success, under either name of the customer', async () => {
    await failTimes(4);
    await failTimes(4, { identifier: 'cy@example.org' });
    expect(await attempt({ password: PASSWORD })).toBe('in');
    expect(await failTimes(6)).toEqual([0, 0, 0, 0, 0, 1]);
    identity.clock.now += 2000;
    expect(await failTimes(6, { identifier: ' CY@Example.org' })).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it('counts one identifier in every spelling that finds the account', async () => {
    await failTimes(3, { identifier: 'cy@example.org' });
    await failTimes(2, { identifier: ' ＣＹ@EXAMPLE.org ' });
    expect(await attempt({ identifier: 'cy@example.org' })).toBe(1);
  });

  it('begins anew a day after the last failure', async () => {
    await failTimes(10);
    identity.clock.now += FAILURES_KEPT_MS - 1;
    // Looks for old rows, so that the next try meets one that is still there.
    await attempt({ identifier: '999', from: stranger(1) });
    identity.clock.now += 1;
    expect((await rows()).some(({ failures }) => failures === 10)).toBe(true);
    expect(await failTimes(6)).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it('does not hold up another kind under the same identifier', async () => {
    await failTimes(PAIR_RULE.failures, { kind: 'employee', identifier: 'root@example.org' });
    expect(await attempt({ kind: 'admin', identifier: 'root@example.org', password: PASSWORD })).toBe('in');
  });

  it('takes a network of IPv6 for one address', async () => {
    for (let each = 0; each < PAIR_RULE.failures; each += 1) await attempt({ from: `2001:db8:0:${each}::${each}` });
    expect(await attempt({ from: '2001:db8:0:ff::1' })).toBe(1);
  });
});

describe('one account from many addresses', () => {
  it('waits after the tenth failure, growing slowly, a minute at most', async () => {
    const waits = await failFromStrangers(40);
    expect(waits.slice(0, 15)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 3]);
    expect(waits.slice(30)).toEqual(Array(10).fill(60));
    expect([ACCOUNT_RULE.failures, ACCOUNT_RULE.longestMs]).toEqual([10, 60_000]);
  });

  it('never holds the owner up where they have signed in before, and a minute at most elsewhere', async () => {
    expect(await attempt({ password: PASSWORD })).toBe('in');
    await failFromStrangers(60);
    expect(await attempt({ from: '192.0.2.77', password: PASSWORD })).toBe(60);
    expect(await attempt({ password: PASSWORD })).toBe('in');
    expect(await attempt({ identifier: 'cy@example.org', password: PASSWORD })).toBe('in');
    identity.clock.now += 60_000;
    expect(await attempt({ from: '192.0.2.77', password: PASSWORD })).toBe('in');
    await failFromStrangers(3);
    expect(await attempt({ from: '192.0.2.77', password: PASSWORD })).toBe('in');
  });

  it('holds the owner’s known address to its own failures', async () => {
    expect(await attempt({ password: PASSWORD })).toBe('in');
    expect(await failTimes(7)).toEqual([0, 0, 0, 0, 0, 1, 2]);
  });

  it.each([9, 12])('after %i failures, waits no longer for sign-ins that go well', async (failures) => {
    await failFromStrangers(failures);
    identity.clock.now += 60_000;
    const counted = async () => (await rows()).find(({ scope }) => scope === 'account')?.failures;
    for (let each = 0; each < 3; each += 1) {
      expect(await attempt({ password: PASSWORD, from: stranger(900 + each) })).toBe('in');
      expect(await counted()).toBe(failures);
    }
  });

  it('is not begun anew by a success elsewhere', async () => {
    await failFromStrangers(60);
    identity.clock.now += 60_000;
    expect(await attempt({ password: PASSWORD })).toBe('in');
    await attempt({ from: stranger(900) });
    expect(await attempt({ from: stranger(901) })).toBe(60);
  });

  it('knows an address for 30 days', async () => {
    expect(await attempt({ password: PASSWORD })).toBe('in');
    const end = identity.clock.now + KNOWN_ADDRESS_MS;
    identity.clock.now = end - 90_000;
    await failFromStrangers(12);
    identity.clock.now = end - 1;
    expect(await attempt()).toBe('AUTH_CREDENTIALS_WRONG');
    expect(await attempt({ password: PASSWORD, from: stranger(900) })).toBe(2);
    identity.clock.now = end;
    expect(await attempt({ password: PASSWORD })).toBe(2);
  });
});

describe('one address over many accounts', () => {
  const spray = (each: number): Try => ({ identifier: `nobody${each}@example.org` });

  it('waits after 30 failures in 15 minutes, growing up to 15 minutes', async () => {
    const waits: number[] = [];
    for (let each = 0; each < 43; each += 1) waits.push(await failAfterWait(spray(each)));
    expect(waits).toEqual([...Array(30).fill(0), 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    expect([ADDRESS_RULE.failures, ADDRESS_RULE.longestMs]).toEqual([30, 900_000]);
    expect(await attempt({ ...spray(99), from: '192.0.2.77' })).toBe('AUTH_CREDENTIALS_WRONG');
  });

  it('counts identifiers that cannot be one, and those alone', async () => {
    for (let each = 0; each < ADDRESS_RULE.failures; each += 1) {
      expect(await attempt({ kind: 'admin', identifier: `no address ${each}` })).toBe('AUTH_CREDENTIALS_WRONG');
    }
    expect(await attempt({ kind: 'admin', identifier: 'root@example.org', password: PASSWORD })).toBe(1);
    expect((await rows()).map(({ scope, failures }) => ({ scope, failures }))).toEqual([
      { scope: 'address', failures: ADDRESS_RULE.failures },
    ]);
  });

  it('counts anew after 15 minutes below the limit', async () => {
    for (let each = 0; each < 20; each += 1) await attempt(spray(each));
    identity.clock.now += ADDRESS_WINDOW_MS - 1000;
    for (let each = 20; each < 29; each += 1) await attempt(spray(each));
    identity.clock.now += 1000;
    for (let each = 0; each < 30; each += 1) expect(await attempt(spray(each))).toBe('AUTH_CREDENTIALS_WRONG');
    expect(await attempt(spray(30))).toBe(1);
  });

  it('does not hold up an account that has signed in from there', async () => {
    expect(await attempt({ password: PASSWORD })).toBe('in');
    for (let each = 0; each < 30; each += 1) await attempt(spray(each));
    expect(await attempt({ kind: 'admin', identifier: 'root@example.org', password: PASSWORD })).toBe(1);
    expect(await attempt({ password: PASSWORD })).toBe('in');
  });

  it('does not count sign-ins that went well', async () => {
    for (let each = 0; each < 70; each += 1) {
      expect(await attempt({ password: PASSWORD, identifier: each % 2 ? '103' : 'cy@example.org' })).toBe('in');
    }
    expect((await rows()).filter(({ failures }) => failures > 0)).toEqual([]);
  });
});

describe('unknown accounts', () => {
  it('are answered like known ones, with as many comparisons of the same cost', async () => {
    const run = async (identifier: string, net: number) => {
      comparisons = [];
      const answers: (string | number)[] = [];
      for (let each = 0; each < 8; each += 1) answers.push(await attempt({ identifier, from: `192.0.${net}.1` }));
      for (let each = 2; each < 60; each += 1)
        answers.push(await attempt({ identifier, from: `192.0.${net}.${each}` }));
      identity.clock.now += 700;
      answers.push(await attempt({ identifier, from: `192.0.${net}.1` }));
      return { answers, comparisons };
    };
    const known = await run('103', 2);
    const unknown = await run('104', 3);
    expect(known.answers.filter((answer) => typeof answer === 'number').length).toBeGreaterThan(20);
    expect(unknown).toEqual(known);
  });

  it.each([
    ['a wrong password', { password: WRONG }],
    ['an unknown number', { identifier: '104', password: PASSWORD }],
    ['an identifier that cannot be one', { identifier: '1 03', password: PASSWORD }],
    ['another kind’s identifier', { kind: 'employee', identifier: '103', password: PASSWORD }],
    ['the right password', { password: PASSWORD }],
  ] as const)('%s costs exactly one comparison of the same cost', async (_, options) => {
    await attempt(options);
    expect(comparisons).toEqual([COST]);
  });

  it('leave no identifier and no address in the store', async () => {
    await attempt({ identifier: 'my-password-typed-as-name' });
    const kept = JSON.stringify(await rows());
    expect(kept).not.toContain('my-password');
    expect(kept).not.toContain(HOME);
    const other = createSignInAttempts({ store: identity.store, clock: () => identity.clock.now, key: 'other' });
    await (await other.begin({ tenant: null, kind: 'customer' }, 'my-password-typed-as-name', HOME)).fail();
    // Digests of another key: without the key nobody can try what was typed.
    expect(await rows()).toHaveLength(6);
  });
});

describe('several processes and tries at once', () => {
  it('share their counts', async () => {
    const replica = await openReplica();
    for (const login of [identity.login, replica.login, identity.login, replica.login, identity.login]) {
      expect(await attempt({ login })).toBe('AUTH_CREDENTIALS_WRONG');
    }
    expect(await attempt({ login: replica.login, password: PASSWORD })).toBe(1);
    expect(await attempt({ password: PASSWORD })).toBe(1);
    await replica.close();
  });

  it('count each of ten wrong passwords that come together, and then let one of ten pass a wait', async () => {
    const replica = await openReplica();
    const tenAtOnce = (options: Try = {}) =>
      Promise.all(
        Array.from({ length: 10 }, (_, each) =>
          attempt({ login: each % 2 ? replica.login : identity.login, ...options }),
        ),
      );
    await tenAtOnce();
    expect((await rows()).map(({ failures }) => failures)).toEqual([10, 10, 10]);
    expect(await attempt()).toBe(32);
    identity.clock.now += 32_000;
    comparisons = [];
    const answers = await tenAtOnce();
    expect(answers.filter((answer) => answer === 'AUTH_CREDENTIALS_WRONG')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 64)).toHaveLength(9);
    expect(comparisons).toHaveLength(1);
    identity.clock.now += 64_000;
    comparisons = [];
    await Promise.all(Array.from({ length: 10 }, (_, each) => attempt({ from: stranger(each) })));
    expect(comparisons).toHaveLength(1);
    await replica.close();
  });

  it('let twenty sign-ins with the right password in together', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => attempt({ password: PASSWORD })));
    expect(new Set(answers)).toEqual(new Set(['in']));
    expect((await rows()).filter(({ failures }) => failures > 0)).toEqual([]);
  });

  it('do not count a try that no thread had time for', async () => {
    const busy: Passwords = {
      ...passwords,
      matches: () => Promise.reject(new SwaliError('OVERLOADED', { retryAfterS: 5 })),
    };
    const { store, tokens, secondFactors, attempts, tenants, audit, clock } = identity;
    const sessions = createSessions({ store, clock: () => clock.now, ttlS: REFRESH_TTL_S, life: LIFE });
    const login = createLogin({ store, passwords: busy, tokens, sessions, secondFactors, attempts, tenants, audit });
    await failTimes(PAIR_RULE.failures - 1);
    for (let each = 0; each < 12; each += 1) expect(await attempt({ login, password: PASSWORD })).toBe('OVERLOADED');
    expect(await attempt({ password: PASSWORD })).toBe('in');
  });
});

describe('what is kept', () => {
  it('is dropped in passing: counts after a day, known addresses after 30', async () => {
    await attempt({ password: PASSWORD });
    await attempt({ from: '192.0.2.77' });
    identity.clock.now += FAILURES_KEPT_MS - 1;
    await attempt({ kind: 'admin', identifier: 'x@y.z', from: '192.0.2.78' });
    expect((await rows()).filter(({ scope }) => scope === 'pair')).toHaveLength(2);
    identity.clock.now += FAILURES_KEPT_MS;
    await attempt({ kind: 'admin', identifier: 'x@y.z', from: '192.0.2.79' });
    const scopes = async () => (await rows()).map(({ scope }) => scope).sort();
    expect(await scopes()).toEqual(['account', 'address', 'known', 'known', 'pair']);
    identity.clock.now += KNOWN_ADDRESS_MS;
    await attempt({ kind: 'admin', identifier: 'x@y.z', from: '192.0.2.79' });
    expect(await scopes()).toEqual(['account', 'address', 'pair']);
  });

  it('is cleared for an account at the operator’s word, from all addresses and under both names', async () => {
    await attempt({ password: PASSWORD });
    await failFromStrangers(40);
    await failTimes(6);
    await failTimes(6, { identifier: 'cy@example.org' });
    const account = await findAccount(identity.store, 'customer', { tenant: null, identifier: '103' });
    if (!account) throw new Error('the account is gone');
    expect(await identity.attempts.clear(account)).toBeGreaterThan(40);
    expect(await attempt()).toBe('AUTH_CREDENTIALS_WRONG');
    expect(await attempt({ from: stranger(1) })).toBe('AUTH_CREDENTIALS_WRONG');
    expect(await attempt({ identifier: 'cy@example.org', password: PASSWORD })).toBe('in');
    expect(await identity.attempts.clear({ ...account, identifier: 'z@example.org', customerNumber: null })).toBe(0);
  });
});
