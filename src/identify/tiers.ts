import { z } from 'zod';
import { parseMicroUnits } from '../domain/micro-units.js';
import { SwaliError } from '../errors/swali-error.js';

/** What becomes of questions once the model's tokens of the day are spent: the offline translator answers, or nobody does. */
export type OverBudget = 'offline' | 'refuse';

/** What a tier allows each of its accounts. */
export interface Tier {
  /** Questions and statements in a minute. */
  readonly requestsPerMinute: number;
  /** Questions and statements in 24 hours. */
  readonly requestsPerDay: number;
  /** Tokens of the model in a day of UTC, those of prompts and of answers together. */
  readonly modelTokensPerDay: number;
  /** Money for the model in a day of UTC, in millionths of the currency of its prices; null where there is no limit. */
  readonly modelMoneyPerDay: number | null;
  readonly overBudget: OverBudget;
  /** Questions and statements at the same time. */
  readonly concurrency: number;
  /** Rows of one answer; the policy and MAX_ROWS can only lower it. */
  readonly rows: number;
  /** Rows of one export; the policy can only lower it. */
  readonly exportRows: number;
  /** Bytes of one export; the policy can only lower it. */
  readonly exportBytes: number;
}

/** The tiers by name. */
export interface Tiers {
  /** The tier of an account; of a name that no tier has, the one that allows the least. */
  of(name: string): Tier;
}

/** Most rows of an export that a tier can allow. */
export const MOST_EXPORT_ROWS = 1_000_000;
/** Most bytes of an export that a tier can allow: it is held in memory as a whole. */
export const MOST_EXPORT_BYTES = 256 * 1024 * 1024;

const EXPORT_BYTES = 32 * 1024 * 1024;

/** What holds where no file is named, lowest first. */
const DEFAULT_TIERS: Readonly<Record<string, Tier>> = {
  free: {
    requestsPerMinute: 20,
    requestsPerDay: 100,
    modelTokensPerDay: 100_000,
    modelMoneyPerDay: null,
    overBudget: 'offline',
    concurrency: 1,
    rows: 200,
    exportRows: 1_000,
    exportBytes: EXPORT_BYTES,
  },
  standard: {
    requestsPerMinute: 60,
    requestsPerDay: 2_000,
    modelTokensPerDay: 2_000_000,
    modelMoneyPerDay: null,
    overBudget: 'offline',
    concurrency: 4,
    rows: 100_000,
    exportRows: 10_000,
    exportBytes: EXPORT_BYTES,
  },
  professional: {
    requestsPerMinute: 120,
    requestsPerDay: 10_000,
    modelTokensPerDay: 10_000_000,
    modelMoneyPerDay: null,
    overBudget: 'offline',
    concurrency: 8,
    rows: 100_000,
    exportRows: 100_000,
    exportBytes: EXPORT_BYTES,
  },
  enterprise: {
    requestsPerMinute: 600,
    requestsPerDay: 100_000,
    modelTokensPerDay: 100_000_000,
    modelMoneyPerDay: null,
    overBudget: 'offline',
    concurrency: 32,
    rows: 100_000,
    exportRows: 100_000,
    exportBytes: EXPORT_BYTES,
  },
};

const count = (max: number) => z.int().min(1).max(max);
/** A decimal, as a text or as a number that JSON spells without an exponent; it is never calculated with as a float. */
const money = z.union([z.string(), z.number()]).transform((given, context) => {
  const units = parseMicroUnits(String(given));
  if (units !== null) return units;
  context.addIssue({
    code: 'custom',
    message: 'expected an amount such as "2.50", with six digits behind the point at most',
  });
  return z.NEVER;
});
const tierSchema = z.strictObject({
  requests_per_minute: count(100_000),
  requests_per_day: count(10_000_000),
  model_tokens_per_day: z.int().min(0).max(1_000_000_000_000),
  // Left out: no limit. Files of before there were prices stay good.
  model_money_per_day: money.nullable().default(null),
  over_budget: z.enum(['offline', 'refuse']),
  concurrency: count(1_000),
  rows: count(100_000),
  export_rows: count(MOST_EXPORT_ROWS),
  export_bytes: z.int().min(1024).max(MOST_EXPORT_BYTES),
});
const fileSchema = z.record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/), tierSchema);

/**
 * Reads the tiers of a file (`TIERS_FILE`): a JSON object from name to limits. Those of the file come beside, and in the
 * place of, the ones that are built in.
 *
 * @param text of the file; null where none is named
 * @throws SwaliError `SETTINGS_INVALID` with the first faults
 */
export function readTiers(text: string | null): Tiers {
  const tiers = new Map(Object.entries(DEFAULT_TIERS));
  for (const [name, tier] of Object.entries(text === null ? {} : parse(text)))
    tiers.set(name, {
      requestsPerMinute: tier.requests_per_minute,
      requestsPerDay: tier.requests_per_day,
      modelTokensPerDay: tier.model_tokens_per_day,
      modelMoneyPerDay: tier.model_money_per_day,
      overBudget: tier.over_budget,
      concurrency: tier.concurrency,
      rows: tier.rows,
      exportRows: tier.export_rows,
      exportBytes: tier.export_bytes,
    });
  const least = [...tiers.values()].reduce((lowest, tier) => ({
    requestsPerMinute: Math.min(lowest.requestsPerMinute, tier.requestsPerMinute),
    requestsPerDay: Math.min(lowest.requestsPerDay, tier.requestsPerDay),
    modelTokensPerDay: Math.min(lowest.modelTokensPerDay, tier.modelTokensPerDay),
    modelMoneyPerDay: lesserOf(lowest.modelMoneyPerDay, tier.modelMoneyPerDay),
    overBudget: tier.overBudget === 'refuse' ? 'refuse' : lowest.overBudget,
    concurrency: Math.min(lowest.concurrency, tier.concurrency),
    rows: Math.min(lowest.rows, tier.rows),
    exportRows: Math.min(lowest.exportRows, tier.exportRows),
    exportBytes: Math.min(lowest.exportBytes, tier.exportBytes),
  }));
  return Object.freeze({ of: (name: string) => tiers.get(name) ?? least });
}

/** The lower of two limits, of which null is none. */
function lesserOf(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

function parse(text: string): z.output<typeof fileSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SwaliError('SETTINGS_INVALID', { detail: 'TIERS_FILE: is not JSON', cause });
  }
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.') || 'file'}: ${message}`);
  throw new SwaliError('SETTINGS_INVALID', { detail: `TIERS_FILE: ${faults.join('; ')}` });
}
