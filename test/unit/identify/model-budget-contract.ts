import { expect, it } from 'vitest';
import { createModelBudget, readModelUse } from '../../../src/identify/model-budget.js';
import { readTiers } from '../../../src/identify/tiers.js';
import type { Store } from '../../../src/store/store.js';
import { LIMITS } from '../../support/limits.js';
import { admin } from '../../support/principals.js';

const NOON = Date.parse('2026-03-01T12:00:00Z');

/**
 * What the budget of the model must do, whichever engine its counts are in. Called inside a `describe`.
 *
 * @param store with its tables
 */
export function describeModelBudgetContract(store: () => Store): void {
  const tiers = readTiers(
    JSON.stringify({ small: { ...LIMITS, model_tokens_per_day: 1_000, over_budget: 'offline' } }),
  );
  let accounts = 4_000;
  /** An account that has spent nothing, two processes that count for it, and their time. */
  const open = () => {
    accounts += 1;
    const time = { now: NOON };
    const [one, other] = [1, 2].map(() => createModelBudget({ store: store(), clock: () => time.now, tiers }));
    return { one: one!, other: other!, time, principal: { ...admin(), subject: `admin:${accounts}`, tier: 'small' } };
  };

  it('gives what the tier does, less what was spent, to each account and tenant', async () => {
    const { one, other, principal } = open();
    expect(await one.left(principal)).toEqual({ tokens: 1_000, whenSpent: 'offline', renewsInS: 43_200 });
    await one.spend(principal, 300);
    await other.spend(principal, 699);
    expect((await other.left(principal)).tokens).toBe(1);
    await one.spend(principal, 1);
    expect((await one.left(principal)).tokens).toBe(0);
    await one.spend(principal, 5_000);
    expect((await one.left(principal)).tokens).toBe(0);
    expect((await one.left({ ...principal, subject: 'admin:1' })).tokens).toBe(1_000);
    expect((await one.left({ ...principal, tenant: 'north' })).tokens).toBe(1_000);
  });

  it('counts each of many that come together', async () => {
    const { one, other, principal } = open();
    await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 ? one : other).spend(principal, 20)));
    expect((await one.left(principal)).tokens).toBe(200);
    const [use] = await store().run((db) => readModelUse(db, principal.subject));
    expect(use).toEqual({ day: '2026-03-01', modelTokens: 800, modelCalls: 40 });
  });

  it('begins anew at midnight UTC, and not a moment before', async () => {
    const { one, time, principal } = open();
    await one.spend(principal, 1_000);
    time.now = Date.parse('2026-03-01T23:59:59.999Z');
    expect(await one.left(principal)).toMatchObject({ tokens: 0, renewsInS: 1 });
    time.now += 1;
    expect(await one.left(principal)).toMatchObject({ tokens: 1_000, renewsInS: 86_400 });
  });

  it('forgets days after 90', async () => {
    const { one, time, principal } = open();
    await one.spend(principal, 1);
    time.now = Date.parse('2026-05-30T00:00:00Z');
    await one.spend(principal, 2);
    const daysOf = async () => (await store().run((db) => readModelUse(db, principal.subject))).map(({ day }) => day);
    expect(await daysOf()).toEqual(['2026-03-01', '2026-05-30']);
    time.now = Date.parse('2026-05-31T00:00:00Z');
    await one.spend(principal, 3);
    expect(await daysOf()).toEqual(['2026-05-30', '2026-05-31']);
  });
}
