import { SwaliError } from '../errors/swali-error.js';

/** Longest question, in Unicode characters. */
export const MAX_QUESTION_CHARACTERS = 2000;

/** Control, unassigned-direction and other invisible characters that no typed question needs; tab and line ends are white space. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}/u;

/**
 * Checks a question and folds its white space; the words stay as typed.
 *
 * @param question as it came in
 * @returns the question, trimmed, every run of white space a single blank
 * @throws SwaliError `TRANSLATE_QUESTION_INVALID` where it is empty, longer than {@link MAX_QUESTION_CHARACTERS}, or
 *   holds control characters (which could hide text from a reader of the audit log)
 */
export function checkQuestion(question: string): string {
  if (question.length > MAX_QUESTION_CHARACTERS * 2) throw invalid('longer than 2000 characters');
  if (FORBIDDEN.test(question)) throw invalid('holds control characters');
  const folded = question.replace(/\s+/gu, ' ').trim();
  if (folded === '') throw invalid('empty');
  if ([...folded].length > MAX_QUESTION_CHARACTERS) throw invalid('longer than 2000 characters');
  if (!/[\p{L}\p{N}]/u.test(folded)) throw invalid('holds no word');
  return folded;
}

function invalid(detail: string): SwaliError {
  return new SwaliError('TRANSLATE_QUESTION_INVALID', { detail });
}
