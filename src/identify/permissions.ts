import { type EmployeeRole, PERMISSIONS, type Permission, type PrincipalKind } from '../domain/principal.js';

/** What each role adds to the one below it on the ladder, lowest first. */
const ADDED_BY_ROLE: Readonly<Record<EmployeeRole, readonly Permission[]>> = {
  viewer: ['ask'],
  member: ['sql:write-own', 'sql:read', 'report:save', 'export'],
  accountant: ['report:share'],
  manager: ['verified:promote'],
  'admin-delegate': ['audit:read', 'users:manage'],
};

const BY_ROLE: ReadonlyMap<EmployeeRole, ReadonlySet<Permission>> = climbLadder();

const CUSTOMER: ReadonlySet<Permission> = new Set<Permission>(['ask']);
const ADMIN: ReadonlySet<Permission> = new Set(PERMISSIONS);
const NONE: ReadonlySet<Permission> = new Set();

function climbLadder(): ReadonlyMap<EmployeeRole, ReadonlySet<Permission>> {
  const held: Permission[] = [];
  const rungs = new Map<EmployeeRole, ReadonlySet<Permission>>();
  for (const [role, added] of Object.entries(ADDED_BY_ROLE) as [EmployeeRole, readonly Permission[]][]) {
    held.push(...added);
    rungs.set(role, new Set(held));
  }
  return rungs;
}

/**
 * The one table of rights. Customers may ask. Employees climb a ladder: viewers ask; members also write SQL, read it,
 * save reports and export; accountants also share reports; managers also promote verified questions; admin-delegates
 * also read the audit log and manage users. Admins hold every permission, and alone `operations:read`, which shows how the
 * gateway itself fares, and `widget:issue`: a key with it acts for any customer. None of them lets anyone write to the source.
 *
 * @param role of employees; an employee without one has no rights
 */
export function permissionsFor(kind: PrincipalKind, role: EmployeeRole | null): ReadonlySet<Permission> {
  if (kind === 'admin') return ADMIN;
  if (kind === 'customer') return CUSTOMER;
  return (role && BY_ROLE.get(role)) ?? NONE;
}
