import type { BudgetRefusal, ModelBudget, ModelCost } from '../../src/domain/ports.js';

/** A budget that never ends. @param spent what was spent of it, call by call */
export function endlessBudget(spent: ModelCost[] = []): ModelBudget {
  return {
    reserve: async () => ({
      settle: async (cost) => {
        if (cost !== null) spent.push(cost);
      },
    }),
  };
}

/** A budget of which nothing is left. */
export function spentBudget(whenSpent: BudgetRefusal['whenSpent'], retryAfterS: number): ModelBudget {
  return { reserve: async () => ({ whenSpent, isSpent: true, detail: 'all is spent', retryAfterS }) };
}
