import type { Candidate, Translation } from '../domain/candidate.js';
import { isModelFailure } from './model-failures.js';
import { BudgetSpentError } from './providers/hold-budget.js';

/**
 * Gathers several answers of a model to one question. They are asked for at once; where an endpoint gives fewer, each of the
 * others by itself, and of these those that fail are done without.
 *
 * @param wanted how many, 1 or more
 * @param ask gives no more than are wanted, null for each that is of no use, and throws where all are
 * @returns the statements, the first with the others as alternatives, unless more answers than those are none; then the
 *   first of these. What all answers cost stands where one's would.
 * @throws whatever the first call throws, and of the others whatever is no failure of the model
 */
export async function gatherCandidates(
  wanted: number,
  ask: (wanted: number) => Promise<readonly (Translation | null)[]>,
): Promise<Translation> {
  const given = [...(await ask(wanted))];
  const missing = Array.from({ length: Math.max(0, wanted - given.length) }, () => ask(1));
  for (const settled of await Promise.allSettled(missing)) {
    if (settled.status === 'fulfilled') given.push(...settled.value);
    else if (!mayBeDoneWithout(settled.reason)) throw settled.reason;
  }
  return combine(given.filter((answer) => answer !== null));
}

/** A budget that is spent in between leaves what is there already. */
function mayBeDoneWithout(error: unknown): boolean {
  return isModelFailure(error) || error instanceof BudgetSpentError;
}

function combine(answers: readonly Translation[]): Translation {
  const usage = answers.map(usageOf).reduce((sum, each) => ({
    promptTokens: sum.promptTokens + each.promptTokens,
    completionTokens: sum.completionTokens + each.completionTokens,
  }));
  const statements = answers.flatMap((answer) => (answer.kind === 'sql' ? answer.candidate : []));
  const words = answers.filter((answer) => answer.kind !== 'sql');
  const [first, ...others] = statements;
  if (!first || words.length > statements.length) return { ...words[0]!, usage };
  const candidate = { ...first, usage };
  if (others.length === 0) return { kind: 'sql', candidate };
  const free = { promptTokens: 0, completionTokens: 0 };
  return { kind: 'sql', candidate, alternatives: others.map((each) => ({ ...each, usage: free })) };
}

function usageOf(translation: Translation): Candidate['usage'] {
  return translation.kind === 'sql' ? translation.candidate.usage : translation.usage;
}
