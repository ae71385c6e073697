import type { Candidate, Translation } from '../domain/candidate.js';
import type { Dialect } from '../domain/dialect.js';
import type { WriteText } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { OpenAiTranslate } from './openai.js';
import { restoreInStatement, withholdInStatement } from './personal/statement-literals.js';
import { createWithheldWords, type WithheldWords } from './personal/withheld-words.js';
import type { TranslateRequest } from './request.js';

/**
 * Keeps e-mail addresses, phone and card numbers from the model: words stand for them in the question, in the turns before it
 * and in statements that go back for repair, and what comes back has them again, in the literals of its SQL and in its words.
 *
 * @returns a function that throws what the translator throws, and SwaliError `TRANSLATE_MODEL_UNUSABLE` where the answer holds a
 *   word that stands for nothing
 * @remarks It knows their form, not their meaning: names and addresses of people pass. The schema and shared values are not
 *   looked at; their owner has opened them.
 */
export function withholdPersonalData(translate: OpenAiTranslate, dialect: Dialect): OpenAiTranslate {
  return async (request, today, known) => {
    const words = createWithheldWords((text) => isSaid(text, request));
    const withheld = withholdRequest(request, dialect, words);
    if (words.count() === 0) return translate(request, today, known);
    return restoreTranslation(await translate(withheld, today, known), dialect, words);
  };
}

/** The same for texts that a model writes: in the question alone, as whoever sends results has opened them. */
export function withholdFromText(write: WriteText): WriteText {
  return async (request) => {
    const said = `${request.question}\n${request.data}`.toLowerCase();
    const words = createWithheldWords((text) => said.includes(text));
    const question = words.withhold(request.question);
    const written = await write({ ...request, question });
    return { ...written, text: words.restore(written.text, (value) => value).text };
  };
}

/** Questions come first: what they hold is known by its form there, and by itself everywhere else. */
function withholdRequest(request: TranslateRequest, dialect: Dialect, words: WithheldWords): TranslateRequest {
  const question = words.withhold(request.question);
  const asked = request.turns.map((turn) => words.withhold(turn.question));
  const turns = request.turns.map(({ sql }, at) => ({
    question: asked[at]!,
    sql: sql === null ? null : withholdInStatement(sql, dialect, words),
  }));
  const feedback = request.feedback.map((each) => ({
    ...each,
    sql: each.sql === null ? null : withholdInStatement(each.sql, dialect, words),
    message: words.withhold(each.message),
  }));
  return { ...request, question, turns, feedback };
}

function restoreTranslation(translation: Translation, dialect: Dialect, words: WithheldWords): Translation {
  if (translation.kind === 'sql') {
    const { candidate, alternatives } = translation;
    const restore = (each: Candidate): Candidate | null => {
      const sql = restoreInStatement(each.sql, dialect, words);
      return sql === null ? null : { ...each, sql };
    };
    const first = restore(candidate);
    if (first === null) {
      throw new SwaliError('TRANSLATE_MODEL_UNUSABLE', { cause: 'a word for personal data that stands for none' });
    }
    const others = alternatives && { alternatives: alternatives.map(restore).filter((each) => each !== null) };
    return { ...translation, candidate: first, ...others };
  }
  const restore = (text: string): string => words.restore(text, (value) => value).text;
  return { ...translation, message: restore(translation.message), choices: translation.choices.map(restore) };
}

/** Whether a text, in small letters, stands anywhere in what is sent, or is the name of something that may be. */
function isSaid(text: string, { question, turns, feedback, view }: TranslateRequest): boolean {
  const said = [
    question,
    ...turns.flatMap((turn) => [turn.question, turn.sql ?? '']),
    ...feedback.map(({ sql }) => sql ?? ''),
  ];
  if (said.some((each) => each.toLowerCase().includes(text))) return true;
  for (const { relation, columns } of view.relations.values()) {
    if (relation.name.toLowerCase().includes(text)) return true;
    for (const { column } of columns.values()) if (column.name.toLowerCase().includes(text)) return true;
  }
  return false;
}
