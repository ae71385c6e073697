import { beforeEach, describe, expect, it } from 'vitest';
import { shutOut } from '../../../src/identify/accounts.js';
import { createMailedTokens, type MailedTokens, type TokenOwner } from '../../../src/identify/mailed-tokens.js';
import type { Identity } from './identity-fixtures.js';

const HOUR_MS = 3_600_000;

/**
 * What mailed tokens do, whichever engine is behind the store. Called inside a `describe`.
 *
 * @param identity that stands open for the tests
 */
export function describeMailedTokensContract(identity: () => Identity): void {
  let tokens: MailedTokens;
  let owner: TokenOwner;
  let made = 0;
  beforeEach(async () => {
    const { store, clock } = identity();
    tokens = createMailedTokens({ store, clock: () => clock.now, ttlS: { invitation: 7200, reset: 60 } });
    made += 1;
    const subject = await identity().add({ kind: 'admin', identifier: `mailed${made}@example.org` });
    owner = { tenant: null, kind: 'admin', id: Number(subject.split(':')[1]) };
  });
  const clock = () => identity().clock;
  const issue = (purpose: 'invitation' | 'reset' = 'reset') =>
    identity().store.transaction((db) => tokens.issue(db, purpose, owner));
  const works = async (token: string, purpose: 'invitation' | 'reset' = 'reset') =>
    (await tokens.read(purpose, token))?.works ?? null;
  const use = async (token: string) => {
    const held = await tokens.read('reset', token);
    return held ? identity().store.transaction((db) => tokens.use(db, held)) : null;
  };
  const rows = () => identity().store.run((db) => db.selectFrom('mailed_tokens').selectAll().execute());

  it('are 256 bits, and the store knows their digests alone', async () => {
    const token = await issue();
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const stored = await rows();
    expect(stored.length).toBeGreaterThan(0);
    expect(JSON.stringify(stored)).not.toContain(token);
    expect(stored.at(-1)).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{64}$/), tenant: '' });
    expect(await tokens.read('reset', token)).toMatchObject({ owner, works: true });
  });

  it('work for their purpose, once, until they end', async () => {
    const token = await issue();
    expect(await tokens.read('invitation', token)).toBeNull();
    expect(await tokens.read('reset', `${token}x`)).toBeNull();
    clock().now += 59_999;
    expect(await works(token)).toBe(true);
    expect([await use(token), await use(token), await works(token)]).toEqual([true, false, false]);
    const late = await issue();
    const held = await tokens.read('reset', late);
    clock().now += 60_000;
    expect(await works(late)).toBe(false);
    expect(held && (await identity().store.transaction((db) => tokens.use(db, held)))).toBe(false);
  });

  it('are used up by one of many at the same time', async () => {
    const token = await issue();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => use(token)));
    expect(outcomes.filter(Boolean)).toEqual([true]);
  });

  it('end with a newer one of their purpose, and with no other', async () => {
    const [invitation, first] = [await issue('invitation'), await issue()];
    const second = await issue();
    expect([await works(first), await works(second), await works(invitation, 'invitation')]).toEqual([
      false,
      true,
      true,
    ]);
    const together = await Promise.all(Array.from({ length: 6 }, () => issue()));
    const left = await Promise.all(together.map((token) => works(token)));
    expect(left.filter(Boolean)).toEqual([true]);
  });

  it('end where the account is disabled', async () => {
    const [reset, invitation] = [await issue(), await issue('invitation')];
    await identity().store.transaction((db) => shutOut(db, owner, clock().now));
    expect([await works(reset), await works(invitation, 'invitation')]).toEqual([false, false]);
  });

  describe('made sparingly', () => {
    const ask = (who: TokenOwner | null = owner) =>
      tokens.issueSparingly('reset', { tenant: null, kind: 'admin' }, who);

    it('are three an hour for an account; what is over that ends none', async () => {
      const given = [await ask(), await ask(), await ask()];
      expect(await Promise.all([ask(), ask()])).toEqual([null, null]);
      expect(await Promise.all(given.map((token) => works(token ?? '')))).toEqual([false, false, true]);
      clock().now += HOUR_MS - 1;
      expect(await ask()).toBeNull();
      clock().now += 1;
      expect(await ask()).not.toBeNull();
    });

    it('are three, however many ask at the same time', async () => {
      const given = await Promise.all(Array.from({ length: 10 }, () => ask()));
      expect(given.filter((token) => token !== null)).toHaveLength(3);
    });

    it('are none for nobody, at any number, while a row is written all the same', async () => {
      const before = (await rows()).length;
      const given = await Promise.all(Array.from({ length: 10 }, () => ask(null)));
      expect(given).toEqual(Array(10).fill(null));
      const after = await rows();
      expect(after).toHaveLength(before + 10);
      expect(after.filter(({ account_id }) => account_id < 0).length).toBeGreaterThanOrEqual(10);
    });

    it('are forgotten an hour after their end', async () => {
      await ask();
      await ask(null);
      clock().now += HOUR_MS + 60_000;
      await ask();
      const left = await rows();
      expect(left.length).toBeGreaterThan(0);
      expect(left.filter(({ expires_at }) => expires_at <= clock().now - HOUR_MS)).toEqual([]);
    });
  });
}
