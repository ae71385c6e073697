import { randomUUID } from 'node:crypto';
import { describeOperatorAct } from './audit/describe-gateway.js';
import type { VerifyReport } from './audit/verify.js';
import { openAudit } from './audit-log.js';
import { demandBackupKey } from './backups.js';
import { SwaliError } from './errors/swali-error.js';
import type { Surroundings } from './gateway.js';
import { accountOf, type Erasure } from './identify/erasures.js';
import { createAccountManager } from './identify/manage-accounts.js';
import { operatorOf } from './identify/operator.js';
import { createPasswords } from './identify/passwords.js';
import type { BackupSummary } from './store/backup/format.js';
import { endWhatWasOpen, restoreBackup } from './store/backup/restore-backup.js';
import { migrateStore, openStore, type Store } from './store/store.js';
import { openKeyRing } from './store-key.js';

/** What a restore came to. */
export interface Restored {
  /** Null where no file was put in: what came of a replay was closed off. */
  readonly summary: BackupSummary | null;
  /** Null where a replay follows: the chains are not whole before. */
  readonly audit: VerifyReport | null;
  readonly erased: ErasureCounts;
}

/** What a list of erasures came to. */
export interface ErasureCounts {
  readonly erased: number;
  /** Of accounts that are not there, or another's by now. */
  readonly absent: number;
  /** `customer:17: CODE` of those that are there still. */
  readonly refused: readonly string[];
}

/** What is restored, and how far. */
export interface RestoreOptions {
  /** Of the backup; null closes off a restore that a replay followed. */
  readonly path: string | null;
  /** Leaves everything as it was, for the binary log of the server to be replayed onto it. */
  readonly replayFollows: boolean;
  readonly erasures: readonly Erasure[];
}

/**
 * Puts a backup into the empty store that STORE_URL names; then verifies every audit chain, puts the restore on record and
 * erases again who was erased since.
 *
 * @throws SwaliError as `restoreBackup`, `SETTINGS_INVALID` without a key
 */
export async function restoreStore(surroundings: Surroundings, options: RestoreOptions): Promise<Restored> {
  const { settings, clock } = surroundings;
  const secret = options.path === null ? null : demandBackupKey(surroundings);
  const store = await openStore(settings.storeUrl, settings.transport.store);
  try {
    const { path, replayFollows } = options;
    const summary =
      path === null || secret === null
        ? await finishReplay(store, clock())
        : await restoreBackup({ store, path, secret, now: clock(), replayFollows });
    if (replayFollows) return { summary, audit: null, erased: { erased: 0, absent: 0, refused: [] } };
    // Before anything is added: the chains are to be what they were.
    const audit = await openAudit(surroundings, store, 'cli');
    const report = await audit.verify();
    const reasons = summary
      ? [summary.head.createdAt, `${summary.rows} rows`, ...summary.foot.auditHeads.map(printAuditHead)]
      : ['replayed'];
    await audit.append(describeOperatorAct('restore', reasons));
    return { summary, audit: report, erased: await replayErasures(surroundings, store, options.erasures) };
  } finally {
    await store.close();
  }
}

/** Where one chain ended. */
export function printAuditHead(head: {
  readonly writer: string;
  readonly sequence: number;
  readonly hash: string;
}): string {
  return `head of ${head.writer}: ${head.sequence} ${head.hash}`;
}

/** What was open ends at the end of a replay, as it does at the end of a restore without one. */
async function finishReplay(store: Store, now: number): Promise<null> {
  await migrateStore(store);
  await store.transaction((db) => endWhatWasOpen(db, now));
  return null;
}

/**
 * Erases accounts once more, each on record. May be run again.
 *
 * @throws SwaliError `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
 */
export async function replayErasures(
  surroundings: Surroundings,
  store: Store,
  erasures: readonly Erasure[],
): Promise<ErasureCounts> {
  if (erasures.length === 0) return { erased: 0, absent: 0, refused: [] };
  const { settings, clock } = surroundings;
  const audit = await openAudit(surroundings, store, 'cli');
  const passwords = await createPasswords({ cost: settings.bcryptCost });
  try {
    const manager = createAccountManager({ store, passwords, clock, audit, ring: openKeyRing(surroundings) });
    let [erased, absent] = [0, 0];
    const refused: string[] = [];
    for (const erasure of erasures) {
      const { kind, id } = accountOf(erasure);
      const context = { requestId: randomUUID(), address: 'cli', userAgent: null, tenant: erasure.tenant };
      try {
        const operator = operatorOf(erasure.tenant);
        const { createdAt } = await manager.get(operator, kind, id);
        // Ids that were given after the backup are given again: that is somebody else.
        if (createdAt > erasure.erasedAt) absent += 1;
        else {
          await manager.erase(operator, kind, id, context);
          erased += 1;
        }
      } catch (error) {
        if (!(error instanceof SwaliError)) throw error;
        if (error.code === 'IDENTITY_UNKNOWN') absent += 1;
        else refused.push(`${erasure.subject}: ${error.code}`);
      }
    }
    return { erased, absent, refused };
  } finally {
    await passwords.close();
  }
}
