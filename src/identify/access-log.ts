import type { AccessContext, AccessEvent } from '../domain/access-event.js';

export type { AccessContext } from '../domain/access-event.js';

/** Where a sign-in came from, and with what. */
export interface SignInContext extends AccessContext {
  /** As above; a session keeps it. */
  readonly userAgent: string;
}

/** Where identify's events become durable; the audit log is one. */
export interface AccessLog {
  /** @throws SwaliError `AUDIT_UNAVAILABLE` */
  append(event: AccessEvent): Promise<void>;
  /** Refuses while records cannot be written; asked before a change. @throws SwaliError `AUDIT_UNAVAILABLE` */
  assertWritable?(): Promise<void>;
}
