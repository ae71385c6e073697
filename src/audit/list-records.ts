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

/**
 * Reads the newest records.
 *
 * @param page.limit 1–1000; other values are brought into it
 * @param page.before only records older than the one with this id
 * @throws SwaliError `STORE_UNAVAILABLE`
 */
export async function listRecords(
  store: Store,
  page: { readonly limit: number; readonly before?: number },
): Promise<readonly ListedRecord[]> {
  const limit = Math.min(MAX_LIMIT, Math.max(1, Math.trunc(page.limit) || 1));
  const { before } = page;
  const rows = await store.run((db) => {
    const query = db
      .selectFrom('audit_records')
      .select(['id', 'writer', 'sequence', 'at', 'hash', 'body'])
      .orderBy('id', 'desc')
      .limit(limit);
    return (before === undefined ? query : query.where('id', '<', before)).execute();
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
