import type { Clock, ModelBudget } from '../domain/ports.js';
import type { Principal } from '../domain/principal.js';
import { toTenantColumn } from '../domain/tenant.js';
import type { Store, StoreDatabase } from '../store/store.js';
import type { Tiers } from './tiers.js';

const DAY_MS = 86_400_000;

/** Days whose counts are kept. */
const KEPT_DAYS = 90;

/** What one account has had of the model on one day. */
export interface ModelUse {
  /** Of UTC: `2026-03-01`. */
  readonly day: string;
  readonly modelTokens: number;
  readonly modelCalls: number;
}

/**
 * The tokens of the model that accounts have left, by their tiers. Counted in the store: exact over replicas, and a restart
 * gives nobody a fresh day.
 *
 * @remarks What it does not stop: calls that run at the same time, each begun while something was left, may together spend
 *   more; the tier's concurrency bounds them, and the next call finds it all counted.
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
    async left(principal) {
      const now = clock();
      const row = await store.run((db) =>
        db
          .selectFrom('usage_counters')
          .select('model_tokens')
          .where('tenant', '=', tenantOf(principal))
          .where('subject', '=', principal.subject)
          .where('day', '=', dayOf(now))
          .executeTakeFirst(),
      );
      const { modelTokensPerDay, overBudget } = tiers.of(principal.tier);
      return {
        tokens: Math.max(0, modelTokensPerDay - Number(row?.model_tokens ?? 0)),
        whenSpent: overBudget,
        renewsInS: Math.ceil((DAY_MS - (now % DAY_MS)) / 1000),
      };
    },
    async spend(principal, tokens) {
      const now = clock();
      await sweep(now);
      const row = {
        tenant: tenantOf(principal),
        subject: principal.subject,
        day: dayOf(now),
        model_tokens: tokens,
        model_calls: 1,
      };
      await store.transaction(async (db) => {
        const insert = db.insertInto('usage_counters').values(row);
        await (store.dialect === 'sqlite'
          ? insert.onConflict((conflict) =>
              conflict.columns(['tenant', 'subject', 'day']).doUpdateSet((eb) => ({
                model_tokens: eb('usage_counters.model_tokens', '+', tokens),
                model_calls: eb('usage_counters.model_calls', '+', 1),
              })),
            )
          : insert.onDuplicateKeyUpdate((eb) => ({
              model_tokens: eb('usage_counters.model_tokens', '+', tokens),
              model_calls: eb('usage_counters.model_calls', '+', 1),
            }))
        ).execute();
      });
    },
  } satisfies ModelBudget);
}

/** What an account has had of the model, oldest day first. */
export async function readModelUse(db: StoreDatabase, subject: string): Promise<readonly ModelUse[]> {
  const rows = await db
    .selectFrom('usage_counters')
    .select(['day', 'model_tokens', 'model_calls'])
    .where('subject', '=', subject)
    .orderBy('day')
    .execute();
  return rows.map(({ day, model_tokens, model_calls }) => ({
    day,
    modelTokens: Number(model_tokens),
    modelCalls: Number(model_calls),
  }));
}

/** Forgets what an account has had of the model. */
export async function eraseModelUse(db: StoreDatabase, subject: string): Promise<void> {
  await db.deleteFrom('usage_counters').where('subject', '=', subject).execute();
}

/** Empty where there are no tenants. */
function tenantOf(principal: Principal): string {
  return toTenantColumn(principal.tenant);
}

/** The day of UTC at a time. */
function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
