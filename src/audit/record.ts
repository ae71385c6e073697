import type { PrincipalKind } from '../domain/principal.js';

/** One event of the audit log. Further kinds join the union. */
export type AuditEvent =
  | {
      readonly event: 'question' | 'sql';
      readonly requestId: string;
      /** `http` address of the caller, or `cli`. */
      readonly address: string;
      readonly subject: string;
      readonly kind: PrincipalKind;
      /** What was asked; null for caller-written SQL. */
      readonly question: string | null;
      /** `sha256:…` of the candidate text; null where none was written. */
      readonly sqlDigest: string | null;
      readonly translator: string | null;
      readonly decision: 'answered' | 'clarify' | 'refused' | 'failed';
      /** Error code, or null where answered. */
      readonly code: string | null;
      /** Why, in words: policies and codes, never row values. */
      readonly reasons: readonly string[];
      readonly relations: readonly string[];
      readonly rowCount: number | null;
      readonly durationMs: number;
    }
  | {
      readonly event: 'login';
      readonly requestId: string;
      readonly address: string;
      readonly subject: string | null;
      readonly kind: PrincipalKind;
      readonly decision: 'accepted' | 'refused';
      readonly code: string | null;
    }
  | {
      readonly event: 'session';
      readonly requestId: string;
      readonly address: string;
      /** Null where the refresh token is unknown. */
      readonly subject: string | null;
      readonly kind: PrincipalKind | null;
      /**
       * `reuse`: a refresh token came a second time, so the session was ended. `end` and `end-all`: an account ended
       * one of its own sessions, or all of them.
       */
      readonly action: 'refresh' | 'logout' | 'reuse' | 'end' | 'end-all';
      readonly decision: 'accepted' | 'refused';
      readonly code: string | null;
    }
  | {
      readonly event: 'password';
      readonly requestId: string;
      readonly address: string;
      /** Whose password it is. */
      readonly subject: string;
      readonly kind: PrincipalKind;
      readonly action: 'change';
      readonly decision: 'accepted' | 'refused';
      readonly code: string | null;
    }
  | {
      readonly event: 'api-key';
      readonly requestId: string;
      readonly address: string;
      /** Whose key it is. */
      readonly subject: string;
      readonly kind: PrincipalKind;
      readonly action: 'create' | 'revoke';
      /** The part of the key that is shown; null where none was made or found. */
      readonly key: string | null;
      readonly scopes: readonly string[];
      readonly decision: 'accepted' | 'refused';
      readonly code: string | null;
    }
  | {
      readonly event: 'account';
      readonly requestId: string;
      readonly address: string;
      /** Who did it. */
      readonly subject: string;
      readonly kind: PrincipalKind;
      readonly action: 'create' | 'change' | 'export' | 'erase';
      /** Whose account it is; null where none was made. */
      readonly target: string | null;
      /** What was there and what is there now, of the fields that changed, identifiers masked; null where there is none. */
      readonly before: Readonly<Record<string, unknown>> | null;
      readonly after: Readonly<Record<string, unknown>> | null;
      readonly decision: 'accepted' | 'refused';
      readonly code: string | null;
    }
  | {
      readonly event: 'second-factor';
      readonly requestId: string;
      readonly address: string;
      readonly subject: string;
      readonly kind: PrincipalKind;
      /** `verify`: a code that came with a sign-in. */
      readonly action: 'enrol' | 'confirm' | 'verify' | 'remove' | 'recovery-codes';
      readonly decision: 'accepted' | 'refused';
      readonly code: string | null;
    }
  | {
      readonly event: 'operator';
      readonly requestId: string;
      readonly address: string;
      /** e.g. `users add`, `ask --as customer:103`, `start`. */
      readonly action: string;
      readonly reasons: readonly string[];
    };

/** Appends are durable when the promise resolves; an append that fails means that nothing may be answered. */
export interface AuditLog {
  /** @throws SwaliError `AUDIT_UNAVAILABLE` */
  append(event: AuditEvent): Promise<void>;
}
