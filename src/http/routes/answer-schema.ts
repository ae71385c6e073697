import { z } from 'zod';
import { RESULT_TYPES } from './result-types.js';

const provenance = z.strictObject({
  translator: z.enum(['verified', 'openai', 'offline', 'caller']),
  relations: z.array(z.string()).readonly(),
  policies: z.array(z.string()).readonly(),
  masked_columns: z.array(z.string()).readonly(),
  policy_version: z.string(),
  model: z
    .strictObject({
      provider: z.string(),
      failed: z.array(z.string()).readonly(),
      cached: z.boolean(),
      candidates: z.int().min(1),
    })
    .nullable(),
});

const COLUMNS = z
  .array(
    z.strictObject({
      name: z.string(),
      type: z.enum(RESULT_TYPES),
      unit: z.string().nullable(),
      masked: z.boolean(),
    }),
  )
  .readonly();

const ROWS = z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).readonly()).readonly();

/** The body of `POST /v1/ask` and `POST /v1/sql` (DESIGN §5). */
export const ANSWER = z.strictObject({
  id: z.string(),
  status: z.enum(['answered', 'clarify', 'refused']),
  question: z.string().nullable(),
  conversation_id: z.string().nullable(),
  sql: z.string().nullable(),
  message: z.string().nullable(),
  choices: z.array(z.string()).readonly(),
  columns: COLUMNS,
  rows: ROWS,
  row_count: z.int().min(0),
  truncated: z.boolean(),
  text: z.string(),
  explanation: z.string(),
  chart: z
    .strictObject({
      type: z.enum(['bar', 'line', 'pie', 'number']),
      x: z.int().nullable(),
      y: z.array(z.int()).readonly(),
      title: z.string(),
    })
    .nullable(),
  provenance,
  receipt: z.strictObject({ jws: z.string(), salt: z.string() }).nullable(),
  usage: z.strictObject({ prompt_tokens: z.int().min(0), completion_tokens: z.int().min(0) }),
  timings_ms: z.record(z.string(), z.number()),
});

/** The events of the same answers, in the order in which they come; `answer` or `error` is the last. */
export const ANSWER_EVENTS = {
  stage: z.strictObject({ stage: z.enum(['translate', 'seal', 'execute', 'answer']) }),
  sql: z.strictObject({ sql: z.string() }),
  columns: z.strictObject({ columns: COLUMNS }),
  rows: z.strictObject({ rows: ROWS }),
  answer: ANSWER,
} as const;

/** The body of `POST /v1/sql` with `dry_run`. */
export const DRY_RUN = z.strictObject({
  sealed_sql: z.string(),
  parameters: z
    .array(
      z.strictObject({
        origin: z.enum(['claim', 'slot', 'literal']),
        name: z.string().nullable(),
        value: z.union([z.string(), z.number(), z.null()]),
      }),
    )
    .readonly(),
  provenance,
});
