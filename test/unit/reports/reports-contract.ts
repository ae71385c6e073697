import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PrincipalKind } from '../../../src/domain/principal.js';
import { namesOf } from '../../../src/reports/readers.js';
import { type KeptRun, REPORTS_PER_OWNER, type Report } from '../../../src/reports/report.js';
import { createReportStore, type ReportStore } from '../../../src/reports/report-store.js';
import { createRunStore } from '../../../src/reports/run-store.js';
import { createKeyRing, type KeyRing } from '../../../src/store/key-ring.js';
import { reseal } from '../../../src/store/reseal.js';
import { eraseReportsOf, listSealedReports } from '../../../src/store/sealed-reports.js';
import type { Store } from '../../../src/store/store.js';
import { codeOfPromise } from '../../support/code-of-promise.js';
import * as principals from '../../support/principals.js';

const DAY_MS = 86_400_000;
const NOW = 1_780_000_000_123;
const OLD_KEY = 'a secret of the store, the old one: 0123456789';
const NEW_KEY = 'a secret of the store, the new one: 9876543210';

let made = 0;
const newId = () => (made++).toString(16).padStart(32, '0');

function report(change: Partial<Report> = {}): Report {
  return {
    id: newId(),
    tenant: null,
    owner: 'admin:1',
    kind: 'sql',
    title: 'Orders · 注文 🜁',
    description: 'Of a status.',
    text: 'SELECT COUNT(*) FROM orders WHERE status = :status',
    parameters: [{ name: 'status', type: 'text', label: '', default: 'open' }],
    sharedWith: [],
    createdAt: NOW,
    updatedAt: NOW,
    revision: 1,
    ...change,
  };
}

function runOf({ id: reportId, revision }: Report, change: Partial<KeptRun> = {}): KeptRun {
  return {
    id: newId(),
    reportId,
    revision,
    runner: 'customer:7',
    at: NOW,
    format: null,
    values: { status: "it's", year: 2026 },
    status: 'answered',
    code: null,
    rowCount: 3,
    durationMs: 12,
    requestId: 'r1',
    policyVersion: `sha256:${'a'.repeat(64)}`,
    ...change,
  };
}

const as = (kind: PrincipalKind, subject: string, tenant: string | null = null) => ({
  ...(kind === 'employee' ? principals.employee([], 'accountant') : principals.admin()),
  kind,
  subject,
  tenant,
});

