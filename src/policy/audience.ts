import { EMPLOYEE_ROLES, type EmployeeRole, PRINCIPAL_KINDS, type PrincipalKind } from '../domain/principal.js';

/** Whom a line of a policy file speaks of: a kind of principal, or employees by role. */
export type Audience = PrincipalKind | `employee:${EmployeeRole}`;

/** Every audience that a file may name. */
export const AUDIENCES: readonly [Audience, ...Audience[]] = [
  'customer',
  ...PRINCIPAL_KINDS.filter((kind) => kind !== 'customer'),
  ...EMPLOYEE_ROLES.map((role): Audience => `employee:${role}`),
];

/** Who asks, as far as rules depend on it. Employees without a role have none of the rights that a role gives. */
export interface Standing {
  readonly kind: PrincipalKind;
  readonly role: EmployeeRole | null;
}

/** Every standing there is, in the order in which they are shown. */
export const STANDINGS: readonly Standing[] = [
  { kind: 'customer', role: null },
  ...EMPLOYEE_ROLES.map((role): Standing => ({ kind: 'employee', role })),
  { kind: 'admin', role: null },
];

/** `customer`, `employee:manager`, `admin`. */
export function nameStanding(standing: Standing): string {
  return standing.role === null ? standing.kind : `${standing.kind}:${standing.role}`;
}

function roleOf(audience: Audience): EmployeeRole | null {
  const role = audience.split(':')[1];
  return EMPLOYEE_ROLES.find((each) => each === role) ?? null;
}

const rank = (role: EmployeeRole | null): number => (role === null ? -1 : EMPLOYEE_ROLES.indexOf(role));

/** Whether any of `audiences` opens to a standing. Opening reaches upwards: `employee:manager` opens to managers and every higher role. */
export function opensTo(audiences: readonly Audience[], standing: Standing): boolean {
  return audiences.some((audience) => {
    const role = roleOf(audience);
    if (role === null) return audience === standing.kind;
    return standing.kind === 'employee' && rank(standing.role) >= rank(role);
  });
}

/**
 * Whether any of `audiences` closes (hides, masks) for a standing. Closing reaches downwards: `employee:manager` closes for managers and every
 * lower role.
 */
export function closesFor(audiences: readonly Audience[], standing: Standing): boolean {
  return audiences.some((audience) => {
    const role = roleOf(audience);
    if (role === null) return audience === standing.kind;
    return standing.kind === 'employee' && rank(standing.role) <= rank(role);
  });
}

/**
 * The entry of a map by audience that holds for a standing: of employees the highest role that is not above theirs, else
 * the kind's own. Null where there is none.
 */
export function chooseEntry<T>(
  entries: Readonly<Partial<Record<Audience, T>>>,
  standing: Standing,
): { readonly audience: Audience; readonly value: T } | null {
  const candidates: readonly Audience[] =
    standing.kind === 'employee'
      ? [
          ...EMPLOYEE_ROLES.slice(0, rank(standing.role) + 1)
            .reverse()
            .map((role): Audience => `employee:${role}`),
          'employee',
        ]
      : [standing.kind];
  for (const audience of candidates) {
    const value = entries[audience];
    if (value !== undefined) return { audience, value };
  }
  return null;
}
