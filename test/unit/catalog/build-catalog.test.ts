import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../src/catalog/build-catalog.js';
import type { CatalogRelation } from '../../../src/catalog/catalog.js';

const column = (name: string) => ({
  name,
  family: 'integer' as const,
  declaredType: 'int',
  unsigned: false,
  nullable: false,
  generated: 'no' as const,
  collation: null,
  characterSet: null,
});
const relation = (
  name: string,
  columns: readonly string[] = ['id'],
  over: Partial<CatalogRelation> = {},
): CatalogRelation => ({
  name,
  kind: 'table',
  columns: columns.map(column),
  primaryKey: [],
  indexes: [],
  foreignKeys: [],
  ...over,
});
const build = (...relations: readonly CatalogRelation[]) => buildCatalog('mysql', '9.7.4', 'shop', relations);

describe('a catalog', () => {
  it('is keyed by folded names and keeps the spelling', () => {
    const catalog = build(relation('Orders'), relation('Größen'));
    expect([...catalog.relations.keys()].sort()).toEqual(['großen', 'orders']);
    expect(catalog.relations.get('orders')?.name).toBe('Orders');
  });

  it.each([
    [[relation('orders'), relation('Orders')], 'Orders = orders'],
    [[relation('cafe'), relation('café')], 'cafe = café'],
    [[relation('t', ['id', 'ID'])], 't.ID = t.id'],
    [[relation('t', ['é', 'e', 'x'])], 't.e = t.é'],
  ])('is refused where names differ only in case or accents', (relations, detail) => {
    expect(() => build(...relations)).toThrow(expect.objectContaining({ code: 'CATALOG_NAMES_COLLIDE', detail }));
  });

  it('names every collision at once', () => {
    const make = () => build(relation('a'), relation('A'), relation('t', ['b', 'B']));
    expect(make).toThrow(expect.objectContaining({ detail: 'A = a; t.B = t.b' }));
  });

  it('has a version that does not depend on the order of reading', () => {
    const [a, b] = [relation('a'), relation('b')];
    expect(build(a, b).version).toBe(build(b, a).version);
    expect(build(a).version).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('has another version where anything differs that a statement could depend on', () => {
    const versions = [
      build(relation('a')),
      build(relation('a', ['id', 'x'])),
      build(relation('a', ['x', 'id'])),
      build(relation('a', ['id'], { primaryKey: ['id'] })),
      build(relation('a', ['id'], { kind: 'view' })),
      build(relation('a', ['id'], { indexes: [{ name: 'i', unique: true, columns: ['id'] }] })),
      buildCatalog('mysql', '9.7.5', 'shop', [relation('a')]),
      buildCatalog('mysql', '9.7.4', 'shop2', [relation('a')]),
      buildCatalog('mariadb', '9.7.4', 'shop', [relation('a')]),
    ].map((catalog) => catalog.version);
    expect(new Set(versions).size).toBe(versions.length);
  });
});
