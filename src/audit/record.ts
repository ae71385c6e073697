import type { AccessEvent } from '../domain/access-event.js';
import type { PrincipalKind } from '../domain/principal.js';
import type { Tenant } from '../domain/tenant.js';

/** One event of the audit log. Further kinds join the union. */
export type AuditEvent =
  | {
      readonly event: 'question' | 'sql' | 'export';
      readonly requestId: string;
      /** `http` address of the caller, or `cli`. */
      readonly address: string;
      readonly tenant: Tenant;
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
      /** `sha256:…` of the receipt that went out with the answer; null where none did. */
      readonly receiptDigest: string | null;
      readonly durationMs: number;
    }
  | AccessEvent
  | {
      readonly event: 'operator';
      readonly requestId: string;
      readonly address: string;
      /** Whom the act is about; null for what concerns all, and where tenancy is off. */
      readonly tenant: Tenant;
      /** e.g. `users add`, `ask --as customer:103`, `start`. */
      readonly action: string;
      readonly reasons: readonly string[];
    };

/** Appends are durable when the promise resolves; an append that fails means that nothing may be answered. */
export interface AuditLog {
  /** @throws SwaliError `AUDIT_UNAVAILABLE` */
  append(event: AuditEvent): Promise<void>;
}
