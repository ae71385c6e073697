import type { Transaction } from 'kysely';
import type { Clock } from '../domain/ports.js';
import { toTenantColumn } from '../domain/tenant.js';
import type { KeyRing } from './key-ring.js';
import type { Store, StoreDatabase } from './store.js';
import { createSweep } from './sweep.js';
import type { StoreTables } from './tables.js';
import { createTurnIds } from './turn-ids.js';
import { findLiving, livingConversations, removeConversation, turnsOf } from './turn-queries.js';
import { type KeptTurn, sealTitle, sealTurn, type TurnOwner } from './turn-rows.js';

/** Turns that a conversation holds; the oldest leave it. */
export const MOST_TURNS = 50;
/** Conversations of one account; the one that was not used for longest goes. */
export const MOST_CONVERSATIONS = 100;
/** Questions that are kept of one account; the oldest go. */
export const MOST_QUESTIONS = 2000;

/** Which conversation a question is part of: one by its id, a new one, or none. */
export type ConversationChoice = { readonly id: string } | 'new' | null;

/** A turn before it is kept. */
export type NewTurn = Omit<KeptTurn, 'id' | 'conversationId' | 'askedAt'>;

/**
 * Keeps a turn, and says which conversation it is part of: null for none, which is so where that one was removed meanwhile.
 * What there are too many of goes, and so does what is too old.
 */
export type SaveTurn = (owner: TurnOwner, turn: NewTurn, choice: ConversationChoice) => Promise<string | null>;

/**
 * @param deps.ttlMs how long a conversation lives unused; 0 keeps none
 * @param deps.keptMs how long a question is kept that no living conversation holds; 0 keeps none
 */
export function createSaveTurn(deps: {
  readonly store: Store;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly ttlMs: number;
  readonly keptMs: number;
  readonly random: (size: number) => Buffer;
}): SaveTurn {
  const { store, ring, clock, ttlMs, keptMs, random } = deps;
  const newTurnId = createTurnIds(clock, random);
  const sweep = createSweep(store, (db, now) => dropOld(db, now, now - keptMs));

  /** @returns null where the conversation is not there any more */
  async function use(db: Transaction<StoreTables>, owner: TurnOwner, id: string, now: number): Promise<string | null> {
    const found = await findLiving(db, owner, id, now);
    if (!found) return null;
    const moved = { last_used_at: now, expires_at: now + ttlMs };
    await db.updateTable('conversations').set(moved).where('id', '=', id).execute();
    return id;
  }

  async function begin(
    db: Transaction<StoreTables>,
    owner: TurnOwner,
    { id, title, now }: { readonly id: string; readonly title: string; readonly now: number },
  ): Promise<string> {
    const place = { tenant: toTenantColumn(owner.tenant), subject: owner.subject, id };
    const times = { created_at: now, last_used_at: now, expires_at: now + ttlMs };
    const sealed = sealTitle(ring, place, title);
    await db
      .insertInto('conversations')
      .values({ ...place, sealed, ...times })
      .execute();
    const surplus = await livingConversations(db, owner, now)
      .orderBy('last_used_at', 'desc')
      .orderBy('id', 'desc')
      .offset(MOST_CONVERSATIONS)
      .limit(MOST_CONVERSATIONS)
      .execute();
    for (const each of surplus) await removeConversation(db, each.id);
    return id;
  }

  return async (owner, turn, choice) => {
    const isNew = choice === 'new' && ttlMs > 0;
    const known = choice === null || choice === 'new' ? null : choice.id;
    if (keptMs === 0 && !isNew && known === null) return null;
    const [id, newId, now] = [newTurnId(), random(16).toString('hex'), clock()];
    const place = { tenant: toTenantColumn(owner.tenant), subject: owner.subject, id };
    const { viewDigest, policyVersion, status, code, translator } = turn;
    const about = { status, code, translator, view_digest: viewDigest, policy_version: policyVersion };
    const sealed = sealTurn(ring, place, turn);
    const inside = await store.transaction(async (db) => {
      let conversation: string | null = null;
      if (isNew) conversation = await begin(db, owner, { id: newId, title: turn.question, now });
      else if (known !== null) conversation = await use(db, owner, known, now);
      if (conversation === null && keptMs === 0) return null;
      const row = { ...place, conversation_id: conversation, sealed, ...about, asked_at: now };
      await db.insertInto('turns').values(row).execute();
      if (conversation !== null) await letOldestLeave(db, conversation, keptMs > 0);
      await dropSurplus(db, owner);
      return conversation;
    });
    await sweep(now);
    return inside;
  };
}

/** The oldest questions of an owner that are more than may be kept. */
async function dropSurplus(db: Transaction<StoreTables>, owner: TurnOwner): Promise<void> {
  const { tenant, subject } = owner;
  const over = turnsOf(db, owner).clearSelect().select('id').offset(MOST_QUESTIONS).limit(1);
  const newest = await over.executeTakeFirst();
  if (!newest) return;
  await db
    .deleteFrom('turns')
    .where('tenant', '=', toTenantColumn(tenant))
    .where('subject', '=', subject)
    .where('id', '<=', newest.id)
    .execute();
}

/** @param stays whether what leaves is still kept as a question by itself */
async function letOldestLeave(db: Transaction<StoreTables>, id: string, stays: boolean): Promise<void> {
  const inside = db.selectFrom('turns').select('id').where('conversation_id', '=', id).orderBy('id', 'desc');
  const newest = await inside.offset(MOST_TURNS).limit(1).executeTakeFirst();
  if (!newest) return;
  const { id: upTo } = newest;
  if (stays) {
    const alone = db.updateTable('turns').set({ conversation_id: null });
    await alone.where('conversation_id', '=', id).where('id', '<=', upTo).execute();
  } else {
    await db.deleteFrom('turns').where('conversation_id', '=', id).where('id', '<=', upTo).execute();
  }
}

/** Conversations that have expired, and questions that no conversation holds and that are older than they may be. */
async function dropOld(db: StoreDatabase, now: number, oldest: number): Promise<void> {
  const expired = db.selectFrom('conversations').select('id').where('expires_at', '<=', now);
  await db.updateTable('turns').set({ conversation_id: null }).where('conversation_id', 'in', expired).execute();
  await db.deleteFrom('conversations').where('expires_at', '<=', now).execute();
  await db.deleteFrom('turns').where('conversation_id', 'is', null).where('asked_at', '<=', oldest).execute();
}
