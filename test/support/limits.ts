/** Every limit of a tier, as TIERS_FILE spells it, wide enough for most tests. */
export const LIMITS = {
  requests_per_minute: 100,
  requests_per_day: 100,
  model_tokens_per_day: 100_000,
  over_budget: 'refuse',
  concurrency: 100,
  rows: 100,
  export_rows: 100,
  export_bytes: 100_000,
} as const;
