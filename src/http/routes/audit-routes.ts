import { z } from 'zod';
import { parseCursor, printCursor } from '../../audit/page-cursor.js';
import type { AuditReadEvent } from '../../audit/record.js';
import type { VerifyReport } from '../../audit/verify.js';
import { describeSubject } from '../../domain/access-event.js';
import type { Principal } from '../../domain/principal.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { Tiers } from '../../identify/tiers.js';
import { AUDIT_FORMATS, exportAudit, printRecord, type ReadAudit } from '../audit-export.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import type { CallContext } from '../request-context.js';
import { AUDIT_FILTER, readFilter } from './audit-filter.js';
import { AUDIT_PAGE, VERIFY_REPORT } from './audit-schema.js';
import { wholeText } from './whole-text.js';

/** Faults, and heads of chains, that an answer tells; the command line tells more. */
const MAX_LISTED = 100;

/** Media type of each format. */
const TYPES = { jsonl: 'application/x-ndjson', csv: 'text/csv' } as const;

/** What reads the log. */
export interface AuditReading {
  readonly list: ReadAudit;
  readonly verify: () => Promise<VerifyReport>;
}

/** What of a reading is put on record beside who did it. */
type Reading = Pick<AuditReadEvent, 'action' | 'filters'>;

/** `/v1/audit`: records of everybody in the caller's tenant, for those with `audit:read`. Who reads them is on record too. */
export function createAuditRoutes(audit: AuditReading, tiers: Tiers, ports: ApiPorts): readonly ApiRoute[] {
  const verify = shareRunning(audit.verify);

  /** Reads, and puts on record what was read or refused before it leaves. */
  async function onRecord<Result>(
    context: CallContext,
    caller: Principal,
    reading: Reading,
    read: () => Promise<{ readonly result: Result; readonly rowCount: number | null }>,
  ): Promise<Result> {
    const about = { event: 'audit-read', ...describeSubject(caller, context), ...reading } as const;
    try {
      const { result, rowCount } = await read();
      await ports.witness.log.append({ ...about, rowCount, decision: 'accepted', code: null });
      return result;
    } catch (error) {
      const code = error instanceof SwaliError ? error.code : 'INTERNAL';
      if (code !== 'AUDIT_UNAVAILABLE')
        await ports.witness.log.append({ ...about, rowCount: null, decision: 'refused', code });
      throw error;
    }
  }

  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/audit',
        access: { permission: 'audit:read' },
        input: z.strictObject({
          ...AUDIT_FILTER,
          limit: wholeText(200).optional(),
          cursor: z.string().max(64).optional(),
        }),
        output: AUDIT_PAGE,
        limit: 'read',
        audit: 'audit-read',
        handle: async ({ input, principal, context }) => {
          const { limit = 50, cursor, ...given } = input;
          const { told, filter } = readFilter(given);
          const before = cursor === undefined ? {} : { before: parseCursor(cursor) };
          const page = { ...filter, ...before, tenant: principal.tenant };
          return onRecord(context, principal, { action: 'list', filters: told }, async () => {
            // One more than is shown tells whether there is another page.
            const read = await audit.list({ ...page, limit: limit + 1 });
            const records = read.slice(0, limit);
            const last = read.length > limit ? records.at(-1) : undefined;
            const body = { records: records.map(printRecord), next_cursor: last ? printCursor(last.id) : null };
            return { result: { body }, rowCount: records.length };
          });
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/audit/export',
        access: { permission: 'audit:read' },
        input: z.strictObject({ ...AUDIT_FILTER, format: z.enum(AUDIT_FORMATS) }),
        output: z.string(),
        download: Object.values(TYPES),
        limit: 'manage',
        audit: 'audit-read',
        handle: async ({ input, principal, context }) => {
          const { format, ...given } = input;
          const { told, filter } = readFilter(given);
          const { exportRows: rows, exportBytes: bytes } = tiers.of(principal.tier);
          const reading: Reading = { action: 'export', filters: { ...told, format } };
          return onRecord(context, principal, reading, async () => {
            if (!principal.permissions.has('export')) throw new SwaliError('AUTH_PERMISSION_MISSING');
            const file = await exportAudit(audit.list, { format, filter, tenant: principal.tenant }, { rows, bytes });
            const download = { type: TYPES[format], name: `swali-audit.${format}` };
            return { result: { body: file.text, download }, rowCount: file.rows };
          });
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/audit/verify',
        access: { permission: 'audit:read' },
        input: z.strictObject({}),
        output: VERIFY_REPORT,
        limit: 'session',
        audit: 'audit-read',
        handle: ({ principal, context }) =>
          onRecord(context, principal, { action: 'verify', filters: {} }, async () => {
            const report = await verify();
            const body = printReport(report, principal);
            return { result: { body }, rowCount: body.records };
          }),
      },
      ports,
    ),
  ];
}

/** All that ask while one runs get what that one finds: reading every record is work. */
function shareRunning<Result>(run: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | null = null;
  return () => {
    running ??= run().finally(() => {
      running = null;
    });
    return running;
  };
}

/** The chains are of all tenants together: the people of one learn whether they are intact, and nothing that counts the others. */
function printReport(report: VerifyReport, { tenant }: Principal): z.input<typeof VERIFY_REPORT> {
  const { intact, records, writers, checkpoints, archives, faultCount, faults, heads } = report;
  if (tenant !== null) {
    const counts = { records: null, writers: null, checkpoints: null, archives: null, fault_count: null };
    return { intact, ...counts, faults: [], heads: [] };
  }
  return {
    intact,
    records,
    writers,
    checkpoints,
    archives,
    fault_count: faultCount,
    faults: faults.slice(0, MAX_LISTED),
    heads: heads.slice(0, MAX_LISTED),
  };
}
