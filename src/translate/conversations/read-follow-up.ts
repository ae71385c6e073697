import type { Translation } from '../../domain/candidate.js';
import { createMarker, type OfflineRequest, translateOffline } from '../offline/translate-offline.js';
import type { TranslateRequest } from '../request.js';
import { completeQuestion } from './complete-question.js';

/**
 * What a question asks for as a whole, by those before it and without a model.
 *
 * @param known what the offline translator stands on
 * @returns null where it is taken as it stands
 */
export function readFollowUp(
  { question, turns, principal }: Pick<TranslateRequest, 'question' | 'turns' | 'principal'>,
  known: Omit<OfflineRequest, 'question' | 'principal'>,
): string | null {
  if (turns.length === 0) return null;
  const about = { ...known, principal };
  const answers = (each: string) => translateOffline({ ...about, question: each }).kind === 'sql';
  return completeQuestion({ question, turns, marker: createMarker(about), answers });
}

/** A translation that says how its question was read. @param readAs null where it was taken as it stands */
export function withReading(translation: Translation, readAs: string | null): Translation {
  if (readAs === null) return translation;
  if (translation.kind !== 'sql') return { ...translation, readAs };
  return { ...translation, candidate: { ...translation.candidate, readAs } };
}
