import { z } from 'zod';
import type { Ask } from '../../ask.js';
import type { AskContext } from '../../ask-context.js';
import type { Answer } from '../../domain/answer.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { AnswerSink } from '../../hand-out.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import type { EventOutlet } from '../event-stream.js';
import type { RequestContext } from '../request-context.js';
import { ANSWER, ANSWER_EVENTS, DRY_RUN } from './answer-schema.js';

/** What both endpoints state of their events. A stage tells nothing of data, so it need not wait for the record. */
const EVENTS = { schemas: ANSWER_EVENTS, unrecorded: ['stage'] } as const;

/** `POST /v1/ask` and `POST /v1/sql`: both go through the spine, which writes their audit records. */
export function createAskRoutes(ask: Ask, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/ask',
        access: { permission: 'ask' },
        widget: true,
        input: z.strictObject({ question: z.string(), conversation_id: z.string().max(64).nullable().optional() }),
        output: ANSWER,
        limit: 'ask',
        audit: 'question',
        events: {
          ...EVENTS,
          answer: ({ input, principal, context }, events) =>
            sendAnswer(events, (sink) =>
              ask.askStream(input.question, principal, inConversation(input, context), sink),
            ),
        },
        handle: async ({ input, principal, context }) => ({
          body: await ask.ask(input.question, principal, inConversation(input, context)),
        }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/sql',
        access: { permission: 'sql:write-own' },
        input: z.strictObject({ sql: z.string(), dry_run: z.boolean().default(false) }),
        output: z.union([ANSWER, DRY_RUN]),
        limit: 'ask',
        audit: 'sql',
        events: {
          ...EVENTS,
          async answer({ input, principal, context }, events) {
            if (input.dry_run)
              throw new SwaliError('REQUEST_INVALID', { detail: 'dry_run: is not answered in events' });
            await sendAnswer(events, (sink) => ask.runSqlStream(input.sql, principal, toAskContext(context), sink));
          },
        },
        handle: async ({ input, principal, context }) => ({
          body: input.dry_run
            ? await ask.dryRun(input.sql, principal, toAskContext(context))
            : await ask.runSql(input.sql, principal, toAskContext(context)),
        }),
      },
      ports,
    ),
  ];
}

function inConversation(
  { conversation_id: conversation = null }: { readonly conversation_id?: string | null | undefined },
  context: RequestContext,
): AskContext {
  return { ...toAskContext(context), conversation };
}

/** Stages that are told; the others are the gateway's own affair. */
const TOLD: ReadonlySet<string> = new Set(ANSWER_EVENTS.stage.shape.stage.options);

/** Sends what the spine hands out, and the rest of the answer last. */
async function sendAnswer(events: EventOutlet, run: (sink: AnswerSink) => Promise<Answer>): Promise<void> {
  const answer = await run({
    stage: (stage) => {
      if (TOLD.has(stage)) events.tell('stage', { stage });
    },
    sql: (sql) => events.send('sql', { sql }),
    columns: (columns) => events.send('columns', { columns }),
    rows: (rows) => events.send('rows', { rows }),
  });
  await events.send('answer', answer);
}

/** What the spine wants to know of a request over HTTP: nobody is the operator there. */
export function toAskContext({ requestId, address, userAgent, signal }: RequestContext): AskContext {
  return { requestId, address, userAgent, signal, operator: false };
}
