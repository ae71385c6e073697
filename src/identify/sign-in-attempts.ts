import { createHmac } from 'node:crypto';
import type { Clock } from '../domain/ports.js';
import type { PrincipalKind } from '../domain/principal.js';
import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { createSweep } from '../store/sweep.js';
import { addressBlock } from './address-block.js';
import { type Account, readIdentifierKey } from './find-account.js';
import {
  type AttemptRow,
  bringBack,
  type Counted,
  FAILURES_KEPT_MS,
  isOfFuture,
  isOver,
  KNOWN_ADDRESS_MS,
  RULES,
  waitAfter,
  waitOf,
} from './sign-in-waits.js';

/** One try to sign in. What came of it is told by one of its three methods. */
export interface SignInAttempt {
  /** Seconds until a try makes sense; above 0 nothing may be compared. */
  readonly waitS: number;
  /** Counts a failure. @throws SwaliError `STORE_UNAVAILABLE` */
  fail(): Promise<void>;
  /** Counts nothing: nothing was guessed wrong, but nobody is in yet either. @throws SwaliError `STORE_UNAVAILABLE` */
  withdraw(): Promise<void>;
  /**
   * Counts nothing, clears what the account has failed at this address, and knows the address from now on. To be
   * called once the account is in by every factor.
   *
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  succeed(account: Account): Promise<void>;
}

/** Among whose accounts a sign-in looks. */
export interface SignInPlace {
  readonly tenant: Tenant;
  readonly kind: PrincipalKind;
}

/** Counts of failed sign-ins, in the store, so that replicas share them. */
export interface SignInAttempts {
  /**
   * Says whether a try may go on. Where its failure would bring a wait, that failure is counted beforehand, so that of
   * tries at the same time one passes; below that all do, and each that fails is counted.
   *
   * @param identifier as typed; one that cannot be one counts for the address alone
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  begin(place: SignInPlace, identifier: string, address: string): Promise<SignInAttempt>;
  /**
   * Clears what an account has failed, from all addresses.
   *
   * @returns how many counts were cleared
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  clear(account: Account): Promise<number>;
}

/**
 * Waits that grow with failed sign-ins, by account and address, by account, and by address. Known and unknown accounts
 * are counted alike. A customer's e-mail address and customer number are counted apart: counted together, they would
 * tell that both are the same account's.
 *
 * @param deps.key keys the digests that stand for identifiers and addresses: what is typed for an identifier may be a
 *   password. The same in every replica
 * @remarks What it does not stop: a stranger who tries in the very moment when the account's wait ends has that turn, and
 *   an owner at a new address may need several tries; and whoever shares the owner's address can make the owner wait.
 */
export function createSignInAttempts(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly key: string;
}): SignInAttempts {
  const { store, clock } = deps;
  const digestOf = (...parts: readonly string[]): string =>
    createHmac('sha256', deps.key)
      .update(JSON.stringify(['swali sign-in attempts', ...parts]))
      .digest('hex');
  // Accounts of before there were tenants keep their digests.
  const accountDigest = ({ tenant, kind }: SignInPlace, name: string): string =>
    digestOf('account', kind, name, ...(tenant === null ? [] : [tenant]));
  const pairDigest = (account: string, block: string): string => digestOf('pair', account, block);
  const knownDigest = (account: string, block: string): string => digestOf('known', account, block);
  const sweep = createSweep(store, dropOld);

  /** What a try is counted under. */
  function keysOf(place: SignInPlace, identifier: string, block: string): Keys {
    const tenant = toTenantColumn(place.tenant);
    const address = { scope: 'address', digest: digestOf('address', block), account: null, tenant: '' } as const;
    const name = readIdentifierKey(place.kind, identifier);
    if (!name) return { counted: [address], known: null };
    const account = accountDigest(place, name.value);
    const counted: readonly Key[] = [
      { scope: 'pair', digest: pairDigest(account, block), account, tenant },
      { scope: 'account', digest: account, account, tenant },
      address,
    ];
    // In one order, in which a server locks them too: two tries then wait for each other instead of standing in the way.
    return { counted: counted.toSorted(byDigest), known: knownDigest(account, block) };
  }

  /** Reads the rows of a try; in a transaction of a server it also holds them. */
  async function read(db: StoreDatabase, keys: Keys, lock: boolean): Promise<readonly AttemptRow[]> {
    const digests = keys.counted.map(({ digest }) => digest);
    const query = db
      .selectFrom('sign_in_attempts')
      .selectAll()
      .where('digest', 'in', keys.known === null ? digests : [...digests, keys.known]);
    return (lock && store.dialect !== 'sqlite' ? query.forUpdate() : query).execute();
  }

  /** Reads the rows of a try; what was written before the clock was put back is moved to the new time first. */
  async function look(keys: Keys, now: number): Promise<readonly AttemptRow[]> {
    const rows = await store.run((db) => read(db, keys, false));
    if (!rows.some((row) => isOfFuture(row, now))) return rows;
    return store.transaction(async (db) => {
      for (const row of await read(db, keys, true)) if (isOfFuture(row, now)) await update(db, bringBack(row, now));
      return read(db, keys, false);
    });
  }

  /** Counts, ahead, the failures that would bring a wait. */
  async function reserve(
    db: StoreDatabase,
    keys: Keys,
    now: number,
  ): Promise<{ readonly waitMs: number; readonly reserved: readonly Count[] }> {
    const rows = await read(db, keys, true);
    const waitMs = waitOf(rows, now);
    const near = keys.counted.filter((key) => isNear(key, rows, now));
    return { waitMs, reserved: waitMs > 0 ? [] : await count(db, near, rows, now) };
  }

  /** Counts a failure, in rows that are made where they are not there. */
  async function countRest(db: StoreDatabase, counted: readonly Key[], now: number): Promise<void> {
    const rows = counted.map(({ scope, digest, account, tenant }) =>
      rowOf({ scope, digest, account_digest: account, tenant }, now),
    );
    const insert = db.insertInto('sign_in_attempts').values(rows);
    // A server holds the rows that are there, so that failures pass one by one.
    await (store.dialect === 'sqlite'
      ? insert.onConflict((conflict) => conflict.doNothing())
      : insert.onDuplicateKeyUpdate((eb) => ({ digest: eb.ref('digest') }))
    ).execute();
    await count(db, counted, await read(db, { counted, known: null }, true), now);
  }

  /** Takes one failure off each count; a wait that this try began ends with it. */
  async function takeBack(db: StoreDatabase, counts: readonly Count[]): Promise<void> {
    for (const { digest, before, after } of counts) {
      const query = db.selectFrom('sign_in_attempts').selectAll().where('digest', '=', digest);
      const row = await (store.dialect === 'sqlite' ? query : query.forUpdate()).executeTakeFirst();
      if (!row || row.failures === 0) continue;
      const until = row.blocked_until === after ? before : row.blocked_until;
      await update(db, { ...row, failures: row.failures - 1, blocked_until: until });
    }
  }

  return Object.freeze({
    async begin(place, identifier, address) {
      const now = clock();
      const block = addressBlock(address);
      const keys = keysOf(place, identifier, block);
      await sweep(now);
      // Looked at first without writing: most tries are far from a wait, and a flood that must wait costs little.
      const seen = await look(keys, now);
      const early = waitOf(seen, now);
      if (early > 0) return blocked(early);
      const { waitMs, reserved } = keys.counted.some((key) => isNear(key, seen, now))
        ? await store.transaction((db) => reserve(db, keys, now))
        : { waitMs: 0, reserved: [] };
      if (waitMs > 0) return blocked(waitMs);
      const rest = keys.counted.filter(({ digest }) => !reserved.some((each) => each.digest === digest));
      return {
        waitS: 0,
        fail: async () => {
          if (rest.length > 0) await store.transaction((db) => countRest(db, rest, clock()));
        },
        withdraw: async () => {
          if (reserved.length > 0) await store.transaction((db) => takeBack(db, reserved));
        },
        succeed: (account) =>
          store.transaction(async (db) => {
            await takeBack(db, reserved);
            for (const name of namesOf(account)) {
              const ofAccount = accountDigest(account, name);
              await db.deleteFrom('sign_in_attempts').where('digest', '=', pairDigest(ofAccount, block)).execute();
              const known = {
                scope: 'known',
                digest: knownDigest(ofAccount, block),
                account_digest: ofAccount,
                tenant: toTenantColumn(account.tenant),
              } as const;
              await db.replaceInto('sign_in_attempts').values(rowOf(known, clock())).execute();
            }
          }),
      };
    },
    async clear(account) {
      const digests = namesOf(account).map((name) => accountDigest(account, name));
      const { numDeletedRows } = await store.run((db) =>
        db
          .deleteFrom('sign_in_attempts')
          .where('account_digest', 'in', digests)
          .where('scope', 'in', ['pair', 'account'])
          .executeTakeFirstOrThrow(),
      );
      return Number(numDeletedRows);
    },
  } satisfies SignInAttempts);
}

interface Key {
  readonly scope: Counted;
  readonly digest: string;
  readonly account: string | null;
  /** As the store writes it; addresses are counted over all tenants. */
  readonly tenant: string;
}

interface Keys {
  readonly counted: readonly Key[];
  /** Of the row that says that the account knows the address; null where no account is meant. */
  readonly known: string | null;
}

/** A failure that was counted, with the end of the wait before and after it. */
interface Count {
  readonly digest: string;
  readonly before: number;
  readonly after: number;
}

function byDigest(a: Key, b: Key): number {
  return a.digest < b.digest ? -1 : 1;
}

function blocked(waitMs: number): SignInAttempt {
  const nothing = async (): Promise<void> => undefined;
  return { waitS: Math.ceil(waitMs / 1000), fail: nothing, withdraw: nothing, succeed: nothing };
}

function rowOf(own: Pick<AttemptRow, 'scope' | 'digest' | 'account_digest' | 'tenant'>, now: number): AttemptRow {
  return { ...own, failures: 0, first_at: now, last_at: now, blocked_until: 0 };
}

/** Both names of a customer who has two. */
function namesOf({ identifier, customerNumber }: Account): readonly string[] {
  return [...new Set([identifier, ...(customerNumber === null ? [] : [customerNumber])])];
}

/** Whether one more failure would bring a wait. */
function isNear({ scope, digest }: Key, rows: readonly AttemptRow[], now: number): boolean {
  const row = rows.find((each) => each.digest === digest);
  return row !== undefined && !isOver(row, now) && row.failures + 1 >= RULES[scope].failures;
}

async function count(
  db: StoreDatabase,
  counted: readonly Key[],
  rows: readonly AttemptRow[],
  now: number,
): Promise<readonly Count[]> {
  const counts: Count[] = [];
  for (const { scope, digest } of counted) {
    const row = rows.find((each) => each.digest === digest);
    if (!row) throw new Error('the store lost a count');
    const isNew = row.failures === 0 || isOver(row, now);
    const failures = isNew ? 1 : row.failures + 1;
    const after = Math.max(row.blocked_until, now + waitAfter(RULES[scope], failures));
    await update(db, { ...row, failures, first_at: isNew ? now : row.first_at, last_at: now, blocked_until: after });
    counts.push({ digest, before: row.blocked_until, after });
  }
  return counts;
}

async function update(
  db: StoreDatabase,
  { digest, failures, first_at, last_at, blocked_until }: AttemptRow,
): Promise<void> {
  await db
    .updateTable('sign_in_attempts')
    .set({ failures, first_at, last_at, blocked_until })
    .where('digest', '=', digest)
    .execute();
}

/** Forgets what no longer counts. */
async function dropOld(db: StoreDatabase, now: number): Promise<void> {
  const known = db.deleteFrom('sign_in_attempts').where('scope', '=', 'known');
  await known.where('last_at', '<=', now - KNOWN_ADDRESS_MS).execute();
  const counts = db.deleteFrom('sign_in_attempts').where('scope', '<>', 'known');
  await counts.where('last_at', '<=', now - FAILURES_KEPT_MS).execute();
}
