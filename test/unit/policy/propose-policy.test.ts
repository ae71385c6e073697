import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../src/catalog/build-catalog.js';
import { readPolicy } from '../../../src/policy/policy.js';
import { proposePolicy } from '../../../src/policy/propose-policy.js';
import { shopCatalog, someone } from './policy-fixtures.js';

describe('a proposed policy', () => {
  const dialects = ['mysql', 'mariadb', 'sqlite'] as const;

  it.each(dialects)('loads as it is on %s and opens nothing but to admins', (dialect) => {
    const catalog = shopCatalog(dialect);
    const policy = readPolicy(proposePolicy(catalog, 'shop'), 'shop.yaml', { source: 'shop', catalog });
    expect(policy.viewFor(someone('customer')).relations.size).toBe(0);
    expect(policy.viewFor(someone('employee', { role: 'admin-delegate' })).relations.size).toBe(0);
    const open = policy.viewFor(someone('admin')).relations;
    expect([...open.keys()].sort()).toEqual([
      'customers',
      'order_items',
      'order_totals',
      'orders',
      'products',
      'salaries',
    ]);
    expect([...open.values()].every((relation) => relation.filter === null)).toBe(true);
    expect(open.get('customers')?.columns.get('email')?.mask).not.toBeNull();
    expect(open.get('customers')?.columns.get('phone')?.mask).not.toBeNull();
    expect(open.get('orders')?.columns.has('doubled')).toBe(false);
  });

  it.each(dialects)('holds rules that show customers their own rows on %s once it is opened to them', (dialect) => {
    const catalog = shopCatalog(dialect);
    const text = proposePolicy(catalog, 'shop')
      .replace(/(rows: .*\n)/gu, '$1')
      .replaceAll(/open_to: \[admin\](\n.*# Holds once)/gu, 'open_to: [admin, customer]$1');
    const { relations } = readPolicy(text, 'shop.yaml', { source: 'shop', catalog }).viewFor(someone('customer'));
    expect([...relations.keys()].sort()).toEqual(['customers', 'order_items', 'orders']);
    for (const relation of relations.values()) expect(relation.filterSql).toContain('customer_number');
    expect(relations.get('order_items')?.filterSql).toContain('SELECT');
  });

  it('quotes names that are words of YAML or SQL', () => {
    const column = (name: string) => ({ ...shopCatalog().relations.get('orders')!.columns[0]!, name });
    const odd = { kind: 'table', primaryKey: [], indexes: [] } as const;
    const catalog = buildCatalog('mysql', '1', 'shop', [
      {
        ...odd,
        name: 'order',
        columns: ['key', 'customer_number', 'null', 'a: b', 'ümlaut'].map(column),
        foreignKeys: [],
      },
      {
        ...odd,
        name: 'group by',
        columns: ['select', 'x`y'].map(column),
        foreignKeys: [{ columns: ['select'], relation: 'order', referenced: ['key'] }],
      },
    ]);
    const text = proposePolicy(catalog, 'shop');
    const { relations } = readPolicy(text, 'shop.yaml', { source: 'shop', catalog }).viewFor(someone('admin'));
    expect([...(relations.get('order')?.columns.values() ?? [])].map((visible) => visible.column.name)).toEqual([
      'key',
      'customer_number',
      'null',
      'a: b',
      'ümlaut',
    ]);
    expect(text).toContain('"`select` IN (SELECT `key` FROM `order` WHERE customer_number = :customer_number)"');
  });

  it('closes what looks secret', () => {
    const text = proposePolicy(shopCatalog(), 'shop');
    expect(text).toContain('  password_resets:\n    secret: true');
    expect(text).not.toContain('token_digest');
  });
});
