/** How long sessions live. */
export interface SessionLife {
  /** Longest time without use, in seconds (`SESSION_IDLE_TTL_S`). */
  readonly idleTtlS: number;
  /** Longest time from the sign-in on, in seconds (`SESSION_MAX_TTL_S`); kept in the session's row when it begins. */
  readonly maxTtlS: number;
}

/** How much `last_used_at` may lag, in milliseconds: a use within it writes nothing. */
export const USE_STEP_MS = 60_000;

/**
 * What a session's times must be beyond for the session to live. Both are compared with `>`: a session lives up to the
 * last millisecond of its span, and not after.
 *
 * @param now milliseconds since 1970
 */
export function boundsAt(now: number, life: Pick<SessionLife, 'idleTtlS'>): { lastUsedAt: number; expiresAt: number } {
  return { lastUsedAt: now - life.idleTtlS * 1000, expiresAt: now };
}
