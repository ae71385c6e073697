import type { CatalogColumn, CatalogRelation, ColumnFamily, ForeignKey } from '../../../src/catalog/catalog.js';
import type { Dialect } from '../../../src/domain/dialect.js';
import type { CompiledMetric, MetricAggregate } from '../../../src/policy/compile-metric.js';
import type { PrincipalView, RelationObligation, VisibleColumn } from '../../../src/policy/view.js';
import { foldName } from '../../../src/sql/fold-name.js';
import type { Expression } from '../../../src/sql/nodes.js';

/** One relation in short: columns as `name family`, with `*` for the key, `?` for shared values and `#UNIT` behind. */
export interface ShortRelation {
  readonly name: string;
  readonly columns: readonly string[];
  readonly foreignKeys?: readonly ForeignKey[];
  readonly synonyms?: readonly string[];
  readonly description?: string;
  readonly filter?: Expression;
  readonly masks?: readonly string[];
}

/** Makes a view over relations written in short. */
export function viewOf(...short: readonly ShortRelation[]): PrincipalView {
  const relations = new Map(
    short.map((each): [string, RelationObligation] => [foldName(each.name), obligationOf(each)]),
  );
  return {
    relations,
    isFunctionOpen: (_name, allowed) => allowed,
    claim: (name) => {
      throw new Error(`no claim ${name}`);
    },
    limits: { rows: 1000, timeoutMs: 5000, bytes: 1_000_000, joins: 8, depth: 8 },
    digest: 'test',
    policyVersion: 'sha256:test',
  };
}

function obligationOf(short: ShortRelation): RelationObligation {
  const parsed = short.columns.map((text) => {
    const [name = '', family = 'text', ...flags] = text.split(' ');
    const column: CatalogColumn = {
      name,
      family: family as ColumnFamily,
      declaredType: family === 'text' ? 'varchar(60)' : family,
      unsigned: false,
      nullable: true,
      generated: 'no',
      collation: null,
      characterSet: null,
    };
    const visible: VisibleColumn = {
      column,
      description: null,
      unit: flags.find((flag) => flag.startsWith('#'))?.slice(1) ?? null,
      shareValues: flags.includes('?'),
      mask: short.masks?.includes(name) ? { kind: 'null' } : null,
    };
    return { visible, key: flags.includes('*') };
  });
  const relation: CatalogRelation = {
    name: short.name,
    kind: 'table',
    columns: parsed.map(({ visible }) => visible.column),
    primaryKey: parsed.filter(({ key }) => key).map(({ visible }) => visible.column.name),
    indexes: [],
    foreignKeys: short.foreignKeys ?? [],
  };
  return {
    relation,
    description: short.description ?? null,
    synonyms: short.synonyms ?? [],
    columns: new Map(parsed.map(({ visible }) => [foldName(visible.column.name), visible])),
    filter: short.filter ?? null,
    filterSql: short.filter ? 'filter' : null,
    policies: short.filter ? [`${short.name}.rows.customer`] : [],
  };
}

const to = (column: string, relation: string, referenced = 'id'): ForeignKey => ({
  columns: [column],
  relation,
  referenced: [referenced],
});

/** A small shop: the tables that most tests ask about. `filtered` puts a claim's filter on orders and invoices. */
export function shopView(filtered = false): PrincipalView {
  const filter: Expression = {
    kind: 'binary',
    operator: '=',
    left: { kind: 'column', qualifier: ['b'], name: 'customer_number', at: -1 },
    right: { kind: 'parameter', origin: 'claim', name: 'customer_number', value: null },
  };
  const own = filtered ? { filter } : {};
  return viewOf(
    { name: 'branches', columns: ['id integer *', 'name text', 'city text ?'], synonyms: ['shops'] },
    {
      name: 'customers',
      columns: ['customer_number integer *', 'name text', 'email text', 'joined_on date', 'city text ?'],
      masks: ['email'],
      ...own,
    },
    { name: 'products', columns: ['id integer *', 'name text', 'category text ?', 'price decimal #KES'] },
    {
      name: 'orders',
      columns: [
        'id integer *',
        'customer_number integer',
        'branch_id integer',
        'ordered_at datetime',
        'shipped_on date',
        'status text ?',
        'total decimal #KES',
      ],
      foreignKeys: [to('customer_number', 'customers', 'customer_number'), to('branch_id', 'branches')],
      description: 'One row per order placed.',
      ...own,
    },
    {
      name: 'order_items',
      columns: ['order_id integer *', 'product_id integer *', 'quantity integer'],
      foreignKeys: [to('order_id', 'orders'), to('product_id', 'products')],
    },
    {
      name: 'payments',
      columns: ['id integer *', 'order_id integer', 'paid_at datetime', 'amount decimal #KES', 'method text ?'],
      foreignKeys: [to('order_id', 'orders')],
    },
    {
      name: 'invoices',
      columns: [
        'id integer *',
        'order_id integer',
        'issued_on date',
        'due_on date',
        'amount decimal #KES',
        'status text ?',
      ],
      foreignKeys: [to('order_id', 'orders')],
      ...own,
    },
  );
}

/** Figures over the small shop, as the policy would have compiled them. */
export function shopMetrics(dialect: Dialect): readonly CompiledMetric[] {
  const name = (text: string) => (dialect === 'sqlite' ? `"${text}"` : `\`${text}\``);
  const metric = (
    [called, ...synonyms]: readonly [string, ...string[]],
    relation: string,
    column: string,
    aggregate: MetricAggregate | null,
    wrap: (column: string) => string,
  ): CompiledMetric => ({
    name: called,
    relation,
    expression: wrap(column),
    sql: wrap(name(column)),
    qualifiedSql: wrap(`${name(relation)}.${name(column)}`),
    aggregate,
    columns: [column],
    unit: aggregate === 'COUNT' ? null : 'KES',
    description: null,
    synonyms,
  });
  return [
    metric(['revenue', 'turnover', 'sales'], 'payments', 'amount', 'SUM', (column) => `SUM(${column})`),
    metric(['units_sold'], 'order_items', 'quantity', 'SUM', (column) => `SUM(${column})`),
    metric(['average_order_value', 'average basket'], 'orders', 'total', 'AVG', (column) => `AVG(${column})`),
    metric(['baskets'], 'orders', 'id', 'COUNT', (column) => `COUNT(${column})`),
    metric(['spread'], 'orders', 'total', null, (column) => `MAX(${column}) - MIN(${column})`),
    metric(['gross takings', 'takings'], 'payments', 'amount', 'SUM', (column) => `SUM(${column})`),
    metric(['net takings', 'takings'], 'payments', 'amount', 'SUM', (column) => `SUM(${column}) * 0.84`),
  ];
}
