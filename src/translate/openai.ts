import type { Candidate, Translation } from '../domain/candidate.js';
import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Day } from './dates.js';
import { gatherCandidates } from './gather-candidates.js';
import type { Completion } from './providers/call-endpoint.js';
import type { Complete, OpenAiSettings } from './providers/complete.js';
import { readModelAnswer } from './read-model-answer.js';
import type { TranslateRequest } from './request.js';
import { tidyChoices } from './tidy-choices.js';
import { writeMessages } from './write-messages.js';
import type { SchemaNotes } from './write-prompt.js';

/** A translator that asks a model. */
export type OpenAiTranslate = (request: TranslateRequest, today: Day, known: SchemaNotes) => Promise<Translation>;

/** {@link OpenAiTranslate} of one provider, which may be given a nearer deadline than its own. */
export type AskProvider = (
  request: TranslateRequest,
  today: Day,
  known: SchemaNotes,
  deadline?: AbortSignal,
) => Promise<Translation>;

/**
 * Makes the translator that asks an OpenAI-compatible endpoint for a structured answer, or for several, so that their results
 * can be compared.
 *
 * @param deps.complete the way to the endpoint
 * @returns a function that throws what {@link Complete} throws; `TRANSLATE_MODEL_UNUSABLE` means no JSON of the right form, or
 *   one that is cut off
 */
export function createOpenAiTranslate(deps: {
  readonly settings: Pick<OpenAiSettings, 'timeoutMs' | 'maxOutputTokens' | 'candidates'>;
  readonly complete: Complete;
  readonly dialect: Dialect;
  readonly timeZone: string;
}): AskProvider {
  const { settings, complete, dialect, timeZone } = deps;
  return (request, today, known, nearer) => {
    const { timeoutMs, maxOutputTokens } = settings;
    const messages = writeMessages(request, known, { dialect, today, timeZone });
    // What goes back to be mended is about one statement, and so is what comes of it.
    const candidates = request.feedback.length === 0 ? (settings.candidates ?? 1) : 1;
    const { principal, signal: caller } = request;
    const own = AbortSignal.timeout(timeoutMs);
    // Of the question: all calls for it together take no longer.
    const deadline = nearer ? AbortSignal.any([own, nearer]) : own;
    const task = { messages, answers: 'translation', maxOutputTokens, principal, caller, deadline } as const;
    return gatherCandidates(candidates, (wanted) =>
      complete({
        ...task,
        wanted,
        isSampled: candidates > 1,
        read: (completion, usage) => readChoices(completion, wanted, usage, request.question),
      }),
    );
  };
}

/** As many as the endpoint gave and were wanted; null for each that is of no use. */
type Answers = readonly (Translation | null)[];

/**
 * The answers of a completion. The first usable one carries what all of them cost.
 *
 * @throws SwaliError `TRANSLATE_MODEL_UNUSABLE` of the first one where none is usable
 */
function readChoices({ choices }: Completion, wanted: number, usage: Candidate['usage'], question: string): Answers {
  let [cost, failure, isUsable] = [usage, null as unknown, false];
  const answers = choices.slice(0, wanted).map((choice) => {
    try {
      const answer = readChoice(choice, cost, question);
      [cost, isUsable] = [NO_USAGE, true];
      return answer;
    } catch (error) {
      failure ??= error;
      return null;
    }
  });
  if (!isUsable) throw failure;
  return answers;
}

const NO_USAGE: Candidate['usage'] = { promptTokens: 0, completionTokens: 0 };

function readChoice(choice: Completion['choices'][number], usage: Candidate['usage'], question: string): Translation {
  const refusal = choice.message.refusal?.trim();
  if (refusal) return { kind: 'refused', message: bounded(refusal), choices: [], translator: 'openai', usage };
  if (choice.finish_reason === 'length') {
    throw new SwaliError('TRANSLATE_MODEL_UNUSABLE', { cause: 'cut off at the token limit' });
  }
  const answer = readModelAnswer(choice.message.content ?? '');
  if (!answer) throw new SwaliError('TRANSLATE_MODEL_UNUSABLE', { cause: 'no JSON of the right form' });
  if (answer.kind === 'sql') {
    return {
      kind: 'sql',
      candidate: { sql: (answer.sql ?? '').trim(), translator: 'openai', slots: new Map(), usage },
    };
  }
  return {
    kind: answer.kind === 'clarify' ? 'clarify' : 'refused',
    message: bounded(answer.message ?? ''),
    choices: tidyChoices(answer.choices.map(bounded), question),
    translator: 'openai',
    usage,
  };
}

/** A model's own words reach the caller as one line of plain text of bounded length. */
function bounded(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 500);
}
