import { z } from 'zod';
import type { Ask } from '../../ask.js';
import { EXPORT_FORMATS } from '../../domain/export.js';
import { SwaliError } from '../../errors/swali-error.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import type { KeptReceipts } from '../kept-receipts.js';
import { EXPORT_TYPES, sendExport } from '../send-export.js';
import { toAskContext } from './ask-routes.js';

const EXPORT = z
  .strictObject({
    question: z.string().optional(),
    sql: z.string().optional(),
    format: z.enum(EXPORT_FORMATS),
  })
  .refine(({ question, sql }) => (question === undefined) !== (sql === undefined), {
    error: 'expected either question or sql',
  });

/**
 * `POST /v1/export`: all rows of an answer as a file, through the spine, which writes the audit record. It leaves as it is
 * written; where it cannot be finished the connection is cut. `GET /v1/receipts/exports/:request_id`: its receipt, for who could
 * not read the trailer.
 */
export function createExportRoutes(ask: Ask, receipts: KeptReceipts, ports: ApiPorts): readonly ApiRoute[] {
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
        handle: async ({ input: { question, sql, format }, principal, context, file }) => {
          const request = sql === undefined ? { question: question ?? '', format } : { sql, format };
          const way = { format, name: 'swali-export' };
          return sendExport({ file, principal, context }, receipts, way, (sink) =>
            ask.exportStream(request, principal, toAskContext(context), sink),
          );
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/receipts/exports/:request_id',
        access: { permission: 'export' },
        input: z.strictObject({ request_id: z.string().max(64) }),
        output: z.strictObject({ jws: z.string() }),
        limit: 'read',
        audit: null,
        handle: async ({ input, principal }) => {
          const jws = await receipts.find(principal, input.request_id);
          if (jws === null) throw new SwaliError('EXPORT_RECEIPT_NOT_FOUND');
          return { body: { jws } };
        },
      },
      ports,
    ),
  ];
}
