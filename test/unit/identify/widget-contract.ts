import { beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../../src/domain/principal.js';
import { setAccountStatus } from '../../../src/identify/accounts.js';
import { type ApiKeys, createApiKeys, createKeyAuthenticate } from '../../../src/identify/api-keys.js';
import { createAccountManager } from '../../../src/identify/manage-accounts.js';
import { operatorOf } from '../../../src/identify/operator.js';
import type { SignedClaims } from '../../../src/identify/signed-claims.js';
import { createStepUp } from '../../../src/identify/step-up.js';
import { createIsListedOrigin } from '../../../src/identify/widget-origins.js';
import {
  createWidgetAuthenticate,
  createWidgetClaims,
  createWidgetTokens,
  type WidgetTokens,
} from '../../../src/identify/widget-tokens.js';
import { codeOfPromise } from '../../support/code-of-promise.js';
import { type Identity, PASSWORD, RING } from './identity-fixtures.js';

const CONTEXT = { requestId: 'r1', address: '192.0.2.1', tenant: null, userAgent: 'test' };
const PROOF = { code: null, password: PASSWORD };
const ORIGINS = ['https://shop.example.com', 'https://www.example.com'];

/**
 * What keys and tokens of widgets do, whichever engine is behind the store. Called inside a `describe`.
 *
 * @param open identity that stands open for the tests
 */
export function describeWidgetContract(open: () => Identity): void {
  let keys: ApiKeys;
  let widget: WidgetTokens;
  let signed: ReturnType<typeof createWidgetClaims>;
  let byKey: (key: string) => Promise<Principal>;
  let byToken: (token: string) => Promise<Principal>;
  let isListed: (origin: string) => Promise<boolean>;
  let ids = 0;
  beforeAll(() => {
    const { store, tenants, audit, keys: signing } = open();
    const clock = () => open().clock.now;
    const newId = () => {
      ids += 1;
      return `w${ids}`;
    };
    keys = createApiKeys({ store, clock, audit, stepUp: createStepUp(open()), allowLoopbackHttp: false });
    signed = createWidgetClaims({ keys: signing, clock, newId });
    widget = createWidgetTokens({ store, signed, audit });
    byKey = createKeyAuthenticate({ store, tenants, clock });
    byToken = createWidgetAuthenticate({ store, tenants, clock, signed });
    isListed = createIsListedOrigin({ store, clock });
  });

  let made = 0;
  async function signIn(kind: 'admin' | 'employee', role?: string): Promise<Principal> {
    made += 1;
    const identifier = `${kind}${made}@widget.example`;
    await open().add({ kind, identifier, ...(role === undefined ? {} : { role }) });
    const { accessToken } = await open().login.login(kind, identifier, PASSWORD, CONTEXT);
    return open().authenticate(accessToken);
  }

  const wanted = (origins: readonly string[] = ORIGINS) => ({
    name: 'shop',
    scopes: ['widget:issue' as const],
    origins,
    ttlS: 86_400,
  });

  /** A site's key over a new admin, and a customer of the site. */
  async function openSite() {
    const owner = await signIn('admin');
    const { key, apiKey } = await keys.create(owner, wanted(), PROOF, CONTEXT);
    made += 1;
    const number = `W${made}`;
    const customer = await open().add({ kind: 'customer', identifier: number });
    const issue = async (more: object = {}) => {
      const about = { customerNumber: number, origin: null, ttlS: 900, ...more };
      return (await widget.issue(await byKey(key), about, CONTEXT)).token;
    };
    return { owner, key, id: apiKey.id, number, customer, issue };
  }

  const idOf = (subject: string) => Number(subject.split(':')[1]);
  const disable = (subject: string) =>
    setAccountStatus(
      { store: open().store, clock: () => open().clock.now },
      { kind: subject.split(':')[0] as 'admin' | 'customer', id: idOf(subject) },
      'disabled',
    );
  const lastEvent = async () => (await open().audit.list({ limit: 1 }))[0]?.event;

  describe('a key of a site', () => {
    it('makes tokens, keeps its origins as browsers spell them, and holds no other right', async () => {
      const owner = await signIn('admin');
      const spelled = ['https://Shop.Example.com:443/', 'https://shop.example.com', 'https://www.example.com'];
      const { key, apiKey } = await keys.create(owner, wanted(spelled), PROOF, CONTEXT);
      expect(apiKey.origins).toEqual(ORIGINS);
      expect(await lastEvent()).toMatchObject({ event: 'api-key', scopes: ['widget:issue'], origins: ORIGINS });
      expect((await keys.list(owner)).map(({ origins }) => origins)).toEqual([ORIGINS]);
      const principal = await byKey(key);
      expect(principal.permissions).toEqual(new Set(['widget:issue']));
      expect(principal.widget).toEqual({ part: 'issuer', key: apiKey.id, origins: ORIGINS });
    });

    it.each<[string, object]>([
      ['another scope beside', { scopes: ['widget:issue', 'ask'] }],
      ['no origin', { origins: [] }],
      ['an origin that is none', { origins: ['https://shop.example.com/page'] }],
      ['origins without the scope', { scopes: ['ask'] }],
    ])('is refused with %s', async (_what, change) => {
      const owner = await signIn('admin');
      expect(await codeOfPromise(keys.create(owner, { ...wanted(), ...change }, PROOF, CONTEXT))).toBe(
        'IDENTITY_INPUT_INVALID',
      );
      expect(await keys.list(owner)).toEqual([]);
    });

    it('is an admin’s to make, and nobody else’s', async () => {
      for (const role of ['viewer', 'manager', 'admin-delegate']) {
        const owner = await signIn('employee', role);
        expect(await codeOfPromise(keys.create(owner, wanted(), PROOF, CONTEXT))).toBe('AUTH_PERMISSION_MISSING');
      }
    });

    it('lists its origins for preflights while it lives, a second behind at most', async () => {
      const owner = await signIn('admin');
      const origin = `https://only${made}.example.com`;
      open().clock.now += 1000;
      expect(await isListed(origin)).toBe(false);
      const { apiKey } = await keys.create(owner, wanted([origin]), PROOF, CONTEXT);
      open().clock.now += 1000;
      expect([await isListed(origin), await isListed(`${origin}.evil.example`)]).toEqual([true, false]);
      await keys.revoke(owner, apiKey.id, CONTEXT);
      open().clock.now += 1000;
      expect(await isListed(origin)).toBe(false);
      const { apiKey: short } = await keys.create(owner, { ...wanted([origin]), ttlS: 60 }, PROOF, CONTEXT);
      expect(short.origins).toEqual([origin]);
      open().clock.now += 59_999;
      expect(await isListed(origin)).toBe(true);
      open().clock.now += 1000;
      expect(await isListed(origin)).toBe(false);
    });
  });

  describe('a token of a page', () => {
    it('is the customer, who asks and nothing else, without a session', async () => {
      const { issue, customer, id, number, owner } = await openSite();
      const principal = await byToken(await issue());
      expect(principal).toMatchObject({ kind: 'customer', subject: customer, session: null, allowTables: null });
      expect(principal.permissions).toEqual(new Set(['ask']));
      expect(principal.claims.get('customer_number')).toBe(number);
      expect(principal.widget).toEqual({ part: 'page', key: id, origins: ORIGINS });
      expect(await lastEvent()).toMatchObject({
        event: 'widget-token',
        subject: owner.subject,
        key: id,
        target: customer,
        origins: ORIGINS,
        decision: 'accepted',
      });
    });

    it('may be bound to one of the origins of its key, and to no other', async () => {
      const { issue } = await openSite();
      const [, second] = ORIGINS;
      expect((await byToken(await issue({ origin: second }))).widget?.origins).toEqual([second]);
      for (const origin of ['https://evil.example', 'https://shop.example.com/', '', 'null'])
        expect(await codeOfPromise(issue({ origin }))).toBe('AUTH_ORIGIN_REFUSED');
    });

    it('ends at its time, and after fifteen minutes at the latest', async () => {
      const { issue } = await openSite();
      const [short, long] = [await issue({ ttlS: 60 }), await issue({ ttlS: 100_000 })];
      open().clock.now += 59_000;
      await byToken(short);
      open().clock.now += 1000;
      expect(await codeOfPromise(byToken(short))).toBe('AUTH_TOKEN_INVALID');
      open().clock.now += 839_000;
      await byToken(long);
      open().clock.now += 1000;
      expect(await codeOfPromise(byToken(long))).toBe('AUTH_TOKEN_INVALID');
    });

    type Site = Awaited<ReturnType<typeof openSite>>;
    it.each<[string, (site: Site) => Promise<unknown>]>([
      ['its key is revoked', ({ owner, id }) => keys.revoke(owner, id, CONTEXT)],
      ['the maker of its key is disabled', ({ owner }) => disable(owner.subject)],
      [
        'the maker of its key is gone',
        ({ owner }) => {
          const { store, passwords, audit } = open();
          const accounts = createAccountManager({ store, passwords, audit, ring: RING, clock: () => open().clock.now });
          return accounts.erase(operatorOf(null), 'admin', idOf(owner.subject), CONTEXT);
        },
      ],
      ['its customer is disabled', ({ customer }) => disable(customer)],
      [
        'its key makes no tokens any more',
        ({ id }) =>
          open().store.run((db) =>
            db.updateTable('api_keys').set({ scopes: '["ask"]' }).where('id', '=', id).execute(),
          ),
      ],
      [
        'its key has expired',
        ({ id }) =>
          open().store.run((db) =>
            db.updateTable('api_keys').set({ expires_at: open().clock.now }).where('id', '=', id).execute(),
          ),
      ],
    ])('ends at once where %s', async (_what, end) => {
      const site = await openSite();
      const token = await site.issue();
      await byToken(token);
      await end(site);
      expect(await codeOfPromise(byToken(token))).toBe('AUTH_TOKEN_INVALID');
    });

    it('tells nothing about customers who are not there, are disabled, or cannot be', async () => {
      const { issue, customer } = await openSite();
      await open().add({ kind: 'customer', identifier: 'mail@widget.example', customerNumber: `M${made}` });
      await issue({ customerNumber: `M${made}` });
      await disable(customer);
      const numbers = [undefined, 'W999999', 'mail@widget.example', ' ', `M${made} `, `m${made}`, '1'.repeat(500)];
      for (const number of numbers) {
        const refused = issue(number === undefined ? {} : { customerNumber: number });
        expect([number, await codeOfPromise(refused)]).toEqual([number, 'AUTH_CUSTOMER_UNKNOWN']);
      }
      expect(await lastEvent()).toMatchObject({ event: 'widget-token', decision: 'refused', target: null });
    });

    it('is made with such a key alone, not by its maker’s session, nor by a page', async () => {
      const { owner, number, issue } = await openSite();
      const about = { customerNumber: number, origin: null, ttlS: 60 };
      expect(owner.permissions.has('widget:issue')).toBe(true);
      for (const who of [owner, await byToken(await issue())])
        expect(await codeOfPromise(widget.issue(who, about, CONTEXT))).toBe('AUTH_PERMISSION_MISSING');
    });

    it('is no access token, and no access token is one', async () => {
      const { issue, customer, id } = await openSite();
      const { tokens, authenticate } = open();
      const token = await issue();
      const access = tokens.issue({
        tenant: null,
        role: null,
        kind: 'customer',
        accountId: idOf(customer),
        session: 's',
      });
      expect([signed.isOne(token), signed.isOne(access)]).toEqual([true, false]);
      expect(await codeOfPromise(authenticate(token))).toBe('AUTH_TOKEN_INVALID');
      expect(await codeOfPromise(byToken(access))).toBe('AUTH_TOKEN_INVALID');
      // The other kind's header over what was signed, and what was signed over the other kind's header.
      const [header, payload, signature] = token.split('.');
      const [otherHeader, otherPayload, otherSignature] = access.split('.');
      const mixed = [
        `${otherHeader}.${payload}.${signature}`,
        `${header}.${otherPayload}.${otherSignature}`,
        `${header}.${otherPayload}.${signature}`,
      ];
      for (const each of mixed) {
        expect(await codeOfPromise(authenticate(each))).toBe('AUTH_TOKEN_INVALID');
        expect(await codeOfPromise(byToken(each))).toBe('AUTH_TOKEN_INVALID');
      }
      // Claims that were never ours to sign.
      const sign = (claims: object) => (signed as SignedClaims<object>).sign(claims, 60);
      const claims = { sub: customer, kind: 'customer', key: id, origins: ORIGINS };
      await byToken(sign(claims));
      const odd = [{ sub: 'admin:1' }, { kind: 'admin' }, { key: '' }, { origins: [] }, { role: 'admin' }];
      for (const change of odd)
        expect(await codeOfPromise(byToken(sign({ ...claims, ...change })))).toBe('AUTH_TOKEN_INVALID');
    });

    it('keeps to the origins that its key lists', async () => {
      const { customer, id } = await openSite();
      const claims = { sub: customer, kind: 'customer' as const, key: id, origins: ['https://evil.example'] };
      expect((await byToken(signed.sign(claims, 60))).widget?.origins).toEqual([]);
    });
  });
}
