import type { Store, StoreDatabase } from '../store.js';

const NAME = 'daily';

/** Says which replica makes the backup of a time: one alone. */
export interface BackupTurns {
  /**
   * Takes the turn of a time, for so long; again to keep it.
   *
   * @param slot the time that the backup is for; all replicas name the same one, in milliseconds since 1970
   * @returns whether it is the caller's: nobody has made that backup, and nobody else is at it
   */
  take(slot: number, now: number, forMs: number): Promise<boolean>;
  /** The backup is there: nobody makes it again. */
  finish(slot: number): Promise<void>;
  /** It is not: somebody may try again from a time on. @returns how often it failed since it was last there */
  fail(retryAt: number): Promise<number>;
}

/**
 * Keeps the turns in the store.
 *
 * @param holder tells this process from all others
 */
export function createBackupTurns(store: Store, holder: string): BackupTurns {
  return Object.freeze({
    async take(slot, now, forMs) {
      return store.transaction(async (db) => {
        await addRow(db, store.dialect === 'sqlite');
        const taken = await db
          .updateTable('backup_turns')
          .set({ held_until: now + forMs, holder })
          .where('name', '=', NAME)
          .where('done_for', '<', slot)
          .where((or) => or.or([or('held_until', '<=', now), or('holder', '=', holder)]))
          .executeTakeFirst();
        // A server may count a row that keeps its values as none: then it is asked who holds it.
        if (taken.numUpdatedRows > 0n) return true;
        const row = await db.selectFrom('backup_turns').selectAll().where('name', '=', NAME).executeTakeFirst();
        return row !== undefined && row.holder === holder && row.held_until === now + forMs && row.done_for < slot;
      });
    },
    async finish(slot) {
      await store.run((db) =>
        db
          .updateTable('backup_turns')
          .set({ done_for: slot, held_until: 0, holder: '', failures: 0 })
          .where('name', '=', NAME)
          .where('done_for', '<', slot)
          .execute(),
      );
    },
    async fail(retryAt) {
      await store.run((db) =>
        db
          .updateTable('backup_turns')
          .set((row) => ({ held_until: retryAt, holder: '', failures: row('failures', '+', 1) }))
          .where('name', '=', NAME)
          .where('holder', '=', holder)
          .execute(),
      );
      const row = await store.run((db) =>
        db.selectFrom('backup_turns').select('failures').where('name', '=', NAME).executeTakeFirst(),
      );
      return Number(row?.failures ?? 0);
    },
  } satisfies BackupTurns);
}

async function addRow(db: StoreDatabase, isSqlite: boolean): Promise<void> {
  const row = { name: NAME, done_for: 0, held_until: 0, holder: '', failures: 0 };
  const insert = db.insertInto('backup_turns').values(row);
  await (isSqlite ? insert.onConflict((conflict) => conflict.doNothing()) : insert.ignore()).execute();
}
