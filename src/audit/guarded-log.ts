import type { ChainedAuditLog } from './append-log.js';
import { describeGap } from './describe-gateway.js';
import { type DigestText, hideQuestion } from './hide-question.js';
import { maskEvent } from './mask-secrets.js';
import type { AuditEvent } from './record.js';

/** What is asked of a log before something is done that cannot be undone where its record fails. */
export interface WritableLog {
  /**
   * Refuses while records cannot be written. After one that failed it first writes a record of how many are missing, and only
   * where that is durable lets anything be done again.
   *
   * @throws SwaliError `AUDIT_UNAVAILABLE`
   */
  assertWritable(): Promise<void>;
}

/** The log that all records pass through. */
export type GuardedAuditLog = ChainedAuditLog & WritableLog;

/**
 * Puts the one gate before the log: no event goes round it, so none is kept with a secret that the rules find, nor with a
 * question where questions are kept as digests. Remembers whether records can be written.
 *
 * @param deps.digestQuestion null where questions are kept as text
 */
export function createGuardedLog(
  log: ChainedAuditLog,
  { digestQuestion }: { readonly digestQuestion: DigestText | null },
): GuardedAuditLog {
  let failed = 0;
  let telling: Promise<void> | null = null;

  async function append(event: AuditEvent): Promise<void> {
    const told = digestQuestion === null ? event : hideQuestion(event, digestQuestion);
    try {
      await log.append(maskEvent(told));
    } catch (error) {
      failed += 1;
      throw error;
    }
  }

  async function tellOfGap(): Promise<void> {
    const missing = failed;
    await log.append(describeGap(missing));
    failed -= missing;
  }

  async function assertWritable(): Promise<void> {
    if (failed === 0) return;
    telling ??= tellOfGap().finally(() => {
      telling = null;
    });
    await telling;
  }

  return Object.freeze({
    append,
    assertWritable,
    verify: (against) => log.verify(against),
    checkpoint: () => log.checkpoint(),
    drain: () => log.drain(),
    list: (page) => log.list(page),
  } satisfies GuardedAuditLog);
}
