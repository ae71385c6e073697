import type { CallOutcome, GuardRules } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';

/**
 * How the breaker of a source reads what comes of a statement. Only a source that cannot be reached is away: a statement that
 * fails, takes too long or must wait is its caller's or everybody's, and must not close the source to others.
 */
export const SOURCE_RULES: GuardRules = {
  judge: judgeSourceError,
  refuse: (retryAfterS) => new SwaliError('SOURCE_UNAVAILABLE', { cause: 'the circuit is open', retryAfterS }),
  longestPauseMs: 5000,
};

function judgeSourceError(error: unknown): CallOutcome {
  if (!(error instanceof SwaliError)) return 'unknown';
  if (error.code === 'SOURCE_UNAVAILABLE') return 'away';
  // These tell nothing of the source: a silent one ends in a time-out too.
  const isSilent =
    error.code === 'EXECUTE_TIMEOUT' || error.code === 'EXECUTE_CANCELLED' || error.code === 'EXECUTE_BUSY';
  return isSilent ? 'unknown' : 'answered';
}
