import { printMicroUnits } from '../domain/micro-units.js';
import type { BudgetRefusal, Clock, ModelBudget, ModelCost } from '../domain/ports.js';
import { toTenantColumn } from '../domain/tenant.js';
import type { Store, StoreDatabase } from '../store/store.js';
import type { Tier, Tiers } from './tiers.js';

const DAY_MS = 86_400_000;

/** Days whose counts are kept. */
const KEPT_DAYS = 90;

/** Seconds after which a question may be let in that had to wait for others of its account. */
const SOON_S = 5;

/** What one account has had of the model on one day. */
export interface ModelUse {
  /** Of UTC: `2026-03-01`. */
  readonly day: string;
  readonly modelTokens: number;
  readonly modelCalls: number;
  /** Millionths of the currency of the prices. */
  readonly modelMoney: number;
}

/** The row of an account's day. */
interface Day {
  readonly tenant: string;
  readonly subject: string;
  readonly day: string;
}

/**
 * The tokens of the model, and the money for it, that accounts have left, by their tiers. Counted in the store: exact over
 * replicas, and a restart gives nobody a fresh day. What a question may cost is held before it is asked, in one statement
 * that also looks whether anything is left, and what it did cost takes its place afterwards: questions at the same time find
 * each other's, and together overspend by no more than one of them is held for.
 *
 * @remarks What is held for a question whose process is killed stays counted until the day ends. What a provider charges
 *   beyond what was held (a prompt of more tokens than were estimated) is counted, but only afterwards.
 */
export function createModelBudget(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly tiers: Tiers;
}): ModelBudget {
  const { store, clock, tiers } = deps;
  let sweptOn = '';

  /** Forgets old days, once a day; by itself, so that its failing fails no question. */
  async function sweep(now: number): Promise<void> {
    const today = dayOf(now);
    if (sweptOn === today) return;
    sweptOn = today;
    const oldest = dayOf(now - KEPT_DAYS * DAY_MS);
    await store.run((db) => db.deleteFrom('usage_counters').where('day', '<', oldest).execute()).catch(() => undefined);
  }

  return Object.freeze({
    async reserve(principal, most) {
      const now = clock();
      await sweep(now);
      const tier = tiers.of(principal.tier);
      const row = { tenant: toTenantColumn(principal.tenant), subject: principal.subject, day: dayOf(now) };
      let isHeld = await hold(store, row, most, tier);
      if (!isHeld) {
        // Nothing is left, or it is the first question of the day, perhaps of several at once.
        await beginDay(store, row);
        isHeld = await hold(store, row, most, tier);
      }
      if (!isHeld) return describeRefusal(await readDay(store, row), tier, now);
      return {
        async settle(cost) {
          await store.transaction((db) => settleDay(db, row, most, cost));
        },
      };
    },
  } satisfies ModelBudget);
}

/** @returns false where nothing is left, or the day has no row yet */
async function hold(store: Store, row: Day, most: ModelCost, tier: Tier): Promise<boolean> {
  const { modelTokensPerDay: tokens, modelMoneyPerDay: money } = tier;
  const { numUpdatedRows } = await store.transaction((db) => {
    const update = ofDay(db.updateTable('usage_counters'), row)
      .set((eb) => ({
        held_tokens: eb('held_tokens', '+', most.tokens),
        held_money: eb('held_money', '+', most.money),
      }))
      .where((eb) => eb(eb('model_tokens', '+', eb.ref('held_tokens')), '<', tokens));
    return (
      money === null ? update : update.where((eb) => eb(eb('model_money', '+', eb.ref('held_money')), '<', money))
    ).executeTakeFirst();
  });
  return numUpdatedRows > 0n;
}

/** Writes the row of a day, where there is none. */
async function beginDay(store: Store, row: Day): Promise<void> {
  await store.transaction((db) => {
    const insert = db.insertInto('usage_counters').values({ ...row, model_tokens: 0, model_calls: 0 });
    return (store.dialect === 'sqlite' ? insert.onConflict((on) => on.doNothing()) : insert.ignore()).execute();
  });
}

/** An account that was erased meanwhile gets no new row. */
async function settleDay(db: StoreDatabase, row: Day, held: ModelCost, cost: ModelCost | null): Promise<void> {
  await ofDay(db.updateTable('usage_counters'), row)
    .set((eb) => ({
      held_tokens: eb('held_tokens', '-', held.tokens),
      held_money: eb('held_money', '-', held.money),
      model_tokens: eb('model_tokens', '+', cost?.tokens ?? 0),
      model_money: eb('model_money', '+', cost?.money ?? 0),
      model_calls: eb('model_calls', '+', cost === null ? 0 : 1),
    }))
    .execute();
}

async function readDay(store: Store, row: Day): Promise<{ readonly tokens: number; readonly money: number }> {
  const found = await store.run((db) =>
    ofDay(db.selectFrom('usage_counters'), row).select(['model_tokens', 'model_money']).executeTakeFirst(),
  );
  return { tokens: Number(found?.model_tokens ?? 0), money: Number(found?.model_money ?? 0) };
}

/** Why nothing was held, in words for the account itself. */
function describeRefusal(
  used: { readonly tokens: number; readonly money: number },
  tier: Tier,
  now: number,
): BudgetRefusal {
  const { modelTokensPerDay, modelMoneyPerDay, overBudget: whenSpent } = tier;
  const renewsInS = Math.ceil((DAY_MS - (now % DAY_MS)) / 1000);
  const renews = `new ones at ${dayOf(now + DAY_MS)}T00:00:00Z`;
  if (modelMoneyPerDay !== null && used.money >= modelMoneyPerDay) {
    const spent = `${printMicroUnits(used.money)} of ${printMicroUnits(modelMoneyPerDay)}`;
    const detail = `the money of the day for the language model is spent, ${spent}; more at ${dayOf(now + DAY_MS)}T00:00:00Z`;
    return { whenSpent, isSpent: true, detail, retryAfterS: renewsInS };
  }
  if (used.tokens >= modelTokensPerDay) {
    const detail = `the language model’s tokens of the day are spent, ${used.tokens} of ${modelTokensPerDay}; ${renews}`;
    return { whenSpent, isSpent: true, detail, retryAfterS: renewsInS };
  }
  const detail = 'what is left of the day for the language model is held for your questions that are running';
  return { whenSpent, isSpent: false, detail, retryAfterS: Math.min(SOON_S, renewsInS) };
}

/** What an account has had of the model, oldest day first. */
export async function readModelUse(db: StoreDatabase, subject: string): Promise<readonly ModelUse[]> {
  const rows = await db
    .selectFrom('usage_counters')
    .select(['day', 'model_tokens', 'model_calls', 'model_money'])
    .where('subject', '=', subject)
    .orderBy('day')
    .execute();
  return rows.map(({ day, model_tokens, model_calls, model_money }) => ({
    day,
    modelTokens: Number(model_tokens),
    modelCalls: Number(model_calls),
    modelMoney: Number(model_money),
  }));
}

/** Forgets what an account has had of the model. */
export async function eraseModelUse(db: StoreDatabase, subject: string): Promise<void> {
  await db.deleteFrom('usage_counters').where('subject', '=', subject).execute();
}

/** Narrows a statement to the row of a day. */
function ofDay<T extends { where(column: keyof Day, operator: '=', value: string): T }>(statement: T, row: Day): T {
  return statement.where('tenant', '=', row.tenant).where('subject', '=', row.subject).where('day', '=', row.day);
}

/** The day of UTC at a time. */
function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
