import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NewAccount, setAccountStatus } from '../../../src/identify/accounts.js';
import { findAccount, findFirstAccount } from '../../../src/identify/find-account.js';
import { type Identity, openIdentity } from './identity-fixtures.js';

let identity: Identity;
beforeAll(async () => {
  identity = await openIdentity();
});
afterAll(() => identity.close());

describe('adding an account', () => {
  it('stores each kind in its own table, normalised, with a digest', async () => {
    const { add, store } = identity;
    expect(await add({ kind: 'admin', identifier: ' Root@Example.org' })).toBe('admin:1');
    expect(
      await add({ kind: 'employee', identifier: 'eve@example.org', role: 'accountant', allowTables: ['orders'] }),
    ).toBe('employee:1');
    expect(await add({ kind: 'customer', identifier: 'Cy@example.org', customerNumber: '103', tier: 'gold' })).toBe(
      'customer:1',
    );
    const admin = await store.run((db) => db.selectFrom('admins').selectAll().execute());
    expect(admin).toMatchObject([{ identifier: 'root@example.org', status: 'active', created_at: 1_700_000_000_000 }]);
    expect(admin[0]?.password_hash).toMatch(/^\$2b\$/);
    const employee = await store.run((db) => db.selectFrom('employees').selectAll().execute());
    expect(employee).toMatchObject([
      { role: 'accountant', allow_tables: '["orders"]', tier: 'standard', claims: '{}' },
    ]);
    const customer = await store.run((db) => db.selectFrom('customers').selectAll().execute());
    expect(customer).toMatchObject([{ identifier: 'cy@example.org', customer_number: '103', tier: 'gold' }]);
  });

  it('gives an employee the least where nothing is said: the lowest role and no table', async () => {
    await identity.add({ kind: 'employee', identifier: 'least@example.org' });
    const account = await findAccount(identity.store, 'employee', { tenant: null, identifier: 'least@example.org' });
    expect(account).toMatchObject({ role: 'viewer', allowTables: '[]' });
  });

  it('takes a customer number for an identifier, and for the claim', async () => {
    await identity.add({ kind: 'customer', identifier: 'K-9' });
    expect(await findAccount(identity.store, 'customer', { tenant: null, identifier: 'K-9' })).toMatchObject({
      identifier: 'K-9',
      customerNumber: 'K-9',
    });
  });

  it('lets one person be customer and employee under one address', async () => {
    await identity.add({ kind: 'customer', identifier: 'both@example.org' });
    await identity.add({ kind: 'employee', identifier: 'both@example.org' });
    expect(await findAccount(identity.store, 'admin', { tenant: null, identifier: 'both@example.org' })).toBeNull();
  });

  it('refuses an identifier or a customer number that is taken, in any spelling of the identifier', async () => {
    const { add } = identity;
    await add({ kind: 'customer', identifier: 'taken@example.org', customerNumber: 'T1' });
    const exists = { code: 'IDENTITY_EXISTS', status: 409 };
    await expect(add({ kind: 'customer', identifier: 'TAKEN@example.org' })).rejects.toMatchObject(exists);
    await expect(add({ kind: 'customer', identifier: 'free@example.org', customerNumber: 'T1' })).rejects.toMatchObject(
      exists,
    );
    await expect(add({ kind: 'customer', identifier: 'T1' })).rejects.toMatchObject(exists);
  });

  const bad: readonly [string, Partial<NewAccount> & Pick<NewAccount, 'kind' | 'identifier'>][] = [
    ['a customer number for an employee', { kind: 'employee', identifier: 'x@example.org', customerNumber: '1' }],
    ['a name for an employee', { kind: 'employee', identifier: 'x' }],
    ['a name for an admin', { kind: 'admin', identifier: 'root' }],
    ['a role for a customer', { kind: 'customer', identifier: 'x@example.org', role: 'viewer' }],
    ['a list of tables for an admin', { kind: 'admin', identifier: 'x@example.org', allowTables: [] }],
    ['an unknown role', { kind: 'employee', identifier: 'x@example.org', role: 'owner' }],
    ['an inherited name for a role', { kind: 'employee', identifier: 'x@example.org', role: 'constructor' }],
    ['an empty table name', { kind: 'employee', identifier: 'x@example.org', allowTables: [''] }],
    ['two customer numbers', { kind: 'customer', identifier: '1', customerNumber: '2' }],
    ['a customer number that normalises to another', { kind: 'customer', identifier: 'x@y.z', customerNumber: '１' }],
    [
      'a customer number as a further claim',
      { kind: 'customer', identifier: 'x@y.z', claims: { customer_number: '1' } },
    ],
    ['a claim with an odd name', { kind: 'employee', identifier: 'x@y.z', claims: { 'a b': '1' } }],
    ['a claim that is a fraction', { kind: 'employee', identifier: 'x@y.z', claims: { n: 1.5 } }],
    ['a claim with a control character', { kind: 'employee', identifier: 'x@y.z', claims: { n: 'a\u0000' } }],
    ['an odd tier', { kind: 'admin', identifier: 'x@y.z', tier: 'Gold!' }],
    ['a short password', { kind: 'admin', identifier: 'x@y.z', password: 'short' }],
    [
      'a password made of the identifier',
      { kind: 'admin', identifier: 'zanele.moyo@example.org', password: 'Zanele.Moyo@Example.org' },
    ],
    [
      'a password made of the customer number',
      { kind: 'customer', identifier: 'x@y.z', customerNumber: 'KX-77-31-0045', password: 'kx-77-31-0045' },
    ],
    ['a password over 72 bytes', { kind: 'admin', identifier: 'x@y.z', password: 'x'.repeat(73) }],
  ];
  it.each(bad)('refuses %s, and stores nothing', async (_, account) => {
    const before = await findFirstAccount(identity.store, null, account.kind);
    await expect(identity.add(account)).rejects.toMatchObject({ code: 'IDENTITY_INPUT_INVALID', status: 400 });
    expect(
      await findAccount(identity.store, account.kind, { tenant: null, identifier: account.identifier }),
    ).toBeNull();
    expect(await findFirstAccount(identity.store, null, account.kind)).toEqual(before);
  });
});

