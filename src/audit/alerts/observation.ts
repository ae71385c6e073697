import { type Tenant, toTenantColumn } from '../../domain/tenant.js';
import type { AuditEvent } from '../record.js';

/** What a request says of where it comes from, beside its address. Said by the caller, or by a trusted proxy. */
export interface RequestOrigin {
  readonly userAgent: string;
  /** Two capital letters (ISO 3166-1), or `T1` for Tor; null where no trusted proxy says one. */
  readonly country: string | null;
}

/** What the rules look at of an audit event. No question, no text of anybody's. */
export interface Observation {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: string;
  readonly action: string | null;
  readonly decision: string | null;
  readonly code: string | null;
  readonly subject: string | null;
  /** Whose account an act is about. */
  readonly target: string | null;
  readonly address: string | null;
  readonly tenant: Tenant;
  readonly requestId: string | null;
  readonly rowCount: number | null;
  readonly origin: RequestOrigin | null;
}

/** Takes from an event what the rules look at. Kinds of event that come later are read by the same names of fields. */
export function observe(event: AuditEvent, origin: RequestOrigin | null, at: number): Observation {
  const fields: Readonly<Record<string, unknown>> = { ...event };
  const text = (name: string): string | null => {
    const value = fields[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    at,
    event: event.event,
    action: text('action'),
    decision: text('decision'),
    code: text('code'),
    subject: text('subject'),
    target: text('target'),
    address: text('address'),
    tenant: text('tenant'),
    requestId: text('requestId'),
    rowCount: typeof fields.rowCount === 'number' ? fields.rowCount : null,
    origin,
  };
}

/** Key of an account over all tenants. */
export function accountKey(tenant: Tenant, subject: string): readonly string[] {
  return [toTenantColumn(tenant), subject];
}
