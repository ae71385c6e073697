import { randomUUID } from 'node:crypto';
import type { Principal } from '../domain/principal.js';
import type { Tenant } from '../domain/tenant.js';
import { openRecords, type Records } from '../gateway.js';
import type { AccessContext } from '../identify/access-log.js';
import { operatorOf } from '../identify/operator.js';
import { createPasswords, type Passwords } from '../identify/passwords.js';
import { type CliSurroundings, demandTenant } from './cli-surroundings.js';

/** Items that are read at a time. */
const PAGE = 200;

/** What the operator works with, for one command. */
export interface Desk {
  readonly records: Records;
  /** Whose people the command is about. */
  readonly tenant: Tenant;
  readonly operator: Principal;
  /** What the audit log says of where the command came from. */
  readonly context: AccessContext;
}

/**
 * Runs one command over the gateway's own side, and closes it.
 *
 * @throws SwaliError as {@link demandTenant} before anything is opened, as `openRecords`, and what the work throws
 */
export async function atDesk(surroundings: CliSurroundings, work: (desk: Desk) => Promise<void>): Promise<void> {
  const tenant = demandTenant(surroundings);
  const records = await openRecords(surroundings, 'cli');
  try {
    const context = { requestId: randomUUID(), address: 'cli', userAgent: null, tenant };
    await work({ records, tenant, operator: operatorOf(tenant), context });
  } finally {
    await records.close();
  }
}

/**
 * Who reads the log with a command, and what of it: one tenant's where `--tenant` names it, else all of it.
 *
 * @throws SwaliError `IDENTITY_INPUT_INVALID` for a tenant where there are none
 */
export function readerOf(surroundings: CliSurroundings): {
  readonly tenant: Tenant | undefined;
  readonly operator: Principal;
  readonly context: AccessContext;
} {
  const named = surroundings.tenantOption === null ? undefined : demandTenant(surroundings);
  const tenant = named ?? null;
  const context = { requestId: randomUUID(), address: 'cli', userAgent: null, tenant };
  return { tenant: named, operator: operatorOf(tenant), context };
}

/** Runs one command that may set a password. @throws SwaliError as {@link atDesk} */
export async function atDeskWithPasswords(
  surroundings: CliSurroundings,
  work: (desk: Desk & { readonly passwords: Passwords }) => Promise<void>,
): Promise<void> {
  await atDesk(surroundings, async (desk) => {
    const passwords = await createPasswords({ cost: surroundings.settings.bcryptCost });
    try {
      await work({ ...desk, passwords });
    } finally {
      await passwords.close();
    }
  });
}

/** Shows everything of a list that is read in pages, in the order of the ids. */
export async function showAll<Item extends { readonly id: number }>(
  read: (page: { readonly limit: number; readonly after: number }) => Promise<readonly Item[]>,
  show: (item: Item) => void,
): Promise<void> {
  for (let after = 0; ; ) {
    const page = await read({ limit: PAGE, after });
    for (const item of page) show(item);
    if (page.length < PAGE) return;
    after = page.at(-1)?.id ?? after;
  }
}
