import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProvider } from '../../../../src/identify/sso/provider.js';
import { createResolveAccount, type ResolveAccount } from '../../../../src/identify/sso/resolve-account.js';
import { readProviderFile } from '../../../../src/sso-providers.js';
import { codeOfPromise } from '../../../support/code-of-promise.js';
import { type Identity, openIdentity } from '../identity-fixtures.js';

const ENTRY = {
  name: 'office',
  protocol: 'oidc',
  kind: 'employee',
  issuer: 'https://idp.example.org',
  client_id: 'swali',
  client_secret: 's',
  email_domains: ['example.org'],
  create: false,
};

const providerOf = (change: object, tenancy = true) => {
  const [entry] = readProviderFile(JSON.stringify({ providers: [{ ...ENTRY, ...change }] }), 'sso.yaml');
  return makeProvider(entry!, {
    production: true,
    tenancy,
    publicUrl: 'https://ask.example.org',
    readText: () => expect.unreachable(),
  });
};

const proven = (subject: string) => ({
  subject,
  verifiedEmail: `${subject}@example.org`,
  statements: {},
  factors: [],
  session: null,
});

describe('the account of a proven identity, with tenants', () => {
  let identity: Identity;
  let resolve: ResolveAccount;
  beforeAll(async () => {
    identity = await openIdentity(undefined, undefined, undefined, true);
    for (const id of ['acme', 'globex']) await identity.tenants.add({ id, name: id });
    const { store, passwords, clock } = identity;
    resolve = createResolveAccount({ store, passwords, clock: () => clock.now });
    await identity.add({ kind: 'employee', tenant: 'globex', identifier: 'ann@example.org' });
  });
  afterAll(() => identity?.close());

  it('is of the provider’s tenant, whoever has the address in another', async () => {
    expect(await codeOfPromise(resolve(providerOf({ tenant: 'acme' }), proven('ann')))).toBe('AUTH_SSO_DENIED');
    const made = await resolve(providerOf({ tenant: 'acme', create: true }), proven('ann'));
    expect(made).toMatchObject({ found: 'created', account: { tenant: 'acme', subject: 'employee:2' } });
    const linked = await resolve(providerOf({ name: 'other', tenant: 'globex' }), proven('ann'));
    expect(linked).toMatchObject({ found: 'linked', account: { tenant: 'globex', subject: 'employee:1' } });
    const rows = await identity.store.run((db) =>
      db.selectFrom('external_identities').select(['tenant', 'account_id']).orderBy('account_id').execute(),
    );
    expect(rows).toEqual([
      { tenant: 'globex', account_id: 1 },
      { tenant: 'acme', account_id: 2 },
    ]);
  });

  it('opens nothing where the file gives a provider to another tenant later', async () => {
    expect(await codeOfPromise(resolve(providerOf({ tenant: 'globex', create: true }), proven('ann')))).toBe(
      'AUTH_SSO_DENIED',
    );
  });

  it('needs the tenant in the file where there are tenants, and none where there are not', () => {
    expect(() => providerOf({})).toThrow(/tenant.*is missing/);
    expect(() => providerOf({ tenant: 'acme' }, false)).toThrow(/tenant.*is given/);
    expect(() => providerOf({ tenant: 'Acme' })).toThrow(/expected the id of a tenant/);
    expect(providerOf({ tenant: 'acme' }).tenant).toBe('acme');
  });
});
