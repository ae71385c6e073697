import type { AuditEvent, AuditLog } from '../audit/record.js';

/** Knows which audit records of a request are durable, so that no answer can leave without its own. */
export interface AuditWitness {
  /** The log to write to: records pass through and are noted once they are durable. */
  readonly log: AuditLog;
  /** Whether a record of that event was made durable for the request; forgets it. */
  take(requestId: string, event: AuditEvent['event']): boolean;
}

/** Wraps the audit log. Notes are kept only from the append to the answer of the same request. */
export function createAuditWitness(log: AuditLog): AuditWitness {
  const noted = new Map<string, number>();
  const keyOf = (requestId: string, event: string): string => `${event} ${requestId}`;
  return {
    log: {
      async append(record) {
        await log.append(record);
        const key = keyOf(record.requestId, record.event);
        noted.set(key, (noted.get(key) ?? 0) + 1);
      },
    },
    take(requestId, event) {
      const key = keyOf(requestId, event);
      const count = noted.get(key) ?? 0;
      if (count > 1) noted.set(key, count - 1);
      else noted.delete(key);
      return count > 0;
    },
  };
}
