import { randomBytes, randomInt } from 'node:crypto';
import type { Clock } from '../domain/ports.js';
import { PRINCIPAL_KINDS } from '../domain/principal.js';
import { fromTenantColumn, toTenantColumn } from '../domain/tenant.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { createSweep } from '../store/sweep.js';
import type { MailedTokenTable } from '../store/tables.js';
import { ACCOUNT_TABLES } from './accounts.js';
import { digestSecret } from './digest.js';
import { endTokens } from './end-tokens.js';
import type { Account } from './find-account.js';
import type { SignInPlace } from './sign-in-attempts.js';

/** What the holder of a token may do once: accept an invitation, or set a new password. */
export type TokenPurpose = MailedTokenTable['purpose'];

/** Whose token it is. */
export type TokenOwner = Pick<Account, 'tenant' | 'kind' | 'id'>;

/** A token that was made once. */
export interface HeldToken {
  readonly digest: string;
  readonly owner: TokenOwner;
  /** False where it was used or has ended. */
  readonly works: boolean;
}

/** Bytes of randomness in a token. */
const TOKEN_BYTES = 32;

/** Tokens that anybody may have made for an account within {@link SPARING_WINDOW_MS}, so that nobody is flooded by strangers. */
const MAX_PER_WINDOW = 3;
const SPARING_WINDOW_MS = 3_600_000;

/** Tokens that go out by mail. Each works once, for a time; the store keeps digests alone. */
export interface MailedTokens {
  /**
   * Makes a token; older ones of the purpose end.
   *
   * @param db of the transaction that it belongs to
   */
  issue(db: StoreDatabase, purpose: TokenPurpose, owner: TokenOwner): Promise<string>;
  /**
   * Makes a token for whoever asks for one, three an hour for an account at most. The store has the same work where it
   * makes none, be it over that number or for nobody: then a token that is handed to nobody is what it writes.
   *
   * @param owner null where nobody is to get one
   * @returns null where none was made for the owner; an earlier one then still works
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  issueSparingly(purpose: TokenPurpose, place: SignInPlace, owner: TokenOwner | null): Promise<string | null>;
  /** @returns null where there is none for the purpose. @throws SwaliError `STORE_UNAVAILABLE` */
  read(purpose: TokenPurpose, token: string): Promise<HeldToken | null>;
  /** Uses a token up. Of two that come at once one does. @returns false where it works no more */
  use(db: StoreDatabase, held: HeldToken): Promise<boolean>;
}

/**
 * @param deps.ttlS how long tokens work, in seconds (`INVITATION_TTL_S`, `PASSWORD_RESET_TTL_S`)
 * @param deps.randomBytes source of randomness
 */
export function createMailedTokens(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly ttlS: Readonly<Record<TokenPurpose, number>>;
  readonly randomBytes?: (size: number) => Buffer;
}): MailedTokens {
  const { store, clock, ttlS } = deps;
  const random = deps.randomBytes ?? randomBytes;
  const sweep = createSweep(store, dropOld);

  /** Lets those that make tokens for one account pass one by one; on SQLite a transaction is alone anyway. */
  async function hold(db: StoreDatabase, { kind, id }: TokenOwner): Promise<void> {
    const account = db.selectFrom(ACCOUNT_TABLES[kind]).select('id').where('id', '=', id);
    await (store.dialect === 'sqlite' ? account : account.forUpdate()).execute();
  }

  async function add(db: StoreDatabase, purpose: TokenPurpose, owner: TokenOwner): Promise<string> {
    const now = clock();
    await endTokens(db, owner, now, purpose);
    const token = random(TOKEN_BYTES).toString('base64url');
    await db
      .insertInto('mailed_tokens')
      .values({
        digest: digestSecret(token),
        purpose,
        kind: owner.kind,
        account_id: owner.id,
        created_at: now,
        expires_at: now + ttlS[purpose] * 1000,
        used_at: null,
        tenant: toTenantColumn(owner.tenant),
      })
      .execute();
    return token;
  }

  return Object.freeze({
    async issue(db, purpose, owner) {
      await hold(db, owner);
      return add(db, purpose, owner);
    },
    async issueSparingly(purpose, place, owner) {
      const now = clock();
      await sweep(now);
      // No account has an id below 0, and each asking has its own, so that those for nobody do not stand in one another's way.
      const nobody: TokenOwner = { ...place, id: -randomInt(1, 2 ** 47) };
      const asked = owner ?? nobody;
      return store.transaction(async (db) => {
        await hold(db, asked);
        const made = await countSince(db, purpose, asked, now - SPARING_WINDOW_MS);
        const receiver = made < MAX_PER_WINDOW ? asked : nobody;
        const token = await add(db, purpose, receiver);
        return receiver === nobody ? null : token;
      });
    },
    async read(purpose, token) {
      const digest = digestSecret(token);
      const row = await store.run((db) =>
        db
          .selectFrom('mailed_tokens')
          .selectAll()
          .where('digest', '=', digest)
          .where('purpose', '=', purpose)
          .executeTakeFirst(),
      );
      const kind = PRINCIPAL_KINDS.find((each) => each === row?.kind);
      if (!row || !kind) return null;
      const works = row.used_at === null && row.expires_at > clock();
      return { digest, owner: { tenant: fromTenantColumn(row.tenant), kind, id: row.account_id }, works };
    },
    async use(db, { digest }) {
      const now = clock();
      const { numUpdatedRows } = await db
        .updateTable('mailed_tokens')
        .set({ used_at: now })
        .where('digest', '=', digest)
        .where('used_at', 'is', null)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },
  } satisfies MailedTokens);
}

async function countSince(
  db: StoreDatabase,
  purpose: TokenPurpose,
  { kind, id }: TokenOwner,
  since: number,
): Promise<number> {
  const { made } = await db
    .selectFrom('mailed_tokens')
    .select((eb) => eb.fn.countAll<number>().as('made'))
    .where('account_id', '=', id)
    .where('kind', '=', kind)
    .where('purpose', '=', purpose)
    .where('created_at', '>', since)
    .executeTakeFirstOrThrow();
  return Number(made);
}

/** Forgets what neither works nor counts any more. */
async function dropOld(db: StoreDatabase, now: number): Promise<void> {
  await db
    .deleteFrom('mailed_tokens')
    .where('expires_at', '<=', now - SPARING_WINDOW_MS)
    .execute();
}
