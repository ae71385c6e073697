import type { Clock } from '../domain/ports.js';
import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { KeyRing } from './key-ring.js';
import type { Resealable } from './reseal.js';
import type { Store } from './store.js';

/** Names of kept secrets. */
const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** Characters of a secret at most. */
const MAX_CHARACTERS = 16 * 1024;

/** Rows that are read at a time. */
const PAGE = 200;

/** What is told of a secret: never the secret. Milliseconds since 1970. */
export interface KeptSecretEntry {
  readonly name: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Secrets of others, such as the keys of providers, encrypted in the store. Every method also throws `STORE_UNAVAILABLE`. */
export interface KeptSecrets {
  /** @throws SwaliError `SECRET_INVALID` for a name or a secret that cannot be kept */
  set(name: string, secret: string): Promise<void>;
  /** @returns null where there is none. @throws SwaliError `INTERNAL` where it cannot be decrypted */
  read(name: string): Promise<string | null>;
  /** In the order of their names. */
  list(): Promise<readonly KeptSecretEntry[]>;
  /** @returns false where there was none */
  remove(name: string): Promise<boolean>;
  /** All of every tenant, as something to seal anew. */
  readonly resealable: Resealable;
}

/** @param deps.tenant whose they are; null for those of the gateway itself */
export function createKeptSecrets(deps: {
  readonly store: Store;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly tenant?: Tenant;
}): KeptSecrets {
  const { store, ring, clock } = deps;
  const tenant = toTenantColumn(deps.tenant ?? null);
  return Object.freeze({
    async set(name, secret) {
      if (!NAME.test(name))
        throw new SwaliError('SECRET_INVALID', { detail: 'the name takes a–z, 0–9 and -, 63 at most' });
      if (secret === '' || secret.length > MAX_CHARACTERS)
        throw new SwaliError('SECRET_INVALID', { detail: `the secret has 1 to ${MAX_CHARACTERS} characters` });
      const now = clock();
      const sealed = ring.seal(Buffer.from(secret), 'kept-secret', contextOf(tenant, name));
      await store.transaction(async (db) => {
        const before = await db
          .selectFrom('kept_secrets')
          .select('created_at')
          .where('tenant', '=', tenant)
          .where('name', '=', name)
          .executeTakeFirst();
        const row = { tenant, name, sealed, created_at: before?.created_at ?? now, updated_at: now };
        await db.replaceInto('kept_secrets').values(row).execute();
      });
    },
    async read(name) {
      const row = await store.run((db) =>
        db
          .selectFrom('kept_secrets')
          .select('sealed')
          .where('tenant', '=', tenant)
          .where('name', '=', name)
          .executeTakeFirst(),
      );
      return row ? ring.open(row.sealed, 'kept-secret', contextOf(tenant, name)).toString('utf8') : null;
    },
    async list() {
      const rows = await store.run((db) =>
        db
          .selectFrom('kept_secrets')
          .select(['name', 'created_at', 'updated_at'])
          .where('tenant', '=', tenant)
          .orderBy('name')
          .execute(),
      );
      return rows.map(({ name, created_at, updated_at }) => ({
        name,
        createdAt: Number(created_at),
        updatedAt: Number(updated_at),
      }));
    },
    async remove(name) {
      const { numDeletedRows } = await store.run((db) =>
        db.deleteFrom('kept_secrets').where('tenant', '=', tenant).where('name', '=', name).executeTakeFirst(),
      );
      return numDeletedRows === 1n;
    },
    resealable: listAll(store, ring),
  } satisfies KeptSecrets);
}

function listAll(store: Store, ring: KeyRing): Resealable {
  return {
    name: 'kept secrets',
    isCurrent: (text) => ring.isCurrent(text),
    async readPage(after) {
      // A name has no slash, and is never empty: the first page begins before all.
      const at = (after ?? '/').lastIndexOf('/');
      const [tenant, name] = [(after ?? '/').slice(0, at), (after ?? '/').slice(at + 1)];
      const rows = await store.run((db) =>
        db
          .selectFrom('kept_secrets')
          .select(['tenant', 'name', 'sealed'])
          .where((eb) => eb.or([eb('tenant', '>', tenant), eb.and([eb('tenant', '=', tenant), eb('name', '>', name)])]))
          .orderBy('tenant')
          .orderBy('name')
          .limit(PAGE)
          .execute(),
      );
      return rows.map((row) => {
        const context = contextOf(row.tenant, row.name);
        return {
          cursor: `${row.tenant}/${row.name}`,
          text: row.sealed,
          sealAnew: () => ring.seal(ring.open(row.sealed, 'kept-secret', context), 'kept-secret', context),
          replace: async (sealed: string) => {
            const { numUpdatedRows } = await store.run((db) =>
              db
                .updateTable('kept_secrets')
                .set({ sealed })
                .where('tenant', '=', row.tenant)
                .where('name', '=', row.name)
                .where('sealed', '=', row.sealed)
                .executeTakeFirst(),
            );
            return numUpdatedRows === 1n;
          },
        };
      });
    },
  };
}

/** Whose, and which: a text that is copied to another place does not open there. */
function contextOf(tenant: string, name: string): string {
  return `${tenant}/${name}`;
}
