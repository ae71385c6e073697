import type { BudgetHold, BudgetRefusal, ModelBudget, ModelCost } from '../../domain/ports.js';
import type { Principal } from '../../domain/principal.js';
import { SwaliError } from '../../errors/swali-error.js';

/** `RATE_LIMITED`, as the account has had its share of the model's day. */
export class BudgetSpentError extends SwaliError {
  /** Who answers instead. */
  readonly whenSpent: BudgetRefusal['whenSpent'];

  constructor({ detail, retryAfterS, whenSpent }: BudgetRefusal) {
    super('RATE_LIMITED', { detail, retryAfterS });
    this.whenSpent = whenSpent;
  }
}

/**
 * Holds what a question may cost.
 *
 * @throws BudgetSpentError where nothing is left; SwaliError `STORE_UNAVAILABLE`
 */
export async function holdBudget(budget: ModelBudget, principal: Principal, most: ModelCost): Promise<BudgetHold> {
  const reserved = await budget.reserve(principal, most);
  if ('whenSpent' in reserved) throw new BudgetSpentError(reserved);
  return reserved;
}

/** Adds up what the parts of a question cost; null where none cost anything. */
export function addCost(sum: ModelCost | null, cost: ModelCost): ModelCost {
  return { tokens: (sum?.tokens ?? 0) + cost.tokens, money: (sum?.money ?? 0) + cost.money };
}
