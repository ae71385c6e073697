import { z } from 'zod';

/**
 * What a question came to. `right`: the gold's rows, or a refusal where nothing can be answered. `wrong`: other rows.
 * `refused`: nothing answered, by the translator's word or by the seal. `failed`: nothing answered for another reason.
 * `skipped`: cannot be judged, and counts nowhere.
 */
export const VERDICTS = ['right', 'wrong', 'refused', 'failed', 'skipped'] as const;

/** One finished question, as the journal keeps it. */
export const outcomeSchema = z.strictObject({
  id: z.string(),
  database: z.string(),
  hardness: z.string(),
  question: z.string(),
  gold: z.string().nullable(),
  verdict: z.enum(VERDICTS),
  /** Whether rows came back. */
  answered: z.boolean(),
  /** Why, in one word that failures are counted by: a difference of rows, `declined`, or a code. Null where it is right. */
  reason: z.string().nullable(),
  /** For people: the words of a refusal, or what differs. */
  detail: z.string().nullable(),
  /** The last statement that was tried; null where none was written. */
  sql: z.string().nullable(),
  translator: z.string().nullable(),
  /** How often a statement went back to the model. */
  repairs: z.int().min(0),
  prompt_tokens: z.number().min(0),
  completion_tokens: z.number().min(0),
  /** From the question to the answer, in milliseconds. */
  ms: z.number().min(0),
});

/** See {@link outcomeSchema}. */
export type Outcome = Readonly<z.infer<typeof outcomeSchema>>;
