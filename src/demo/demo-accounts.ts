import type { EmployeeRole, PrincipalKind } from '../domain/principal.js';
import { DEMO_CUSTOMER_NUMBER } from './generate-people.js';

/** An account that a first start makes, so that all three kinds of caller can be tried. Its password is the caller's to make. */
export interface DemoAccount {
  readonly kind: PrincipalKind;
  /** What they sign in with. */
  readonly identifier: string;
  /** Customers only; null for the others. */
  readonly customerNumber: number | null;
  /** Employees only; null for the others. */
  readonly role: EmployeeRole | null;
  /** Employees' `allow_tables_list`; null for the others. */
  readonly allowTables: readonly string[] | null;
}

/** One customer who orders often, one employee without the salaries, one admin. */
export function demoAccounts(): readonly DemoAccount[] {
  return [
    {
      kind: 'customer',
      identifier: String(DEMO_CUSTOMER_NUMBER),
      customerNumber: DEMO_CUSTOMER_NUMBER,
      role: null,
      allowTables: null,
    },
    {
      kind: 'employee',
      identifier: 'amina@dukamoja.example',
      customerNumber: null,
      role: 'member',
      allowTables: [
        'branches',
        'customers',
        'employees',
        'invoices',
        'order_items',
        'orders',
        'payments',
        'products',
        'support_tickets',
      ],
    },
    { kind: 'admin', identifier: 'admin@dukamoja.example', customerNumber: null, role: null, allowTables: null },
  ];
}
