import { z } from 'zod';
import {
  type ClaimValue,
  EMPLOYEE_ROLES,
  type EmployeeRole,
  type Permission,
  type Principal,
} from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Account } from './find-account.js';
import { uniteTables } from './group-tables.js';
import { permissionsFor } from './permissions.js';

const NO_PERMISSIONS: ReadonlySet<Permission> = new Set();

const claimsSchema = z.record(z.string(), z.union([z.string(), z.int()]));
const roleSchema = z.enum(EMPLOYEE_ROLES);
const allowTablesSchema = z.array(z.string());

/**
 * The principal that an account is, from what the store says now.
 *
 * @param session the request belongs to; null for the CLI
 * @param lacksSecondFactor whether it must have a second factor and has none: then it has no permissions
 * @throws SwaliError `INTERNAL` where the stored account makes no sense (an unknown role, claims that are no JSON): an
 *   account that is not understood gets nothing
 */
export function principalOf(account: Account, session: string | null, lacksSecondFactor = false): Principal {
  const role = account.kind === 'employee' ? readRole(account) : null;
  const claims = new Map<string, ClaimValue>(Object.entries(read(account, 'claims', claimsSchema, account.claims)));
  if (account.customerNumber !== null) claims.set('customer_number', account.customerNumber);
  return Object.freeze({
    kind: account.kind,
    subject: account.subject,
    role,
    claims,
    allowTables: account.kind === 'employee' ? Object.freeze(readTables(account)) : null,
    permissions: lacksSecondFactor ? NO_PERMISSIONS : permissionsFor(account.kind, role),
    tier: account.tier,
    tenant: account.tenant,
    session,
    lacksSecondFactor,
  });
}

function readRole(account: Account): EmployeeRole {
  const parsed = roleSchema.safeParse(account.role);
  if (!parsed.success) throw broken(account, 'role', parsed.error);
  return parsed.data;
}

function readTables(account: Account): readonly string[] {
  return uniteTables(
    read(account, 'allow_tables', allowTablesSchema, account.allowTables ?? ''),
    account.groupTables.map((text) => read(account, 'list of a group', allowTablesSchema, text)),
  );
}

function read<T>(account: Account, column: string, schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw broken(account, column, error);
  }
}

function broken(account: Account, column: string, cause: unknown): SwaliError {
  return new SwaliError('INTERNAL', {
    cause: new Error(`${account.subject}: its ${column} makes no sense`, { cause }),
  });
}
