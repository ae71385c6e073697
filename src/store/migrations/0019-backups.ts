import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Who was erased, and whose turn it is to make the backup of a time. */
export async function createBackupTables(db: Kysely<unknown>, family: 'sqlite' | 'mysql'): Promise<void> {
  const isSqlite = family === 'sqlite';
  const text = (name: string, length: number, rest: string): string =>
    isSqlite ? `${name} text check (length("${name}") <= ${length}) ${rest}` : `${name} varchar(${length}) ${rest}`;
  const count = (name: string): string => `${name} ${isSqlite ? 'integer' : 'bigint'} not null`;
  const suffix = isSqlite ? '' : ' engine = InnoDB default character set utf8mb4 collate utf8mb4_bin';
  const erasures = [
    text('tenant', 64, "not null default ''"),
    text('subject', 64, 'not null'),
    count('erased_at'),
    'primary key (tenant, subject)',
  ];
  const turns = [
    text('name', 16, 'not null primary key'),
    count('done_for'),
    count('held_until'),
    text('holder', 64, 'not null'),
    count('failures'),
  ];
  for (const [table, columns] of Object.entries({ erasures, backup_turns: turns }))
    await sql.raw(`create table if not exists ${table} (${columns.join(', ')})${suffix}`).execute(db);
}
