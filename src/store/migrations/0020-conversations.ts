import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** What people asked, encrypted, and the conversations that some of it belongs to. */
export async function createConversationTables(db: Kysely<unknown>, family: 'sqlite' | 'mysql'): Promise<void> {
  const isSqlite = family === 'sqlite';
  const text = (name: string, length: number, rest: string): string =>
    isSqlite ? `${name} text check (length("${name}") <= ${length}) ${rest}` : `${name} varchar(${length}) ${rest}`;
  const time = (name: string): string => `${name} ${isSqlite ? 'integer' : 'bigint'} not null`;
  const sealed = `sealed ${isSqlite ? 'text' : 'mediumtext'} not null`;
  const owner = [text('tenant', 64, "not null default ''"), text('subject', 64, 'not null')];
  const conversations = [
    text('id', 32, 'not null primary key'),
    ...owner,
    sealed,
    time('created_at'),
    time('last_used_at'),
    time('expires_at'),
  ];
  const turns = [
    text('id', 32, 'not null primary key'),
    ...owner,
    text('conversation_id', 32, 'null'),
    sealed,
    text('status', 16, 'not null'),
    text('code', 64, 'null'),
    text('translator', 16, 'null'),
    text('view_digest', 190, 'not null'),
    text('policy_version', 190, 'not null'),
    time('asked_at'),
  ];
  await createIndexed(db, isSqlite, 'conversations', conversations, {
    conversations_owner: 'tenant, subject, last_used_at, id',
    conversations_age: 'expires_at',
  });
  await createIndexed(db, isSqlite, 'turns', turns, {
    turns_owner: 'tenant, subject, id',
    turns_conversation: 'conversation_id, id',
    turns_age: 'asked_at',
  });
}

/** MySQL knows no CREATE INDEX IF NOT EXISTS, SQLite no index inside CREATE TABLE. */
async function createIndexed(
  db: Kysely<unknown>,
  isSqlite: boolean,
  table: string,
  columns: readonly string[],
  indexes: Readonly<Record<string, string>>,
): Promise<void> {
  const named = Object.entries(indexes);
  const inside = isSqlite ? [] : named.map(([name, on]) => `index ${name} (${on})`);
  const suffix = isSqlite ? '' : ' engine = InnoDB default character set utf8mb4 collate utf8mb4_bin';
  await sql.raw(`create table if not exists ${table} (${[...columns, ...inside].join(', ')})${suffix}`).execute(db);
  if (!isSqlite) return;
  for (const [name, on] of named) await sql.raw(`create index if not exists ${name} on ${table} (${on})`).execute(db);
}
