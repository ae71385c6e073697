import type { AccessContext, AccessEvent } from '../domain/access-event.js';

export type { AccessContext } from '../domain/access-event.js';

/** Where a sign-in came from, and with what. */
export interface SignInContext extends AccessContext {
  /** What the caller calls its program: shown to the account, trusted for nothing. 255 characters at most. */
  readonly userAgent: string;
}

/** Where identify's events become durable; the audit log is one. */
export interface AccessLog {
  /** @throws SwaliError `AUDIT_UNAVAILABLE` */
  append(event: AccessEvent): Promise<void>;
}
