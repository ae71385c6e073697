import { describe, expect, it } from 'vitest';
import type { ColumnReference, Expression } from '../../../src/sql/nodes.js';
import {
  emptyScope,
  expandStar,
  findCommonTable,
  lookUpColumn,
  type Scope,
  type ScopeColumn,
} from '../../../src/sql/scope.js';
import { codeOf } from '../../support/seal-steps.js';

const reference = (text: string): ColumnReference => {
  const parts = text.split('.');
  return { kind: 'column', qualifier: parts.slice(0, -1), name: parts.at(-1) as string, at: 0 };
};
const made = (name: string): Expression => ({ kind: 'output', name });
const column = (name: string, source: string, more: Partial<ScopeColumn> = {}): ScopeColumn => ({
  name,
  fold: name,
  refer: () => made(`${source}.${name}`),
  ...more,
});
const source = (name: string, columns: readonly ScopeColumn[], schema: string | null = null) => ({
  fold: name,
  schema,
  columns,
});
const scopeOf = (sources: readonly ReturnType<typeof source>[], more: Partial<Scope> = {}): Scope => ({
  ...emptyScope(null, null),
  sources,
  columns: sources.flatMap((entry) => entry.columns),
  ...more,
});
const found = (scope: Scope, text: string) => {
  const expression = lookUpColumn(scope, reference(text));
  return expression.kind === 'output' ? expression.name : expression.kind;
};

const a = source('a', [column('id', 'a'), column('x', 'a')], 'shop');
const b = source('b', [column('id', 'b'), column('y', 'b')]);

describe('a name is looked up', () => {
  it('at this level first, then in each outer one', () => {
    const inner = scopeOf([b], { parent: scopeOf([a]) });
    expect(found(inner, 'id')).toBe('b.id');
    expect(found(inner, 'x')).toBe('a.x');
    expect(found(inner, 'a.id')).toBe('a.id');
    expect(codeOf(() => found(inner, 'z'))).toBe('SEAL_COLUMN_UNKNOWN');
  });

  it('and is ambiguous where two sources of a level have it, though an outer one has it too', () => {
    expect(codeOf(() => found(scopeOf([a, b], { parent: scopeOf([a]) }), 'id'))).toBe('SEAL_COLUMN_AMBIGUOUS');
    expect(found(scopeOf([a, b]), 'b.id')).toBe('b.id');
  });

  it('by folded case and accents', () => {
    expect(found(scopeOf([a]), 'ID')).toBe('a.id');
    expect(found(scopeOf([a]), 'A.íd')).toBe('a.id');
  });

  it('under its schema only where the source is of that schema', () => {
    expect(found(scopeOf([a]), 'shop.a.id')).toBe('a.id');
    expect(codeOf(() => found(scopeOf([a]), 'other.a.id'))).toBe('SEAL_COLUMN_UNKNOWN');
    expect(codeOf(() => found(scopeOf([b]), 'shop.b.id'))).toBe('SEAL_COLUMN_UNKNOWN');
  });
});

describe('output names', () => {
  const output = (name: string, aliased: boolean, meaning: string) => ({
    fold: name,
    aliased,
    refer: () => made(`out.${name}`),
    expression: made(meaning),
  });

  it('come first, last or not at all', () => {
    const outputs = [output('x', true, 'e')];
    expect(found(scopeOf([a], { outputs, outputNames: 'first' }), 'x')).toBe('out.x');
    expect(found(scopeOf([a], { outputs, outputNames: 'last' }), 'x')).toBe('a.x');
    expect(found(scopeOf([b], { outputs, outputNames: 'last' }), 'x')).toBe('out.x');
    expect(codeOf(() => found(scopeOf([b], { outputs }), 'x'))).toBe('SEAL_COLUMN_UNKNOWN');
    expect(found(scopeOf([a], { outputs, outputNames: 'first' }), 'a.x')).toBe('a.x');
  });

  it('are ambiguous where two of one name mean different things', () => {
    const scope = (...outputs: ReturnType<typeof output>[]) => scopeOf([b], { outputs, outputNames: 'first' });
    expect(codeOf(() => found(scope(output('k', true, 'e'), output('k', true, 'f')), 'k'))).toBe(
      'SEAL_COLUMN_AMBIGUOUS',
    );
    expect(found(scope(output('k', true, 'e'), output('k', true, 'e')), 'k')).toBe('out.k');
    expect(found(scope(output('k', false, 'e'), output('k', true, 'f')), 'k')).toBe('out.k');
  });

  it('settle a name that fits several sources', () => {
    const outputs = [output('id', false, 'a.id')];
    expect(found(scopeOf([a, b], { outputs, outputNames: 'last' }), 'id')).toBe('out.id');
  });
});

describe('a star', () => {
  const names = (scope: Scope, ...qualifier: string[]) =>
    expandStar(scope, qualifier, 0).map((entry) => (entry.refer() as { name: string }).name);

  it('gives the columns in order, implicit ones left out', () => {
    const rowed = source('r', [column('id', 'r'), column('rowid', 'r', { implicit: true })]);
    expect(names(scopeOf([rowed, b]))).toEqual(['r.id', 'b.id', 'b.y']);
    expect(names(scopeOf([rowed, b]), 'r')).toEqual(['r.id']);
    expect(found(scopeOf([rowed]), 'rowid')).toBe('r.rowid');
  });

  it('of one source may show merged columns, where its name does not', () => {
    const merged = source('m', [column('id', 'm', { referByStar: () => made('merged') })]);
    expect(names(scopeOf([merged]), 'm')).toEqual(['merged']);
    expect(found(scopeOf([merged]), 'm.id')).toBe('m.id');
  });

  it('is refused without FROM, and for a source that is not of this level', () => {
    expect(codeOf(() => names(scopeOf([])))).toBe('SEAL_SHAPE');
    expect(codeOf(() => names(scopeOf([b], { parent: scopeOf([a]) }), 'a'))).toBe('SEAL_COLUMN_UNKNOWN');
    expect(codeOf(() => names(scopeOf([a]), 'other', 'a'))).toBe('SEAL_COLUMN_UNKNOWN');
  });
});

it('the innermost common table of a name is meant', () => {
  const entry = (name: string) => ({ fold: 't', name, columns: [] });
  const outer = { entries: [entry('outer')], outer: null };
  expect(findCommonTable({ entries: [entry('inner')], outer }, 'T')?.name).toBe('inner');
  expect(findCommonTable({ entries: [], outer }, 'T')?.name).toBe('outer');
  expect(findCommonTable(outer, 'u')).toBeUndefined();
  expect(findCommonTable(null, 't')).toBeUndefined();
});
