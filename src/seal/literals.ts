import type { CatalogColumn } from '../catalog/catalog.js';
import type { Dialect } from '../domain/dialect.js';
import type { PrincipalView } from '../policy/view.js';
import type { Definition } from '../sql/binder.js';
import { foldName } from '../sql/fold-name.js';
import type { Expression, Query } from '../sql/nodes.js';
import { rewriteQuery } from '../sql/rewrite.js';

/** Finds the catalog column behind one of our column names, through derived tables and plain outputs. */
export type ColumnTrace = (expression: Expression) => CatalogColumn | null;

/** Makes a {@link ColumnTrace} over the definitions of a bound statement; masks end a trace. */
export function traceColumns(definitions: ReadonlyMap<string, Definition>, view: PrincipalView): ColumnTrace {
  const known = new Map<string, CatalogColumn | null>();
  const trace: ColumnTrace = (expression) => {
    if (expression.kind !== 'column' && expression.kind !== 'output') return null;
    // Inside an enclosure names are the catalog's; a column there may be called like one of ours.
    if (expression.kind === 'column' && !/^t\d+$/.test(expression.qualifier[0] ?? '')) return null;
    const { name } = expression;
    const before = known.get(name);
    if (before !== undefined) return before;
    // A recursive table's column leads back to itself.
    known.set(name, null);
    const found = look(name);
    known.set(name, found);
    return found;
  };
  const look = (name: string): CatalogColumn | null => {
    const definition = definitions.get(name);
    if (!definition) return null;
    if (definition.kind === 'output')
      return definition.expressions.length === 1 ? trace(definition.expressions[0] as Expression) : null;
    const visible = view.relations.get(foldName(definition.relation))?.columns.get(foldName(definition.column));
    return visible && !visible.mask ? visible.column : null;
  };
  return trace;
}

function bindString(expression: Expression): Expression {
  return expression.kind === 'string'
    ? { kind: 'parameter', origin: 'literal', name: null, value: expression.value }
    : expression;
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=', '<=>']);

/**
 * Sends strings that are compared with a character column apart from the text, as parameters. On the MySQL family this is
 * the only place where a parameter keeps every value and type as it was; other strings are printed as hexadecimal. On
 * SQLite the printer binds every string.
 */
export function bindLiterals(query: Query, dialect: Dialect, trace: ColumnTrace): Query {
  if (dialect === 'sqlite') return query;
  const isText = (expression: Expression) => trace(expression)?.family === 'text';
  return rewriteQuery(query, {
    expression: (node) => {
      if (node.kind === 'binary' && COMPARISONS.has(node.operator)) {
        if (isText(node.left)) return { ...node, right: bindString(node.right) };
        return isText(node.right) ? { ...node, left: bindString(node.left) } : node;
      }
      if (node.kind === 'in-list' && isText(node.operand)) return { ...node, items: node.items.map(bindString) };
      if (node.kind === 'between' && isText(node.operand))
        return { ...node, low: bindString(node.low), high: bindString(node.high) };
      return node;
    },
  });
}
