import type { Turn } from '../domain/conversation.js';
import type { Dialect } from '../domain/dialect.js';
import type { Day } from './dates.js';
import { delimit, withoutTags, writeDelimitedJson } from './delimit.js';
import type { Feedback, TranslateRequest } from './request.js';
import { suggestNames } from './suggest-names.js';
import { type SchemaNotes, writeContext, writeQuestionPrompt, writeSystemPrompt } from './write-prompt.js';

/** One message of a chat. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Earlier turns that are told, at most, and the characters of all of them together: the latest ones. */
const MOST_TURNS = 6;
const MOST_TURN_CHARACTERS = 8000;

/**
 * Writes what a model is asked: what never changes first, then what this question adds, then earlier turns, the question,
 * and what came of statements that were refused. Roles take turns, as some models insist on.
 *
 * @param today in the configured time zone
 */
export function writeMessages(
  request: TranslateRequest,
  notes: SchemaNotes,
  { dialect, today, timeZone }: { readonly dialect: Dialect; readonly today: Day; readonly timeZone: string },
): readonly Message[] {
  const asked: Message[] = latestTurns(request.turns).flatMap(writeTurn);
  asked.push({ role: 'user', content: writeQuestionPrompt(request.question, today, timeZone) });
  const context = writeContext(notes);
  const [first, ...rest] = asked as [Message, ...Message[]];
  return [
    { role: 'system', content: writeSystemPrompt(dialect, notes) },
    context === null ? first : { ...first, content: `${context}\n\n${first.content}` },
    ...rest,
    ...request.feedback.flatMap((each) => writeFeedback(each, request, dialect)),
  ];
}

/** The last turns that find room, oldest first: a turn without those after it would tell nothing. */
function latestTurns(turns: readonly Turn[]): readonly Turn[] {
  const latest: Turn[] = [];
  let characters = 0;
  for (const turn of turns.slice(-MOST_TURNS).reverse()) {
    characters += turn.question.length + (turn.sql?.length ?? 0);
    if (characters > MOST_TURN_CHARACTERS) break;
    latest.unshift(turn);
  }
  return latest;
}

function writeTurn({ question, sql }: Turn): readonly Message[] {
  const answer =
    sql === null
      ? { kind: 'clarify', sql, message: 'There is no statement for this one.', choices: [] }
      : { kind: 'sql', sql, message: null, choices: [] };
  return [
    { role: 'user', content: delimit('question', question) },
    { role: 'assistant', content: writeDelimitedJson(answer) },
  ];
}

/** A statement and its public error, or a question back that gave nothing to choose from. */
function writeFeedback(failed: Feedback, { view }: TranslateRequest, dialect: Dialect): readonly Message[] {
  const { sql, code, message } = failed;
  const answer = sql === null ? { kind: 'clarify', sql, message } : { kind: 'sql', sql, message: null };
  const lines =
    sql === null
      ? ['That asks back without 2 to 4 different readings in "choices", each a complete question.']
      : [`That statement was not run. ${code}: ${withoutTags(message)}`, suggestNames(failed, view, dialect)];
  return [
    { role: 'assistant', content: writeDelimitedJson({ ...answer, choices: [] }) },
    { role: 'user', content: [...lines, 'Answer again in the same form.'].filter((line) => line !== null).join('\n') },
  ];
}
