import { randomUUID } from 'node:crypto';
import type { Tenant } from '../domain/tenant.js';
import type { SwaliError } from '../errors/swali-error.js';
import type { GatewayEvent } from './gateway-event.js';
import type { OperatorEvent } from './record.js';

/** Lines of a faulty policy that are kept; the whole list is in the operator's terminal. */
const MAX_REASONS = 20;

/** Characters of one reason that are kept. */
const MAX_REASON_CHARACTERS = 500;

/** Where what the gateway does by itself comes from: no request, and nobody's tenant. */
function fromItself() {
  return { requestId: randomUUID(), address: 'cli', userAgent: null, tenant: null } as const;
}

/**
 * That a policy was loaded, or refused.
 *
 * @param load.version null where the file cannot be read
 * @param load.fault null where it was accepted
 */
export function describePolicyLoad(load: {
  readonly source: string;
  readonly version: string | null;
  readonly warnings: number;
  readonly fault: SwaliError | null;
}): GatewayEvent {
  const { source, version, warnings, fault } = load;
  const about = { event: 'policy', action: 'load', ...fromItself(), source, version, warnings } as const;
  if (fault === null) return { ...about, reasons: [], decision: 'accepted', code: null };
  const lines = (fault.detail ?? fault.message).split('\n').slice(0, MAX_REASONS);
  const reasons = lines.map((line) => line.slice(0, MAX_REASON_CHARACTERS));
  return { ...about, reasons, decision: 'refused', code: fault.code };
}

/**
 * That promoted questions of a tenant were held against a policy anew.
 *
 * @param check.broken those that fit no more, `verified:3: why`
 * @param check.mended how many fit again
 */
export function describeRecheck(check: {
  readonly source: string;
  readonly version: string;
  readonly tenant: Tenant;
  readonly broken: readonly string[];
  readonly mended: number;
}): GatewayEvent {
  const { source, version, tenant, broken, mended } = check;
  const reasons = broken.slice(0, MAX_REASONS).map((line) => line.slice(0, MAX_REASON_CHARACTERS));
  const about = { event: 'policy', action: 'recheck', ...fromItself(), tenant, source, version } as const;
  const counts = { broken: broken.length, mended, reasons };
  if (broken.length === 0) return { ...about, ...counts, decision: 'accepted', code: null };
  return { ...about, ...counts, decision: 'refused', code: 'VERIFIED_INVALID' };
}

/**
 * That the gateway started, or could not.
 *
 * @param start.engines name → version of what it runs on; null where that is not known yet
 * @param start.reasons what an operator allowed beside the rules
 * @param start.code null where it runs
 */
export function describeStart(start: {
  readonly version: string;
  readonly engines: Readonly<Record<string, string | null>>;
  readonly reasons: readonly string[];
  readonly code: string | null;
}): GatewayEvent {
  const { code } = start;
  const decision = code === null ? 'accepted' : 'refused';
  return { event: 'gateway', action: 'start', ...fromItself(), ...start, decision };
}

/** That the gateway stopped. @param stop.clean false where requests were cut off */
export function describeStop(stop: {
  readonly version: string;
  readonly reason: string;
  readonly clean: boolean;
}): GatewayEvent {
  const { version, reason, clean } = stop;
  const end = { clean, decision: 'accepted', code: null } as const;
  return { event: 'gateway', action: 'stop', ...fromItself(), version, reasons: [reason], ...end };
}

/**
 * What an operator of the machine did, of no tenant.
 *
 * @param action e.g. `audit archive`
 */
export function describeOperatorAct(action: string, reasons: readonly string[]): OperatorEvent {
  return { event: 'operator', ...fromItself(), action, reasons };
}

/** That records can be written again, and how many could not be. */
export function describeGap(missing: number): GatewayEvent {
  const end = { decision: 'failed', code: 'AUDIT_UNAVAILABLE' } as const;
  return { event: 'gateway', action: 'gap', ...fromItself(), missing, ...end };
}
