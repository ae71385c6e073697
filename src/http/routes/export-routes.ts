import { z } from 'zod';
import type { Ask } from '../../ask.js';
import { EXPORT_FORMATS, type ExportFormat } from '../../domain/export.js';
import { SwaliError } from '../../errors/swali-error.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import { toAskContext } from './ask-routes.js';

/** Media type of each format. */
export const EXPORT_TYPES = {
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
} as const satisfies Readonly<Record<ExportFormat, string>>;

const EXPORT = z
  .strictObject({
    question: z.string().optional(),
    sql: z.string().optional(),
    format: z.enum(EXPORT_FORMATS),
  })
  .refine(({ question, sql }) => (question === undefined) !== (sql === undefined), {
    error: 'expected either question or sql',
  });

/** `POST /v1/export`: all rows of an answer as a file, through the spine, which writes the audit record. */
export function createExportRoutes(ask: Ask, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/export',
        access: { permission: 'export' },
        input: EXPORT,
        output: z.string(),
        download: Object.values(EXPORT_TYPES),
        limit: 'ask',
        audit: 'export',
        handle: async ({ input: { question, sql, format }, principal, context }) => {
          const request = sql === undefined ? { question: question ?? '', format } : { sql, format };
          const exported = await ask.exportRows(request, principal, toAskContext(context));
          if (exported.status !== 'answered') {
            throw new SwaliError('EXPORT_NOT_ANSWERED', { detail: exported.message });
          }
          const { text, receipt } = exported;
          return {
            body: text,
            download: { type: EXPORT_TYPES[format], name: `swali-export.${format}` },
            headers: { 'Swali-Receipt': receipt.jws, 'Swali-Receipt-Salt': receipt.salt },
          };
        },
      },
      ports,
    ),
  ];
}
