/** Column types of the demonstration; each engine's own words are in print-tables.ts. */
export type DemoType = 'int' | 'money' | 'date' | 'datetime' | `char(${number})` | `varchar(${number})`;

export interface DemoColumn {
  readonly name: string;
  readonly type: DemoType;
  readonly nullable: boolean;
  /** Table and column that it refers to; null where it is no foreign key. */
  readonly references: readonly [table: string, column: string] | null;
}

export interface DemoTable {
  readonly name: string;
  readonly columns: readonly DemoColumn[];
  readonly primaryKey: string;
  readonly unique: readonly (readonly string[])[];
  readonly indexes: readonly (readonly string[])[];
}

/** A value as every engine takes it: money is text with two decimals, dates are ISO text. */
export type DemoValue = string | number | null;

const table = (
  name: string,
  columns: Readonly<Record<string, string>>,
  keys: { readonly unique?: readonly string[]; readonly indexes?: readonly string[] } = {},
): DemoTable => ({
  name,
  columns: Object.entries(columns).map(([column, text]) => readColumn(column, text)),
  primaryKey: Object.keys(columns)[0]!,
  unique: (keys.unique ?? []).map((list) => list.split(',')),
  indexes: (keys.indexes ?? []).map((list) => list.split(',')),
});

/** `varchar(60)?` may be NULL; `int -> orders.id` is a foreign key. */
function readColumn(name: string, text: string): DemoColumn {
  const [type, target] = text.split(' -> ') as [string, string | undefined];
  const [relation, column] = target?.split('.') ?? [];
  return {
    name,
    type: type.replace('?', '') as DemoType,
    nullable: type.endsWith('?'),
    references: relation && column ? [relation, column] : null,
  };
}

/** Says that a database was made by this generator. The policy does not open it. */
export const MARKER_TABLE = 'swali_demo';

/**
 * Every table, parents first; the first column is the primary key. Columns that row rules filter by (`customer_number`,
 * `order_items.order_id`) lead an index.
 */
export const DEMO_TABLES: readonly DemoTable[] = [
  table(MARKER_TABLE, { id: 'int', version: 'int', seed: 'varchar(20)', scale: 'varchar(20)', made_on: 'date' }),
  table('branches', {
    id: 'int',
    name: 'varchar(80)',
    city: 'varchar(60)',
    country: 'varchar(40)',
    opened_on: 'date',
    phone: 'varchar(20)?',
  }),
  table(
    'employees',
    {
      id: 'int',
      branch_id: 'int -> branches.id',
      manager_id: 'int? -> employees.id',
      full_name: 'varchar(120)',
      email: 'varchar(120)',
      phone: 'varchar(20)?',
      job_title: 'varchar(60)',
      national_id: 'varchar(20)',
      hired_on: 'date',
      left_on: 'date?',
    },
    { unique: ['email'], indexes: ['branch_id', 'manager_id'] },
  ),
  table(
    'salaries',
    {
      id: 'int',
      employee_id: 'int -> employees.id',
      amount: 'money',
      valid_from: 'date',
      valid_to: 'date?',
    },
    { indexes: ['employee_id,valid_from'] },
  ),
  table(
    'customers',
    {
      customer_number: 'int',
      name: 'varchar(120)',
      email: 'varchar(120)?',
      phone: 'varchar(20)?',
      city: 'varchar(60)',
      country: 'varchar(40)',
      segment: 'varchar(20)',
      language: 'char(2)',
      branch_id: 'int -> branches.id',
      credit_limit: 'money?',
      joined_on: 'date',
      internal_note: 'varchar(300)?',
    },
    { unique: ['email'], indexes: ['branch_id', 'segment', 'joined_on'] },
  ),
  table(
    'products',
    {
      id: 'int',
      sku: 'varchar(20)',
      name: 'varchar(120)',
      category: 'varchar(40)',
      price: 'money',
      cost: 'money',
      weight_grams: 'int?',
      stock: 'int',
      launched_on: 'date',
      discontinued_on: 'date?',
    },
    { unique: ['sku'], indexes: ['category'] },
  ),
  table(
    'orders',
    {
      id: 'int',
      customer_number: 'int -> customers.customer_number',
      branch_id: 'int -> branches.id',
      employee_id: 'int? -> employees.id',
      ordered_at: 'datetime',
      status: 'varchar(20)',
      channel: 'varchar(20)',
      total: 'money',
      shipped_on: 'date?',
      customer_note: 'varchar(300)?',
      internal_note: 'varchar(300)?',
    },
    { indexes: ['customer_number,ordered_at', 'branch_id,ordered_at', 'employee_id', 'ordered_at', 'status'] },
  ),
  table(
    'order_items',
    {
      id: 'int',
      order_id: 'int -> orders.id',
      product_id: 'int -> products.id',
      quantity: 'int',
      unit_price: 'money',
    },
    { indexes: ['order_id', 'product_id'] },
  ),
  table(
    'payments',
    {
      id: 'int',
      order_id: 'int -> orders.id',
      customer_number: 'int -> customers.customer_number',
      paid_at: 'datetime',
      amount: 'money',
      method: 'varchar(20)',
      reference: 'varchar(40)?',
      card_number: 'varchar(19)?',
    },
    { indexes: ['customer_number,paid_at', 'order_id', 'paid_at'] },
  ),
  table(
    'invoices',
    {
      id: 'int',
      invoice_number: 'varchar(20)',
      order_id: 'int -> orders.id',
      customer_number: 'int -> customers.customer_number',
      issued_on: 'date',
      due_on: 'date',
      amount: 'money',
      tax: 'money',
      status: 'varchar(20)',
    },
    { unique: ['invoice_number', 'order_id'], indexes: ['customer_number,issued_on', 'status', 'issued_on'] },
  ),
  table(
    'support_tickets',
    {
      id: 'int',
      customer_number: 'int -> customers.customer_number',
      order_id: 'int? -> orders.id',
      assigned_to: 'int? -> employees.id',
      opened_at: 'datetime',
      closed_at: 'datetime?',
      priority: 'varchar(10)',
      status: 'varchar(20)',
      subject: 'varchar(120)',
      message: 'varchar(600)',
      rating: 'int?',
      internal_note: 'varchar(300)?',
    },
    { indexes: ['customer_number,opened_at', 'order_id', 'assigned_to', 'opened_at'] },
  ),
  table(
    'password_resets',
    {
      id: 'int',
      customer_number: 'int -> customers.customer_number',
      token_digest: 'char(64)',
      requested_at: 'datetime',
      used_at: 'datetime?',
    },
    { indexes: ['customer_number'] },
  ),
];
