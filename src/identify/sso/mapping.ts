import { EMPLOYEE_ROLES, type EmployeeRole } from '../../domain/principal.js';
import { SwaliError } from '../../errors/swali-error.js';
import { parseCustomerNumber } from '../identifiers.js';

/** What a provider says of somebody: claims of an ID token, attributes of an assertion. */
export type Statements = Readonly<Record<string, unknown>>;

/** From what a provider says to what an account has. What is absent is not the provider's to say. */
export interface Mapping {
  readonly role?: {
    readonly claim: string;
    /** Value of the claim → role. */
    readonly values: Readonly<Record<string, EmployeeRole>>;
    /** Where no value fits; without it they may not come in. */
    readonly default?: EmployeeRole | undefined;
  };
  readonly allowTables?: {
    readonly claim: string;
    /** Value of the claim → names of relations. */
    readonly values: Readonly<Record<string, readonly string[]>>;
  };
  readonly customerNumber?: { readonly claim: string };
}

/** What the provider's word makes of an account; what is absent stays. */
export interface Mapped {
  readonly role?: EmployeeRole;
  readonly allowTables?: readonly string[];
  readonly customerNumber?: string | null;
}

/**
 * Applies a mapping: the highest role that a value fits, the tables of every value that fits, the customer number as it is
 * stated. What the provider no longer says is gone.
 *
 * @throws SwaliError `AUTH_SSO_DENIED` where no role fits and none is the default, and for a customer number that is none
 */
export function applyMapping(mapping: Mapping, statements: Statements): Mapped {
  const { role, allowTables, customerNumber } = mapping;
  return {
    ...(role && { role: highestRole(role, statements) }),
    ...(allowTables && { allowTables: tablesOf(allowTables, statements) }),
    ...(customerNumber && { customerNumber: readNumber(customerNumber.claim, statements) }),
  };
}

/** The texts that a statement holds, whether it is one or a list; anything else is none. */
export function textsOf(statements: Statements, name: string): readonly string[] {
  const value = Object.hasOwn(statements, name) ? statements[name] : [];
  return [value].flat().filter((each): each is string => typeof each === 'string');
}

function highestRole(rule: NonNullable<Mapping['role']>, statements: Statements): EmployeeRole {
  const fitting = fittingOf(rule.values, textsOf(statements, rule.claim));
  const role = EMPLOYEE_ROLES.findLast((each) => fitting.includes(each)) ?? rule.default;
  if (role === undefined) throw denied(`no value of ${rule.claim} gives a role`);
  return role;
}

function tablesOf(rule: NonNullable<Mapping['allowTables']>, statements: Statements): readonly string[] {
  return [...new Set(fittingOf(rule.values, textsOf(statements, rule.claim)).flat())].sort();
}

function fittingOf<T>(values: Readonly<Record<string, T>>, texts: readonly string[]): readonly T[] {
  return Object.entries(values)
    .filter(([value]) => texts.includes(value))
    .map(([, target]) => target);
}

function readNumber(claim: string, statements: Statements): string | null {
  const stated = Object.hasOwn(statements, claim) ? statements[claim] : undefined;
  if (stated === undefined || stated === null) return null;
  const text = typeof stated === 'number' && Number.isSafeInteger(stated) ? String(stated) : stated;
  if (typeof text !== 'string') throw denied(`${claim} is no customer number`);
  try {
    return parseCustomerNumber(text);
  } catch (cause) {
    throw denied(`${claim} is no customer number`, cause);
  }
}

function denied(why: string, cause?: unknown): SwaliError {
  return new SwaliError('AUTH_SSO_DENIED', { cause: new Error(why, { cause }) });
}
