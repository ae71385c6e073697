import { foundIn, owned } from '../slice-rules.js';
import type { Cell, WorldEntry, WorldOptions } from '../world.js';
import { cycle, type HandMadeTable, makeByHand } from './hand-made.js';
import { planWorld } from './open-world.js';
import { admin, customer, employee } from './people.js';
import { quoteName } from './print-cell.js';

/** Two houses and one whose name folds to the first's. */
const TENANTS = ['acme', 'beta', 'Acme'] as const;
const NUMBERS = [7n, 8n, 70n, 77n] as const;

function tablesOf(isSqlite: boolean): readonly HandMadeTable[] {
  const text = isSqlite ? 'VARCHAR(20) COLLATE NOCASE' : 'VARCHAR(20)';
  const key = (name: string, columns: string): string => (isSqlite ? '' : `, KEY ${name} (${columns})`);
  const index = (name: string, table: string, columns: string): readonly string[] =>
    isSqlite ? [`CREATE INDEX ${name} ON ${table} (${columns})`] : [];
  // Cell 3 of 4 owners and 3 tenants: every pair comes up.
  const house = (at: number): Cell => cycle(TENANTS, at);
  const number = (at: number): Cell => cycle(NUMBERS, at);
  return [
    {
      name: 'accounts',
      definition: `(id INTEGER PRIMARY KEY, tenant_id ${text} NOT NULL, customer_number INTEGER, name VARCHAR(40), balance DECIMAL(12,2)${key('accounts_tenant', 'tenant_id, customer_number')}${key('accounts_balance', 'balance')})`,
      after: [
        ...index('accounts_tenant', 'accounts', 'tenant_id, customer_number'),
        ...index('accounts_balance', 'accounts', 'balance'),
      ],
      columns: ['id', 'tenant_id', 'customer_number', 'name', 'balance'],
      rows: Array.from({ length: 36 }, (_, at) => [
        BigInt(at + 1),
        house(at),
        number(at),
        cycle(['Ann', 'ann', 'Änn', '', null], at),
        isSqlite
          ? cycle([0n, -1.5, 9999999999.75, null, 12n], at)
          : cycle(['0.00', '-1.50', '9999999999.99', null], at),
      ]),
    },
    {
      name: 'invoices',
      definition: `(number VARCHAR(12) NOT NULL, tenant_id ${text} NOT NULL, account_id INTEGER NOT NULL, due DATE, paid INTEGER, PRIMARY KEY (tenant_id, number)${key('invoices_account', 'account_id, due')})`,
      after: index('invoices_account', 'invoices', 'account_id, due'),
      columns: ['number', 'tenant_id', 'account_id', 'due', 'paid'],
      // A number is one tenant's; names that fold together have numbers of their own.
      rows: Array.from({ length: 40 }, (_, at) => [
        `N${at}`,
        house(at),
        BigInt((at % 36) + 1),
        cycle(['2026-01-31', null, '9999-12-31', '2026-02-28'], at),
        cycle([0n, 1n, null], at + Math.floor(at / 3)),
      ]),
    },
    {
      name: 'currencies',
      definition: '(code CHAR(3) PRIMARY KEY, name VARCHAR(30), rate DOUBLE)',
      columns: ['code', 'name', 'rate'],
      rows: [
        ['KES', 'shilling', 1],
        ['EUR', 'euro', 150.25],
        ['XXX', null, 0],
        ['USD', 'dollar', -0],
      ],
    },
  ];
}

const OWN = 'customer_number = :customer_number';
const THROUGH = 'account_id IN (SELECT id FROM accounts WHERE customer_number = :customer_number)';
const number = owned('customer_number', 'customer_number');

const POLICY = `version: 1
source: prove
dialect: DIALECT
tenant: { column: tenant_id }
relations:
  accounts:
    open_to: [customer, employee, admin]
    rows: { customer: "${OWN}" }
    columns: { id: {}, tenant_id: { hidden_from: [customer] }, customer_number: {}, name: {}, balance: {} }
  invoices:
    open_to: [customer, employee, admin]
    rows: { customer: "${THROUGH}" }
    columns: { number: {}, tenant_id: {}, account_id: {}, due: {}, paid: {} }
  currencies:
    tenant: shared
    open_to: [customer, employee, admin]
    rows: { customer: all }
    columns: { code: {}, name: {}, rate: {} }
`;

/** Houses that share tables; the name of one folds to another's. */
export function tenantsWorld(options: WorldOptions): WorldEntry {
  const { dialect } = options;
  return planWorld(
    {
      name: 'tenants',
      fill: (database) =>
        makeByHand(database, dialect, tablesOf(dialect === 'sqlite'), (name) => quoteName(name, dialect)),
      rulesFor: () => ({
        policyText: POLICY.replace('DIALECT', dialect),
        tenancy: true,
        rules: new Map([
          [OWN, number],
          [THROUGH, foundIn('account_id', 'accounts', 'id', number)],
        ]),
        principals: [
          customer('acme-7', { tenant: 'acme', claims: { customer_number: 7 } }),
          customer('acme-8', { tenant: 'acme', claims: { customer_number: 8 } }),
          customer('fold-7', { tenant: 'Acme', claims: { customer_number: 7 } }),
          customer('beta-7', { tenant: 'beta', claims: { customer_number: 7 } }),
          employee('acme', 'member', ['accounts', 'invoices'], { tenant: 'acme' }),
          employee('beta', 'member', ['accounts', 'currencies'], { tenant: 'beta' }),
          admin('acme', { tenant: 'acme' }),
        ],
      }),
    },
    options,
  );
}
