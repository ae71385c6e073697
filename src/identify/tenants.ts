import type { Clock } from '../domain/ports.js';
import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import { isDuplicateKey } from '../store/store-error.js';
import type { TenantStatus } from '../store/tables.js';
import { type AllowedProviders, readList } from './tenant-data-rules.js';

/** What the id of a tenant looks like. Lower case, so that no two of them look alike. */
export const TENANT_ID = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** A tenant as the operator sees it. */
export interface ListedTenant {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly status: TenantStatus;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Which providers of a model may be sent what its people ask. */
  readonly allowed: AllowedProviders;
}

/** Companies that share the gateway and see nothing of each other. Every method throws SwaliError `STORE_UNAVAILABLE`. */
export interface Tenants {
  /** Whether `TENANCY` is on. */
  readonly enabled: boolean;
  /**
   * Whether the people of a tenant may come in. With tenancy on that is where the tenant is there and active, so nobody
   * without one; with tenancy off it is nobody but those without one.
   */
  isOpen(tenant: Tenant): Promise<boolean>;
  /** In the order of their ids. */
  list(): Promise<readonly ListedTenant[]>;
  /** @throws SwaliError `IDENTITY_INPUT_INVALID`, `IDENTITY_EXISTS` */
  add(tenant: Pick<ListedTenant, 'id' | 'name'>): Promise<void>;
  /**
   * Counts from the next request on; sessions of a tenant that is active again go on.
   *
   * @throws SwaliError `IDENTITY_INPUT_INVALID` where there is no such tenant
   */
  setStatus(id: string, status: TenantStatus): Promise<void>;
  /**
   * Says which providers may be sent what its people ask, from the next question on; what is left out stays.
   *
   * @throws SwaliError `IDENTITY_INPUT_INVALID` where there is no such tenant, or a name is none
   */
  setAllowed(id: string, allowed: Partial<AllowedProviders>): Promise<void>;
}

/**
 * Wires the tenants over the store.
 *
 * @param deps.enabled whether `TENANCY` is on
 */
export function createTenants(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly enabled: boolean;
}): Tenants {
  const { store, clock, enabled } = deps;
  return Object.freeze({
    enabled,

    async isOpen(tenant) {
      if (!enabled || tenant === null) return !enabled && tenant === null;
      const row = await store.run((db) =>
        db.selectFrom('tenants').select('status').where('id', '=', toTenantColumn(tenant)).executeTakeFirst(),
      );
      return row?.status === 'active';
    },

    async list() {
      const rows = await store.run((db) => db.selectFrom('tenants').selectAll().orderBy('id').execute());
      return rows.map(({ id, name, status, created_at, model_providers, model_regions }) => ({
        id,
        name,
        status,
        createdAt: created_at,
        allowed: { providers: readList(model_providers), regions: readList(model_regions) },
      }));
    },

    async add({ id, name }) {
      if (!TENANT_ID.test(id)) invalid('the id of a tenant has 1 to 63 of a to z, 0 to 9 and -, no - at its ends');
      if (name.trim() === '' || name.length > 190 || /\p{C}/u.test(name)) {
        invalid('the name must have 1 to 190 characters, none of them invisible');
      }
      try {
        const row = { id, name, status: 'active' as const, created_at: clock() };
        await store.run((db) => db.insertInto('tenants').values(row).execute());
      } catch (error) {
        throw isDuplicateKey(error) ? new SwaliError('IDENTITY_EXISTS', { cause: error }) : error;
      }
    },

    async setStatus(id, status) {
      await store.transaction(async (db) => {
        const row = await db.selectFrom('tenants').select('id').where('id', '=', id).executeTakeFirst();
        if (row?.id !== id) invalid('there is no such tenant');
        await db.updateTable('tenants').set({ status }).where('id', '=', id).execute();
      });
    },

    async setAllowed(id, { providers, regions }) {
      const set = {
        ...(providers !== undefined ? { model_providers: printList(providers) } : {}),
        ...(regions !== undefined ? { model_regions: printList(regions) } : {}),
      };
      await store.transaction(async (db) => {
        const row = await db.selectFrom('tenants').select('id').where('id', '=', id).executeTakeFirst();
        if (row?.id !== id) invalid('there is no such tenant');
        if (Object.keys(set).length > 0) await db.updateTable('tenants').set(set).where('id', '=', id).execute();
      });
    },
  } satisfies Tenants);
}

/** Names of providers and regions, as the settings have them. */
const LISTED_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
const MOST_LISTED = 20;

function printList(names: readonly string[] | null): string | null {
  if (names === null) return null;
  if (names.length > MOST_LISTED || !names.every((name) => LISTED_NAME.test(name))) {
    invalid('a list has at most 20 names of a to z, 0 to 9 and -, each of 32 characters at most');
  }
  return names.join(',');
}

function invalid(detail: string): never {
  throw new SwaliError('IDENTITY_INPUT_INVALID', { detail });
}
