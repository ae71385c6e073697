import { SwaliError } from '../errors/swali-error.js';
import type { Surroundings } from '../gateway.js';
import { printStoreGrants } from '../store/print-store-grants.js';
import { migrateStore, openStore } from '../store/store.js';
import { type Terminal, writeLine } from './terminal.js';

/** Brings the store's tables up to date and says what it did. @throws SwaliError `STORE_UNAVAILABLE` */
export async function migrate({ settings }: Surroundings, { stdout }: Terminal): Promise<void> {
  const store = await openStore(settings.storeUrl, settings.transport.store);
  try {
    const names = await migrateStore(store);
    writeLine(stdout, names.length === 0 ? 'The store is up to date.' : `Migrated: ${names.join(', ')}.`);
  } finally {
    await store.close();
  }
}

/**
 * Prints the least rights of an account of the store.
 *
 * @throws SwaliError `GRANTS_REFUSED` where the store is a file, the role is another, or the account is not well written
 */
export async function printGrantsOfStore(
  { settings }: Surroundings,
  { stdout }: Terminal,
  options: { readonly for: string; readonly account: string },
): Promise<void> {
  const { storeUrl } = settings;
  const { for: role, account } = options;
  if (storeUrl.startsWith('sqlite:')) throw new SwaliError('GRANTS_REFUSED', { detail: 'SQLite knows no accounts' });
  if (role !== 'gateway' && role !== 'archive') {
    throw new SwaliError('GRANTS_REFUSED', { detail: '--for is gateway or archive' });
  }
  const database = decodeURIComponent(new URL(storeUrl).pathname.slice(1));
  const store = await openStore(storeUrl, settings.transport.store);
  try {
    const found = await store.run((db) => db.introspection.getTables({ withInternalKyselyTables: true }));
    const tables = found.map(({ name }) => name);
    for (const line of printStoreGrants({ role, account, database, tables })) writeLine(stdout, line);
  } finally {
    await store.close();
  }
}
