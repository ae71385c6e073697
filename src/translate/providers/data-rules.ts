import type { Tenant } from '../../domain/tenant.js';

/** Which providers of a model may be sent anything; null allows all. */
export interface DataRules {
  readonly providers: readonly string[] | null;
  readonly regions: readonly string[] | null;
}

/** The rules that hold for a tenant: those of the whole gateway, and its own. @throws SwaliError `STORE_UNAVAILABLE` */
export type ReadDataRules = (tenant: Tenant) => Promise<readonly DataRules[]>;

/** Nothing is forbidden. */
export const ALL_ALLOWED: ReadDataRules = async () => [];

/** Whether every rule allows a provider; where regions are listed, one whose region nobody states is not among them. */
export function mayReceive(
  provider: { readonly name: string; readonly region: string | null },
  rules: readonly DataRules[],
): boolean {
  return rules.every(
    ({ providers, regions }) =>
      (providers === null || providers.includes(provider.name)) &&
      (regions === null || (provider.region !== null && regions.includes(provider.region))),
  );
}
