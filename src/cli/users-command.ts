import { randomUUID } from 'node:crypto';
import { PRINCIPAL_KINDS } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import { openRecords, type Surroundings } from '../gateway.js';
import { addAccount } from '../identify/accounts.js';
import { createPasswords } from '../identify/passwords.js';
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
  const kind = PRINCIPAL_KINDS.find((each) => each === kindText);
  if (kind === undefined) {
    throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: `the kind is one of ${PRINCIPAL_KINDS.join(', ')}` });
  }
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

function splitNames(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
