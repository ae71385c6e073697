import { z } from 'zod';
import { SwaliError } from '../errors/swali-error.js';

/** What a tier allows each of its accounts. */
export interface Tier {
  /** Questions and statements in a minute. */
  readonly requestsPerMinute: number;
  /** Questions and statements in 24 hours. */
  readonly requestsPerDay: number;
  /** Questions and statements at the same time. */
  readonly concurrency: number;
  /** Rows of one answer; the policy and MAX_ROWS can only lower it. */
  readonly rows: number;
}

/** The tiers by name. */
export interface Tiers {
  /** The tier of an account; of a name that no tier has, the one that allows the least. */
  of(name: string): Tier;
}

/** What holds where no file is named, lowest first. */
const DEFAULT_TIERS: Readonly<Record<string, Tier>> = {
  free: { requestsPerMinute: 20, requestsPerDay: 100, concurrency: 1, rows: 200 },
  standard: { requestsPerMinute: 60, requestsPerDay: 2_000, concurrency: 4, rows: 100_000 },
  professional: { requestsPerMinute: 120, requestsPerDay: 10_000, concurrency: 8, rows: 100_000 },
  enterprise: { requestsPerMinute: 600, requestsPerDay: 100_000, concurrency: 32, rows: 100_000 },
};

const count = (max: number) => z.int().min(1).max(max);
const tierSchema = z.strictObject({
  requests_per_minute: count(100_000),
  requests_per_day: count(10_000_000),
  concurrency: count(1_000),
  rows: count(100_000),
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
      concurrency: tier.concurrency,
      rows: tier.rows,
    });
  const least = [...tiers.values()].reduce((lowest, tier) => ({
    requestsPerMinute: Math.min(lowest.requestsPerMinute, tier.requestsPerMinute),
    requestsPerDay: Math.min(lowest.requestsPerDay, tier.requestsPerDay),
    concurrency: Math.min(lowest.concurrency, tier.concurrency),
    rows: Math.min(lowest.rows, tier.rows),
  }));
  return Object.freeze({ of: (name: string) => tiers.get(name) ?? least });
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
