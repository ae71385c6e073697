import type { SlotValue } from '../domain/candidate.js';
import type { ReportContent } from '../domain/report.js';
import type { KeyRing } from './key-ring.js';
import type { Resealable } from './reseal.js';
import type { Store, StoreDatabase } from './store.js';

/** Rows that are read at a time. */
const PAGE = 200;

/** Tables whose rows hold sealed words of reports, and what stands before the id in the context of the encryption. */
const SEALED = { reports: 'report', report_runs: 'run' } as const;
type SealedTable = keyof typeof SEALED;

/** Which row: a text that is copied to another does not open there. */
function contextOf(table: SealedTable, id: string): string {
  return `${SEALED[table]}:${id}`;
}

function sealJson(ring: KeyRing, table: SealedTable, id: string, value: unknown): string {
  return ring.seal(Buffer.from(JSON.stringify(value)), 'report', contextOf(table, id));
}

function openJson(ring: KeyRing, table: SealedTable, id: string, sealed: string): unknown {
  return JSON.parse(ring.open(sealed, 'report', contextOf(table, id)).toString('utf8'));
}

/** Seals the words of a report for its row. */
export function sealReport(ring: KeyRing, id: string, content: ReportContent): string {
  const { title, description, text, parameters } = content;
  return sealJson(ring, 'reports', id, { title, description, text, parameters });
}

/** @throws SwaliError `INTERNAL` where they do not open */
export function openReport(ring: KeyRing, id: string, sealed: string): ReportContent {
  return openJson(ring, 'reports', id, sealed) as ReportContent;
}

/** Seals the values that a report was run with for the row of the run. */
export function sealRunValues(ring: KeyRing, id: string, values: ReadonlyMap<string, SlotValue>): string {
  return sealJson(ring, 'report_runs', id, Object.fromEntries(values));
}

/** @throws SwaliError `INTERNAL` where they do not open */
export function openRunValues(ring: KeyRing, id: string, sealed: string): Readonly<Record<string, SlotValue>> {
  return openJson(ring, 'report_runs', id, sealed) as Readonly<Record<string, SlotValue>>;
}

/** What of reports is sealed, as things to seal anew. */
export function listSealedReports(store: Store, ring: KeyRing): readonly Resealable[] {
  const names: Readonly<Record<SealedTable, string>> = { reports: 'reports', report_runs: 'runs of reports' };
  return (Object.keys(SEALED) as SealedTable[]).map((table) => ({
    name: names[table],
    isCurrent: (text) => ring.isCurrent(text),
    async readPage(after) {
      const rows = await store.run((db) =>
        db
          .selectFrom(table)
          .select(['id', 'sealed'])
          .where('id', '>', after ?? '')
          .orderBy('id')
          .limit(PAGE)
          .execute(),
      );
      return rows.map(({ id, sealed }) => ({
        cursor: id,
        text: sealed,
        sealAnew: () => sealJson(ring, table, id, openJson(ring, table, id, sealed)),
        replace: async (anew: string) => {
          const { numUpdatedRows } = await store.run((db) =>
            db
              .updateTable(table)
              .set({ sealed: anew })
              .where('id', '=', id)
              .where('sealed', '=', sealed)
              .executeTakeFirst(),
          );
          return numUpdatedRows === 1n;
        },
      }));
    },
  }));
}

/**
 * Removes what an erased account has of reports: its own, with every run of them, what was shared to it alone, and that it
 * ran those of others. Inside the transaction that erases.
 */
export async function eraseReportsOf(db: StoreDatabase, subject: string): Promise<void> {
  const own = db.selectFrom('reports').select('id').where('owner', '=', subject);
  await db.deleteFrom('report_runs').where('report_id', 'in', own).execute();
  await db.deleteFrom('report_readers').where('report_id', 'in', own).execute();
  await db.deleteFrom('reports').where('owner', '=', subject).execute();
  await db.deleteFrom('report_readers').where('reader', '=', subject).execute();
  await db.deleteFrom('report_runs').where('runner', '=', subject).execute();
}
