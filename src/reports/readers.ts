import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import { AUDIENCES, opensTo } from '../policy/audience.js';
import { refuseReport } from './parameters.js';
import { MAX_READERS, type Report } from './report.js';

/** One account: `employee:17`. */
const ACCOUNT = /^(?:customer|employee|admin):[1-9]\d{0,14}$/;

/**
 * Under which names a principal is shared to: their own, and every audience that reaches them, as in a policy file:
 * `employee:manager` reaches managers and every higher role.
 */
export function namesOf(principal: Principal): readonly string[] {
  const { kind, subject } = principal;
  const role = kind === 'employee' ? principal.role : null;
  return [subject, ...AUDIENCES.filter((audience) => opensTo([audience], { kind, role }))];
}

/** Whether a principal may see and run a report: its owner, and those to whom it is shared, of the same tenant. */
export function mayRead(report: Report, principal: Principal): boolean {
  if (report.tenant !== principal.tenant) return false;
  if (report.owner === principal.subject) return true;
  const names = new Set(namesOf(principal));
  return report.sharedWith.some((name) => names.has(name));
}

/**
 * Checks to whom a report is to be shared.
 *
 * @returns each name once, sorted
 * @throws SwaliError `REPORT_INVALID` for a name that is neither an audience nor an account; `AUTH_PERMISSION_MISSING` where
 *   somebody who is no admin shares to customers
 */
export function checkReaders(given: readonly string[], owner: Principal): readonly string[] {
  const names = [...new Set(given)].sort();
  if (names.length > MAX_READERS) refuseReport(`shared to ${MAX_READERS} audiences and accounts at most`);
  const known: ReadonlySet<string> = new Set(AUDIENCES);
  if (names.some((name) => !known.has(name) && !ACCOUNT.test(name)))
    refuseReport('shared to customer, employee, employee:ROLE, admin, or an account such as employee:17');
  if (owner.kind !== 'admin' && names.some((name) => name.startsWith('customer')))
    throw new SwaliError('AUTH_PERMISSION_MISSING', { detail: 'admins alone share to customers' });
  return names;
}
