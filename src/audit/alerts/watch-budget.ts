import type { ModelBudget } from '../../domain/ports.js';
import type { Principal } from '../../domain/principal.js';

/** Wraps the budget of the model: whoever is told that nothing is left is named to the watcher, which may not throw. */
export function watchBudget(budget: ModelBudget, spent: (principal: Principal) => void): ModelBudget {
  return Object.freeze({
    async reserve(principal, most) {
      const reserved = await budget.reserve(principal, most);
      if ('isSpent' in reserved && reserved.isSpent) spent(principal);
      return reserved;
    },
  } satisfies ModelBudget);
}
