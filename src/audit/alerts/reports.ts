import type { Principal } from '../../domain/principal.js';
import { type Tenant, toTenantColumn } from '../../domain/tenant.js';
import type { Rule } from './alert-file.js';
import { concerns } from './read-signals.js';
import type { SignalOf } from './signal.js';

/** What can be wrong with the audit log. */
export type GapReason = 'verify-failed' | 'append-failed' | 'checkpoint-overdue';

/** One fault of the audit log. */
export interface AuditGap {
  readonly reason: GapReason;
  /** Name of the chain; null where it is about all. */
  readonly writer: string | null;
  /** In words of ours, never of a record. */
  readonly detail: string;
  readonly requestId?: string | null;
  readonly tenant?: Tenant;
}

const GAP_WORDS: Readonly<Record<GapReason, string>> = {
  'verify-failed': 'the audit log is not what was written',
  'append-failed': 'the audit log cannot be written, so nothing is answered',
  'checkpoint-overdue': 'a checkpoint or an archive of the audit log is overdue',
};

/** Lines of a list that an alert tells; the rest is counted. */
const MAX_LINES = 20;

type Fire = SignalOf<'fire'>;

/** A fault of the audit log, as rules see it. */
export function signalGap(rules: readonly Rule[], gap: AuditGap, at: number): readonly Fire[] {
  const { reason, writer, detail, requestId = null, tenant = null } = gap;
  const facts = { reason, detail, ...(writer === null ? {} : { writer }) };
  return rules
    .filter((rule) => rule.kind === 'audit-gap' && concerns(rule, tenant))
    .map((rule) => ({
      type: 'fire',
      rule,
      key: [reason, writer ?? ''],
      at,
      tenant,
      subject: null,
      address: null,
      requestId,
      summary: GAP_WORDS[reason],
      facts,
    }));
}

/**
 * Rights of the source's accounts that are too wide, as rules see them. A changed list is another alert, an unchanged one waits
 * for its cool-down, however often processes start.
 */
export function signalGrants(rules: readonly Rule[], rights: readonly string[], at: number): readonly Fire[] {
  if (rights.length === 0) return [];
  const sorted = [...rights].sort();
  return rules
    .filter((rule) => rule.kind === 'grant-too-wide' && rule.tenants === undefined)
    .map((rule) => ({
      type: 'fire',
      rule,
      key: sorted,
      at,
      tenant: null,
      subject: null,
      address: null,
      requestId: null,
      summary: `accounts of the source may do more than they need: ${rights.length} findings`,
      facts: { count: rights.length, rights: sorted.slice(0, MAX_LINES) },
    }));
}

/** A principal whose tokens of the model are spent for the day of UTC. */
export function signalBudget(rules: readonly Rule[], principal: Principal, at: number): readonly Fire[] {
  const { tenant, subject, tier } = principal;
  const day = new Date(at).toISOString().slice(0, 10);
  return rules
    .filter((rule) => rule.kind === 'budget-spent' && concerns(rule, tenant))
    .map((rule) => ({
      type: 'fire',
      rule,
      key: [toTenantColumn(tenant), subject, day],
      at,
      tenant,
      subject,
      address: null,
      requestId: null,
      summary: `the model's tokens of the day of ${subject} are spent`,
      facts: { tier, day },
    }));
}
