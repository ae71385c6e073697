import type { Logger } from '../domain/ports.js';
import type { ChainedAuditLog } from './append-log.js';
import type { Checkpoint } from './checkpoints.js';

/** Milliseconds between two looks at what is older than the retention. */
const ARCHIVE_EVERY_MS = 86_400_000;

/** Signs checkpoints while the gateway runs. */
export interface AuditKeeper {
  /** When the last checkpoint was made or found to say all, in milliseconds since 1970; null before the first. */
  lastCheckpointAt(): number | null;
  /** Stops, and signs a last one. Never rejects. */
  close(): Promise<void>;
}

/**
 * Signs a checkpoint now, every so often, and at the end. One that fails is logged and tried again at the next time.
 *
 * @param deps.keep puts a checkpoint where the store's writers cannot change it
 * @param deps.archive moves old records out, once a day; absent where another account does it
 * @param deps.onFault told where a checkpoint could not be signed or kept
 */
export async function keepAudit(deps: {
  readonly audit: Pick<ChainedAuditLog, 'checkpoint' | 'drain'>;
  readonly clock: () => number;
  readonly everyMs: number;
  readonly logger: Logger;
  readonly keep: (checkpoint: Checkpoint) => Promise<void>;
  readonly archive?: () => Promise<void>;
  readonly onFault?: (reason: string) => void;
}): Promise<AuditKeeper> {
  const { audit, logger } = deps;
  let lastAt: number | null = null;
  let running: Promise<void> = Promise.resolve();

  async function sign(): Promise<void> {
    try {
      const checkpoint = await audit.checkpoint();
      if (checkpoint) {
        await deps.keep(checkpoint);
        const { hash, keyId, signature } = checkpoint;
        logger.info({ checkpoint: { hash, keyId, signature } }, 'signed a checkpoint of the audit log');
      }
      lastAt = deps.clock();
    } catch (error) {
      logger.error({ error }, 'a checkpoint of the audit log could not be signed');
      deps.onFault?.('a checkpoint could not be signed');
    }
  }

  async function archive(): Promise<void> {
    try {
      await deps.archive?.();
    } catch (error) {
      logger.error({ error }, 'old records of the audit log could not be archived');
      deps.onFault?.('old records could not be archived');
    }
  }

  // One after the other: a slow store is not asked twice at a time.
  const next = (work: () => Promise<void>): void => {
    running = running.then(work);
  };
  const timers = [
    setInterval(() => next(sign), deps.everyMs),
    ...(deps.archive ? [setInterval(() => next(archive), ARCHIVE_EVERY_MS)] : []),
  ];
  for (const timer of timers) timer.unref();
  next(sign);
  await running;
  if (deps.archive) next(archive);
  return Object.freeze({
    lastCheckpointAt: () => lastAt,
    async close() {
      for (const timer of timers) clearInterval(timer);
      await running;
      await audit.drain();
      await sign();
    },
  });
}
