import { forgetAlertsOf } from '../alerting.js';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../domain/principal.js';
import type { Tenant } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Records } from '../gateway.js';
import { addAccount } from '../identify/accounts.js';
import { type Account, findAccount } from '../identify/find-account.js';
import { type AccountChange, type AccountManager, createAccountManager } from '../identify/manage-accounts.js';
import type { ManagedAccount } from '../identify/managed-account.js';
import { openKeyRing, openSignInAttempts } from '../store-key.js';
import { type CliSurroundings, demandTenant } from './cli-surroundings.js';
import { atDesk, atDeskWithPasswords, type Desk, showAll } from './operator-desk.js';
import { readPassword, type Terminal, writeLine } from './terminal.js';

/** What `users add` takes, as commander hands it over. */
export interface AddOptions {
  readonly identifier: string;
  readonly customerNumber?: string;
  readonly role?: string;
  readonly allowTables?: string;
}

/**
 * Adds an account; its password is read from standard input, so that it stands in no shell history. On record.
 *
 * @throws SwaliError `IDENTITY_INPUT_INVALID`, `IDENTITY_EXISTS`, `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
 */
export async function addUser(
  surroundings: CliSurroundings,
  terminal: Terminal,
  kindText: string,
  options: AddOptions,
): Promise<void> {
  const kind = parseKind(kindText);
  const tenant = demandTenant(surroundings);
  // Before anything is opened: nothing waits open while somebody types.
  const password = await readPassword(terminal.stdin);
  const { identifier, customerNumber, role, allowTables } = options;
  await atDeskWithPasswords(surroundings, async ({ records, context, passwords }) => {
    const subject = await addAccount(
      { store: records.store, passwords, clock: surroundings.clock },
      {
        kind,
        tenant,
        identifier,
        password,
        ...(customerNumber === undefined ? {} : { customerNumber }),
        ...(role === undefined ? {} : { role }),
        ...(allowTables === undefined ? {} : { allowTables: splitNames(allowTables) }),
      },
    );
    await records.audit.append({ event: 'operator', ...context, action: `users add ${kind}`, reasons: [subject] });
    writeLine(terminal.stdout, `Added ${subject}.`);
  });
}

/**
 * Clears what an account has failed at signing in, so that its next try need not wait. What an address has failed over
 * all accounts stays. On record.
 *
 * @throws SwaliError `IDENTITY_INPUT_INVALID` for an unknown kind, and where there is no such account;
 *   `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`, `SETTINGS_INVALID` where the gateway's secret is not at hand
 */
export async function unlockUser(
  surroundings: CliSurroundings,
  terminal: Terminal,
  kindText: string,
  identifier: string,
): Promise<void> {
  const kind = parseKind(kindText);
  await atDesk(surroundings, async ({ records, tenant, context }) => {
    const account = await demandAccount(records, tenant, kind, identifier);
    const cleared = await openSignInAttempts(surroundings, records.store).clear(account);
    const reasons = [account.subject];
    await records.audit.append({ event: 'operator', ...context, action: `users unlock ${kind}`, reasons });
    const counts = cleared === 1 ? '1 count' : `${cleared} counts`;
    writeLine(terminal.stdout, `Cleared ${counts} of failed sign-ins of ${account.subject}.`);
  });
}

/** What `users change` takes, as commander hands it over. */
export interface ChangeOptions {
  readonly status?: string;
  readonly role?: string;
  readonly allowTables?: string;
  readonly tier?: string;
  readonly customerNumber?: string;
}

/** Runs work over the management of accounts, as the operator. */
async function manage(
  surroundings: CliSurroundings,
  work: (desk: Desk & { readonly manager: AccountManager }) => Promise<void>,
): Promise<void> {
  await atDeskWithPasswords(surroundings, async ({ passwords, ...desk }) => {
    const { store, audit } = desk.records;
    const ring = openKeyRing(surroundings);
    await work({
      ...desk,
      manager: createAccountManager({ store, passwords, clock: surroundings.clock, audit, ring }),
    });
  });
}

