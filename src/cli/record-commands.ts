import { openRecords, type Surroundings } from '../gateway.js';
import { migrateStore, openStore } from '../store/store.js';
import { type Terminal, writeLine } from './terminal.js';

/** Brings the store's tables up to date and says what it did. @throws SwaliError `STORE_UNAVAILABLE` */
export async function migrate({ settings }: Surroundings, { stdout }: Terminal): Promise<void> {
  const store = await openStore(settings.storeUrl);
  try {
    const names = await migrateStore(store);
    writeLine(stdout, names.length === 0 ? 'The store is up to date.' : `Migrated: ${names.join(', ')}.`);
  } finally {
    await store.close();
  }
}

/**
 * Reads every audit chain and prints what was changed, and where each chain ends: heads kept elsewhere prove later
 * that nothing before them was rewritten.
 *
 * @returns false where something is wrong
 */
export async function verifyAudit(surroundings: Surroundings, { stdout }: Terminal): Promise<boolean> {
  const records = await openRecords(surroundings, 'cli');
  try {
    const report = await records.audit.verify();
    for (const fault of report.faults) {
      const where = fault.until === fault.sequence ? `${fault.sequence}` : `${fault.sequence}–${fault.until}`;
      writeLine(stdout, `${fault.writer} ${where}: ${fault.kind}: ${fault.message}`);
    }
    for (const head of report.heads) writeLine(stdout, `head of ${head.writer}: ${head.sequence} ${head.hash}`);
    const verdict = report.intact ? 'intact' : `NOT intact, ${report.faultCount} faults`;
    writeLine(stdout, `${report.records} records by ${report.writers} writers: ${verdict}.`);
    return report.intact;
  } finally {
    await records.close();
  }
}
