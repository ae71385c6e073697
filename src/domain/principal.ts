/** The kinds of caller. Each has its own table, login path and default rights. */
export const PRINCIPAL_KINDS = ['customer', 'employee', 'admin'] as const;
export type PrincipalKind = (typeof PRINCIPAL_KINDS)[number];

/** The ladder of employee roles, lowest first; each includes the permissions of those before it. */
export const EMPLOYEE_ROLES = ['viewer', 'member', 'accountant', 'manager', 'admin-delegate'] as const;
export type EmployeeRole = (typeof EMPLOYEE_ROLES)[number];

/** A verified statement about a principal, as identity states it: text, or a whole number. */
export type ClaimValue = string | number;

/**
 * Who asks. Made by identify (or by the CLI for a local operator) and by nothing else; frozen.
 * `allowTables`, `role` and `tier` are read from the store at each request, never from the token.
 */
export interface Principal {
  readonly kind: PrincipalKind;
  /** Stable id of the account in its own table, e.g. `customer:17`. Unique over the three tables. */
  readonly subject: string;
  /** Employees only; null for the others. */
  readonly role: EmployeeRole | null;
  /** Claims that row predicates may name, e.g. `customer_number`. */
  readonly claims: ReadonlyMap<string, ClaimValue>;
  /** Employees: relation names of their `allow_tables_list`; null means the list does not apply (customers, admins). */
  readonly allowTables: readonly string[] | null;
  readonly permissions: ReadonlySet<Permission>;
  readonly tier: string;
  readonly tenant: string | null;
  /** Session the request belongs to; null for the CLI. */
  readonly session: string | null;
  /**
   * True where the account must have a second factor and has none yet: then it has no permissions, and nothing is open
   * to it but what sets one up.
   */
  readonly lacksSecondFactor: boolean;
  /** Where it is about the chat widget on a company's own site; absent for everybody else. */
  readonly widget?: WidgetStanding;
}

/**
 * A site's part in a request. `issuer`: the site's server asks with its key, which exchanges customer numbers for tokens
 * and does nothing else. `page`: a customer's browser asks with such a token, from one of the origins and from nowhere
 * else.
 */
export interface WidgetStanding {
  readonly part: 'issuer' | 'page';
  /** Id of the site's key. */
  readonly key: string;
  /** Origins of the site's pages, e.g. `https://shop.example.com`, as browsers spell them. */
  readonly origins: readonly string[];
}

/** What a principal may do beside reading its slice. */
export const PERMISSIONS = [
  'ask',
  'sql:write-own',
  'sql:read',
  'report:save',
  'report:share',
  'export',
  'verified:promote',
  'audit:read',
  'operations:read',
  'users:manage',
  'widget:issue',
] as const;
export type Permission = (typeof PERMISSIONS)[number];
