import type { PrincipalKind } from '../domain/principal.js';

/** Where a request came from. */
export interface AccessContext {
  readonly requestId: string;
  /** Of the caller. */
  readonly address: string;
}

/**
 * What identify reports: attempts to sign in, and what becomes of sessions and second factors. Holds no identifier,
 * password, token, code or seed.
 */
export type AccessEvent = AccessContext &
  (
    | {
        readonly event: 'login';
        /** Null where nobody is known by that identifier: what was typed there may be a password. */
        readonly subject: string | null;
        readonly kind: PrincipalKind;
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'session';
        readonly subject: string | null;
        readonly kind: PrincipalKind | null;
        readonly action: 'refresh' | 'logout' | 'reuse';
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'second-factor';
        readonly subject: string;
        readonly kind: PrincipalKind;
        /** `verify`: a code that came with a sign-in. */
        readonly action: 'enrol' | 'confirm' | 'verify' | 'remove' | 'recovery-codes';
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
  );

/** Where identify's events become durable; the audit log is one. */
export interface AccessLog {
  /** @throws SwaliError `AUDIT_UNAVAILABLE` */
  append(event: AccessEvent): Promise<void>;
}
