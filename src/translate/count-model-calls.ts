import type { Metrics, ModelOutcome } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { OpenAiTranslate } from './openai.js';

/** Counts how each question that is put to the model ends. */
export function countModelCalls(translate: OpenAiTranslate, metrics: Pick<Metrics, 'modelCall'>): OpenAiTranslate {
  return async (...given) => {
    try {
      const translation = await translate(...given);
      metrics.modelCall('answered');
      return translation;
    } catch (error) {
      metrics.modelCall(outcomeOf(error));
      throw error;
    }
  };
}

function outcomeOf(error: unknown): ModelOutcome {
  const code = error instanceof SwaliError ? error.code : null;
  if (code === 'EXECUTE_CANCELLED') return 'cancelled';
  return code === 'TRANSLATE_MODEL_UNUSABLE' ? 'unusable' : 'unavailable';
}
