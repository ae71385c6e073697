import type { OutputColumn } from '../domain/sealed-statement.js';
import type { PrincipalView, VisibleColumn } from '../policy/view.js';
import type { BoundStatement } from '../sql/bind.js';
import { foldName } from '../sql/fold-name.js';
import type { Expression } from '../sql/nodes.js';
import { visitExpression } from '../sql/rewrite.js';

/** Aggregates whose result has the unit of their argument. */
const UNIT_KEEPING: ReadonlySet<string> = new Set(['SUM', 'AVG', 'MIN', 'MAX', 'TOTAL']);

/** Columns of the policy that went into our column `name`, through derived tables, set operations and common tables. */
function originsOf(name: string, statement: BoundStatement, view: PrincipalView, seen: Set<string>): VisibleColumn[] {
  if (seen.has(name)) return [];
  seen.add(name);
  const definition = statement.definitions.get(name);
  if (!definition) return [];
  if (definition.kind === 'base') {
    const visible = view.relations.get(foldName(definition.relation))?.columns.get(foldName(definition.column));
    return visible ? [visible] : [];
  }
  return definition.expressions.flatMap((expression) => originsOfExpression(expression, statement, view, seen));
}

function originsOfExpression(
  expression: Expression,
  statement: BoundStatement,
  view: PrincipalView,
  seen: Set<string>,
): VisibleColumn[] {
  const origins: VisibleColumn[] = [];
  visitExpression(expression, (node) => {
    if (node.kind === 'column' || node.kind === 'output') origins.push(...originsOf(node.name, statement, view, seen));
  });
  return origins;
}

function unitOf(expression: Expression | undefined, statement: BoundStatement, view: PrincipalView): string | null {
  if (!expression) return null;
  if (expression.kind === 'call' && UNIT_KEEPING.has(expression.name))
    return unitOf(expression.arguments[0], statement, view);
  if (expression.kind !== 'column') return null;
  const definition = statement.definitions.get(expression.name);
  if (definition?.kind === 'output') {
    const [first, ...rest] = definition.expressions.map((part) => unitOf(part, statement, view));
    return rest.every((unit) => unit === first) ? (first ?? null) : null;
  }
  return originsOf(expression.name, statement, view, new Set())[0]?.unit ?? null;
}

/**
 * The result's columns as the caller will see them. Names by this rule: the alias as written; else, for a plain column, its
 * name as written (by `*`: the catalog's); else the text of the expression, white space folded.
 */
export function describeOutputs(statement: BoundStatement, view: PrincipalView): OutputColumn[] {
  return statement.outputs.map(({ name, column }) => {
    const definition = statement.definitions.get(column);
    const expressions = definition?.kind === 'output' ? definition.expressions : [];
    const units = expressions.map((expression) => unitOf(expression, statement, view));
    return {
      name,
      unit: units.every((unit) => unit === units[0]) ? (units[0] ?? null) : null,
      masked: originsOf(column, statement, view, new Set()).some((visible) => visible.mask !== null),
    };
  });
}
