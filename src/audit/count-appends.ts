import type { Metrics } from '../domain/ports.js';
import type { AuditLog } from './record.js';

/** Counts the records that wait for being durable, and how long each waits. */
export function countAppends(log: AuditLog, metrics: Pick<Metrics, 'auditAppend'>): AuditLog {
  return {
    async append(event) {
      const end = metrics.auditAppend();
      try {
        await log.append(event);
      } finally {
        end();
      }
    },
    async assertWritable() {
      await log.assertWritable?.();
    },
  };
}
