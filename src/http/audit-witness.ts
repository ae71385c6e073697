import type { AuditEvent, AuditLog } from '../audit/record.js';

/** Knows which audit records of a request are durable, so that no answer can leave without its own. */
export interface AuditWitness {
  /** The log to write to: records pass through and are noted once they are durable. */
  readonly log: AuditLog;
  /** Begins to note the records of a request; what nobody watches is not noted. */
  watch(requestId: string): WatchedRequest;
}

/** A request whose records are noted. */
export interface WatchedRequest {
  /** Whether a record of that event was made durable for the request; each counts once. */
  take(event: AuditEvent['event']): boolean;
  /** Whether any record was made durable for the request alone: where two at a time have its name, nobody can tell. */
  isRecorded(): boolean;
  /** Forgets the request. */
  close(): void;
}

/** Callers name their requests, so several at a time may have one name: the last to end takes the notes away. */
interface Notes {
  watchers: number;
  readonly counts: Map<AuditEvent['event'], number>;
}

/** Wraps the audit log. Notes are kept only while a request runs. */
export function createAuditWitness(log: AuditLog): AuditWitness {
  const watched = new Map<string, Notes>();
  return {
    log: {
      async append(record) {
        await log.append(record);
        const counts = watched.get(record.requestId)?.counts;
        counts?.set(record.event, (counts.get(record.event) ?? 0) + 1);
      },
      async assertWritable() {
        await log.assertWritable?.();
      },
    },
    watch(requestId) {
      const notes = watched.get(requestId) ?? { watchers: 0, counts: new Map() };
      notes.watchers += 1;
      watched.set(requestId, notes);
      return {
        take(event) {
          const count = notes.counts.get(event) ?? 0;
          notes.counts.set(event, Math.max(0, count - 1));
          return count > 0;
        },
        isRecorded: () => notes.watchers === 1 && notes.counts.size > 0,
        close() {
          notes.watchers -= 1;
          if (notes.watchers === 0) watched.delete(requestId);
        },
      };
    },
  };
}
