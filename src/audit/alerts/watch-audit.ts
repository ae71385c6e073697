import type { AuditEvent, AuditLog } from '../record.js';

/** Who is told of what becomes of records. Neither may throw, nor take time. */
export interface AuditWatcher {
  /** A record is durable. */
  noted(event: AuditEvent): void;
  /** A record could not be made durable. */
  missed(event: AuditEvent, error: unknown): void;
}

/**
 * Wraps an audit log: whatever is appended is told to the watcher once it is durable, or once it failed. Everything else of
 * the log stays as it is.
 */
export function watchAudit<Log extends AuditLog>(log: Log, watcher: AuditWatcher): Log {
  const append = async (event: AuditEvent): Promise<void> => {
    try {
      await log.append(event);
    } catch (error) {
      watcher.missed(event, error);
      throw error;
    }
    watcher.noted(event);
  };
  // Around nothing: a proxy may not give another value for what is frozen in its target, as the log may be.
  return new Proxy({} as Log, {
    get(_nothing, name) {
      if (name === 'append') return append;
      const value: unknown = Reflect.get(log, name, log);
      // Bound, as the log's own private parts are not the wrapper's.
      return typeof value === 'function' ? value.bind(log) : value;
    },
  });
}
