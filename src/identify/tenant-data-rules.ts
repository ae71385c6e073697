import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import type { Store } from '../store/store.js';

/** Which providers of a model may be sent something, by their names and regions; null allows all. */
export interface AllowedProviders {
  readonly providers: readonly string[] | null;
  readonly regions: readonly string[] | null;
}

/** Reads a column: null for all, else a comma list that may be empty. */
export function readList(column: string | null): readonly string[] | null {
  if (column === null) return null;
  return column === '' ? [] : column.split(',');
}

/**
 * Makes the reading of what holds for a tenant, at each question: what an operator changes counts from the next one on.
 *
 * @param deps.enabled whether `TENANCY` is on
 * @param deps.all what holds for everybody
 * @returns a function that throws SwaliError `STORE_UNAVAILABLE`; of a tenant that is not there nothing is allowed
 */
export function createReadDataRules(deps: {
  readonly store: Store;
  readonly enabled: boolean;
  readonly all: AllowedProviders;
}): (tenant: Tenant) => Promise<readonly AllowedProviders[]> {
  return async (tenant) => {
    if (!deps.enabled || tenant === null) return [deps.all];
    const row = await deps.store.run((db) =>
      db
        .selectFrom('tenants')
        .select(['model_providers', 'model_regions'])
        .where('id', '=', toTenantColumn(tenant))
        .executeTakeFirst(),
    );
    if (!row) return [{ providers: [], regions: [] }];
    return [deps.all, { providers: readList(row.model_providers), regions: readList(row.model_regions) }];
  };
}
