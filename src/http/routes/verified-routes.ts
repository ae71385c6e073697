import { z } from 'zod';
import { AUDIENCES } from '../../policy/audience.js';
import { verifiedSchema } from '../../policy/policy-file.js';
import type { ShownPromoted, VerifiedManager } from '../../translate/promoted/manage-verified.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import { wholeText } from './whole-text.js';

const SLOT_TYPES = ['integer', 'decimal', 'text', 'date'] as const;

const PROMOTED = z.strictObject({
  id: z.int(),
  question: z.string(),
  slots: z.record(z.string(), z.enum(SLOT_TYPES)),
  sql: z.string().nullable(),
  open_to: z.array(z.enum(AUDIENCES)),
  status: z.enum(['active', 'broken']),
  fault: z.string().nullable(),
  created_by: z.string().nullable(),
  created_at: z.iso.datetime(),
});

const ACCESS = { permission: 'verified:promote' } as const;

/** `/v1/verified`: answers promoted to verified questions, for those with `verified:promote`. Translate audits each change. */
export function createVerifiedRoutes(manager: VerifiedManager, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/verified',
        access: ACCESS,
        input: z.strictObject({ limit: wholeText(200).optional(), after: wholeText().optional() }),
        output: z.strictObject({ verified: z.array(PROMOTED) }),
        limit: 'read',
        audit: null,
        handle: async ({ input, principal }) => {
          const { limit = 50, after } = input;
          const shown = await manager.list(principal, after === undefined ? { limit } : { limit, after });
          return { body: { verified: shown.map(printPromoted) } };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/verified',
        access: ACCESS,
        // The fields of an entry of the policy file, with SQL for the one source.
        input: verifiedSchema.extend({ sql: z.string().trim().min(1).max(16384) }),
        output: PROMOTED,
        limit: 'manage',
        audit: 'verified',
        handle: async ({ input, principal, context }) => ({
          status: 201 as const,
          body: printPromoted(await manager.promote(principal, input, context)),
        }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'DELETE',
        path: '/v1/verified/:id',
        access: ACCESS,
        input: z.strictObject({ id: wholeText() }),
        output: z.strictObject({}),
        limit: 'manage',
        audit: 'verified',
        handle: async ({ input, principal, context }) => {
          await manager.retire(principal, input.id, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
  ];
}

function printPromoted({ id, question, entry, showsSql, ...rest }: ShownPromoted): z.input<typeof PROMOTED> {
  const { status, fault, createdBy, createdAt } = rest;
  return {
    id,
    question,
    slots: entry?.slots ?? {},
    sql: showsSql && typeof entry?.sql === 'string' ? entry.sql : null,
    open_to: entry?.open_to ?? [],
    status,
    // Says which relations and columns there are, as the SQL does.
    fault: showsSql ? fault : null,
    created_by: createdBy,
    created_at: new Date(createdAt).toISOString(),
  };
}
