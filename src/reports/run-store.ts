import type { Clock } from '../domain/ports.js';
import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { KeyRing } from '../store/key-ring.js';
import { openRunValues, sealRunValues } from '../store/sealed-reports.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { createSweep } from '../store/sweep.js';
import type { ReportRunTable } from '../store/tables.js';
import type { KeptRun } from './report.js';
import type { Page } from './report-store.js';

const DAY_MS = 86_400_000;

/** Where it is kept who ran which report. Every method also throws SwaliError `STORE_UNAVAILABLE`. */
export interface RunStore {
  /** Keeps a run, where its report is still there; forgets old ones by the way. */
  add(tenant: Tenant, run: KeptRun): Promise<void>;
  /**
   * Runs of a report, newest first.
   *
   * @param runner only theirs; null for everybody's
   * @throws SwaliError `REPORT_UNKNOWN` for a page after a run that is not among them
   */
  list(reportId: string, runner: string | null, page: Page): Promise<readonly KeptRun[]>;
  /** What an account has run, newest first. */
  listOf(tenant: Tenant, runner: string, limit: number): Promise<readonly KeptRun[]>;
}

/** @param deps.days for which runs are kept */
export function createRunStore(deps: {
  readonly store: Store;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly days: number;
}): RunStore {
  const { store, ring, clock, days } = deps;
  const oldest = (now: number) => now - days * DAY_MS;
  const sweep = createSweep(store, (db, now) => db.deleteFrom('report_runs').where('at', '<', oldest(now)).execute());

  function toRow(tenant: Tenant, run: KeptRun): ReportRunTable {
    return {
      id: run.id,
      tenant: toTenantColumn(tenant),
      report_id: run.reportId,
      revision: run.revision,
      runner: run.runner,
      at: run.at,
      format: run.format,
      sealed: sealRunValues(ring, run.id, new Map(Object.entries(run.values))),
      status: run.status,
      code: run.code,
      row_count: run.rowCount,
      duration_ms: run.durationMs,
      request_id: run.requestId,
      policy_version: run.policyVersion,
    };
  }

  const toRun = (row: ReportRunTable): KeptRun => ({
    id: row.id,
    reportId: row.report_id,
    revision: Number(row.revision),
    runner: row.runner,
    at: Number(row.at),
    format: row.format as KeptRun['format'],
    values: openRunValues(ring, row.id, row.sealed),
    status: row.status,
    code: row.code,
    rowCount: row.row_count === null ? null : Number(row.row_count),
    durationMs: Number(row.duration_ms),
    requestId: row.request_id,
    policyVersion: row.policy_version,
  });

  /** What is older than it is kept is gone, whether it was swept yet or not. */
  const selectKept = (db: StoreDatabase) =>
    db.selectFrom('report_runs').selectAll().where('at', '>=', oldest(clock())).orderBy('at', 'desc').orderBy('id');

  return Object.freeze({
    async add(tenant, run) {
      await store.transaction(async (db) => {
        // A report that was removed meanwhile leaves nothing behind.
        const there = await db.selectFrom('reports').select('id').where('id', '=', run.reportId).executeTakeFirst();
        if (there) await db.insertInto('report_runs').values(toRow(tenant, run)).execute();
      });
      await sweep(clock());
    },

    list: (reportId, runner, { limit, after }) =>
      store.run(async (db) => {
        const all = selectKept(db).where('report_id', '=', reportId);
        const theirs = runner === null ? all : all.where('runner', '=', runner);
        if (after === undefined) return (await theirs.limit(limit).execute()).map(toRun);
        const last = await theirs.where('id', '=', after).executeTakeFirst();
        if (!last) throw new SwaliError('REPORT_UNKNOWN');
        const at = Number(last.at);
        const rows = await theirs
          .where((eb) => eb.or([eb('at', '<', at), eb.and([eb('at', '=', at), eb('id', '>', last.id)])]))
          .limit(limit)
          .execute();
        return rows.map(toRun);
      }),

    listOf: (tenant, runner, limit) =>
      store.run(async (db) => {
        const own = selectKept(db).where('tenant', '=', toTenantColumn(tenant)).where('runner', '=', runner);
        return (await own.limit(limit).execute()).map(toRun);
      }),
  } satisfies RunStore);
}
