import { buildCatalog } from '../../../src/catalog/build-catalog.js';
import type { Catalog, CatalogColumn, CatalogRelation, ColumnFamily } from '../../../src/catalog/catalog.js';
import type { Dialect } from '../../../src/domain/dialect.js';
import type { ClaimValue, EmployeeRole, Principal } from '../../../src/domain/principal.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { type Policy, type PolicyOptions, readPolicy } from '../../../src/policy/policy.js';

/** Declared types of the columns below, and what a catalog makes of them. */
const FAMILIES: Readonly<Record<string, ColumnFamily>> = {
  int: 'integer',
  bigint: 'integer',
  decimal: 'decimal',
  varchar: 'text',
  text: 'text',
  date: 'date',
  datetime: 'datetime',
  json: 'json',
  tinyint: 'boolean',
  enum: 'enum',
};

/** A column from words such as `varchar(20) latin1 virtual unsigned null`. */
function column(name: string, words: string, dialect: Dialect): CatalogColumn {
  const [declaredType = '', ...rest] = words.split(' ');
  const family = FAMILIES[declaredType.replace(/\(.*/u, '')] ?? 'unknown';
  const isText = family === 'text' || family === 'enum';
  const latin = rest.includes('latin1');
  const collation =
    dialect === 'sqlite'
      ? rest.includes('nocase')
        ? 'NOCASE'
        : 'BINARY'
      : latin
        ? 'latin1_swedish_ci'
        : 'utf8mb4_general_ci';
  return {
    name,
    family,
    declaredType: declaredType,
    unsigned: rest.includes('unsigned'),
    nullable: rest.includes('null'),
    generated: rest.includes('virtual') ? 'virtual' : 'no',
    collation: isText ? collation : null,
    characterSet: isText && dialect !== 'sqlite' ? (latin ? 'latin1' : 'utf8mb4') : null,
  };
}

function relation(
  dialect: Dialect,
  name: string,
  columns: Readonly<Record<string, string>>,
  more: Partial<CatalogRelation> & { readonly indexed?: readonly string[] } = {},
): CatalogRelation {
  const { indexed = [], ...rest } = more;
  return {
    name,
    kind: 'table',
    columns: Object.entries(columns).map(([key, words]) => column(key, words, dialect)),
    primaryKey: ['id'],
    indexes: indexed.map((key) => ({ name: `by_${key}`, unique: false, columns: [key] })),
    foreignKeys: [],
    ...rest,
  };
}

/** A small shop with one of everything that the rules speak of. */
export function shopCatalog(dialect: Dialect = 'mysql'): Catalog {
  const make = (name: string, columns: Readonly<Record<string, string>>, more = {}) =>
    relation(dialect, name, columns, more);
  return buildCatalog(dialect, '1', 'shop', [
    make(
      'customers',
      {
        id: 'int',
        customer_number: 'int',
        code: 'varchar(12)',
        email: 'varchar(120) null',
        phone: 'varchar(20) null',
        joined_on: 'date',
        profile: 'json null',
      },
      { indexed: ['customer_number', 'code'] },
    ),
    make(
      'orders',
      {
        id: 'int',
        customer_number: 'int',
        tenant_id: 'bigint unsigned',
        code: 'varchar(12) latin1',
        nick: 'varchar(12) nocase',
        total: 'decimal(10,2)',
        status: 'enum',
        is_public: 'tinyint',
        ordered_at: 'datetime',
        shipped_on: 'date null',
        internal_note: 'text null',
        doubled: 'decimal(12,2) virtual',
      },
      { indexed: ['customer_number', 'tenant_id', 'code'] },
    ),
    make(
      'order_items',
      { id: 'int', order_id: 'int', product_id: 'int', quantity: 'int', unit_price: 'decimal(10,2)' },
      { indexed: ['order_id'], foreignKeys: [{ columns: ['order_id'], relation: 'orders', referenced: ['id'] }] },
    ),
    make('products', { id: 'int', name: 'varchar(80)', price: 'decimal(10,2)' }),
    make('salaries', { id: 'int', employee_id: 'int', amount: 'decimal(10,2)' }),
    make('password_resets', { id: 'int', token_digest: 'varchar(64)' }),
    make('order_totals', { customer_number: 'int', total: 'decimal(10,2)' }, { kind: 'view', primaryKey: [] }),
  ]);
}

/** A principal of a kind; employees may see every table of the shop unless told otherwise. */
export function someone(
  kind: Principal['kind'],
  more: {
    readonly role?: EmployeeRole;
    readonly claims?: Readonly<Record<string, ClaimValue>>;
    readonly allowTables?: readonly string[] | null;
    readonly tenant?: string;
  } = {},
): Principal {
  const everyTable = [...shopCatalog().relations.keys()];
  return {
    kind,
    subject: `${kind}:1`,
    role: kind === 'employee' ? (more.role ?? 'viewer') : null,
    claims: new Map(Object.entries(more.claims ?? {})),
    allowTables: kind === 'employee' ? (more.allowTables === undefined ? everyTable : more.allowTables) : null,
    permissions: new Set(),
    tier: 'standard',
    tenant: more.tenant ?? null,
    session: null,
    lacksSecondFactor: false,
  };
}

/** The head of every policy below: dialect as the catalog's. */
export function policyOf(
  relations: string,
  options: Partial<PolicyOptions> & { readonly rest?: string; readonly fileDialect?: Dialect } = {},
): Policy {
  const { rest = '', catalog = shopCatalog(), fileDialect = catalog.dialect, ...more } = options;
  const text = `version: 1\nsource: shop\ndialect: ${fileDialect}\nrelations:\n${relations.replace(/^/gmu, '  ')}\n${rest}`;
  return readPolicy(text, 'shop.yaml', { source: 'shop', catalog, ...more });
}

/** The public detail of what a call refuses with; fails the test where it does not refuse. */
export function refusalOf(call: () => unknown): { readonly code: string; readonly detail: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof SwaliError) return { code: error.code, detail: error.detail ?? '' };
    throw error;
  }
  throw new Error('nothing was refused');
}
