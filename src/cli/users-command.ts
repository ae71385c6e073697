import { randomUUID } from 'node:crypto';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import { openRecords, type Surroundings } from '../gateway.js';
import { addAccount } from '../identify/accounts.js';
import { findAccount } from '../identify/find-account.js';
import { createPasswords } from '../identify/passwords.js';
import { openSignInAttempts } from '../identity.js';
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
  surroundings: Surroundings,
  terminal: Terminal,
  kindText: string,
  options: AddOptions,
): Promise<void> {
  const kind = parseKind(kindText);
  const password = await readPassword(terminal.stdin);
  const { settings, clock } = surroundings;
  const records = await openRecords(surroundings, 'cli');
  const passwords = await createPasswords({ cost: settings.bcryptCost });
  try {
    const subject = await addAccount(
      { store: records.store, passwords, clock },
      {
        kind,
        identifier: options.identifier,
        password,
        ...(options.customerNumber === undefined ? {} : { customerNumber: options.customerNumber }),
        ...(options.role === undefined ? {} : { role: options.role }),
        ...(options.allowTables === undefined ? {} : { allowTables: splitNames(options.allowTables) }),
      },
    );
    await records.audit.append({
      event: 'operator',
      requestId: randomUUID(),
      address: 'cli',
      action: `users add ${kind}`,
      reasons: [subject],
    });
    writeLine(terminal.stdout, `Added ${subject}.`);
  } finally {
    await passwords.close();
    await records.close();
  }
}

/**
 * Clears what an account has failed at signing in, so that its next try need not wait. What an address has failed over
 * all accounts stays. On record.
 *
 * @throws SwaliError `IDENTITY_INPUT_INVALID` for an unknown kind, and where there is no such account;
 *   `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`, `SETTINGS_INVALID` where the gateway's secret is not at hand
 */
export async function unlockUser(
  surroundings: Surroundings,
  terminal: Terminal,
  kindText: string,
  identifier: string,
): Promise<void> {
  const kind = parseKind(kindText);
  const records = await openRecords(surroundings, 'cli');
  try {
    const account = await findAccount(records.store, kind, { identifier });
    if (!account) {
      throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: `there is no ${kind} with that identifier` });
    }
    const cleared = await openSignInAttempts(surroundings, records.store).clear(account);
    await records.audit.append({
      event: 'operator',
      requestId: randomUUID(),
      address: 'cli',
      action: `users unlock ${kind}`,
      reasons: [account.subject],
    });
    const counts = cleared === 1 ? '1 count' : `${cleared} counts`;
    writeLine(terminal.stdout, `Cleared ${counts} of failed sign-ins of ${account.subject}.`);
  } finally {
    await records.close();
  }
}

function parseKind(text: string): PrincipalKind {
  const kind = PRINCIPAL_KINDS.find((each) => each === text);
  if (kind !== undefined) return kind;
  throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: `the kind is one of ${PRINCIPAL_KINDS.join(', ')}` });
}

function splitNames(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
