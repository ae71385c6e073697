import { z } from 'zod';

/** What the model is asked for. Every field is required, as strict JSON schemas want it. */
export const MODEL_ANSWER = z.object({
  kind: z.enum(['sql', 'clarify', 'refuse']),
  sql: z.string().nullable(),
  message: z.string().nullable(),
  choices: z.array(z.string()),
});
export type ModelAnswer = z.infer<typeof MODEL_ANSWER>;

/** The same, from servers that do not enforce the schema: what may be left out is filled in. */
const LENIENT_ANSWER = z.object({
  kind: z.enum(['sql', 'clarify', 'refuse']),
  sql: z
    .string()
    .nullish()
    .transform((value) => value ?? null),
  message: z
    .string()
    .nullish()
    .transform((value) => value ?? null),
  choices: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
});

/** Most characters of an answer that are looked at. */
const MAX_ANSWER_CHARACTERS = 64 * 1024;

/**
 * Reads a model's answer: the text itself, or the first JSON object in it that has the right form (after a code fence,
 * reasoning or a preface).
 *
 * @param text untrusted
 * @returns null where no usable object is found, or it lacks what its kind needs (a statement, or a message)
 */
export function readModelAnswer(text: string): ModelAnswer | null {
  const bounded = text.slice(0, MAX_ANSWER_CHARACTERS);
  for (const piece of jsonObjects(bounded)) {
    const parsed = LENIENT_ANSWER.safeParse(piece);
    if (!parsed.success) continue;
    const answer = parsed.data;
    if (answer.kind === 'sql' ? (answer.sql ?? '').trim() !== '' : (answer.message ?? '').trim() !== '') return answer;
  }
  return null;
}

/** At most this many `{` are tried, so that a hostile text costs linear time. */
const MAX_STARTS = 16;

function* jsonObjects(text: string): Generator<unknown> {
  let starts = 0;
  for (let at = text.indexOf('{'); at >= 0 && starts < MAX_STARTS; at = text.indexOf('{', at + 1)) {
    starts += 1;
    const end = objectEnd(text, at);
    if (end < 0) continue;
    try {
      yield JSON.parse(text.slice(at, end));
    } catch {
      // Not JSON from here; a later brace may be.
    }
  }
}

/** Index after the brace that closes the one at `start`, strings minded; -1 where none does. */
function objectEnd(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{') depth += 1;
    else if (character === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}
