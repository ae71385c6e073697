import type { Translation } from '../../domain/candidate.js';
import type { CompiledMetric } from '../../policy/compile-metric.js';
import type { Day } from '../dates.js';
import type { TranslateRequest } from '../request.js';
import { matchVerified } from '../verified.js';
import { matchParaphrase } from './match-paraphrase.js';
import { collectNames } from './names.js';
import type { VerifiedQuestion } from './verified-question.js';

/**
 * The verified question that a question is: word for word, else in other words.
 *
 * @param verified only those open to the principal
 * @param metrics those that the principal may use; their synonyms count
 * @returns null where none is, or where several could be
 */
export function findVerified(
  { question, view }: Pick<TranslateRequest, 'question' | 'view'>,
  verified: readonly VerifiedQuestion[],
  today: Day,
  metrics: readonly CompiledMetric[],
): Translation | null {
  if (verified.length === 0) return null;
  return (
    matchVerified(question, verified, today) ?? matchParaphrase(question, verified, today, collectNames(view, metrics))
  );
}
