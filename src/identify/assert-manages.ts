import { EMPLOYEE_ROLES, type EmployeeRole, type Principal, type PrincipalKind } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';

const rank = (role: string | null): number => EMPLOYEE_ROLES.indexOf(role as EmployeeRole);

/**
 * The one rule of who manages whom: admins manage everyone; employees with `users:manage` manage customers, and employees
 * of roles up to their own.
 *
 * @throws SwaliError `AUTH_PERMISSION_MISSING` where an account of this kind, and of these roles, is not theirs to manage
 */
export function assertManages(actor: Principal, kind: PrincipalKind, ...roles: readonly (string | null)[]): void {
  if (!actor.permissions.has('users:manage')) throw new SwaliError('AUTH_PERMISSION_MISSING');
  if (actor.kind === 'admin') return;
  const isHigher = kind === 'employee' && roles.some((role) => rank(role) > rank(actor.role));
  if (kind === 'admin' || isHigher) throw new SwaliError('AUTH_PERMISSION_MISSING');
}

/** @throws SwaliError `AUTH_PERMISSION_MISSING` where the account is the actor's own */
export function assertOther(actor: Principal, kind: PrincipalKind, id: number): void {
  if (actor.subject === `${kind}:${id}`)
    throw new SwaliError('AUTH_PERMISSION_MISSING', { cause: new Error('their own account') });
}
