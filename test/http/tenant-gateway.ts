import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { type ServedGateway, serveGateway, type TestAccount } from './served-gateway.js';

/** One row of each tenant for customer 7, who is another person in each; what names a tenant stands in every text of it. */
const SOURCE = `
  CREATE TABLE orders (id INTEGER PRIMARY KEY, company TEXT NOT NULL, customer_number TEXT NOT NULL, note TEXT NOT NULL, total INTEGER NOT NULL);
  CREATE TABLE rates (id INTEGER PRIMARY KEY, currency TEXT NOT NULL, rate INTEGER NOT NULL);
  INSERT INTO orders VALUES (1, 'acme', '7', 'acme-seven', 10), (2, 'acme', '8', 'acme-eight', 20),
    (3, 'globex', '7', 'globex-seven', 300), (4, 'globex', '9', 'globex-nine', 400), (5, 'initech', '7', 'initech-seven', 5000);
  INSERT INTO rates VALUES (1, 'KES', 1), (2, 'USD', 129);
`;

const POLICY = `version: 1
source: shared
dialect: sqlite
tenant: { column: company }
relations:
  orders:
    open_to: [customer, employee, admin]
    rows: { customer: "customer_number = :customer_number" }
    columns: { id: {}, company: {}, customer_number: {}, note: {}, total: {} }
  rates:
    open_to: [customer, employee, admin]
    rows: { customer: all }
    tenant: shared
    columns: { id: {}, currency: {}, rate: {} }
verified:
  - question: How many orders are there?
    sql: { sqlite: SELECT COUNT(*) AS orders FROM orders }
    open_to: [customer, employee, admin]
`;

const accountsOf = (tenant: string) =>
  ({
    customer: { tenant, kind: 'customer', identifier: '7' },
    employee: {
      tenant,
      kind: 'employee',
      identifier: 'ada@shared.example',
      role: 'admin-delegate',
      allowTables: ['orders', 'rates'],
    },
    admin: { tenant, kind: 'admin', identifier: 'root@shared.example' },
  }) as const satisfies Record<string, TestAccount>;

const [ACME, GLOBEX] = [accountsOf('acme'), accountsOf('globex')];

/** People of two companies, with the same names in both; and one whom only globex knows. */
export const ACCOUNTS = {
  acmeCustomer: ACME.customer,
  acmeEmployee: ACME.employee,
  acmeAdmin: ACME.admin,
  globexCustomer: GLOBEX.customer,
  globexEmployee: GLOBEX.employee,
  globexAdmin: GLOBEX.admin,
  globexOnly: {
    tenant: 'globex',
    kind: 'employee',
    identifier: 'only@globex.example',
    role: 'viewer',
    allowTables: [],
  },
} as const satisfies Record<string, TestAccount>;

export type Name = keyof typeof ACCOUNTS;

/** A gateway that two companies share, over one source with the rows of three. */
export interface TenantGateway extends ServedGateway<Name> {
  /** Of the store. */
  readonly storePath: string;
}

/** Starts it, with everybody but `globexOnly` signed in. */
export async function serveTenants(env: Readonly<Record<string, string>> = {}): Promise<TenantGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'swali-tenants-'));
  const policies = join(folder, 'policies');
  mkdirSync(policies);
  writeFileSync(join(policies, 'shared.yaml'), POLICY);
  const source = join(folder, 'source.sqlite');
  const database = new DatabaseSync(source);
  database.exec(SOURCE);
  database.close();
  const storePath = join(folder, 'store.sqlite');
  const gateway = await serveGateway(ACCOUNTS, {
    TENANCY: 'on',
    SOURCE_NAME: 'shared',
    SOURCE_URL: `sqlite:${source}`,
    STORE_URL: `sqlite:${storePath}`,
    POLICY_DIR: policies,
    ...env,
  });
  for (const name of Object.keys(ACCOUNTS) as Name[]) {
    if (name === 'globexOnly') continue;
    const { status, text } = await gateway.signIn(name);
    if (status !== 200) throw new Error(`${name} could not sign in: ${text}`);
  }
  return {
    ...gateway,
    storePath,
    async stop() {
      await gateway.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs statements on the store beside the gateway. */
export function onStore<T>(storePath: string, work: (database: InstanceType<typeof DatabaseSync>) => T): T {
  const database = new DatabaseSync(storePath, { timeout: 5000 });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** Of these a tenant's own acts write rows a moment after them. */
const LATER: ReadonlySet<string> = new Set(['audit_records', 'alert_counts', 'alert_cool_downs', 'alert_deliveries']);

/** Every row of the store that is a tenant's, by table. */
export function rowsOf(storePath: string, tenant: string): Readonly<Record<string, readonly unknown[]>> {
  return onStore(storePath, (database) => {
    const tables = database
      .prepare(
        "SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'tenant'",
      )
      .all() as { name: string }[];
    return Object.fromEntries(
      tables
        .filter(({ name }) => !LATER.has(name))
        .map(({ name }) => [name, database.prepare(`SELECT * FROM "${name}" WHERE tenant = ?`).all(tenant)]),
    );
  });
}
