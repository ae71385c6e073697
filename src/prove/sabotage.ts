import type { Catalog } from '../catalog/catalog.js';
import type { Principal } from '../domain/principal.js';
import type { BoundParameter, SealedStatement } from '../domain/sealed-statement.js';
import type { PrincipalView } from '../policy/view.js';
import { BASE_ALIAS } from '../policy/view.js';
import { cap } from '../seal/cap.js';
import { enclose } from '../seal/enclose.js';
import { fence, innerPart, splitConjuncts } from '../seal/fence.js';
import { bindLiterals, traceColumns } from '../seal/literals.js';
import { orderRowsOf } from '../seal/order.js';
import { describeOutputs } from '../seal/outputs.js';
import { resolve } from '../seal/resolve.js';
import type { Enclosure, Expression, ExpressionKind, Query, Select, TableExpression } from '../sql/nodes.js';
import { parseQuery } from '../sql/parser.js';
import { printQuery } from '../sql/printer.js';
import { rewriteExpression, rewriteQuery } from '../sql/rewrite.js';

/** What a spoiled seal made. It proves nothing, has no brand, and goes to the harness's own databases past the stage that runs statements. */
export type SpoiledStatement = Pick<
  SealedStatement,
  'dialect' | 'sql' | 'parameters' | 'columns' | 'limits' | 'filtered' | 'kind'
> & { readonly spoiled: true };

/** Breaks a tree whose relations are enclosed and not yet fenced by copies. */
export type Spoiler = (enclosed: Query, view: PrincipalView) => Query;

function mapEnclosures(query: Query, change: (node: Enclosure) => Enclosure): Query {
  return rewriteQuery(query, { table: (node) => (node.kind === 'enclosure' ? change(node) : node) });
}

/** What no condition that moves may hold: a query of its own, or the name of an output. */
const IMMOVABLE: ReadonlySet<ExpressionKind> = new Set(['scalar-query', 'exists', 'in-query', 'quantified', 'output']);

/** The conjunct over an enclosure's inner columns, where it names no other source and holds no query; else null. */
function moveInside(conjunct: Expression, enclosure: Enclosure): Expression | null {
  const shown = new Map(enclosure.columns.map((column) => [column.name, column.expression]));
  let [fits, names] = [true, 0];
  const moved = rewriteExpression(conjunct, {
    expression: (node) => {
      if (IMMOVABLE.has(node.kind)) fits = false;
      if (node.kind !== 'column') return node;
      const inner = node.qualifier[0] === enclosure.alias ? shown.get(node.name) : undefined;
      fits &&= inner !== undefined;
      names += 1;
      return inner ?? node;
    },
  });
  return fits && names > 0 ? moved : null;
}

/** Copies whatever condition of a WHERE or inner ON stands over one enclosure inside its fence, ranges and all, and trusts the row filter to run first. */
function copyRanges(select: Select): Select {
  const { enclosures, conditions } = innerPart(select.from);
  const conjuncts = [select.where, ...conditions].flatMap(splitConjuncts);
  const known = new Set(enclosures);
  const change = (table: TableExpression): TableExpression => {
    if (table.kind === 'join') return { ...table, left: change(table.left), right: change(table.right) };
    if (table.kind !== 'enclosure' || !known.has(table) || table.filter === null) return table;
    const copied = conjuncts.flatMap((conjunct) => moveInside(conjunct, table) ?? []);
    // In front of the row filter: servers choose the order themselves, SQLite mostly keeps the written one.
    const filter = copied.reduceRight<Expression>(
      (right, left) => ({ kind: 'binary', operator: 'AND', left, right }),
      table.filter,
    );
    return { ...table, filter };
  };
  return { ...select, from: select.from.map(change) };
}

/** Moves row filters from the enclosures of a select into its WHERE. */
function filterInWhere(select: Select): Select {
  const filters: Expression[] = [];
  const change = (table: TableExpression): TableExpression => {
    if (table.kind === 'join') return { ...table, left: change(table.left), right: change(table.right) };
    if (table.kind !== 'enclosure' || table.filter === null) return table;
    const added = new Map<string, string>();
    const filter = rewriteExpression(table.filter, {
      expression: (node) => {
        if (node.kind !== 'column' || node.qualifier[0] !== BASE_ALIAS) return node;
        const name = added.get(node.name) ?? `f${added.size + 1}`;
        added.set(node.name, name);
        return { ...node, qualifier: [table.alias], name };
      },
    });
    filters.push(filter);
    const columns = [...added].map(([name, shown]) => ({
      name: shown,
      expression: { kind: 'column', qualifier: [BASE_ALIAS], name, at: -1 } as const,
    }));
    return { ...table, columns: [...table.columns, ...columns], filter: null, fenced: false };
  };
  const from = select.from.map(change);
  const where = [select.where, ...filters]
    .filter((part) => part !== null)
    .reduce<Expression | null>(
      (left, right) => (left ? { kind: 'binary', operator: 'AND', left, right } : right),
      null,
    );
  return { ...select, from, where };
}

/** What is left out or done wrongly, by the name of the sabotage. */
export const spoilers: Readonly<Record<'no-fence' | 'copied-range' | 'where-filter', Spoiler>> = {
  'no-fence': (enclosed, view) => mapEnclosures(fence(enclosed, view), (node) => ({ ...node, fenced: false })),
  'copied-range': (enclosed, view) => rewriteQuery(fence(enclosed, view), { select: copyRanges }),
  'where-filter': (enclosed) => rewriteQuery(enclosed, { select: filterInWhere }),
};

/**
 * Seals a text with one step spoiled, and without the checks of the printed text, which would refuse it.
 *
 * @returns what would run; for the harness alone
 */
export function sealWithoutCare(
  sql: string,
  principal: Principal,
  view: PrincipalView,
  catalog: Catalog,
  spoil: Spoiler,
): SpoiledStatement {
  const { dialect } = catalog;
  const statement = resolve(parseQuery(sql, dialect), view, catalog, new Set());
  const trace = traceColumns(statement.definitions, view);
  const spoiled = spoil(enclose(statement, view), view);
  const ordered = orderRowsOf(bindLiterals(spoiled, dialect, trace), statement, view, dialect, trace);
  const printed = printQuery(cap(ordered, view.limits.rows), dialect);
  const parameters = printed.parameters.map(
    ({ origin, name, value }): BoundParameter =>
      origin === 'claim'
        ? { origin, name, value: view.claim(name as string) }
        : { origin: 'literal', name: null, value },
  );
  return {
    spoiled: true,
    dialect,
    sql: printed.sql,
    parameters,
    columns: describeOutputs(statement, view, true),
    limits: { rows: view.limits.rows, timeoutMs: view.limits.timeoutMs, bytes: view.limits.bytes },
    filtered: true,
    kind: principal.kind,
  };
}
