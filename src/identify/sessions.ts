import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../domain/ports.js';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../domain/principal.js';
import type { Store, StoreDatabase } from '../store/store.js';

/** Bytes of randomness in a refresh token. */
const REFRESH_TOKEN_BYTES = 32;

/** A sign-in that lives on through its refresh tokens. */
export interface Session {
  readonly id: string;
  readonly kind: PrincipalKind;
  readonly accountId: number;
}

/** What came of handing in a refresh token. `unknown` tells nothing about why: never made, expired or ended. */
export type Rotation =
  | { readonly outcome: 'rotated'; readonly session: Session; readonly refreshToken: string }
  | { readonly outcome: 'reused'; readonly session: Session }
  | { readonly outcome: 'unknown'; readonly session: Session | null };

/** Sessions and their refresh tokens. */
export interface Sessions {
  /** Begins a session. @throws SwaliError `STORE_UNAVAILABLE` */
  begin(account: Omit<Session, 'id'>, address: string): Promise<{ session: Session; refreshToken: string }>;
  /**
   * Exchanges a refresh token for a new one. Each works once: a second use means that two parties hold it, so the
   * session ends (RFC 9700 §4.14.2).
   *
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  rotate(refreshToken: string): Promise<Rotation>;
  /** Ends the session of a refresh token. @returns null where there is none that lives. @throws SwaliError `STORE_UNAVAILABLE` */
  endByRefreshToken(refreshToken: string): Promise<Session | null>;
}

/**
 * @param deps.ttlS life of a refresh token in seconds (`REFRESH_TOKEN_TTL_S`); each exchange begins it anew
 * @param deps.randomBytes source of randomness
 */
export function createSessions(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly ttlS: number;
  readonly randomBytes?: (size: number) => Buffer;
}): Sessions {
  const { store, clock } = deps;
  const random = deps.randomBytes ?? randomBytes;

  async function addRefreshToken(db: StoreDatabase, sessionId: string): Promise<string> {
    const refreshToken = random(REFRESH_TOKEN_BYTES).toString('base64url');
    const now = clock();
    await db
      .insertInto('refresh_tokens')
      .values({
        digest: digestOf(refreshToken),
        session_id: sessionId,
        created_at: now,
        expires_at: now + deps.ttlS * 1000,
        used_at: null,
      })
      .execute();
    return refreshToken;
  }

  async function end(db: StoreDatabase, sessionId: string, by: 'logout' | 'reuse'): Promise<void> {
    await db
      .updateTable('sessions')
      .set({ ended_at: clock(), ended_by: by })
      .where('id', '=', sessionId)
      .where('ended_at', 'is', null)
      .execute();
  }

  return Object.freeze({
    async begin({ kind, accountId }, address) {
      // By itself, not in the transaction below, where two sign-ins at once could lock each other out; and at the next
      // sign-in again, so that its failing fails nobody's.
      await store.run((db) => dropDead(db, { kind, accountId }, clock())).catch(() => undefined);
      return store.transaction(async (db) => {
        const id = random(16).toString('hex');
        await db
          .insertInto('sessions')
          .values({
            id,
            kind,
            account_id: accountId,
            address: address.slice(0, 190),
            created_at: clock(),
            ended_at: null,
            ended_by: null,
          })
          .execute();
        return { session: { id, kind, accountId }, refreshToken: await addRefreshToken(db, id) };
      });
    },
    rotate(refreshToken) {
      return store.transaction(async (db): Promise<Rotation> => {
        const digest = digestOf(refreshToken);
        const held = await readHeld(db, digest);
        if (!held || held.endedAt !== null) return { outcome: 'unknown', session: held?.session ?? null };
        // Whoever marks it first has it; the count decides between two that come at once.
        const { numUpdatedRows } = await db
          .updateTable('refresh_tokens')
          .set({ used_at: clock() })
          .where('digest', '=', digest)
          .where('used_at', 'is', null)
          .executeTakeFirst();
        if (numUpdatedRows !== 1n) {
          await end(db, held.session.id, 'reuse');
          return { outcome: 'reused', session: held.session };
        }
        if (held.expiresAt <= clock()) return { outcome: 'unknown', session: held.session };
        const next = await addRefreshToken(db, held.session.id);
        return { outcome: 'rotated', session: held.session, refreshToken: next };
      });
    },
    endByRefreshToken(refreshToken) {
      return store.transaction(async (db) => {
        const held = await readHeld(db, digestOf(refreshToken));
        if (!held || held.endedAt !== null) return null;
        await end(db, held.session.id, 'logout');
        return held.session;
      });
    },
  } satisfies Sessions);
}

/** Forgets what an account's earlier sessions left and can no longer be used, so that the tables do not grow for ever. */
async function dropDead(db: StoreDatabase, { kind, accountId }: Omit<Session, 'id'>, now: number): Promise<void> {
  const sessions = await db
    .selectFrom('sessions')
    .select('id')
    .where('kind', '=', kind)
    .where('account_id', '=', accountId)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('refresh_tokens')
            .select('digest')
            .whereRef('refresh_tokens.session_id', '=', 'sessions.id')
            .where('expires_at', '>', now),
        ),
      ),
    )
    .execute();
  const ids = sessions.map((session) => session.id);
  if (ids.length === 0) return;
  await db.deleteFrom('refresh_tokens').where('session_id', 'in', ids).execute();
  await db.deleteFrom('sessions').where('id', 'in', ids).execute();
}

/** A token has 256 bits of randomness, so a plain digest of it cannot be guessed back. */
function digestOf(refreshToken: string): string {
  return createHash('sha256').update(refreshToken).digest('hex');
}

async function readHeld(
  db: StoreDatabase,
  digest: string,
): Promise<{ session: Session; endedAt: number | null; expiresAt: number } | null> {
  const row = await db
    .selectFrom('refresh_tokens')
    .innerJoin('sessions', 'sessions.id', 'refresh_tokens.session_id')
    .select(['sessions.id', 'sessions.kind', 'sessions.account_id', 'sessions.ended_at', 'refresh_tokens.expires_at'])
    .where('refresh_tokens.digest', '=', digest)
    .executeTakeFirst();
  const kind = PRINCIPAL_KINDS.find((each) => each === row?.kind);
  if (!row || !kind) return null;
  return {
    session: { id: row.id, kind, accountId: row.account_id },
    endedAt: row.ended_at,
    expiresAt: row.expires_at,
  };
}
