import { randomBytes } from 'node:crypto';
import type { Clock } from '../domain/ports.js';
import { toTenantColumn } from '../domain/tenant.js';
import type { KeyRing } from './key-ring.js';
import { createSaveTurn, type SaveTurn } from './save-turn.js';
import type { Store } from './store.js';
import { findLiving, livingConversations, removeConversation, turnsOf } from './turn-queries.js';
import {
  forgetQuestions,
  type KeptConversation,
  type KeptTurn,
  openConversation,
  openTurn,
  type TurnOwner,
} from './turn-rows.js';

const DAY_MS = 86_400_000;

/** A part of a list. */
interface Page<Before> {
  readonly limit: number;
  /** The last of the page before; null for the first page. */
  readonly before: Before | null;
}

/** What people asked, encrypted in the store, and their conversations. Every method also throws `STORE_UNAVAILABLE`. */
export interface KeptTurns {
  /** False where no conversation is kept. */
  readonly keepsConversations: boolean;
  readonly save: SaveTurn;
  /** The latest turns of a conversation, oldest first; null where the owner has no living one of that id. */
  readTurns(owner: TurnOwner, id: string, limit: number): Promise<readonly KeptTurn[] | null>;
  /** Null where the owner has no living one of that id. */
  readConversation(owner: TurnOwner, id: string): Promise<KeptConversation | null>;
  /** The one that was used last first. */
  listConversations(
    owner: TurnOwner,
    page: Page<Pick<KeptConversation, 'id' | 'lastUsedAt'>>,
  ): Promise<readonly KeptConversation[]>;
  /** Questions in conversations and by themselves, newest first. */
  listTurns(owner: TurnOwner, page: Page<string>): Promise<readonly KeptTurn[]>;
  /** With its turns. @returns false where the owner has no living one of that id */
  removeConversation(owner: TurnOwner, id: string): Promise<boolean>;
  /** All of the owner's, with their turns. */
  removeConversations(owner: TurnOwner): Promise<void>;
  /** All questions and conversations of the owner. */
  removeAll(owner: TurnOwner): Promise<void>;
}

/**
 * @param deps.conversationTtlS how long a conversation lives unused, in seconds; 0 keeps none
 * @param deps.historyDays how long a question is kept that no living conversation holds; 0 keeps none
 */
export function createKeptTurns(deps: {
  readonly store: Store;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly conversationTtlS: number;
  readonly historyDays: number;
  readonly random?: (size: number) => Buffer;
}): KeptTurns {
  const { store, ring, clock, random = randomBytes } = deps;
  const ttlMs = deps.conversationTtlS * 1000;
  const keptMs = deps.historyDays * DAY_MS;

  return Object.freeze({
    keepsConversations: ttlMs > 0,
    save: createSaveTurn({ store, ring, clock, ttlMs, keptMs, random }),
    readTurns(owner, id, limit) {
      return store.run(async (db) => {
        const found = await findLiving(db, owner, id, clock());
        if (!found) return null;
        const rows = await turnsOf(db, owner).where('conversation_id', '=', id).limit(limit).execute();
        return rows.reverse().map((row) => openTurn(ring, row));
      });
    },
    async readConversation(owner, id) {
      const row = await store.run((db) => findLiving(db, owner, id, clock()));
      return row ? openConversation(ring, row) : null;
    },
    async listConversations(owner, { limit, before }) {
      const rows = await store.run((db) => {
        const all = livingConversations(db, owner, clock())
          .orderBy('last_used_at', 'desc')
          .orderBy('id', 'desc')
          .limit(limit);
        if (before === null) return all.execute();
        const { lastUsedAt, id } = before;
        return all
          .where((eb) =>
            eb.or([
              eb('last_used_at', '<', lastUsedAt),
              eb.and([eb('last_used_at', '=', lastUsedAt), eb('id', '<', id)]),
            ]),
          )
          .execute();
      });
      return rows.map((row) => openConversation(ring, row));
    },
    async listTurns(owner, { limit, before }) {
      const now = clock();
      const rows = await store.run((db) => {
        const living = livingConversations(db, owner, now).clearSelect().select('id');
        // What the next sweep removes is not shown any more.
        const kept = turnsOf(db, owner).where((eb) =>
          eb.or([eb('asked_at', '>', now - keptMs), eb('conversation_id', 'in', living)]),
        );
        return (before === null ? kept : kept.where('id', '<', before)).limit(limit).execute();
      });
      return rows.map((row) => openTurn(ring, row));
    },
    removeConversation(owner, id) {
      return store.transaction(async (db) => {
        const found = await findLiving(db, owner, id, clock());
        if (found) await removeConversation(db, id);
        return found !== undefined;
      });
    },
    async removeConversations({ tenant, subject }) {
      await store.transaction(async (db) => {
        await db
          .deleteFrom('turns')
          .where('tenant', '=', toTenantColumn(tenant))
          .where('subject', '=', subject)
          .where('conversation_id', 'is not', null)
          .execute();
        await db
          .deleteFrom('conversations')
          .where('tenant', '=', toTenantColumn(tenant))
          .where('subject', '=', subject)
          .execute();
      });
    },
    async removeAll(owner) {
      await store.transaction((db) => forgetQuestions(db, owner));
    },
  } satisfies KeptTurns);
}