/** What keeps reports must do, whichever engine is behind it. Called inside a `describe`. */
export function describeReportsContract(open: () => Store): void {
  let store: Store;
  let ring: KeyRing;
  let reports: ReportStore;
  let now = NOW;
  beforeAll(() => {
    store = open();
    ring = createKeyRing({ current: OLD_KEY });
    reports = createReportStore({ store, ring });
  });
  const runs = (days = 90) => createRunStore({ store, ring, clock: () => now, days });
  beforeEach(async () => {
    now = NOW;
    await store.run(async (db) => {
      for (const table of ['report_runs', 'report_readers', 'reports'] as const) await db.deleteFrom(table).execute();
    });
  });

  it('gives back what was kept, to its tenant alone', async () => {
    const [plain, shared] = [
      report(),
      report({ tenant: 'acme', kind: 'question', sharedWith: ['admin', 'customer:7'] }),
    ];
    for (const each of [plain, shared]) await reports.add(each);
    expect(await reports.find(null, plain.id)).toEqual(plain);
    expect(await reports.find('acme', shared.id)).toEqual(shared);
    expect([await reports.find('acme', plain.id), await reports.find(null, shared.id)]).toEqual([null, null]);
    expect(await reports.find('globex', shared.id)).toBeNull();
  });

  it('keeps no word of a report and no value of a run in the open', async () => {
    const kept = report();
    await reports.add(kept);
    await runs().add(null, runOf(kept));
    const rows = await store.run(async (db) => [
      ...(await db.selectFrom('reports').selectAll().execute()),
      ...(await db.selectFrom('report_runs').selectAll().execute()),
    ]);
    expect(rows).toHaveLength(2);
    for (const word of ['Orders', '注文', 'Of a status', 'SELECT', 'status = ', "it's", '2026'])
      expect(JSON.stringify(rows)).not.toContain(word);
  });

  it('opens no words that are copied to another row', async () => {
    const [one, other] = [report(), report({ text: 'SELECT 2' })];
    for (const each of [one, other]) await reports.add(each);
    await store.run(async (db) => {
      const { sealed } = await db
        .selectFrom('reports')
        .select('sealed')
        .where('id', '=', one.id)
        .executeTakeFirstOrThrow();
      await db.updateTable('reports').set({ sealed }).where('id', '=', other.id).execute();
    });
    expect(await reports.find(null, one.id)).toEqual(one);
    expect(await codeOfPromise(reports.find(null, other.id))).toBe('INTERNAL');
  });

  it('lists one’s own and what is shared to one, newest first, page by page', async () => {
    const mine = report({ owner: 'employee:3', createdAt: NOW - 3 });
    const toAll = report({ sharedWith: ['employee'], createdAt: NOW - 2 });
    const toLower = report({ sharedWith: ['employee:member'], createdAt: NOW - 2 });
    const toMe = report({ sharedWith: ['customer', 'employee:3'], createdAt: NOW - 1 });
    const hidden = [
      report(),
      report({ sharedWith: ['employee:manager', 'employee:33', 'admin', 'customer'] }),
      report({ tenant: 'acme', sharedWith: ['employee', 'employee:3'] }),
      report({ tenant: 'acme', owner: 'employee:3' }),
    ];
    for (const each of [mine, toAll, toLower, toMe, ...hidden]) await reports.add(each);
    const me = as('employee', 'employee:3');
    expect(namesOf(me)).toEqual([
      'employee:3',
      'employee',
      'employee:viewer',
      'employee:member',
      'employee:accountant',
    ]);
    const all = await reports.list(me, { limit: 50 });
    expect(all).toEqual([toMe, ...[toAll, toLower].sort((a, b) => (a.id < b.id ? -1 : 1)), mine]);
    const paged: Report[] = [];
    for (let after: string | undefined; paged.length < 10; ) {
      const page: readonly Report[] = await reports.list(me, { limit: 1, ...(after === undefined ? {} : { after }) });
      if (page.length === 0) break;
      paged.push(...page);
      after = page[0]?.id;
    }
    expect(paged).toEqual(all);
    for (const after of [hidden[0]?.id ?? '', 'f'.repeat(32)])
      expect(await codeOfPromise(reports.list(me, { limit: 1, after }))).toBe('REPORT_UNKNOWN');
    expect(await reports.list(as('employee', 'employee:3', 'acme'), { limit: 50 })).toHaveLength(2);
  });

  it('takes a change of the revision that is there, and of several at once one', async () => {
    const first = report({ sharedWith: ['admin'] });
    await reports.add(first);
    const changes = ['one', 'two', 'three'].map((title) => ({ ...first, title, sharedWith: [title], revision: 2 }));
    const codes = await Promise.all(changes.map((change) => codeOfPromise(reports.replace(change))));
    expect(codes.filter((code) => code === 'REPORT_CHANGED')).toHaveLength(2);
    const won = changes[codes.findIndex((code) => code !== 'REPORT_CHANGED')];
    expect(await reports.find(null, first.id)).toEqual(won);
    expect(await codeOfPromise(reports.replace({ ...first, revision: 4 }))).toBe('REPORT_CHANGED');
    expect(await codeOfPromise(reports.replace({ ...report(), revision: 2 }))).toBe('REPORT_CHANGED');
  });

  it('takes no more than one account may have', async () => {
    for (let each = 0; each < REPORTS_PER_OWNER; each += 1) await reports.add(report({ owner: 'employee:9' }));
    expect(await codeOfPromise(reports.add(report({ owner: 'employee:9' })))).toBe('REPORT_TOO_MANY');
    await reports.add(report({ owner: 'employee:8' }));
    await reports.add(report({ owner: 'employee:9', tenant: 'acme' }));
    expect(await reports.listOwn(null, 'employee:9')).toHaveLength(REPORTS_PER_OWNER);
  }, 60_000);

  it('removes a report with its readers and runs, and with those of no other', async () => {
    const [gone, stays] = [report({ sharedWith: ['admin'] }), report({ sharedWith: ['admin'] })];
    for (const each of [gone, stays]) {
      await reports.add(each);
      await runs().add(null, runOf(each));
    }
    await reports.remove(gone);
    expect(await reports.find(null, gone.id)).toBeNull();
    // One that ran while its report was removed leaves nothing.
    await runs().add(null, runOf(gone));
    expect(await runs().list(gone.id, null, { limit: 9 })).toEqual([]);
    expect(await reports.find(null, stays.id)).toEqual(stays);
    expect(await runs().list(stays.id, null, { limit: 9 })).toHaveLength(1);
    const readers = await store.run((db) => db.selectFrom('report_readers').select('report_id').execute());
    expect(readers).toEqual([{ report_id: stays.id }]);
  });

  it('gives back runs, everybody’s or one account’s, newest first, page by page', async () => {
    const kept = report();
    await reports.add(kept);
    const failed = { status: 'failed', code: 'SEAL_RELATION_UNKNOWN', rowCount: null, policyVersion: null } as const;
    const all = [
      runOf(kept, { at: NOW, format: 'csv' }),
      runOf(kept, { at: NOW - 1, runner: 'admin:1', values: {} }),
      runOf(kept, { at: NOW - 2, ...failed }),
    ];
    for (const each of all) await runs().add(null, each);
    expect(await runs().list(kept.id, null, { limit: 9 })).toEqual(all);
    const own = [all[0], all[2]];
    expect(await runs().list(kept.id, 'customer:7', { limit: 9 })).toEqual(own);
    expect(await runs().list(kept.id, null, { limit: 1, after: all[0]?.id ?? '' })).toEqual([all[1]]);
    expect(await runs().listOf(null, 'customer:7', 9)).toEqual(own);
    expect(await runs().listOf('acme', 'customer:7', 9)).toEqual([]);
    // A cursor of another's run tells nothing.
    const after = all[1]?.id ?? '';
    expect(await codeOfPromise(runs().list(kept.id, 'customer:7', { limit: 1, after }))).toBe('REPORT_UNKNOWN');
  });

  it('shows no run that is older than they are kept, and forgets it', async () => {
    const kept = report();
    await reports.add(kept);
    const [old, young] = [runOf(kept, { at: NOW - 30 * DAY_MS - 1 }), runOf(kept, { at: NOW - 30 * DAY_MS })];
    await runs(60).add(null, old);
    const month = runs(30);
    expect(await month.list(kept.id, null, { limit: 9 })).toEqual([]);
    expect(await runs(60).list(kept.id, null, { limit: 9 })).toEqual([old]);
    await month.add(null, young);
    expect(await runs(60).list(kept.id, null, { limit: 9 })).toEqual([young]);
  });

  it('erases what an account has of reports, and nothing of others', async () => {
    const own = report({ owner: 'employee:3', sharedWith: ['admin'] });
    const others = report({ owner: 'employee:33', sharedWith: ['employee:3', 'employee:33'] });
    for (const each of [own, others]) {
      await reports.add(each);
      for (const runner of ['employee:3', 'employee:33']) await runs().add(null, runOf(each, { runner }));
    }
    await store.transaction((db) => eraseReportsOf(db, 'employee:3'));
    expect(await reports.find(null, own.id)).toBeNull();
    expect(await reports.find(null, others.id)).toEqual({ ...others, sharedWith: ['employee:33'] });
    expect(await runs().list(own.id, null, { limit: 9 })).toEqual([]);
    const left = await runs().list(others.id, null, { limit: 9 });
    expect(left.map(({ runner }) => runner)).toEqual(['employee:33']);
    const rows = await store.run((db) => db.selectFrom('report_runs').select('runner').execute());
    expect(rows).toEqual([{ runner: 'employee:33' }]);
  });

  describe('under a new key', () => {
    it('are sealed anew, and open with that alone', async () => {
      const kept = report();
      await reports.add(kept);
      const run = runOf(kept);
      await runs().add(null, run);
      const both = createKeyRing({ current: NEW_KEY, retired: [OLD_KEY] });
      const kinds = listSealedReports(store, both);
      expect(kinds.map(({ name }) => name)).toEqual(['reports', 'runs of reports']);
      for (const kind of kinds) expect(await reseal(kind)).toMatchObject({ sealed: 1, current: 0, left: 0 });
      for (const kind of kinds) expect(await reseal(kind)).toMatchObject({ sealed: 0, current: 1, left: 0 });
      const alone = createKeyRing({ current: NEW_KEY });
      expect(await createReportStore({ store, ring: alone }).find(null, kept.id)).toEqual(kept);
      const anew = createRunStore({ store, ring: alone, clock: () => now, days: 90 });
      expect(await anew.list(kept.id, null, { limit: 9 })).toEqual([run]);
      expect(await codeOfPromise(reports.find(null, kept.id))).toBe('INTERNAL');
    });
  });
}
