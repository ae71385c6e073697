import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../src/catalog/build-catalog.js';
import type { CatalogColumn, CatalogRelation, ColumnFamily, ForeignKey } from '../../../src/catalog/catalog.js';
import { readPolicy } from '../../../src/policy/policy.js';
import { proposePolicy } from '../../../src/policy/propose-policy.js';
import { shopCatalog, someone } from './policy-fixtures.js';

const PROPOSED = String.raw`  accounts:
    open_to: [admin]
    # Holds once customer stands in open_to: customers then see their own rows.
    rows: { customer: "Client_Id = :client_id" }
    columns:
      id: {}
      Client_Id: {}
      email: { mask: email }
      mobile: { mask: { last: 4 } }
      card_no: { mask: { last: 4 } }
      phone_at: {}

  far:
    open_to: [admin]
    # Holds once customer stands in open_to: customers then see their own rows.
    rows: { customer: "account IN (SELECT id FROM accounts WHERE Client_Id = :client_id)" }
    columns:
      id: {}
      part: {}
      account: {}

  floats:
    open_to: [admin]
    columns:
      client_id: {}

  keys:
    secret: true

  notes:
    open_to: [admin]
    columns:
      id: {}
      client_id: {}
      email_count: {}
      body: {}

  "on":
    open_to: [admin]
    columns:
      "y": {}
      "say \"no\"": {}
      select: {}

  pairs:
    open_to: [admin]
    columns:
      a: {}
      b: {}

  parts:
    open_to: [admin]
    # Holds once customer stands in open_to: customers then see their own rows.
    rows: { customer: "\"account id\" IN (SELECT id FROM accounts WHERE Client_Id = :client_id)" }
    columns:
      id: {}
      "account id": {}
      # total is left out: it is computed when read, also on rows that the rule hides

  seen:
    open_to: [admin]
    columns:
      client_id: {}

  trees:
    open_to: [admin]
    columns:
      id: {}
      parent: {}
`;

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

  it('writes rules, masks and closings by what columns are, not by their names alone', () => {
    const like = (family: ColumnFamily, generated: CatalogColumn['generated'] = 'no') => ({ family, generated });
    const make = (
      name: string,
      columns: Readonly<Record<string, Partial<CatalogColumn>>>,
      foreignKeys: readonly ForeignKey[] = [],
      kind: CatalogRelation['kind'] = 'table',
    ): CatalogRelation => ({
      name,
      kind,
      columns: Object.entries(columns).map(([key, more]) => ({
        name: key,
        declaredType: 'int',
        unsigned: false,
        nullable: true,
        collation: null,
        characterSet: null,
        family: 'integer',
        generated: 'no',
        ...more,
      })),
      primaryKey: [],
      indexes: [],
      foreignKeys,
    });
    const key = (column: string, relation: string, referenced = 'id'): ForeignKey => ({
      columns: [column],
      relation,
      referenced: [referenced],
    });
    const catalog = buildCatalog('sqlite', '1', 'main', [
      make('accounts', {
        id: {},
        Client_Id: {},
        email: like('text'),
        mobile: {},
        card_no: like('text'),
        phone_at: like('date'),
      }),
      make('notes', { id: {}, client_id: like('integer', 'virtual'), email_count: {}, body: like('text') }),
      make('floats', { client_id: like('float') }),
      make('parts', { id: {}, 'account id': {}, total: like('decimal', 'virtual') }, [key('account id', 'accounts')]),
      make('far', { id: {}, part: {}, account: {} }, [
        key('part', 'parts'),
        key('account', 'accounts'),
        key('id', 'gone'),
      ]),
      make('trees', { id: {}, parent: {} }, [key('parent', 'trees')]),
      make('pairs', { a: {}, b: {} }, [{ columns: ['a', 'b'], relation: 'accounts', referenced: ['id', 'Client_Id'] }]),
      make('seen', { client_id: {} }, [], 'view'),
      make('keys', { pin: {}, api_key: {} }),
      make('on', { y: {}, 'say "no"': {}, select: {} }),
    ]);
    expect(proposePolicy(catalog, 'my-shop').split('relations:\n')[1]).toBe(PROPOSED);
  });
});
