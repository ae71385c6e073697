import type { Principal } from '../domain/principal.js';
import { fromTenantColumn, type Tenant, toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { KeyRing } from '../store/key-ring.js';
import { openReport, sealReport } from '../store/sealed-reports.js';
import type { Store, StoreDatabase } from '../store/store.js';
import type { ReportTable } from '../store/tables.js';
import { namesOf } from './readers.js';
import { REPORTS_PER_OWNER, type Report } from './report.js';

/** A page of a list, newest first. */
export interface Page {
  readonly limit: number;
  /** Id of the last one before the page; absent for the first page. */
  readonly after?: string;
}

/** Where saved reports are kept. Every method also throws SwaliError `STORE_UNAVAILABLE`. */
export interface ReportStore {
  /** @returns null where the tenant has none of that id */
  find(tenant: Tenant, id: string): Promise<Report | null>;
  /**
   * What a principal may see: its own reports, and those that are shared to it.
   *
   * @throws SwaliError `REPORT_UNKNOWN` for a page after what they may not see
   */
  list(reader: Principal, page: Page): Promise<readonly Report[]>;
  /** All of an account's own, oldest first. */
  listOwn(tenant: Tenant, owner: string): Promise<readonly Report[]>;
  /** @throws SwaliError `REPORT_TOO_MANY` where its owner has as many as one may have */
  add(report: Report): Promise<void>;
  /**
   * Puts a report in the place of the one of the revision before.
   *
   * @throws SwaliError `REPORT_CHANGED` where that is not there any more
   */
  replace(report: Report): Promise<void>;
  /** Removes a report, and that anybody ran it. */
  remove(report: Report): Promise<void>;
}

/** Keeps reports in the store, their words sealed by the ring. */
export function createReportStore({ store, ring }: { readonly store: Store; readonly ring: KeyRing }): ReportStore {
  function toRow(report: Report): ReportTable {
    return {
      id: report.id,
      tenant: toTenantColumn(report.tenant),
      owner: report.owner,
      kind: report.kind,
      sealed: sealReport(ring, report.id, report),
      created_at: report.createdAt,
      updated_at: report.updatedAt,
      revision: report.revision,
    };
  }

  async function toReports(db: StoreDatabase, rows: readonly ReportTable[]): Promise<readonly Report[]> {
    if (rows.length === 0) return [];
    const ids = rows.map(({ id }) => id);
    const readers = await db
      .selectFrom('report_readers')
      .select(['report_id', 'reader'])
      .where('report_id', 'in', ids)
      .orderBy('reader')
      .execute();
    return rows.map((row) => ({
      ...openReport(ring, row.id, row.sealed),
      id: row.id,
      tenant: fromTenantColumn(row.tenant),
      owner: row.owner,
      kind: row.kind,
      sharedWith: readers.filter((each) => each.report_id === row.id).map(({ reader }) => reader),
      createdAt: Number(row.created_at),
      updatedAt: Number(row.updated_at),
      revision: Number(row.revision),
    }));
  }

  async function writeReaders(db: StoreDatabase, report: Report): Promise<void> {
    await db.deleteFrom('report_readers').where('report_id', '=', report.id).execute();
    const tenant = toTenantColumn(report.tenant);
    const rows = report.sharedWith.map((reader) => ({ report_id: report.id, tenant, reader }));
    if (rows.length > 0) await db.insertInto('report_readers').values(rows).execute();
  }

  return Object.freeze({
    find: (tenant, id) =>
      store.run(async (db) => {
        const rows = await db
          .selectFrom('reports')
          .selectAll()
          .where('id', '=', id)
          .where('tenant', '=', toTenantColumn(tenant))
          .execute();
        return (await toReports(db, rows))[0] ?? null;
      }),

    list: (reader, { limit, after }) =>
      store.run(async (db) => {
        const readable = selectReadable(db, reader);
        if (after === undefined) return toReports(db, await readable.limit(limit).execute());
        const last = await readable.where('id', '=', after).executeTakeFirst();
        if (!last) throw new SwaliError('REPORT_UNKNOWN');
        const at = Number(last.created_at);
        const rows = await readable
          .where((eb) =>
            eb.or([eb('created_at', '<', at), eb.and([eb('created_at', '=', at), eb('id', '>', last.id)])]),
          )
          .limit(limit)
          .execute();
        return toReports(db, rows);
      }),

    listOwn: (tenant, owner) =>
      store.run(async (db) => {
        const own = db.selectFrom('reports').selectAll().where('tenant', '=', toTenantColumn(tenant));
        return toReports(db, await own.where('owner', '=', owner).orderBy('created_at').orderBy('id').execute());
      }),

    add: (report) =>
      store.transaction(async (db) => {
        const { count } = await db
          .selectFrom('reports')
          .select((eb) => eb.fn.countAll().as('count'))
          .where('tenant', '=', toTenantColumn(report.tenant))
          .where('owner', '=', report.owner)
          .executeTakeFirstOrThrow();
        if (Number(count) >= REPORTS_PER_OWNER)
          throw new SwaliError('REPORT_TOO_MANY', { detail: `${REPORTS_PER_OWNER} at most` });
        await db.insertInto('reports').values(toRow(report)).execute();
        await writeReaders(db, report);
      }),

    replace: (report) =>
      store.transaction(async (db) => {
        const { sealed, updated_at, revision } = toRow(report);
        const { numUpdatedRows } = await db
          .updateTable('reports')
          .set({ sealed, updated_at, revision })
          .where('id', '=', report.id)
          .where('revision', '=', revision - 1)
          .executeTakeFirst();
        if (numUpdatedRows !== 1n) throw new SwaliError('REPORT_CHANGED');
        await writeReaders(db, report);
      }),

    remove: ({ id }) =>
      store.transaction(async (db) => {
        await db.deleteFrom('report_runs').where('report_id', '=', id).execute();
        await db.deleteFrom('report_readers').where('report_id', '=', id).execute();
        await db.deleteFrom('reports').where('id', '=', id).execute();
      }),
  } satisfies ReportStore);
}

/** Newest first. */
function selectReadable(db: StoreDatabase, reader: Principal) {
  const tenant = toTenantColumn(reader.tenant);
  const shared = db
    .selectFrom('report_readers')
    .select('report_id')
    .where('tenant', '=', tenant)
    .where('reader', 'in', namesOf(reader));
  return db
    .selectFrom('reports')
    .selectAll()
    .where('tenant', '=', tenant)
    .where((eb) => eb.or([eb('owner', '=', reader.subject), eb('id', 'in', shared)]))
    .orderBy('created_at', 'desc')
    .orderBy('id');
}
