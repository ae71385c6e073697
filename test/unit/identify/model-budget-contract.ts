import { expect, it } from 'vitest';
import type { BudgetHold, BudgetRefusal, ModelBudget, ModelCost } from '../../../src/domain/ports.js';
import type { Principal } from '../../../src/domain/principal.js';
import { createModelBudget, eraseModelUse, readModelUse } from '../../../src/identify/model-budget.js';
import { readTiers } from '../../../src/identify/tiers.js';
import type { Store } from '../../../src/store/store.js';
import { LIMITS } from '../../support/limits.js';
import { admin } from '../../support/principals.js';

const NOON = Date.parse('2026-03-01T12:00:00Z');

const cost = (tokens: number, money = 0): ModelCost => ({ tokens, money });

/** What is held; fails where nothing is. */
async function hold(budget: ModelBudget, principal: Principal, most: ModelCost): Promise<BudgetHold> {
  const reserved = await budget.reserve(principal, most);
  if (!('settle' in reserved)) throw new Error(`refused: ${reserved.detail}`);
  return reserved;
}

/** Why nothing is held; fails where something is. */
async function refusal(budget: ModelBudget, principal: Principal, most = cost(1)): Promise<BudgetRefusal> {
  const reserved = await budget.reserve(principal, most);
  if ('settle' in reserved) throw new Error('something was held');
  return reserved;
}

async function spend(budget: ModelBudget, principal: Principal, spent: ModelCost): Promise<void> {
  await (await hold(budget, principal, spent)).settle(spent);
}

/**
 * What the budget of the model must do, whichever engine its counts are in. Called inside a `describe`.
 *
 * @param store with its tables
 */
export function describeModelBudgetContract(store: () => Store): void {
  const small = { ...LIMITS, model_tokens_per_day: 1_000, over_budget: 'offline' };
  const tiers = readTiers(JSON.stringify({ small, paid: { ...small, model_money_per_day: '0.5' } }));
  let accounts = 4_000;
  /** An account that has spent nothing, two processes that count for it, and their time. */
  const open = (tier = 'small') => {
    accounts += 1;
    const time = { now: NOON };
    const [one, other] = [1, 2].map(() => createModelBudget({ store: store(), clock: () => time.now, tiers }));
    return { one: one!, other: other!, time, principal: { ...admin(), subject: `admin:${accounts}`, tier } };
  };
  const useOf = ({ subject }: Principal) => store().run((db) => readModelUse(db, subject));

  it('gives what the tier does, less what was spent, to each account and tenant', async () => {
    const { one, other, principal } = open();
    await spend(one, principal, cost(300));
    await spend(other, principal, cost(699));
    await spend(one, principal, cost(5_000));
    for (const budget of [one, other]) {
      expect(await refusal(budget, principal)).toEqual({
        whenSpent: 'offline',
        isSpent: true,
        detail: 'the language model’s tokens of the day are spent, 5999 of 1000; new ones at 2026-03-02T00:00:00Z',
        retryAfterS: 43_200,
      });
    }
    await hold(one, { ...principal, subject: 'admin:1' }, cost(0));
    await hold(one, { ...principal, tenant: 'north' }, cost(0));
  });

  it('counts money by the millionth, beside tokens', async () => {
    const { one, principal } = open('paid');
    await spend(one, principal, cost(1, 499_999));
    await spend(one, principal, cost(1, 1));
    expect(await refusal(one, principal)).toMatchObject({
      isSpent: true,
      detail: 'the money of the day for the language model is spent, 0.5 of 0.5; more at 2026-03-02T00:00:00Z',
    });
    expect(await useOf(principal)).toEqual([{ day: '2026-03-01', modelTokens: 2, modelCalls: 2, modelMoney: 500_000 }]);
  });

  it('sets no limit to money where the tier names none', async () => {
    const { one, principal } = open();
    await spend(one, principal, cost(1, 900_000_000));
    await spend(one, principal, cost(1, 900_000_000));
  });

  it('counts each of many that come together', async () => {
    const { one, other, principal } = open();
    await Promise.all(Array.from({ length: 40 }, (_, n) => spend(n % 2 ? one : other, principal, cost(20, 3))));
    expect(await useOf(principal)).toEqual([{ day: '2026-03-01', modelTokens: 800, modelCalls: 40, modelMoney: 120 }]);
  });

  it.each([
    ['tokens', 'small', cost(300)],
    ['money', 'paid', cost(1, 150_000)],
  ] as const)('lets no more in at once than the day has %s for, and one more', async (_what, tier, most) => {
    const { one, other, principal } = open(tier);
    const reserved = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? one : other).reserve(principal, most)),
    );
    const held = reserved.filter((each): each is BudgetHold => 'settle' in each);
    expect(held).toHaveLength(4);
    expect(await refusal(one, principal)).toMatchObject({ isSpent: false, retryAfterS: 5 });
    for (const each of held) await each.settle(most);
    expect((await refusal(one, principal)).isSpent).toBe(true);
  });

  it('gives back what was held and not spent', async () => {
    const { one, principal } = open();
    const first = await hold(one, principal, cost(5_000));
    await refusal(one, principal);
    await first.settle(cost(100));
    const second = await hold(one, principal, cost(5_000));
    await second.settle(null);
    expect(await useOf(principal)).toMatchObject([{ modelTokens: 100, modelCalls: 1 }]);
    await hold(one, principal, cost(1));
  });

  it('counts on the day on which a question began', async () => {
    const { one, time, principal } = open();
    const held = await hold(one, principal, cost(10));
    time.now += 86_400_000;
    await held.settle(cost(7));
    expect(await useOf(principal)).toMatchObject([{ day: '2026-03-01', modelTokens: 7 }]);
  });

  it('writes nothing about an account that was erased meanwhile', async () => {
    const { one, principal } = open();
    const held = await hold(one, principal, cost(10));
    await store().run((db) => eraseModelUse(db, principal.subject));
    await held.settle(cost(7));
    expect(await useOf(principal)).toEqual([]);
  });

  it('begins anew at midnight UTC, and not a moment before', async () => {
    const { one, time, principal } = open();
    await spend(one, principal, cost(1_000));
    time.now = Date.parse('2026-03-01T23:59:59.999Z');
    expect((await refusal(one, principal)).retryAfterS).toBe(1);
    time.now += 1;
    await hold(one, principal, cost(1));
  });

  it('forgets days after 90', async () => {
    const { one, time, principal } = open();
    await spend(one, principal, cost(1));
    time.now = Date.parse('2026-05-30T00:00:00Z');
    await spend(one, principal, cost(2));
    const daysOf = async () => (await useOf(principal)).map(({ day }) => day);
    expect(await daysOf()).toEqual(['2026-03-01', '2026-05-30']);
    time.now = Date.parse('2026-05-31T00:00:00Z');
    await spend(one, principal, cost(3));
    expect(await daysOf()).toEqual(['2026-05-30', '2026-05-31']);
  });
}
