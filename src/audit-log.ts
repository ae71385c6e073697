import { join } from 'node:path';
import { type BatchReport, type ChainedAuditLog, openAuditLog } from './audit/append-log.js';
import { archiveRecords, type MovedSegment } from './audit/archive-records.js';
import { writeCheckpointFile } from './audit/checkpoint-file.js';
import { readSigner, type Signer } from './audit/ed25519.js';
import { createGuardedLog, type GuardedAuditLog } from './audit/guarded-log.js';
import { createQuestionDigest } from './audit/hide-question.js';
import { type AuditKeeper, keepAudit } from './audit/keep-audit.js';
import { keepSecret } from './config/kept-secret.js';
import type { Settings } from './config/settings.js';
import { NO_METRICS } from './domain/no-telemetry.js';
import type { Clock, Logger, Metrics } from './domain/ports.js';
import type { Store } from './store/store.js';
import { type KeySurroundings, openKeyRing, readStoreKey } from './store-key.js';

/**
 * The key that signs checkpoints and archives, made and kept where none is set outside production.
 *
 * @throws SwaliError `SETTINGS_INVALID` where it is not usable, or none can be kept
 */
export function readAuditSigner({ settings }: KeySurroundings): Signer {
  const { privateKey, retiredKeys } = settings.audit;
  return readSigner('AUDIT_PRIVATE_KEY', privateKey ?? keepSecret(settings.dataDir, 'audit-key'), retiredKeys);
}

/**
 * Opens the audit log of this process, behind the one gate that masks what goes into it.
 *
 * @param writerId name of the chain that it writes
 * @throws SwaliError `AUDIT_UNAVAILABLE`, and as {@link readAuditSigner} and `openKeyRing`
 */
export async function openAudit(
  surroundings: KeySurroundings & { readonly clock: Clock; readonly metrics?: Pick<Metrics, 'auditBatch'> },
  store: Store,
  writerId: string,
): Promise<GuardedAuditLog> {
  const { settings, clock, metrics = NO_METRICS } = surroundings;
  const keyRing = openKeyRing(surroundings);
  const digestQuestion =
    settings.audit.questions === 'digest' ? createQuestionDigest(readStoreKey(surroundings)) : null;
  const signer = readAuditSigner(surroundings);
  const onBatch = ({ records, durationMs }: BatchReport): void => metrics.auditBatch(records, durationMs / 1000);
  const log = await openAuditLog({ store, clock, writerId, keyRing, signer, onBatch });
  return createGuardedLog(log, { digestQuestion });
}

const DAY_MS = 86_400_000;

/** The file in `DATA_DIR` that keeps the last checkpoint apart from the store. */
export function checkpointFileOf({ dataDir }: Pick<Settings, 'dataDir'>): string {
  return join(dataDir, 'audit-checkpoint');
}

/**
 * Moves what is older than `AUDIT_RETENTION_DAYS` into `AUDIT_ARCHIVE_DIR`.
 *
 * @param store opened by the account that may remove archived records
 * @throws SwaliError as `archiveRecords`
 */
export function archiveOldRecords(
  surroundings: KeySurroundings & { readonly clock: Clock },
  store: Store,
): Promise<readonly MovedSegment[]> {
  const { settings, clock } = surroundings;
  const { archiveDir: folder, retentionDays } = settings.audit;
  return archiveRecords({
    store,
    clock,
    signer: readAuditSigner(surroundings),
    folder,
    retentionMs: retentionDays * DAY_MS,
  });
}

/**
 * Signs checkpoints while the gateway runs, and keeps the last one in `DATA_DIR`. On SQLite, which has no accounts, it
 * archives old records too; on a server that is another account's, and `swali audit archive` does it.
 *
 * @param onFault told where one of these fails
 */
export function keepAuditLog(
  surroundings: KeySurroundings & { readonly clock: Clock; readonly logger: Logger },
  records: { readonly store: Store; readonly audit: ChainedAuditLog },
  onFault?: (reason: string) => void,
): Promise<AuditKeeper> {
  const { settings, clock, logger } = surroundings;
  const { store, audit } = records;
  const archive = async (): Promise<void> => {
    for (const { path, records: count } of await archiveOldRecords(surroundings, store))
      logger.info({ path, records: count }, 'archived old records of the audit log');
  };
  return keepAudit({
    audit,
    clock,
    logger,
    everyMs: settings.audit.checkpointEveryS * 1000,
    keep: (checkpoint) => writeCheckpointFile(checkpointFileOf(settings), checkpoint),
    ...(store.dialect === 'sqlite' ? { archive } : {}),
    ...(onFault ? { onFault } : {}),
  });
}
