import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import type { Store } from '../store/store.js';

const MAX_LIMIT = 1000;

/** One record as it is shown. */
export interface ListedRecord {
  /** Order of arrival over all writers; hand it back as `before` to read on. */
  readonly id: number;
  readonly writer: string;
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly hash: string;
  /** The event as it was written; shown, not trusted: `verify` says whether it still is what was written. */
  readonly event: unknown;
}

/** Which records are meant. */
export interface AuditPage {
  /** 1–1000; other values are brought into it. */
  readonly limit: number;
  /** Only records older than the one with this id. */
  readonly before?: number;
  /** Only records of this tenant; those of all where it is absent. */
  readonly tenant?: Tenant;
}

/** Reads the newest records. @throws SwaliError `STORE_UNAVAILABLE` */
export async function listRecords(store: Store, page: AuditPage): Promise<readonly ListedRecord[]> {
  const limit = Math.min(MAX_LIMIT, Math.max(1, Math.trunc(page.limit) || 1));
  const { before, tenant } = page;
  const rows = await store.run((db) => {
    let query = db
      .selectFrom('audit_records')
      .select(['id', 'writer', 'sequence', 'at', 'hash', 'body'])
      .orderBy('id', 'desc')
      .limit(limit);
    if (before !== undefined) query = query.where('id', '<', before);
    if (tenant !== undefined) query = query.where('tenant', '=', toTenantColumn(tenant));
    return query.execute();
  });
  return rows.map(({ body, ...row }) => ({ ...row, event: readEvent(body) }));
}

/** The event of a record's text; null where the text is no longer what was written. */
function readEvent(body: string): unknown {
  try {
    const envelope: unknown = JSON.parse(body);
    return typeof envelope === 'object' && envelope !== null && 'event' in envelope ? envelope.event : null;
  } catch {
    return null;
  }
}
