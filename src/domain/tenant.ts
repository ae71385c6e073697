/** Id of a company whose people and rows are kept apart; null where tenancy is off. */
export type Tenant = string | null;

/** How a tenant is written in the store: a column that cannot be null, so that it can be part of a unique key. */
export function toTenantColumn(tenant: Tenant): string {
  return tenant ?? '';
}

/** The tenant that a column of the store says. */
export function fromTenantColumn(text: string): Tenant {
  return text === '' ? null : text;
}
