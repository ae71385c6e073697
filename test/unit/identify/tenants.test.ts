import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptRows } from '../../../src/identify/adopt-rows.js';
import { createTenants } from '../../../src/identify/tenants.js';
import { type Identity, openIdentity, PASSWORD } from './identity-fixtures.js';

const contextOf = (tenant: string | null) => ({ requestId: 'r1', address: '203.0.113.9', tenant, userAgent: 'curl/8' });

let identity: Identity;
beforeAll(async () => {
  identity = await openIdentity(undefined, undefined, undefined, true);
  await identity.tenants.add({ id: 'acme', name: 'Acme' });
  await identity.tenants.add({ id: 'globex', name: 'Globex' });
});
afterAll(() => identity?.close());

describe('whether a tenant is open', () => {
  it('is so with tenancy on where it is there and active, and for nobody without one', async () => {
    expect(await Promise.all([null, 'acme', 'initech', 'ACME', ''].map((id) => identity.tenants.isOpen(id)))).toEqual([
      false,
      true,
      false,
      false,
      false,
    ]);
    await identity.tenants.setStatus('globex', 'disabled');
    expect(await identity.tenants.isOpen('globex')).toBe(false);
    await identity.tenants.setStatus('globex', 'active');
    expect(await identity.tenants.isOpen('globex')).toBe(true);
  });

  it('is so with tenancy off for those without one alone', async () => {
    const off = createTenants({ store: identity.store, clock: () => 0, enabled: false });
    expect(await Promise.all([null, 'acme', ''].map((id) => off.isOpen(id)))).toEqual([true, false, false]);
  });
});

describe('what belongs to an account', () => {
  it('carries its tenant, and comes along where the account is adopted', async () => {
    const off = await openIdentity(identity.passwords);
    try {
      await off.add({ kind: 'customer', identifier: '103' });
      const first = await off.login.login('customer', '103', PASSWORD, contextOf(null));
      const owner = { tenant: null, kind: 'customer', id: 1, subject: 'customer:1', identifier: '103' } as const;
      await off.secondFactors.enrol(owner, false);
      await off.tenants.add({ id: 'acme', name: 'Acme' });
      expect(await adoptRows(off.store, 'acme')).toBe(1);
      for (const table of ['customers', 'sessions', 'refresh_tokens', 'second_factors'] as const) {
        const rows = await off.store.run((db) => db.selectFrom(table).select('tenant').execute());
        expect([table, rows]).toEqual([table, [{ tenant: 'acme' }]]);
      }
      await expect(off.authenticate(first.accessToken)).rejects.toMatchObject({ code: 'AUTH_TOKEN_INVALID' });
    } finally {
      await off.close();
    }
  });

  it('is listed and ended for the tenant it is of alone', async () => {
    await identity.add({ kind: 'customer', tenant: 'acme', identifier: '7' });
    const signedIn = await identity.login.login('customer', '7', PASSWORD, contextOf('acme'));
    const principal = await identity.authenticate(signedIn.accessToken);
    expect(principal.tenant).toBe('acme');
    const own = identity.ownSessionsOver(identity.audit);
    expect(await own.list(principal)).toHaveLength(1);
    const elsewhere = { ...principal, tenant: 'globex' };
    expect(await own.list(elsewhere)).toEqual([]);
    await own.endAll(elsewhere, { exceptCurrent: false }, contextOf('globex'));
    await expect(own.end(elsewhere, principal.session ?? '', contextOf('globex'))).rejects.toMatchObject({
      code: 'AUTH_SESSION_UNKNOWN',
    });
    expect((await identity.authenticate(signedIn.accessToken)).subject).toBe(principal.subject);
  });
});
