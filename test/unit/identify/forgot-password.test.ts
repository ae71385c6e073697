import type { KyselyPlugin } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setAccountStatus } from '../../../src/identify/accounts.js';
import type { Store } from '../../../src/store/store.js';
import { codeOfPromise } from '../../support/code-of-promise.js';
import { type Identity, openIdentity } from './identity-fixtures.js';
import { CONTEXT, openLinks } from './link-fixtures.js';

let identity: Identity;
beforeAll(async () => {
  identity = await openIdentity();
  await identity.add({ kind: 'customer', identifier: 'cy@example.org', customerNumber: 'C7' });
  await identity.add({ kind: 'customer', identifier: 'C8' });
  await identity.add({ kind: 'customer', identifier: 'a,b@example.org' });
  await identity.add({ kind: 'admin', identifier: 'sso@example.org', password: null });
  const subject = await identity.add({ kind: 'employee', identifier: 'gone@example.org' });
  const gone = { kind: 'employee' as const, id: Number(subject.split(':')[1]) };
  await setAccountStatus({ store: identity.store, clock: () => identity.clock.now }, gone, 'disabled');
});
afterAll(() => identity?.close());

const newest = async () => (await identity.audit.list({ limit: 1 }))[0]?.event as Record<string, unknown>;

/** The same store, with each statement that runs on it noted. */
function watch(store: Store): { readonly store: Store; readonly statements: string[] } {
  const statements: string[] = [];
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      statements.push(node.kind);
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  return {
    statements,
    store: {
      ...store,
      run: (work) => store.run((db) => work(db.withPlugin(plugin))),
      transaction: (work) => store.transaction((db) => work(db.withPlugin(plugin) as typeof db)),
    },
  };
}

describe('asking for a new password', () => {
  it('sends the account a link to its e-mail address, by either name of a customer', async () => {
    const links = openLinks(identity);
    for (const name of ['C7', ' CY@example.org ']) {
      await links.forgot('customer', name, CONTEXT);
      expect(links.letters.at(-1)).toMatchObject({ to: 'cy@example.org', subject: 'A new password for Swali' });
      const { link = '', text = '' } = links.letters.at(-1) ?? {};
      expect(link).toMatch(/^https:\/\/ask\.example\.org\/#reset=[A-Za-z0-9_-]{43}$/);
      expect(text).toContain(`\n${link}\n`);
      expect(text).toContain('within 30 minutes');
      expect(await newest()).toEqual({
        event: 'password',
        action: 'request',
        requestId: 'r1',
        address: '203.0.113.9',
        userAgent: 'test',
        tenant: null,
        subject: 'customer:1',
        kind: 'customer',
        decision: 'accepted',
        code: null,
      });
    }
    expect(links.letters).toHaveLength(2);
  });

  it.each([
    ['an unknown account', 'employee', 'nobody@example.org', null, 'IDENTITY_UNKNOWN'],
    ['what cannot be an identifier', 'customer', 'no such\u0000 thing', null, 'IDENTITY_UNKNOWN'],
    ['an account of another kind', 'admin', 'cy@example.org', null, 'IDENTITY_UNKNOWN'],
    ['a disabled account', 'employee', 'gone@example.org', 'employee:1', 'AUTH_LINK_INVALID'],
    ['an account without an e-mail address', 'customer', 'C8', 'customer:2', 'IDENTITY_INPUT_INVALID'],
    ['one that a provider alone signs in', 'admin', 'sso@example.org', 'admin:1', 'AUTH_LINK_INVALID'],
    ['an address that reads as two', 'customer', 'a,b@example.org', 'customer:3', 'IDENTITY_INPUT_INVALID'],
  ] as const)('sends nothing for %s, and says so on record alone', async (_what, kind, identifier, subject, code) => {
    const links = openLinks(identity);
    expect(await links.forgot(kind, identifier, CONTEXT)).toBeUndefined();
    expect(links.letters).toEqual([]);
    expect(await newest()).toMatchObject({ event: 'password', subject, kind, decision: 'refused', code });
    expect(JSON.stringify(await newest())).not.toContain(identifier);
  });

  it('sends nothing to who has not accepted their invitation', async () => {
    const links = openLinks(identity);
    const { id } = await links.invited('new@example.org');
    await links.forgot('employee', 'new@example.org', CONTEXT);
    expect(links.letters).toHaveLength(1);
    expect(await newest()).toMatchObject({ subject: `employee:${id}`, code: 'AUTH_LINK_INVALID' });
  });

  it('sends three an hour to an account, whoever asks, and no more', async () => {
    await identity.add({ kind: 'admin', identifier: 'flooded@example.org' });
    const links = openLinks(identity);
    for (let n = 0; n < 6; n += 1)
      await links.forgot('admin', 'flooded@example.org', { ...CONTEXT, address: `198.51.100.${n}` });
    expect(links.letters).toHaveLength(3);
    expect(await newest()).toMatchObject({ decision: 'refused', code: 'RATE_LIMITED' });
    identity.clock.now += 3_600_000;
    await links.forgot('admin', 'flooded@example.org', CONTEXT);
    expect(links.letters).toHaveLength(4);
  });

  it('has the store do the same for every account, known or not', async () => {
    await identity.add({ kind: 'employee', identifier: 'known@example.org' });
    const watched = watch(identity.store);
    const links = openLinks(identity, { store: watched.store });
    const statementsOf = async (identifier: string) => {
      watched.statements.length = 0;
      await links.forgot('employee', identifier, CONTEXT);
      return [...watched.statements];
    };
    // The first one sweeps too.
    await statementsOf('nobody@example.org');
    const known = [];
    for (let n = 0; n < 5; n += 1) known.push(await statementsOf('known@example.org'));
    expect(links.letters).toHaveLength(3);
    const expected = [...Array(4).fill('SelectQueryNode'), 'UpdateQueryNode', 'InsertQueryNode'];
    for (const each of known) expect(each).toEqual(expected);
    expect(await statementsOf('nobody@example.org')).toEqual(expected);
    expect(await statementsOf('gone@example.org')).toEqual(expected);
  });

  it('answers though the mail cannot be sent, and puts that on record after', async () => {
    const links = openLinks(identity, { mail: 'down' });
    await identity.add({ kind: 'admin', identifier: 'down@example.org' });
    await links.forgot('admin', 'down@example.org', CONTEXT);
    expect(await newest()).toMatchObject({ action: 'request', decision: 'accepted' });
    expect(links.late).toMatchObject([
      { event: 'password', action: 'mail', kind: 'admin', decision: 'refused', code: 'MAIL_UNAVAILABLE' },
    ]);
  });

  it('is refused for everybody where no mail can be sent at all', async () => {
    const links = openLinks(identity, { mail: 'off' });
    for (const name of ['cy@example.org', 'nobody@example.org']) {
      expect(await codeOfPromise(links.forgot('customer', name, CONTEXT))).toBe('MAIL_UNAVAILABLE');
      expect(await newest()).toMatchObject({ subject: null, decision: 'refused', code: 'MAIL_UNAVAILABLE' });
    }
    await expect(links.forgot('customer', 'C7', CONTEXT)).rejects.toThrow(/set SMTP_URL and MAIL_FROM/);
  });
});
