import { randomBytes, timingSafeEqual } from 'node:crypto';
import { describeSubject } from '../domain/access-event.js';
import type { Clock } from '../domain/ports.js';
import type { Permission, Principal } from '../domain/principal.js';
import { toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store, StoreDatabase } from '../store/store.js';
import type { ApiKeyTable } from '../store/tables.js';
import type { AccessContext, AccessLog } from './access-log.js';
import { readAccountId } from './account-id.js';
import { digestSecret } from './digest.js';
import { readKeyPower, readScopes, refuseKey } from './key-power.js';
import { type Attempt, putOnRecord } from './put-on-record.js';
import type { Proof, StepUp } from './step-up.js';
import type { Tenants } from './tenants.js';
import { parseStoredOrigins, readOrigins } from './widget-origins.js';

/** What every key begins with, so that it is known for one wherever it turns up. */
const MARK = 'swali_';

const KEY = /^swali_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** The scope of keys that make tokens for pages. */
const ISSUE: Permission = 'widget:issue';

/** Longest life of a key, in seconds: a year. */
export const KEY_MAX_TTL_S = 366 * 24 * 3600;

/** Keys of one account that live, at most. */
export const KEYS_PER_ACCOUNT = 20;

/** The last use is written once a minute at most. */
const LAST_USED_STEP_MS = 60_000;

/** A key as its owner sees it. */
export interface ApiKey {
  /** The part that is shown. */
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Permission[];
  /** Of the pages that use its tokens; empty where it makes none. */
  readonly origins: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly lastUsedAt: number | null;
}

/** What a new key shall be. */
export interface NewApiKey {
  readonly name: string;
  /** Permissions of its owner, one at least. */
  readonly scopes: readonly Permission[];
  /** Of the pages that use its tokens: one at least with the scope `widget:issue`, else none. */
  readonly origins?: readonly string[];
  /** Seconds, 60 to {@link KEY_MAX_TTL_S}. */
  readonly ttlS: number;
}

/**
 * Keys for servers: each acts for the account that made it, from that account's own slice, with those of the owner's rights
 * that are among its scopes. Owners make and revoke keys when they are signed in; a key makes no keys. One with `widget:issue`
 * has no other scope.
 */
export interface ApiKeys {
  /**
   * @param proof that the owner asks: a stolen access token makes no key that outlives it
   * @returns the key, which is told this once and kept as a digest alone
   * @throws SwaliError `AUTH_PERMISSION_MISSING` for a scope that the owner does not hold, or where a key asks;
   *   `IDENTITY_INPUT_INVALID`, and as {@link StepUp} does where the proof is wanting; `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
   */
  create(
    owner: Principal,
    wanted: NewApiKey,
    proof: Proof,
    context: AccessContext,
  ): Promise<{ key: string; apiKey: ApiKey }>;
  /** One's own keys that live. @throws SwaliError `AUTH_PERMISSION_MISSING`, `STORE_UNAVAILABLE` */
  list(owner: Principal): Promise<readonly ApiKey[]>;
  /** @throws SwaliError `AUTH_KEY_UNKNOWN`, `AUTH_PERMISSION_MISSING`, `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE` */
  revoke(owner: Principal, id: string, context: AccessContext): Promise<void>;
}

/** Whether a bearer token is meant for a key. */
export function isApiKey(token: string): boolean {
  return token.startsWith(MARK);
}

function isSame(left: string, right: string): boolean {
  const [one, two] = [Buffer.from(left), Buffer.from(right)];
  return one.length === two.length && timingSafeEqual(one, two);
}

function toApiKey(row: ApiKeyTable): ApiKey {
  return {
    id: row.id,
    name: row.name,
    scopes: readScopes(row.scopes),
    origins: parseStoredOrigins(row.origins),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  };
}

function ownerOf({ subject, kind, tenant }: Principal): Pick<ApiKeyTable, 'tenant' | 'kind' | 'account_id'> {
  return { tenant: toTenantColumn(tenant), kind, account_id: readAccountId(kind, subject) };
}

/** @throws SwaliError `AUTH_PERMISSION_MISSING` where it is a key that asks */
function assertSignedIn(owner: Principal): void {
  if (owner.session === null)
    throw new SwaliError('AUTH_PERMISSION_MISSING', { cause: new Error('a key manages no keys') });
}

function invalid(detail: string): never {
  throw new SwaliError('IDENTITY_INPUT_INVALID', { detail });
}

function assertFits({ name, scopes, origins = [], ttlS }: NewApiKey, owner: Principal): void {
  if (name.trim() === '' || name.length > 100 || /\p{C}/u.test(name))
    invalid('the name must have 1 to 100 characters, none of them invisible');
  if (scopes.length === 0) invalid('a key needs one scope at least');
  if (!Number.isInteger(ttlS) || ttlS < 60 || ttlS > KEY_MAX_TTL_S)
    invalid(`the life must be 60 to ${KEY_MAX_TTL_S} seconds`);
  const issues = scopes.includes(ISSUE);
  if (issues && scopes.length > 1) invalid(`a key with ${ISSUE} has no other scope`);
  if (issues !== origins.length > 0) invalid(`a key has origins where its scope is ${ISSUE}, and only there`);
  if (scopes.some((scope) => !owner.permissions.has(scope))) throw new SwaliError('AUTH_PERMISSION_MISSING');
}

