import type { Outcome } from '../../../src/eval/outcome.js';

/** An outcome that is right, but for what a test says of it. */
export function madeOutcome(fields: Partial<Outcome> = {}): Outcome {
  return {
    id: '1',
    database: 'shop',
    hardness: 'easy',
    question: 'How many?',
    gold: 'SELECT 1',
    verdict: 'right',
    answered: true,
    reason: null,
    detail: null,
    sql: 'SELECT 1',
    translator: 'offline',
    repairs: 0,
    prompt_tokens: 0,
    completion_tokens: 0,
    ms: 10,
    ...fields,
  };
}
