import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Saved reports, to whom they are shared, and who ran them. */
export async function createReportTables(db: Kysely<unknown>, family: 'sqlite' | 'mysql'): Promise<void> {
  const isSqlite = family === 'sqlite';
  const text = (name: string, length: number, rest: string): string =>
    isSqlite ? `${name} text check (length("${name}") <= ${length}) ${rest}` : `${name} varchar(${length}) ${rest}`;
  const count = (name: string, rest = 'not null'): string => `${name} ${isSqlite ? 'integer' : 'bigint'} ${rest}`;
  const sealed = `sealed ${isSqlite ? 'text' : 'longtext'} not null`;
  const id = text('id', 32, 'not null primary key');
  const tenant = text('tenant', 64, "not null default ''");
  const reportId = text('report_id', 32, 'not null');
  const reports = [
    id,
    tenant,
    text('owner', 64, 'not null'),
    text('kind', 16, 'not null'),
    sealed,
    count('created_at'),
    count('updated_at'),
    count('revision'),
  ];
  const readers = [reportId, tenant, text('reader', 64, 'not null'), 'primary key (report_id, reader)'];
  const runs = [
    id,
    tenant,
    reportId,
    count('revision'),
    text('runner', 64, 'not null'),
    count('at'),
    text('format', 16, 'null'),
    sealed,
    text('status', 16, 'not null'),
    text('code', 64, 'null'),
    count('row_count', 'null'),
    count('duration_ms'),
    text('request_id', 64, 'not null'),
    text('policy_version', 80, 'null'),
  ];
  const indexes = {
    reports: { reports_owner: 'tenant, owner' },
    report_readers: { report_readers_reader: 'tenant, reader' },
    report_runs: { report_runs_report: 'report_id, at', report_runs_runner: 'runner, at', report_runs_age: 'at' },
  };
  // MySQL commits each DDL statement by itself: indexes that stand in the table are there where it is.
  const inTable = (named: Readonly<Record<string, string>>): readonly string[] =>
    isSqlite ? [] : Object.entries(named).map(([name, columns]) => `index ${name} (${columns})`);
  const suffix = isSqlite ? '' : ' engine = InnoDB default character set utf8mb4 collate utf8mb4_bin';
  for (const [table, columns] of Object.entries({ reports, report_readers: readers, report_runs: runs })) {
    const named: Readonly<Record<string, string>> = indexes[table as keyof typeof indexes];
    const all = [...columns, ...inTable(named)].join(', ');
    await sql.raw(`create table if not exists ${table} (${all})${suffix}`).execute(db);
    if (!isSqlite) continue;
    for (const [name, over] of Object.entries(named))
      await sql.raw(`create index if not exists ${name} on ${table} (${over})`).execute(db);
  }
}
