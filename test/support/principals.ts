import type { ClaimValue, EmployeeRole, Permission, Principal } from '../../src/domain/principal.js';
import { PERMISSIONS } from '../../src/domain/principal.js';

function principal(fields: Partial<Principal> & Pick<Principal, 'kind' | 'subject'>): Principal {
  return {
    role: null,
    claims: new Map(),
    allowTables: null,
    permissions: new Set<Permission>(PERMISSIONS),
    tier: 'standard',
    tenant: null,
    session: null,
    lacksSecondFactor: false,
    ...fields,
  };
}

/** A customer with this customer number. */
export function customer(number: ClaimValue): Principal {
  return principal({ kind: 'customer', subject: `customer:${number}`, claims: new Map([['customer_number', number]]) });
}

/** An employee with this list of tables. */
export function employee(allowTables: readonly string[], role: EmployeeRole = 'member'): Principal {
  return principal({ kind: 'employee', subject: 'employee:1', role, allowTables });
}

/** An admin. */
export function admin(): Principal {
  return principal({ kind: 'admin', subject: 'admin:1' });
}
