import { randomBytes } from 'node:crypto';
import type { ExpressionBuilder } from 'kysely';
import type { Clock } from '../domain/ports.js';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../domain/principal.js';
import { fromTenantColumn, type Tenant, toTenantColumn } from '../domain/tenant.js';
import type { Store, StoreDatabase } from '../store/store.js';
import type { SessionTable, StoreTables } from '../store/tables.js';
import { digestSecret } from './digest.js';
import { boundsAt, type SessionLife } from './session-life.js';

/** Bytes of randomness in a refresh token. */
const REFRESH_TOKEN_BYTES = 32;

/** A sign-in that lives on through its refresh tokens. */
export interface Session {
  readonly id: string;
  readonly tenant: Tenant;
  readonly kind: PrincipalKind;
  readonly accountId: number;
}

/** Whose sessions are meant. */
export type SessionOwner = Omit<Session, 'id'>;

/** What a provider's word adds to a session that it began. */
export interface SessionOrigin {
  /** Of the external identity. */
  readonly identityDigest: string;
  /** Digest of the provider's own session; empty where it named none. */
  readonly providerSession: string;
  /** Whether the provider has proven a second factor and is trusted with that. */
  readonly factorMet: boolean;
}

/** A living session as its account sees it. Times are milliseconds since 1970. */
export interface ListedSession {
  readonly id: string;
  /** Where it began. */
  readonly address: string;
  /** What it began with, as the caller said. */
  readonly userAgent: string;
  readonly createdAt: number;
  /** Up to a minute behind. */
  readonly lastUsedAt: number;
  /** Its absolute end; without use it ends earlier. */
  readonly expiresAt: number;
}

/** What came of handing in a refresh token. `unknown` tells nothing about why: never made, expired, idle or ended. */
export type Rotation =
  | { readonly outcome: 'rotated'; readonly session: Session; readonly refreshToken: string }
  | { readonly outcome: 'reused'; readonly session: Session }
  | { readonly outcome: 'unknown'; readonly session: Session | null };

/** Sessions and their refresh tokens. */
export interface Sessions {
  /** Begins a session. @throws SwaliError `STORE_UNAVAILABLE` */
  begin(
    account: SessionOwner,
    from: { readonly address: string; readonly userAgent: string },
    origin?: SessionOrigin,
  ): Promise<{ session: Session; refreshToken: string }>;
  /**
   * Exchanges a refresh token for a new one. Each works once: a second use means that two parties hold it, so the
   * session ends (RFC 9700 §4.14.2).
   *
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  rotate(refreshToken: string): Promise<Rotation>;
  /** The living session of a refresh token, used or not; the token stays as it is. @throws SwaliError `STORE_UNAVAILABLE` */
  find(refreshToken: string): Promise<Session | null>;
  /** Ends the session of a refresh token. @returns null where there is none that lives. @throws SwaliError `STORE_UNAVAILABLE` */
  endByRefreshToken(refreshToken: string): Promise<Session | null>;
  /** The living sessions of an account, the latest first. @throws SwaliError `STORE_UNAVAILABLE` */
  list(account: SessionOwner): Promise<readonly ListedSession[]>;
  /**
   * Ends one session of an account, its access tokens included.
   *
   * @returns false where the account has no living session of that id
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  end(account: SessionOwner, sessionId: string): Promise<boolean>;
  /**
   * Ends the sessions that a provider's word began: all of an identity, of one session of the provider, or of both.
   *
   * @returns how many were ended
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  endByProvider(origin: Partial<Pick<SessionOrigin, 'identityDigest' | 'providerSession'>>): Promise<number>;
  /** Ends every session of an account but the one that is excepted. @throws SwaliError `STORE_UNAVAILABLE` */
  endAll(account: SessionOwner, exceptSessionId?: string): Promise<void>;
}

/**
 * @param deps.ttlS life of a refresh token in seconds (`REFRESH_TOKEN_TTL_S`); each exchange begins it anew,
 *   but none outlives its session
 * @param deps.life how long sessions live
 * @param deps.randomBytes source of randomness
 */
