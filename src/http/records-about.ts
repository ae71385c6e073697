import type { ListedRecord } from '../audit/list-records.js';
import { parseCursor, printCursor } from '../audit/page-cursor.js';
import type { Tenant } from '../domain/tenant.js';
import { printRecord, type ReadAudit } from './audit-export.js';

/** Records of one person that one answer holds. */
const PAGE = 500;

/**
 * What the audit log says of an account: what it did, and what was done to it. Newest first, a page at a time. Where somebody
 * else did it, from where is theirs and is left out.
 *
 * @param about.cursor of the page before; null for the first
 * @throws SwaliError `REQUEST_INVALID` for what is no cursor, `STORE_UNAVAILABLE`
 */
export async function readRecordsAbout(
  read: ReadAudit,
  about: { readonly tenant: Tenant; readonly subject: string; readonly cursor: string | null },
) {
  const { tenant, subject, cursor } = about;
  const before = cursor === null ? {} : { before: parseCursor(cursor) };
  const records = await read({ limit: PAGE + 1, tenant, about: subject, ...before });
  const shown = records.slice(0, PAGE);
  const last = records.length > PAGE ? shown.at(-1) : undefined;
  return {
    records: shown.map((record) => printRecord(hideOthers(record, subject))),
    nextCursor: last ? printCursor(last.id) : null,
  };
}

function hideOthers(record: ListedRecord, subject: string): ListedRecord {
  const { event } = record;
  if (typeof event !== 'object' || event === null || ('subject' in event && event.subject === subject)) return record;
  return { ...record, event: { ...event, address: null, userAgent: null } };
}
