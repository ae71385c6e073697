import { describe, expect, it } from 'vitest';
import type { RelationObligation } from '../../../src/policy/view.js';
import { readParentRule } from '../../../src/seal/parent-rule.js';
import type { Expression, Query, Select, TableExpression } from '../../../src/sql/nodes.js';
import { makeCatalog, makeRelation, makeView, type RelationRules } from '../../support/hand-made-catalog.js';

const catalog = makeCatalog('mysql', [
  makeRelation('mysql', 'orders', { id: 'int', owner: 'int', status: 'varchar(20)' }),
  makeRelation('mysql', 'items', { id: 'int', order_id: 'int', owner: 'int' }),
]);
const OWN = 'owner = :owner';
const IN_ORDERS = 'order_id IN (SELECT id FROM orders WHERE owner = :owner)';

function viewOf(items: string | undefined, orders: RelationRules = { rows: OWN }) {
  const rule = items === undefined ? {} : { items: { rows: items } };
  return makeView(catalog, { orders, ...rule }, { owner: 1 });
}

function read(items: string | undefined, orders?: RelationRules) {
  const view = viewOf(items, orders);
  return readParentRule(view.relations.get('items') as RelationObligation, view);
}

describe('a rule that says that the parent’s row is one’s own', () => {
  it('is read, whatever names the parent has in it', () => {
    const rule = { column: 'order_id', relation: 'orders', key: 'id' };
    expect(read(IN_ORDERS)).toEqual(rule);
    expect(read('order_id IN (SELECT o.id FROM orders AS o WHERE o.owner = :owner)')).toEqual(rule);
    expect(read('id IN (SELECT owner FROM orders WHERE owner = :owner)')).toEqual({
      column: 'id',
      relation: 'orders',
      key: 'owner',
    });
  });

  it.each([
    [undefined],
    [OWN],
    [`${IN_ORDERS} AND owner = :owner`],
    ['order_id NOT IN (SELECT id FROM orders WHERE owner = :owner)'],
    ['order_id IN (SELECT id FROM orders)'],
    ["order_id IN (SELECT id FROM orders WHERE owner = :owner AND status = 'x')"],
    ['order_id IN (SELECT id FROM orders WHERE owner = :other)'],
    ['order_id IN (SELECT id FROM orders WHERE id = :owner)'],
    ['EXISTS (SELECT 1 FROM orders WHERE owner = :owner)'],
    // The rule of the parent’s over the child’s own column.
    ['order_id IN (SELECT o.id FROM orders o WHERE items.owner = :owner)'],
    ['order_id IN (SELECT i.id FROM items i WHERE i.owner = :owner)'],
  ])('%s is none', (rule) => {
    expect(read(rule)).toBeNull();
  });

  it('is none where the parent is closed or open as a whole', () => {
    expect(read(IN_ORDERS, { closed: true })).toBeNull();
    expect(read(IN_ORDERS, {})).toBeNull();
  });
});

describe('a rule of a form that the policy does not take', () => {
  const view = viewOf(IN_ORDERS);
  const items = view.relations.get('items') as RelationObligation;
  const filter = items.filter as Extract<Expression, { readonly kind: 'in-query' }>;
  const { query } = filter;
  const select = query.body as Select;
  const [table] = select.from as readonly [Extract<TableExpression, { readonly kind: 'relation' }>];
  const [item] = select.items as readonly [Select['items'][number]];
  const column = filter.operand as Extract<Expression, { readonly kind: 'column' }>;
  const withFilter = (changed: Expression) => readParentRule({ ...items, filter: changed }, view);
  const withQuery = (changed: Partial<Query>) => withFilter({ ...filter, query: { ...query, ...changed } });
  const withSelect = (changed: Partial<Select>) => withQuery({ body: { ...select, ...changed } });

  it('is taken apart as it is put together here', () => {
    expect(withSelect({})).toEqual({ column: 'order_id', relation: 'orders', key: 'id' });
  });

  it.each<[string, () => unknown]>([
    [
      'WITH',
      () =>
        withQuery({ with: { recursive: false, tables: [{ name: 'x', columns: null, materialized: null, query }] } }),
    ],
    ['LIMIT', () => withQuery({ limit: { count: { kind: 'integer', value: 1n }, offset: null } })],
    ['ORDER BY', () => withQuery({ orderBy: [{ expression: column, direction: 'ASC', nulls: null }] })],
    [
      'UNION',
      () => withQuery({ body: { kind: 'set-operation', operator: 'UNION', all: true, left: select, right: select } }),
    ],
    ['GROUP BY', () => withSelect({ groupBy: [column] })],
    ['HAVING', () => withSelect({ having: { kind: 'boolean', value: true } })],
    ['a second table', () => withSelect({ from: [table, { ...table, alias: 'p2' }] })],
    ['no table', () => withSelect({ from: [] })],
    [
      'a derived table',
      () =>
        withSelect({ from: [{ kind: 'derived', query, alias: table.alias as string, columns: null, lateral: false }] }),
    ],
    ['a second item', () => withSelect({ items: [item, item] })],
    [
      'a constant item',
      () => withSelect({ items: [{ kind: 'expression', expression: { kind: 'null' }, alias: null, text: '' }] }),
    ],
    [
      'an item of the child’s',
      () =>
        withSelect({ items: [{ kind: 'expression', expression: { ...column, name: 'id' }, alias: null, text: '' }] }),
    ],
    ['no WHERE', () => withSelect({ where: null })],
    ['a parent of another database', () => withSelect({ from: [{ ...table, schema: 'elsewhere' }] })],
    ['a parent without a name', () => withSelect({ from: [{ ...table, alias: null }] })],
    ['a constant operand', () => withFilter({ ...filter, operand: { kind: 'null' } })],
    [
      'an operand of the parent’s',
      () => withFilter({ ...filter, operand: { ...column, qualifier: [table.alias as string] } }),
    ],
    ['NOT IN', () => withFilter({ ...filter, negated: true })],
  ])('%s: is none', (_what, reading) => {
    expect(reading()).toBeNull();
  });
});
