import { type ClaimValue, type EmployeeRole, PERMISSIONS, type Principal } from '../../domain/principal.js';

type Person = Partial<Pick<Principal, 'tenant'>> & { readonly claims?: Readonly<Record<string, ClaimValue>> };

function make(
  kind: Principal['kind'],
  subject: string,
  person: Person,
  role: EmployeeRole | null,
  allowTables: readonly string[] | null,
): Principal {
  return Object.freeze({
    kind,
    subject: `${kind}:${subject}`,
    role,
    claims: new Map(Object.entries(person.claims ?? {})),
    allowTables,
    permissions: new Set(PERMISSIONS),
    tier: 'standard',
    tenant: person.tenant ?? null,
    session: null,
    lacksSecondFactor: false,
  });
}

/** A customer with claims. */
export function customer(subject: string, person: Person): Principal {
  return make('customer', subject, person, null, null);
}

/** An employee with a role and a list of tables, spelled as the catalog spells them. */
export function employee(
  subject: string,
  role: EmployeeRole,
  allowTables: readonly string[],
  person: Person = {},
): Principal {
  return make('employee', subject, person, role, allowTables);
}

/** An admin. */
export function admin(subject: string, person: Person = {}): Principal {
  return make('admin', subject, person, null, null);
}