export function createSessions(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly ttlS: number;
  readonly life: SessionLife;
  readonly randomBytes?: (size: number) => Buffer;
}): Sessions {
  const { store, clock, life } = deps;
  const random = deps.randomBytes ?? randomBytes;

  async function addRefreshToken(
    db: StoreDatabase,
    { id, tenant }: Pick<Session, 'id' | 'tenant'>,
    sessionExpiresAt: number,
  ): Promise<string> {
    const refreshToken = random(REFRESH_TOKEN_BYTES).toString('base64url');
    const now = clock();
    await db
      .insertInto('refresh_tokens')
      .values({
        digest: digestSecret(refreshToken),
        session_id: id,
        tenant: toTenantColumn(tenant),
        created_at: now,
        expires_at: Math.min(now + deps.ttlS * 1000, sessionExpiresAt),
        used_at: null,
      })
      .execute();
    return refreshToken;
  }

  async function endOne(db: StoreDatabase, sessionId: string, by: 'logout' | 'reuse'): Promise<void> {
    await db
      .updateTable('sessions')
      .set({ ended_at: clock(), ended_by: by })
      .where('id', '=', sessionId)
      .where('ended_at', 'is', null)
      .execute();
  }

  /** Whether a session lives now, by its row. */
  function isAlive(row: Pick<SessionTable, 'ended_at' | 'last_used_at' | 'expires_at'>): boolean {
    const bounds = boundsAt(clock(), life);
    return row.ended_at === null && row.last_used_at > bounds.lastUsedAt && row.expires_at > bounds.expiresAt;
  }

  return Object.freeze({
    async begin(owner, { address, userAgent }, origin) {
      const { tenant, kind, accountId } = owner;
      // By itself, not in the transaction below, where two sign-ins at once could lock each other out; and at the next
      // sign-in again, so that its failing fails nobody's.
      await store.run((db) => dropDead(db, owner, clock())).catch(() => undefined);
      return store.transaction(async (db) => {
        const id = random(16).toString('hex');
        const now = clock();
        const expiresAt = now + life.maxTtlS * 1000;
        await db
          .insertInto('sessions')
          .values({
            id,
            tenant: toTenantColumn(tenant),
            kind,
            account_id: accountId,
            address: address.slice(0, 190),
            user_agent: userAgent.slice(0, 255),
            created_at: now,
            last_used_at: now,
            expires_at: expiresAt,
            ended_at: null,
            ended_by: null,
            identity_digest: origin?.identityDigest ?? '',
            provider_session: origin?.providerSession ?? '',
            factor_met: origin?.factorMet ? 1 : 0,
          })
          .execute();
        const session = { id, ...owner };
        return { session, refreshToken: await addRefreshToken(db, session, expiresAt) };
      });
    },
    rotate(refreshToken) {
      return store.transaction(async (db): Promise<Rotation> => {
        const digest = digestSecret(refreshToken);
        const held = await readHeld(db, digest);
        if (!held || !isAlive(held.row)) return { outcome: 'unknown', session: held?.session ?? null };
        // Whoever marks it first has it; the count decides between two that come at once.
        const { numUpdatedRows } = await db
          .updateTable('refresh_tokens')
          .set({ used_at: clock() })
          .where('digest', '=', digest)
          .where('used_at', 'is', null)
          .executeTakeFirst();
        if (numUpdatedRows !== 1n) {
          await endOne(db, held.session.id, 'reuse');
          return { outcome: 'reused', session: held.session };
        }
        if (held.row.token_expires_at <= clock()) return { outcome: 'unknown', session: held.session };
        await db.updateTable('sessions').set({ last_used_at: clock() }).where('id', '=', held.session.id).execute();
        const next = await addRefreshToken(db, held.session, held.row.expires_at);
        return { outcome: 'rotated', session: held.session, refreshToken: next };
      });
    },
    async find(refreshToken) {
      const held = await store.run((db) => readHeld(db, digestSecret(refreshToken)));
      return held && isAlive(held.row) ? held.session : null;
    },
    endByRefreshToken(refreshToken) {
      return store.transaction(async (db) => {
        const held = await readHeld(db, digestSecret(refreshToken));
        // One that is idle is ended too: a longer SESSION_IDLE_TTL_S must not bring it back.
        if (!held || held.row.ended_at !== null) return null;
        await endOne(db, held.session.id, 'logout');
        return held.session;
      });
    },
    async list(account) {
      const bounds = boundsAt(clock(), life);
      const rows = await store.run((db) =>
        db
          .selectFrom('sessions')
          .selectAll()
          .where(isOpenOf(account))
          .where('last_used_at', '>', bounds.lastUsedAt)
          .where('expires_at', '>', bounds.expiresAt)
          .orderBy('created_at', 'desc')
          .orderBy('id')
          .execute(),
      );
      return rows.map((row) => ({
        id: row.id,
        address: row.address,
        userAgent: row.user_agent,
        createdAt: row.created_at,
        lastUsedAt: row.last_used_at,
        expiresAt: row.expires_at,
      }));
    },
    async end(account, sessionId) {
      const bounds = boundsAt(clock(), life);
      const { numUpdatedRows } = await store.run((db) =>
        db
          .updateTable('sessions')
          .set({ ended_at: clock(), ended_by: 'owner' })
          .where(isOpenOf(account))
          .where('id', '=', sessionId)
          .where('last_used_at', '>', bounds.lastUsedAt)
          .where('expires_at', '>', bounds.expiresAt)
          .executeTakeFirst(),
      );
      return numUpdatedRows > 0n;
    },
    async endByProvider({ identityDigest, providerSession }) {
      // Neither would mean every session of passwords.
      if (!identityDigest && !providerSession) return 0;
      return store.run(async (db) => {
        // Looked for first: an update that has no index to go by would hold up every sign-in of the moment.
        let mine = db.selectFrom('sessions').select('id').where('ended_at', 'is', null);
        if (identityDigest) mine = mine.where('identity_digest', '=', identityDigest);
        if (providerSession) mine = mine.where('provider_session', '=', providerSession);
        const ids = (await mine.execute()).map((session) => session.id);
        if (ids.length === 0) return 0;
        const { numUpdatedRows } = await db
          .updateTable('sessions')
          .set({ ended_at: clock(), ended_by: 'provider' })
          .where('id', 'in', ids)
          .where('ended_at', 'is', null)
          .executeTakeFirst();
        return Number(numUpdatedRows);
      });
    },
    async endAll(account, exceptSessionId) {
      await store.run((db) => {
        const all = db.updateTable('sessions').set({ ended_at: clock(), ended_by: 'owner' }).where(isOpenOf(account));
        return (exceptSessionId === undefined ? all : all.where('id', '!=', exceptSessionId)).execute();
      });
    },
  } satisfies Sessions);
}