describe('finding an account', () => {
  it('finds a customer by address and by number, in the spelling as typed', async () => {
    await identity.add({ kind: 'customer', identifier: 'find@example.org', customerNumber: 'F7' });
    const subject = (await findAccount(identity.store, 'customer', { tenant: null, identifier: ' FIND@example.org ' }))
      ?.subject;
    expect(subject).toMatch(/^customer:\d+$/);
    expect((await findAccount(identity.store, 'customer', { tenant: null, identifier: 'F7' }))?.subject).toBe(subject);
    expect((await findAccount(identity.store, 'customer', { tenant: null, identifier: 'Ｆ７' }))?.subject).toBe(
      subject,
    );
  });

  it.each(['f7', 'F7\u200b', 'F 7', 'F07', 'find@example.org.', '', '@', "' or 1=1 --"])(
    'finds nobody by %j',
    async (text) => {
      expect(await findAccount(identity.store, 'customer', { tenant: null, identifier: text })).toBeNull();
    },
  );

  it('does not look in another table', async () => {
    await identity.add({ kind: 'admin', identifier: 'only-admin@example.org' });
    for (const kind of ['customer', 'employee'] as const) {
      expect(
        await findAccount(identity.store, kind, { tenant: null, identifier: 'only-admin@example.org' }),
      ).toBeNull();
    }
  });
});

describe('disabling an account', () => {
  it('says whether there was one', async () => {
    const deps = { store: identity.store, clock: () => identity.clock.now };
    expect(await setAccountStatus(deps, { kind: 'admin', id: 1 }, 'disabled')).toBe(true);
    expect(await findAccount(identity.store, 'admin', { id: 1 })).toMatchObject({ status: 'disabled' });
    expect(await setAccountStatus(deps, { kind: 'admin', id: 1 }, 'active')).toBe(true);
    expect(await setAccountStatus(deps, { kind: 'admin', id: 999 }, 'disabled')).toBe(false);
  });
});
