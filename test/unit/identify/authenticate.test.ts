import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setAccountStatus } from '../../../src/identify/accounts.js';
import { createPasswords, type Passwords } from '../../../src/identify/passwords.js';
import { type Identity, openIdentity, PASSWORD } from './identity-fixtures.js';
import { codeAt } from './second-factor-contract.js';

const CONTEXT = { requestId: 'r1', address: '203.0.113.9', tenant: null, userAgent: 'curl/8' };
const INVALID = { code: 'AUTH_TOKEN_INVALID', status: 401 };

let passwords: Passwords;
beforeAll(async () => {
  passwords = await createPasswords({ cost: 4, threads: 1 });
});
afterAll(() => passwords.close());

let identity: Identity;
beforeEach(async () => {
  identity = await openIdentity(passwords);
  await identity.add({ kind: 'customer', identifier: '007' });
  await identity.add({
    kind: 'employee',
    identifier: 'eve@example.org',
    role: 'member',
    allowTables: ['orders'],
    claims: { employee_id: 5, branch: 'Nairobi' },
  });
});
afterEach(() => identity.close());

const customerToken = async () => (await identity.login.login('customer', '007', PASSWORD, CONTEXT)).accessToken;
const employeeToken = async () =>
  (await identity.login.login('employee', 'eve@example.org', PASSWORD, CONTEXT)).accessToken;
const changeEmployee = (set: { role?: string; allow_tables?: string; claims?: string; tier?: string }) =>
  identity.store.run((db) => db.updateTable('employees').set(set).execute());

describe('authenticating where a second factor is demanded', () => {
  const signIn = async (over: Identity, kind: 'customer' | 'employee', identifier: string) =>
    (await over.login.login(kind, identifier, PASSWORD, CONTEXT)).accessToken;

  it('gives nothing to do to a named kind or role until the factor is confirmed, and again once it is removed', async () => {
    const strict = await openIdentity(passwords, undefined, new Set(['customer', 'employee:accountant']));
    try {
      await strict.add({ kind: 'customer', identifier: '007' });
      await strict.add({ kind: 'employee', identifier: 'acc@example.org', role: 'accountant' });
      await strict.add({ kind: 'employee', identifier: 'man@example.org', role: 'manager' });
      const tokens = {
        'customer:1': await signIn(strict, 'customer', '007'),
        'employee:1': await signIn(strict, 'employee', 'acc@example.org'),
        'employee:2': await signIn(strict, 'employee', 'man@example.org'),
      };
      for (const [subject, token] of Object.entries(tokens)) {
        const principal = await strict.authenticate(token);
        const lacks = subject !== 'employee:2';
        expect(principal).toMatchObject({ subject, lacksSecondFactor: lacks });
        expect(principal.permissions.size === 0).toBe(lacks);
      }
      const owner = {
        tenant: null,
        kind: 'employee',
        id: 1,
        subject: 'employee:1',
        identifier: 'acc@example.org',
      } as const;
      const { secret } = await strict.secondFactors.enrol(owner, false);
      expect(await strict.authenticate(tokens['employee:1'])).toMatchObject({ lacksSecondFactor: true });
      await strict.secondFactors.confirm(owner, codeAt(secret, strict.clock.now));
      const principal = await strict.authenticate(tokens['employee:1']);
      expect(principal).toMatchObject({ lacksSecondFactor: false });
      expect(principal.permissions.has('report:share')).toBe(true);
      await strict.secondFactors.remove(owner);
      expect((await strict.authenticate(tokens['employee:1'])).permissions.size).toBe(0);
    } finally {
      await strict.close();
    }
  });
});

describe('authenticating', () => {
  it('gives a customer their number as the store spells it, and the right to ask', async () => {
    const principal = await identity.authenticate(await customerToken());
    expect(principal).toMatchObject({
      kind: 'customer',
      subject: 'customer:1',
      role: null,
      allowTables: null,
      tier: 'standard',
      tenant: null,
      session: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect([...principal.claims]).toEqual([['customer_number', '007']]);
    expect([...principal.permissions]).toEqual(['ask']);
    expect(Object.isFrozen(principal)).toBe(true);
  });

  it('gives a customer without a number no such claim', async () => {
    await identity.add({ kind: 'customer', identifier: 'new@example.org' });
    const { accessToken } = await identity.login.login('customer', 'new@example.org', PASSWORD, CONTEXT);
    expect((await identity.authenticate(accessToken)).claims.size).toBe(0);
  });

  it('gives an employee role, list and claims', async () => {
    const principal = await identity.authenticate(await employeeToken());
    expect(principal).toMatchObject({ role: 'member', allowTables: ['orders'] });
    expect([...principal.claims]).toEqual([
      ['employee_id', 5],
      ['branch', 'Nairobi'],
    ]);
  });

  it('reads role, list and tier from the store at each request', async () => {
    const token = await employeeToken();
    await changeEmployee({ role: 'viewer', allow_tables: '[]', tier: 'gold' });
    const principal = await identity.authenticate(token);
    expect(principal).toMatchObject({ role: 'viewer', allowTables: [], tier: 'gold' });
    expect(principal.permissions.has('sql:write-own')).toBe(false);
  });

  it.each([
    ['an unknown role', { role: 'owner' }],
    ['a list that is no JSON', { allow_tables: 'orders' }],
    ['a list of numbers', { allow_tables: '[1]' }],
    ['claims that are no JSON', { claims: '{' }],
    ['a claim that is a list', { claims: '{"a":["b"]}' }],
  ])('gives nothing where the store holds %s', async (_, set) => {
    const token = await employeeToken();
    await changeEmployee(set);
    await expect(identity.authenticate(token)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('refuses an account that was disabled, also after it is enabled again', async () => {
    const token = await customerToken();
    const deps = { store: identity.store, clock: () => identity.clock.now };
    await setAccountStatus(deps, { kind: 'customer', id: 1 }, 'disabled');
    await expect(identity.authenticate(token)).rejects.toMatchObject(INVALID);
    await setAccountStatus(deps, { kind: 'customer', id: 1 }, 'active');
    await expect(identity.authenticate(token)).rejects.toMatchObject(INVALID);
    await identity.authenticate(await customerToken());
  });

  it('refuses an account that is disabled in the table alone', async () => {
    const token = await customerToken();
    await identity.store.run((db) => db.updateTable('customers').set({ status: 'disabled' }).execute());
    await expect(identity.authenticate(token)).rejects.toMatchObject(INVALID);
  });

  it('refuses an account that is gone', async () => {
    const token = await customerToken();
    await identity.store.run((db) => db.deleteFrom('customers').execute());
    await expect(identity.authenticate(token)).rejects.toMatchObject(INVALID);
  });

  it('refuses a session of another account, an unknown session, and a token that has expired', async () => {
    const session = (await identity.authenticate(await customerToken())).session as string;
    const forge = (kind: 'employee' | 'customer', accountId: number, sid: string) =>
      identity.tokens.issue({ tenant: null, kind, role: null, accountId, session: sid });
    await expect(identity.authenticate(forge('employee', 1, session))).rejects.toMatchObject(INVALID);
    await expect(identity.authenticate(forge('customer', 2, session))).rejects.toMatchObject(INVALID);
    await expect(identity.authenticate(forge('customer', 1, 'none'))).rejects.toMatchObject(INVALID);
    const good = forge('customer', 1, session);
    await identity.authenticate(good);
    identity.clock.now += 900_000;
    await expect(identity.authenticate(good)).rejects.toMatchObject(INVALID);
  });
});
