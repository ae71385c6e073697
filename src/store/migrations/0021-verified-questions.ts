import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Questions that were promoted to verified ones. `active_key` is null for retired ones, so that it is unique of the others alone. */
export async function createVerifiedQuestions(db: Kysely<unknown>, family: 'sqlite' | 'mysql'): Promise<void> {
  const isSqlite = family === 'sqlite';
  const text = (name: string, length: number, rest: string): string =>
    isSqlite ? `${name} text check (length("${name}") <= ${length}) ${rest}` : `${name} varchar(${length}) ${rest}`;
  const count = isSqlite ? 'integer' : 'bigint';
  const long = isSqlite ? 'text' : 'mediumtext';
  const columns = [
    isSqlite ? 'id integer primary key autoincrement' : 'id bigint not null auto_increment primary key',
    text('tenant', 64, "not null default ''"),
    text('question', 500, 'not null'),
    `slots ${long} not null`,
    `statement ${long} not null`,
    `open_to ${long} not null`,
    text('created_by', 64, "not null default ''"),
    `created_at ${count} not null`,
    text('status', 16, 'not null'),
    text('policy_version', 80, 'not null'),
    text('fault', 500, 'null'),
    text('active_key', 64, 'null'),
    'unique (tenant, active_key)',
  ];
  const suffix = isSqlite ? '' : ' engine = InnoDB default character set utf8mb4 collate utf8mb4_bin';
  await sql.raw(`create table if not exists verified_questions (${columns.join(', ')})${suffix}`).execute(db);
}