/** One account's keys that are neither revoked nor expired, newest first. */
function selectLiving(db: StoreDatabase, owner: Principal, now: number): Promise<ApiKeyTable[]> {
  const { tenant, kind, account_id } = ownerOf(owner);
  return db
    .selectFrom('api_keys')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('kind', '=', kind)
    .where('account_id', '=', account_id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();
}

type KeyAttempt = Extract<Attempt, { readonly event: 'api-key' }>;

/**
 * Wires the keys over the store.
 *
 * @param deps.randomBytes source of randomness
 */
export function createApiKeys(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly audit: AccessLog;
  readonly stepUp: StepUp;
  /** Whether pages of this machine may come by http. */
  readonly allowLoopbackHttp: boolean;
  readonly randomBytes?: (size: number) => Buffer;
}): ApiKeys {
  const { store, clock, audit, stepUp } = deps;
  const random = deps.randomBytes ?? randomBytes;

  function onRecord<Result>(
    owner: Principal,
    context: AccessContext,
    act: { readonly action: 'create' | 'revoke'; readonly key: string | null; readonly scopes: readonly string[] },
    work: () => Promise<Result>,
    originsOf: (result: Result) => readonly string[] = () => [],
  ): Promise<Result> {
    const attempt: KeyAttempt = {
      event: 'api-key',
      ...describeSubject(owner, context),
      ...act,
      origins: [],
    };
    return putOnRecord(audit, attempt, work, (result) => ({ origins: originsOf(result) }));
  }

  return Object.freeze({
    create(owner, wanted, proof, context) {
      const id = random(8).toString('hex');
      const { scopes } = wanted;
      const act = { action: 'create' as const, key: id, scopes };
      const make = async () => {
        assertSignedIn(owner);
        assertFits(wanted, owner);
        const origins = readOrigins(wanted.origins ?? [], deps.allowLoopbackHttp);
        await stepUp(owner, proof, context.address);
        const key = `${MARK}${id}_${random(32).toString('base64url')}`;
        const now = clock();
        const row: ApiKeyTable = {
          id,
          digest: digestSecret(key),
          ...ownerOf(owner),
          name: wanted.name,
          scopes: JSON.stringify(scopes),
          origins: origins.length === 0 ? null : JSON.stringify(origins),
          created_at: now,
          expires_at: now + wanted.ttlS * 1000,
          last_used_at: null,
          revoked_at: null,
        };
        await store.transaction(async (db) => {
          if ((await selectLiving(db, owner, now)).length >= KEYS_PER_ACCOUNT)
            throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: `${KEYS_PER_ACCOUNT} keys at most` });
          await db.insertInto('api_keys').values(row).execute();
        });
        return { key, apiKey: toApiKey(row) };
      };
      return onRecord(owner, context, act, make, ({ apiKey }) => apiKey.origins);
    },

    async list(owner) {
      assertSignedIn(owner);
      return (await store.run((db) => selectLiving(db, owner, clock()))).map(toApiKey);
    },

    revoke(owner, id, context) {
      return onRecord(owner, context, { action: 'revoke', key: id, scopes: [] }, async () => {
        assertSignedIn(owner);
        const { tenant, kind, account_id } = ownerOf(owner);
        const { numUpdatedRows } = await store.run((db) =>
          db
            .updateTable('api_keys')
            .set({ revoked_at: clock() })
            .where('id', '=', id)
            .where('tenant', '=', tenant)
            .where('kind', '=', kind)
            .where('account_id', '=', account_id)
            .where('revoked_at', 'is', null)
            .executeTakeFirst(),
        );
        if (numUpdatedRows !== 1n) throw new SwaliError('AUTH_KEY_UNKNOWN');
      });
    },
  } satisfies ApiKeys);
}

/**
 * Makes the function that turns a key into the principal that it acts for. Rights, list of tables and status are the
 * owner's at this request; a revoked or expired key, and one of a disabled account, counts no more.
 *
 * @returns a function of the key that throws SwaliError `AUTH_TOKEN_INVALID`, `STORE_UNAVAILABLE`
 */
export function createKeyAuthenticate(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly tenants: Pick<Tenants, 'isOpen'>;
}): (key: string) => Promise<Principal> {
  const { store, clock, tenants } = deps;

  /** Nobody waits for it, and nothing hangs on it. */
  function noteUse(row: ApiKeyTable, now: number): void {
    if (row.last_used_at !== null && now - row.last_used_at < LAST_USED_STEP_MS) return;
    store
      .run((db) => db.updateTable('api_keys').set({ last_used_at: now }).where('id', '=', row.id).execute())
      .catch(() => undefined);
  }

  return async (key) => {
    const id = KEY.exec(key)?.[1] ?? refuseKey('not of the form');
    const row = await store.run((db) => db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst());
    // Compared where there is none too: how long it takes tells nothing about which ids there are.
    const matches = isSame(digestSecret(key), row?.digest ?? digestSecret(''));
    if (!row || !matches) return refuseKey('unknown');
    const now = clock();
    const { owner, scopes } = await readKeyPower({ store, tenants }, row, now);
    noteUse(row, now);
    const principal = { ...owner, permissions: new Set(scopes) };
    if (!readScopes(row.scopes).includes(ISSUE)) return Object.freeze(principal);
    const widget = { part: 'issuer' as const, key: id, origins: parseStoredOrigins(row.origins) };
    return Object.freeze({ ...principal, widget });
  };
}
