import type { Metrics, ModelOutcome } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import { BudgetSpentError } from './providers/hold-budget.js';

/** Counts how each question that is put to a provider ends. */
export function countModelCalls(
  provider: string,
  metrics: Pick<Metrics, 'modelCall'>,
): <Given extends readonly unknown[], Value>(
  ask: (...given: Given) => Promise<Value>,
) => (...given: Given) => Promise<Value> {
  return (ask) =>
    async (...given) => {
      try {
        const value = await ask(...given);
        metrics.modelCall(provider, 'answered');
        return value;
      } catch (error) {
        // Then it was not put to it.
        if (!(error instanceof BudgetSpentError)) metrics.modelCall(provider, outcomeOf(error));
        throw error;
      }
    };
}

function outcomeOf(error: unknown): ModelOutcome {
  const code = error instanceof SwaliError ? error.code : null;
  if (code === 'EXECUTE_CANCELLED') return 'cancelled';
  return code === 'TRANSLATE_MODEL_UNUSABLE' ? 'unusable' : 'unavailable';
}
