/** Every limit of a tier, as TIERS_FILE spells it, wide enough for most tests. */
export const LIMITS = {
  requests_per_minute: 100,
  requests_per_day: 100,
  concurrency: 100,
  rows: 100,
};
