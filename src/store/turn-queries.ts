import { toTenantColumn } from '../domain/tenant.js';
import type { StoreDatabase } from './store.js';
import type { TurnOwner } from './turn-rows.js';

/** The conversations of an owner that have not expired. */
export function livingConversations(db: StoreDatabase, owner: TurnOwner, now: number) {
  return db
    .selectFrom('conversations')
    .selectAll()
    .where('tenant', '=', toTenantColumn(owner.tenant))
    .where('subject', '=', owner.subject)
    .where('expires_at', '>', now);
}

/** One of them; undefined where there is none of that id. */
export async function findLiving(db: StoreDatabase, owner: TurnOwner, id: string, now: number) {
  // The servers take an id with a blank behind it for the same.
  if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
  return livingConversations(db, owner, now).where('id', '=', id).executeTakeFirst();
}

/** The questions of an owner, newest first. */
export function turnsOf(db: StoreDatabase, owner: TurnOwner) {
  return db
    .selectFrom('turns')
    .selectAll()
    .where('tenant', '=', toTenantColumn(owner.tenant))
    .where('subject', '=', owner.subject)
    .orderBy('id', 'desc');
}

/** Forgets a conversation with its turns. Inside a transaction that has seen whose it is. */
export async function removeConversation(db: StoreDatabase, id: string): Promise<void> {
  await db.deleteFrom('turns').where('conversation_id', '=', id).execute();
  await db.deleteFrom('conversations').where('id', '=', id).execute();
}
