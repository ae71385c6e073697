import { z } from 'zod';
import type { Ask, AskContext } from '../../ask.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import type { RequestContext } from '../request-context.js';
import { ANSWER, DRY_RUN } from './answer-schema.js';

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
        handle: async ({ input, principal, context }) => ({
          body: await ask.ask(input.question, principal, {
            ...toAskContext(context),
            conversation: input.conversation_id ?? null,
          }),
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

/** What the spine wants to know of a request over HTTP: nobody is the operator there. */
export function toAskContext({ requestId, address, userAgent, signal }: RequestContext): AskContext {
  return { requestId, address, userAgent, signal, operator: false };
}
