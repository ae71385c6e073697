import type { ModelBudget } from '../../domain/ports.js';
import type { Principal } from '../../domain/principal.js';

/** Wraps the budget of the model: whoever is told that nothing is left is named to the watcher, which may not throw. */
export function watchBudget(budget: ModelBudget, spent: (principal: Principal) => void): ModelBudget {
  return Object.freeze({
    async left(principal) {
      const allowance = await budget.left(principal);
      if (allowance.tokens <= 0) spent(principal);
      return allowance;
    },
    spend: (principal, tokens) => budget.spend(principal, tokens),
  } satisfies ModelBudget);
}
