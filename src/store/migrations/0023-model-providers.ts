import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Money beside tokens, what is held of both, and which providers of a model a tenant allows. Rows of today allow all. */
export async function addModelProviders(
  db: Kysely<unknown>,
  family: 'sqlite' | 'mysql',
  readColumns: (table: string) => Promise<ReadonlySet<string>>,
): Promise<void> {
  const count = `${family === 'sqlite' ? 'integer' : 'bigint'} not null default 0`;
  const list = (name: string): string =>
    family === 'sqlite' ? `text check (length("${name}") <= 1000) null` : 'varchar(1000) null';
  const columns: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    usage_counters: { model_money: count, held_tokens: count, held_money: count },
    tenants: { model_providers: list('model_providers'), model_regions: list('model_regions') },
  };
  for (const [table, added] of Object.entries(columns)) {
    const there = await readColumns(table);
    for (const [name, type] of Object.entries(added)) {
      if (!there.has(name)) await sql.raw(`alter table ${table} add column ${name} ${type}`).execute(db);
    }
  }
}
