import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { principalFor } from '../../../src/identify/operator.js';
import { type Identity, openIdentity } from './identity-fixtures.js';

let identity: Identity;
beforeAll(async () => {
  identity = await openIdentity();
  await identity.add({ kind: 'customer', identifier: 'first@example.org', customerNumber: '101' });
  await identity.add({ kind: 'customer', identifier: 'cy@example.org', customerNumber: '103' });
  await identity.add({ kind: 'employee', identifier: 'eve@example.org', role: 'member', allowTables: ['orders'] });
});
afterAll(() => identity.close());

describe('acting as an account', () => {
  it.each([
    ['customer', 'customer:1'],
    ['customer:103', 'customer:2'],
    ['customer:CY@example.org', 'customer:2'],
    ['employee', 'employee:1'],
    ['employee:eve@example.org', 'employee:1'],
  ])('takes %s for %s, without a session', async (as, subject) => {
    expect(await principalFor(identity.store, null, as)).toMatchObject({ subject, session: null });
  });

  it('gives the rights of that account and no more', async () => {
    const principal = await principalFor(identity.store, null, 'customer:103');
    expect([...principal.permissions]).toEqual(['ask']);
    expect(principal.claims.get('customer_number')).toBe('103');
  });

  it.each(['admin', 'customer:', 'customer:104', 'employee:103', 'root', '', ':103', 'Customer', 'constructor'])(
    'refuses %j',
    async (as) => {
      await expect(principalFor(identity.store, null, as)).rejects.toMatchObject({ code: 'IDENTITY_INPUT_INVALID' });
    },
  );

  it('refuses a disabled account', async () => {
    await identity.store.run((db) =>
      db.updateTable('customers').set({ status: 'disabled' }).where('customer_number', '=', '103').execute(),
    );
    await expect(principalFor(identity.store, null, 'customer:103')).rejects.toMatchObject({
      code: 'IDENTITY_INPUT_INVALID',
    });
  });
});