/** Forgets what an account's earlier sessions left and can no longer be used, so that the tables do not grow for ever. */
async function dropDead(db: StoreDatabase, { tenant, kind, accountId }: SessionOwner, now: number): Promise<void> {
  const sessions = await db
    .selectFrom('sessions')
    .select('id')
    .where('tenant', '=', toTenantColumn(tenant))
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

/** The condition that a session is the account's and that nobody has ended it. */
function isOpenOf({ tenant, kind, accountId }: SessionOwner) {
  return ({ and, eb }: ExpressionBuilder<StoreTables, 'sessions'>) =>
    and([
      eb('tenant', '=', toTenantColumn(tenant)),
      eb('kind', '=', kind),
      eb('account_id', '=', accountId),
      eb('ended_at', 'is', null),
    ]);
}

type HeldRow = Pick<SessionTable, 'ended_at' | 'last_used_at' | 'expires_at'> & { readonly token_expires_at: number };

async function readHeld(db: StoreDatabase, digest: string): Promise<{ session: Session; row: HeldRow } | null> {
  const row = await db
    .selectFrom('refresh_tokens')
    .innerJoin('sessions', 'sessions.id', 'refresh_tokens.session_id')
    .select(['sessions.id', 'sessions.tenant', 'sessions.kind', 'sessions.account_id'])
    .select(['sessions.ended_at', 'sessions.last_used_at', 'sessions.expires_at'])
    .select('refresh_tokens.expires_at as token_expires_at')
    .where('refresh_tokens.digest', '=', digest)
    .executeTakeFirst();
  const kind = PRINCIPAL_KINDS.find((each) => each === row?.kind);
  if (!row || !kind) return null;
  return { session: { id: row.id, tenant: fromTenantColumn(row.tenant), kind, accountId: row.account_id }, row };
}
