import type { Catalog } from '../catalog/catalog.js';
import type { Principal } from '../domain/principal.js';
import { chooseEntry, nameStanding, STANDINGS, type Standing } from './audience.js';
import type { CompiledRelation } from './compiled-relation.js';
import type { Policy } from './policy.js';
import type { RelationObligation } from './view.js';

const HEADER = ['relation', 'who', 'rows', 'columns', 'hidden'] as const;
type Row = readonly [string, string, string, string, string];

/** Somebody of that standing whose allow-list holds every relation: what the policy itself opens. */
export function anyoneOf(standing: Standing, catalog: Catalog): Principal {
  return {
    ...standing,
    subject: `explain:${nameStanding(standing)}`,
    claims: new Map(),
    allowTables: standing.kind === 'employee' ? [...catalog.relations.keys()] : null,
    permissions: new Set(),
    tier: 'standard',
    tenant: null,
    session: null,
    lacksSecondFactor: false,
  };
}

function describeRows(compiled: CompiledRelation, standing: Standing): string {
  const chosen = chooseEntry(compiled.rows, standing)?.value ?? 'all';
  const rule = chosen === 'all' ? null : chosen.text;
  return [rule, compiled.tenant?.text ?? null].filter((text) => text !== null).join(' AND ') || 'all';
}

function describeColumns(compiled: CompiledRelation, obligation: RelationObligation): Pick<Row, 3 | 4> {
  const shown: string[] = [];
  const masks = new Map(compiled.columns.map((column) => [column.column.name, column.maskName]));
  for (const { column, mask } of obligation.columns.values())
    shown.push(mask ? `${column.name} (${masks.get(column.name)})` : column.name);
  const visible = new Set([...obligation.columns.values()].map(({ column }) => column.name));
  const hidden = compiled.relation.columns.filter((column) => !visible.has(column.name)).map((column) => column.name);
  return { 3: shown.join(', '), 4: hidden.join(', ') || '-' };
}

/** Joins neighbours of whom the same is said: `employee:viewer, employee:member`. */
function mergeRows(rows: readonly Row[]): readonly Row[] {
  const merged: Row[] = [];
  for (const row of rows) {
    const last = merged.at(-1);
    const same = last && [0, 2, 3, 4].every((index) => last[index] === row[index]);
    if (same) merged[merged.length - 1] = [last[0], `${last[1]}, ${row[1]}`, last[2], last[3], last[4]];
    else merged.push(row);
  }
  return merged;
}

function printTable(rows: readonly (readonly string[])[]): string {
  const widths = HEADER.map((_, index) => Math.max(...rows.map((row) => (row[index] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * Who may see what, as a text table: one line for each relation and standing, those of whom the same is said together.
 * Made from the views that the seal uses, not from the file, so it says what holds. Employees also need the relation in
 * their allow_tables_list.
 */
export function explainPolicy(policy: Policy, catalog: Catalog): string {
  const views = STANDINGS.map((standing) => ({ standing, view: policy.viewFor(anyoneOf(standing, catalog)) }));
  const rows = [...policy.relations].flatMap(([fold, compiled]) =>
    views.flatMap(({ standing, view }): Row[] => {
      const obligation = view.relations.get(fold);
      if (!obligation) return [];
      const columns = describeColumns(compiled, obligation);
      return [
        [compiled.relation.name, nameStanding(standing), describeRows(compiled, standing), columns[3], columns[4]],
      ];
    }),
  );
  const open = new Set(rows.map((row) => row[0]));
  const closed = [...catalog.relations.values()].map((relation) => relation.name).filter((name) => !open.has(name));
  const table = printTable([HEADER, ...mergeRows(rows)]);
  return closed.length > 0 ? `${table}\n\nclosed to everyone: ${closed.join(', ')}` : table;
}
