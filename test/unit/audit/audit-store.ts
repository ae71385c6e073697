import { sql } from 'kysely';
import { type ChainedAuditLog, openAuditLog } from '../../../src/audit/append-log.js';
import { hashRecord, readKeptEvent } from '../../../src/audit/chain.js';
import { columnsOf } from '../../../src/audit/record-columns.js';
import { migrateStore, openStore, type Store } from '../../../src/store/store.js';
import { AUDIT_KEYS } from '../../support/audit-keys.js';
import { loginEvent } from './audit-fixtures.js';

/** Runs statements as somebody with the store's password might. */
export async function tamper(store: Store, ...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await store.run((db) => sql.raw(statement).execute(db));
}

/** Takes away what stands in the way of changes. */
export async function dropTriggers(store: Store): Promise<void> {
  for (const table of ['audit_records', 'audit_checkpoints', 'audit_archives']) {
    await tamper(store, `drop trigger ${table}_no_update`, `drop trigger ${table}_no_delete`);
  }
}

/** A new store with the log of one writer; the clock stands at `now.value`. */
export async function openAuditStore(
  url: string,
  now: { value: number },
  writerId = 'w',
): Promise<{ readonly store: Store; readonly log: ChainedAuditLog }> {
  const store = await openStore(url);
  await migrateStore(store);
  return { store, log: await openAuditLog({ store, clock: () => now.value, writerId, ...AUDIT_KEYS }) };
}

/** Appends records `from` to `to`. */
export async function appendLogins(log: ChainedAuditLog, from: number, to: number): Promise<void> {
  await Promise.all(Array.from({ length: to - from + 1 }, (_, n) => log.append(loginEvent(from + n))));
}

/**
 * Changes a record's text and rebuilds the chain behind it, heads included, as somebody who knows the rules would: the
 * chain is whole in itself then.
 */
export async function rebuildChain(
  store: Store,
  sequence: number,
  from: string,
  to: string,
  writer = 'w',
): Promise<void> {
  await store.run(async (db) => {
    const all = db.selectFrom('audit_records').selectAll().where('writer', '=', writer);
    const rows = await all.orderBy('sequence').execute();
    let previous = rows.find((row) => row.sequence === sequence - 1)?.hash ?? '0'.repeat(64);
    for (const row of rows.filter((each) => each.sequence >= sequence)) {
      const body = row.sequence === sequence ? row.body.replaceAll(from, to) : row.body;
      const hash = hashRecord(previous, body);
      await db
        .updateTable('audit_records')
        .set({ body, previous_hash: previous, hash, subject: columnsOf(readKeptEvent(body) ?? {}).subject })
        .where('id', '=', row.id)
        .execute();
      previous = hash;
    }
    await db.updateTable('audit_heads').set({ hash: previous }).where('writer', '=', writer).execute();
  });
}
