import type { Tenant } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Surroundings } from '../gateway.js';

/** What a command is run with. */
export interface CliSurroundings extends Surroundings {
  /** What stood behind `--tenant`; null where it was left out. */
  readonly tenantOption: string | null;
}

/**
 * The tenant whose people a command is about.
 *
 * @returns null where tenancy is off
 * @throws SwaliError `IDENTITY_INPUT_INVALID` where one is needed and not given, or given and there are none
 */
export function demandTenant({ settings, tenantOption }: CliSurroundings): Tenant {
  if (settings.tenancy === (tenantOption !== null)) return tenantOption;
  throw new SwaliError('IDENTITY_INPUT_INVALID', {
    detail: settings.tenancy ? 'say whose people are meant: --tenant ID' : 'TENANCY is off, so there is no --tenant',
  });
}
