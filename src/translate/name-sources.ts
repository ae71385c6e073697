import type { PrincipalView } from '../policy/view.js';
import { foldName } from '../sql/fold-name.js';
import type { Query, QueryBody, Select, TableExpression } from '../sql/nodes.js';
import { visitQuery } from '../sql/visit.js';

/** What stands in a FROM of a statement, by the word that qualifies its columns. */
export interface NameSource {
  /** The alias, or the name where there is none. */
  readonly label: string;
  /** Columns as the principal sees them, or as the statement itself names them. */
  readonly columns: readonly string[];
}

/** The names that a statement may say, whatever level it says them at. */
export interface StatementNames {
  readonly sources: readonly NameSource[];
  /** Names that WITH gives. */
  readonly commonTables: readonly string[];
  /** Names in FROM, as written, that are neither open to the principal nor given by WITH. */
  readonly unknownRelations: readonly string[];
}

/**
 * Finds what a statement reads from. Nothing is said of a relation that the view does not hold but that it is unknown.
 *
 * @remarks Levels are not told apart: good enough to propose names, and not to decide anything.
 */
export function findStatementNames(query: Query, view: PrincipalView): StatementNames {
  const common = new Map<string, { readonly name: string; readonly columns: readonly string[] }>();
  visitQuery(query, {
    query: (node) => {
      for (const { name, columns, query: inner } of node.with?.tables ?? [])
        common.set(foldName(name), { name, columns: columns ?? outputNames(inner.body, view) });
    },
  });
  const sources: NameSource[] = [];
  const unknown: string[] = [];
  visitQuery(query, {
    table: (node) => {
      if (node.kind === 'derived' && node.alias !== null)
        sources.push({ label: node.alias, columns: node.columns ?? outputNames(node.query.body, view) });
      if (node.kind !== 'relation') return;
      const label = node.alias ?? node.name;
      const given = node.schema === null ? common.get(foldName(node.name)) : undefined;
      const columns = given?.columns ?? columnsOf(view, node.name);
      if (columns) sources.push({ label, columns });
      // A name behind a schema may be open by itself: then it is the schema that is too much.
      if (!columns || (node.schema !== null && !given)) unknown.push(node.name);
    },
  });
  return { sources, commonTables: [...common.values()].map(({ name }) => name), unknownRelations: unknown };
}

function columnsOf(view: PrincipalView, relation: string): readonly string[] | undefined {
  const obligation = view.relations.get(foldName(relation));
  return obligation && [...obligation.columns.values()].map(({ column }) => column.name);
}

/** Output names of a query as far as they can be read off it. */
function outputNames(body: QueryBody, view: PrincipalView): readonly string[] {
  switch (body.kind) {
    case 'select':
      return body.items.flatMap((item) => {
        if (item.kind === 'star') return relationsOf(body).flatMap((name) => columnsOf(view, name) ?? []);
        return item.alias ?? (item.expression.kind === 'column' ? item.expression.name : []);
      });
    case 'query':
      return outputNames(body.body, view);
    case 'set-operation':
      return outputNames(body.left, view);
    case 'values':
      return [];
  }
}

function relationsOf({ from }: Select): readonly string[] {
  const names = (table: TableExpression): readonly string[] => {
    if (table.kind === 'join') return [...names(table.left), ...names(table.right)];
    return table.kind === 'relation' ? [table.name] : [];
  };
  return from.flatMap(names);
}
