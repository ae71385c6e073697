import { expect, it } from 'vitest';
import {
  addIdentity,
  digestIdentity,
  findLinked,
  forgetIdentities,
  readIdentities,
} from '../../../../src/identify/external-identities.js';
import { createSessions } from '../../../../src/identify/sessions.js';
import { CODE_TICKET_TTL_MS, createFlows, FLOW_TTL_MS } from '../../../../src/identify/sso/flows.js';
import { makeProvider } from '../../../../src/identify/sso/provider.js';
import { createReplays } from '../../../../src/identify/sso/replays.js';
import { createResolveAccount } from '../../../../src/identify/sso/resolve-account.js';
import { readProviderFile } from '../../../../src/sso-providers.js';
import { isDuplicateKey } from '../../../../src/store/store-error.js';
import { type Identity, LIFE } from '../identity-fixtures.js';

const PROVEN = { kind: 'employee', accountId: 7, identityDigest: 'i', providerSession: 's', factorMet: true } as const;

/** What single sign-on keeps in the store, whichever engine is behind it. Called inside a `describe`. */
export function describeSsoStoreContract(open: () => Identity): void {
  const flowsOf = ({ store, clock }: Identity) => createFlows({ store, clock: () => clock.now });

  it('takes a flow once, of its provider and its browser, while it is young', async () => {
    const identity = open();
    const flows = flowsOf(identity);
    const { flow, browser } = await flows.begin({ name: 'office', tenant: null });
    expect(await flows.take('other', flow.id, browser)).toBeNull();
    expect(await flows.take('office', flow.id, 'another browser')).toBeNull();
    expect(await flows.take('office', flow.id, null)).toBeNull();
    expect(await flows.take('office', `${flow.id} `, browser)).toBeNull();
    const taken = await Promise.all([1, 2, 3].map(() => flows.take('office', flow.id, browser)));
    expect(taken.filter((each) => each !== null)).toEqual([flow]);
    const old = await flows.begin({ name: 'office', tenant: null });
    identity.clock.now += FLOW_TTL_MS;
    expect(await flows.take('office', old.flow.id, old.browser)).toBeNull();
  });

  it('hands a ticket’s account to who holds both secrets, and uses it up once', async () => {
    const identity = open();
    const flows = flowsOf(identity);
    const { flow, browser } = await flows.begin({ name: 'office', tenant: null });
    await flows.take('office', flow.id, undefined);
    const ticket = await flows.prove(flow, PROVEN, CODE_TICKET_TTL_MS);
    expect(await flows.read('another browser', ticket)).toBeNull();
    expect(await flows.read(browser, 'another ticket')).toBeNull();
    expect(await flows.read(browser, ticket)).toEqual({ provider: 'office', ...PROVEN });
    expect(await flows.redeem('another browser', ticket)).toBe(false);
    const redeemed = await Promise.all([1, 2, 3].map(() => flows.redeem(browser, ticket)));
    expect(redeemed.filter(Boolean)).toHaveLength(1);
    expect(await flows.read(browser, ticket)).toBeNull();
  });

  it('keeps no secret of a flow but what the provider must repeat, and forgets what is old', async () => {
    const identity = open();
    const { flow, browser } = await flowsOf(identity).begin({ name: 'office', tenant: null });
    const read = () => identity.store.run((db) => db.selectFrom('sso_flows').selectAll().execute());
    const text = JSON.stringify(await read());
    expect(text).toContain(flow.nonce);
    for (const secret of [flow.id, browser]) expect(text).not.toContain(secret);
    identity.clock.now += FLOW_TTL_MS;
    await flowsOf(identity).begin({ name: 'office', tenant: null });
    expect(await read()).toHaveLength(1);
  });

  it('takes an id once, for its provider and issuer, also where it comes several times at once', async () => {
    const { store, clock } = open();
    const replays = createReplays({ store, clock: () => clock.now });
    const took = await Promise.all([1, 2, 3, 4].map(() => replays.takeOnce('office', 'idp', 'a')));
    expect(took.filter(Boolean)).toHaveLength(1);
    expect(await replays.takeOnce('office', 'other', 'a')).toBe(true);
    expect(await replays.takeOnce('other', 'idp', 'a')).toBe(true);
    expect(await replays.takeOnce('office', 'idp', 'A')).toBe(true);
    expect(await replays.takeOnce('office', 'idp', 'a ')).toBe(true);
    expect(await replays.takeOnce('office', 'idp', 'a')).toBe(false);
  });

  it('links an identity to one account, and an account to one identity of each provider', async () => {
    const { store } = open();
    const name = { provider: 'office', issuer: 'idp', subject: 'Ann' };
    const add = (rest: object, id: number) =>
      store
        .run((db) => addIdentity(db, { ...name, ...rest }, { tenant: null, kind: 'employee', id }, 5))
        .catch((error: unknown) => error);
    const find = (subject: string) => store.run((db) => findLinked(db, null, digestIdentity({ ...name, subject })));
    expect(await add({}, 70)).toBeUndefined();
    expect(isDuplicateKey(await add({}, 71))).toBe(true);
    expect(isDuplicateKey(await add({ subject: 'Bob' }, 70))).toBe(true);
    expect(await add({ provider: 'other' }, 70)).toBeUndefined();
    expect(await find('Ann')).toEqual({ kind: 'employee', id: 70 });
    for (const subject of ['ann', 'Ann ', 'Änn', 'Bob']) expect(await find(subject)).toBeNull();
    const known = await store.run((db) => readIdentities(db, { kind: 'employee', id: 70 }));
    expect(known.map(({ provider, subject }) => [provider, subject])).toEqual([
      ['office', 'Ann'],
      ['other', 'Ann'],
    ]);
    await store.run((db) => forgetIdentities(db, { kind: 'employee', id: 70 }));
    expect(await find('Ann')).toBeNull();
  });

  it('ends the sessions of an identity, of a provider’s session, or of both, and no others', async () => {
    const { store, clock } = open();
    const sessions = createSessions({ store, clock: () => clock.now, ttlS: 3600, life: LIFE });
    const owner = { tenant: null, kind: 'employee', accountId: 80 } as const;
    const from = { address: '192.0.2.1', userAgent: '' };
    for (const [identityDigest, providerSession] of [
      ['i1', 's1'],
      ['i1', 's2'],
      ['i2', 's1'],
    ] as const)
      await sessions.begin(owner, from, { identityDigest, providerSession, factorMet: false });
    await sessions.begin(owner, from);
    const count = async () => (await sessions.list(owner)).length;
    expect(await sessions.endByProvider({})).toBe(0);
    expect(await sessions.endByProvider({ identityDigest: '', providerSession: '' })).toBe(0);
    expect(await sessions.endByProvider({ identityDigest: 'i1', providerSession: 's2' })).toBe(1);
    expect(await count()).toBe(3);
    expect(await sessions.endByProvider({ providerSession: 's1' })).toBe(2);
    expect(await sessions.endByProvider({ identityDigest: 'i1' })).toBe(0);
    expect(await count()).toBe(1);
  });

  it('makes one account of several first sign-ins at once', async () => {
    const { store, clock, passwords } = open();
    const resolve = createResolveAccount({ store, clock: () => clock.now, passwords });
    const [entry] = readProviderFile(
      `providers: [{ name: office, protocol: oidc, kind: employee, issuer: 'https://idp.example', client_id: x,
        client_secret: y, email_domains: [example.org], create: true, mapping: { role: { claim: r, values: { m: manager } } } }]`,
      'f',
    );
    const provider = makeProvider(entry!, {
      production: true,
      tenancy: false,
      publicUrl: 'https://ask.example',
      readText: () => '',
    });
    const said = {
      subject: 'zoe',
      verifiedEmail: 'zoe@example.org',
      statements: { r: 'm' },
      session: null,
      factors: [],
    };
    const resolved = await Promise.all(Array.from({ length: 8 }, () => resolve(provider, said)));
    expect(new Set(resolved.map(({ account }) => account.subject)).size).toBe(1);
    expect(resolved.filter(({ found }) => found === 'created').length).toBeLessThanOrEqual(1);
    for (const { account } of resolved) expect(account).toMatchObject({ role: 'manager', passwordHash: '*' });
  });
}
