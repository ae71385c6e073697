import { z } from 'zod';
import type { AuditPage, ListedRecord } from '../../audit/list-records.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

/** Reads a page of the audit log, newest first. */
export type ListAudit = (page: AuditPage) => Promise<readonly ListedRecord[]>;

const wholeText = (max: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,14}$/, { error: 'expected a whole number' })
    .transform(Number)
    .refine((value) => value <= max, { error: `expected ${max} at most` });

/** `GET /v1/audit?limit=&before=`: records of everybody in the caller's tenant, for those with `audit:read`. */
export function createAuditRoutes(list: ListAudit, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/audit',
        access: { permission: 'audit:read' },
        input: z.strictObject({ limit: wholeText(200).optional(), before: wholeText(1e15).optional() }),
        output: z.strictObject({
          records: z.array(
            z.strictObject({
              id: z.number(),
              writer: z.string(),
              sequence: z.number(),
              at: z.iso.datetime(),
              hash: z.string(),
              event: z.unknown(),
            }),
          ),
        }),
        limit: 'read',
        audit: null,
        handle: async ({ input, principal }) => {
          const { limit = 50, before } = input;
          const records = await list({ limit, tenant: principal.tenant, ...(before === undefined ? {} : { before }) });
          return { body: { records: records.map((record) => ({ ...record, at: new Date(record.at).toISOString() })) } };
        },
      },
      ports,
    ),
  ];
}
