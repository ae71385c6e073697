import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Settings } from './config/settings.js';
import { type DemoAccount, demoAccounts } from './demo/demo-accounts.js';
import { DEFAULT_DEMO_SEED, makeDemo } from './demo/make-demo.js';
import type { Clock, Logger } from './domain/ports.js';
import { SwaliError } from './errors/swali-error.js';
import { addAccount } from './identify/accounts.js';
import { findFirstAccount } from './identify/find-account.js';
import type { Passwords } from './identify/passwords.js';
import type { Store } from './store/store.js';
import { isoDay, localDay } from './translate/dates.js';

/** A demonstration account with the password that was made for it. Shown to the operator once, then forgotten. */
export interface SeededAccount {
  readonly account: DemoAccount;
  readonly password: string;
}

/** Random bytes of a made password: 144 bits, 24 characters. */
const PASSWORD_BYTES = 18;

/**
 * Makes the demonstration business where the source is the default one and its file is not there yet.
 *
 * @returns true where it was made now
 * @throws SwaliError of the demonstration; a file that another process made meanwhile is taken as it is
 */
export async function ensureDemoSource(settings: Settings, clock: Clock, logger: Logger): Promise<boolean> {
  if (!settings.sourceIsDefault) return false;
  const path = settings.sourceUrl.slice('sqlite:'.length);
  if (existsSync(path)) return false;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const today = isoDay(localDay(clock(), settings.timeZone));
  try {
    const made = await makeDemo({ target: settings.sourceUrl, scale: 1, seed: DEFAULT_DEMO_SEED, today });
    logger.info({ ...made, seed: DEFAULT_DEMO_SEED }, 'made the demonstration business');
    return true;
  } catch (error) {
    if (existsSync(path)) return false;
    throw error;
  }
}

/** Whether {@link ensureDemoAccounts} has something to do; asked first, as the threads that hash passwords cost a start. */
export async function lacksDemoAccounts(settings: Settings, store: Store): Promise<boolean> {
  if (!settings.sourceIsDefault || settings.production || settings.tenancy) return false;
  for (const { kind } of demoAccounts()) {
    if ((await findFirstAccount(store, null, kind)) === null) return true;
  }
  return false;
}

/**
 * Seeds one account of each kind that has none, with random passwords, where the source is the demonstration and this
 * is neither production nor shared by tenants. A company's own accounts are added with `swali users add`.
 *
 * @returns the accounts made now; empty where nothing was to do
 */
export async function ensureDemoAccounts(
  settings: Settings,
  deps: { readonly store: Store; readonly passwords: Passwords; readonly clock: Clock },
): Promise<readonly SeededAccount[]> {
  if (!settings.sourceIsDefault || settings.production || settings.tenancy) return [];
  const seeded: SeededAccount[] = [];
  for (const account of demoAccounts()) {
    if ((await findFirstAccount(deps.store, null, account.kind)) !== null) continue;
    const password = randomBytes(PASSWORD_BYTES).toString('base64url');
    if (await addUnlessThere(deps, account, password)) seeded.push({ account, password });
  }
  return seeded;
}

/** False where another process that starts at the same time added the account first. */
async function addUnlessThere(
  deps: Parameters<typeof ensureDemoAccounts>[1],
  { kind, identifier, customerNumber, role, allowTables }: DemoAccount,
  password: string,
): Promise<boolean> {
  try {
    await addAccount(deps, {
      kind,
      identifier,
      password,
      ...(customerNumber === null ? {} : { customerNumber: String(customerNumber) }),
      ...(role === null ? {} : { role }),
      ...(allowTables === null ? {} : { allowTables }),
    });
    return true;
  } catch (error) {
    if (error instanceof SwaliError && error.code === 'IDENTITY_EXISTS') return false;
    throw error;
  }
}
