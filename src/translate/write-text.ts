import type { TextRequest, WriteText } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import { delimit } from './delimit.js';
import type { Completion } from './providers/call-endpoint.js';
import type { Complete } from './providers/complete.js';

/** Tokens of a short text at most. */
const MAX_OUTPUT_TOKENS = 300;

/** {@link WriteText} of one provider, within a deadline. */
export type WriteTextByProvider = (request: TextRequest, deadline: AbortSignal) => ReturnType<WriteText>;

/**
 * Makes the writer of short texts over one endpoint. The rules come first and are the same for every request; the question and
 * the data stand apart from them, marked off as data.
 */
export function createWriteText(complete: Complete): WriteTextByProvider {
  return ({ rules, question, data, principal, signal }, deadline) =>
    complete({
      messages: [
        { role: 'system', content: rules },
        { role: 'user', content: `${delimit('question', question)}\n${delimit('values', data)}` },
      ],
      answers: 'text',
      wanted: 1,
      isSampled: false,
      maxOutputTokens: MAX_OUTPUT_TOKENS,
      principal,
      caller: signal,
      deadline,
      read: (completion, usage) => ({ text: readText(completion), usage }),
    });
}

function readText({ choices }: Completion): string {
  const [choice] = choices;
  const text = choice?.message.content?.trim() ?? '';
  if (text === '' || choice?.finish_reason === 'length') {
    throw new SwaliError('TRANSLATE_MODEL_UNUSABLE', { cause: 'no text, or one that is cut off' });
  }
  return text;
}
