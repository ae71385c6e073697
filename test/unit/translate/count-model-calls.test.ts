import { describe, expect, it } from 'vitest';
import type { Translation } from '../../../src/domain/candidate.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { countModelCalls } from '../../../src/translate/count-model-calls.js';
import { BudgetSpentError } from '../../../src/translate/providers/hold-budget.js';

async function outcomeOf(answer: () => Promise<Translation>): Promise<readonly string[]> {
  const outcomes: string[] = [];
  const count = countModelCalls('first', {
    modelCall: (provider, outcome) => void outcomes.push(`${provider} ${outcome}`),
  });
  await count(answer)().catch(() => undefined);
  return outcomes;
}

describe('calls of the model', () => {
  it('are counted as answered', async () => {
    expect(await outcomeOf(async () => ({ kind: 'refused' }) as Translation)).toEqual(['first answered']);
  });

  it.each([
    [new SwaliError('TRANSLATE_MODEL_UNUSABLE'), 'unusable'],
    [new SwaliError('TRANSLATE_MODEL_UNAVAILABLE'), 'unavailable'],
    [new SwaliError('EXECUTE_CANCELLED'), 'cancelled'],
    [new Error('of another kind'), 'unavailable'],
  ])('that fail are counted by how: %s', async (error, outcome) => {
    expect(await outcomeOf(() => Promise.reject(error))).toEqual([`first ${outcome}`]);
  });

  it('are none where the account has no share of the day left', async () => {
    const error = new BudgetSpentError({ whenSpent: 'refuse', isSpent: true, detail: 'spent', retryAfterS: 9 });
    expect(await outcomeOf(() => Promise.reject(error))).toEqual([]);
  });

  it('fail as they did', async () => {
    const error = new SwaliError('TRANSLATE_MODEL_UNUSABLE');
    const count = countModelCalls('first', { modelCall() {} });
    await expect(count(() => Promise.reject(error))()).rejects.toBe(error);
  });
});
