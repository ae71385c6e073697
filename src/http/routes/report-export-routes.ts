import { z } from 'zod';
import type { SlotValue } from '../../domain/candidate.js';
import { EXPORT_FORMATS, type ExportFormat } from '../../domain/export.js';
import type { Principal } from '../../domain/principal.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { Reports } from '../../reports/manage-reports.js';
import { type ApiCall, type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import type { KeptReceipts } from '../kept-receipts.js';
import { EXPORT_TYPES, sendExport } from '../send-export.js';
import { toAskContext } from './ask-routes.js';
import { GIVEN_VALUES } from './report-schema.js';

/** What stands before the name of a parameter in a query, so that it is none of the endpoint's own words. */
const PREFIX = 'p.';

/** `GET` and `POST /v1/reports/:id/export`: all rows of a report as a file. By POST values stand in no address. */
export function createReportExportRoutes(
  reports: Reports,
  receipts: KeptReceipts,
  id: z.ZodString,
  ports: ApiPorts,
): readonly ApiRoute[] {
  const stated = {
    path: '/v1/reports/:id/export',
    access: { permission: 'export' },
    output: z.string(),
    download: Object.values(EXPORT_TYPES),
    limit: 'ask',
    audit: 'export',
  } as const;
  const format = z.enum(EXPORT_FORMATS);
  type Asked = {
    readonly id: string;
    readonly format: ExportFormat;
    readonly given: Readonly<Record<string, SlotValue>>;
  };
  const send = (asked: Asked, call: Pick<ApiCall<unknown, Principal>, 'file' | 'principal' | 'context'>) =>
    sendExport(call, receipts, { format: asked.format, name: 'swali-report' }, (sink) =>
      reports.exportTo(call.principal, asked.id, asked, toAskContext(call.context), sink),
    );
  return [
    createApiHandler(
      {
        ...stated,
        method: 'GET',
        input: z.object({ id, format }).catchall(z.string()),
        handle: ({ input, ...call }) => send({ id: input.id, format: input.format, given: readQuery(input) }, call),
      },
      ports,
    ),
    createApiHandler(
      {
        ...stated,
        method: 'POST',
        input: z.strictObject({ id, format, parameters: GIVEN_VALUES.default({}) }),
        handle: ({ input, ...call }) => send({ id: input.id, format: input.format, given: input.parameters }, call),
      },
      ports,
    ),
  ];
}

/** `p.year=2026` is the value of `year`. @throws SwaliError `REQUEST_INVALID` for anything else that the endpoint does not name */
function readQuery(input: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const others = Object.entries(input).filter(([name]) => name !== 'id' && name !== 'format');
  const odd = others.find(([name]) => !name.startsWith(PREFIX));
  if (odd) throw new SwaliError('REQUEST_INVALID', { detail: 'expected format, and p.NAME for each parameter' });
  return Object.fromEntries(others.map(([name, value]) => [name.slice(PREFIX.length), value]));
}
