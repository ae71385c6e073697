import { checkQuestion } from './check-question.js';
import { foldWord, splitWords } from './words.js';

/** Readings that a person is offered, at most. */
const MOST_CHOICES = 4;

/**
 * The readings of a question back that can be asked as they stand, each once.
 *
 * @param choices in the model's words
 * @param question what was asked: to offer it again leads nowhere
 */
export function tidyChoices(choices: readonly string[], question: string): readonly string[] {
  const taken = new Set([wordsOf(question)]);
  const kept = choices.filter((choice) => {
    const words = wordsOf(choice);
    if (!isQuestion(choice) || taken.has(words)) return false;
    taken.add(words);
    return true;
  });
  return kept.slice(0, MOST_CHOICES);
}

function wordsOf(text: string): string {
  return splitWords(text)
    .words.map((word) => foldWord(word.text))
    .join(' ');
}

function isQuestion(text: string): boolean {
  try {
    checkQuestion(text);
    return true;
  } catch {
    return false;
  }
}
