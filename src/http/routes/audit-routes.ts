import { z } from 'zod';
import type { AuditPage, ListedRecord } from '../../audit/list-records.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import { wholeText } from './whole-text.js';

/** Reads a page of the audit log, newest first. */
export type ListAudit = (page: AuditPage) => Promise<readonly ListedRecord[]>;

/** `GET /v1/audit?limit=&before=`: records of everybody in the caller's tenant, for those with `audit:read`. */
export function createAuditRoutes(list: ListAudit, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/audit',
        access: { permission: 'audit:read' },
        input: z.strictObject({ limit: wholeText(200).optional(), before: wholeText().optional() }),
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