/** @throws SwaliError `IDENTITY_INPUT_INVALID` where there is no such account */
export async function demandAccount(
  records: Records,
  tenant: Tenant,
  kind: PrincipalKind,
  identifier: string,
): Promise<Account> {
  const account = await findAccount(records.store, kind, { tenant, identifier });
  if (account) return account;
  throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: `there is no ${kind} with that identifier` });
}

/** One account as one line. */
function printAccount(account: ManagedAccount): string {
  const { subject, identifier, status, tier, role, allowTables, customerNumber } = account;
  const own = [
    ...(role === null ? [] : [`role ${role}`]),
    ...(allowTables === null ? [] : [`tables ${allowTables.join(',') || 'none'}`]),
    ...(customerNumber === null ? [] : [`customer number ${customerNumber}`]),
  ];
  return [subject, identifier, status, `tier ${tier}`, ...own].join('  ');
}

/**
 * Lists the accounts of a kind, one a line, in the order of their ids.
 *
 * @throws SwaliError `IDENTITY_INPUT_INVALID` for an unknown kind, `STORE_UNAVAILABLE`
 */
export async function listUsers(surroundings: CliSurroundings, terminal: Terminal, kindText: string): Promise<void> {
  const kind = parseKind(kindText);
  await manage(surroundings, ({ manager, operator }) =>
    showAll(
      (page) => manager.list(operator, kind, page),
      (account) => writeLine(terminal.stdout, printAccount(account)),
    ),
  );
}

/**
 * Changes an account; it counts from the next request on. Disabling ends its sessions. On record, with before and after.
 *
 * @throws SwaliError as `AccountManager.change`, and `IDENTITY_INPUT_INVALID` where nothing is to change
 */
export async function changeUser(
  surroundings: CliSurroundings,
  terminal: Terminal,
  kindText: string,
  identifier: string,
  options: ChangeOptions,
): Promise<void> {
  const kind = parseKind(kindText);
  const { status, role, allowTables, tier, customerNumber } = options;
  const change: AccountChange = {
    ...(status === undefined ? {} : { status: parseStatus(status) }),
    ...(role === undefined ? {} : { role }),
    ...(allowTables === undefined ? {} : { allowTables: splitNames(allowTables) }),
    ...(tier === undefined ? {} : { tier }),
    ...(customerNumber === undefined ? {} : { customerNumber }),
  };
  if (Object.keys(change).length === 0)
    throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: 'say what to change, e.g. --status disabled' });
  await manage(surroundings, async ({ manager, records, tenant, operator, context }) => {
    const { id } = await demandAccount(records, tenant, kind, identifier);
    writeLine(terminal.stdout, printAccount(await manager.change(operator, kind, id, change, context)));
  });
}

/**
 * Removes an account and all that belongs to it. On record.
 *
 * @throws SwaliError as `AccountManager.erase`, `IDENTITY_INPUT_INVALID` where there is no such account
 */
export async function eraseUser(
  surroundings: CliSurroundings,
  terminal: Terminal,
  kindText: string,
  identifier: string,
): Promise<void> {
  const kind = parseKind(kindText);
  await manage(surroundings, async ({ manager, records, tenant, operator, context }) => {
    const { id } = await demandAccount(records, tenant, kind, identifier);
    await manager.erase(operator, kind, id, context);
    await forgetAlertsOf(surroundings, records, tenant, `${kind}:${id}`);
    writeLine(terminal.stdout, `Erased ${kind}:${id}.`);
  });
}

/** @throws SwaliError `IDENTITY_INPUT_INVALID` */
export function parseStatus(text: string): 'active' | 'disabled' {
  if (text === 'active' || text === 'disabled') return text;
  throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: 'the status is active or disabled' });
}

/** @throws SwaliError `IDENTITY_INPUT_INVALID` */
export function parseKind(text: string): PrincipalKind {
  const kind = PRINCIPAL_KINDS.find((each) => each === text);
  if (kind !== undefined) return kind;
  throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: `the kind is one of ${PRINCIPAL_KINDS.join(', ')}` });
}

/** Names with commas between them. */
export function splitNames(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
