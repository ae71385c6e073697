import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { readKeptEvent } from './chain.js';
import { joinEvent, type KeptEvent, placeOf } from './personal-fields.js';
import type { AUDIT_DECISIONS, AuditEvent } from './record.js';
import { openFields, type SubjectKeys } from './subject-keys.js';

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
  /**
   * The event as it was written, without what is said of subjects in `withheld`, whose keys are destroyed. Shown, not
   * trusted: `verify` says whether it still is what was written. Null where the text is no record's.
   */
  readonly event: unknown;
}

/** What records are looked for by; all of them hold. Each goes by a column: no text of a record is searched. */
export interface AuditFilter {
  /** Milliseconds since 1970: records from this moment on. */
  readonly from?: number;
  /** Milliseconds since 1970: records before this moment. */
  readonly to?: number;
  readonly event?: AuditEvent['event'];
  /** Who did it: `customer:17`. */
  readonly subject?: string;
  /** Whom it was done to, beside who did it: records that are of the account in either way. */
  readonly about?: string;
  readonly kind?: string;
  readonly decision?: (typeof AUDIT_DECISIONS)[number];
  readonly code?: string;
  readonly requestId?: string;
}

/** Which records are meant. */
export interface AuditPage extends AuditFilter {
  /** 1–1000; other values are brought into it. */
  readonly limit: number;
  /** Only records older than the one with this id. */
  readonly before?: number;
  /** Only records of this tenant; those of all where it is absent. */
  readonly tenant?: Tenant;
}

/** Reads the newest records that fit. @throws SwaliError `STORE_UNAVAILABLE` */
export async function listRecords(store: Store, keys: SubjectKeys, page: AuditPage): Promise<readonly ListedRecord[]> {
  const limit = Math.min(MAX_LIMIT, Math.max(1, Math.trunc(page.limit) || 1));
  const rows = await store.run((db) => select(db, page).orderBy('id', 'desc').limit(limit).execute());
  const events = await openEvents(
    rows.map(({ body }) => readKeptEvent(body)),
    keys,
  );
  return rows.map(({ body: _, ...row }, index) => ({ ...row, event: events[index] ?? null }));
}

function select(db: StoreDatabase, page: AuditPage) {
  const { before, tenant, from, to, event, subject, about, kind, decision, code, requestId } = page;
  let query = db.selectFrom('audit_records').select(['id', 'writer', 'sequence', 'at', 'hash', 'body']);
  if (before !== undefined) query = query.where('id', '<', before);
  if (tenant !== undefined) query = query.where('tenant', '=', toTenantColumn(tenant));
  if (from !== undefined) query = query.where('at', '>=', from);
  if (to !== undefined) query = query.where('at', '<', to);
  const equal = { event, subject, kind, decision, code, request_id: requestId } as const;
  for (const [column, value] of Object.entries(equal) as [keyof typeof equal, string | undefined][]) {
    if (value !== undefined) query = query.where(column, '=', value);
  }
  if (about !== undefined) query = query.where((is) => is.or([is('subject', '=', about), is('target', '=', about)]));
  return query;
}

/** Decrypts what is personal in events. @throws SwaliError `STORE_UNAVAILABLE` */
async function openEvents(
  kept: readonly (KeptEvent | null)[],
  keys: SubjectKeys,
): Promise<readonly (Readonly<Record<string, unknown>> | null)[]> {
  const subjects = kept.flatMap((event) => Object.keys(event?.sealed ?? {}));
  const found = await keys.find([...new Set(subjects)]);
  return kept.map((event) => {
    if (event === null) return null;
    return joinEvent(event, (subject, text) => {
      const key = found.get(subject);
      return key ? openFields(key, text, placeOf(event, subject)) : null;
    });
  });
}
