import { foldName } from '../sql/fold-name.js';
import { functionRule } from '../sql/functions.js';
import { parseExpression } from '../sql/parser.js';
import { visitExpression } from '../sql/rewrite.js';
import type { CompileContext, CompiledRelation } from './compiled-relation.js';
import { collectFault, type FaultPath, PolicyRefusal } from './policy-fault.js';
import type { MetricEntry } from './policy-file.js';
import { isMySqlFamily } from './predicate-context.js';

/** A figure that the data owner has defined: an aggregate over one relation. */
export interface CompiledMetric {
  readonly name: string;
  /** Catalog spelling. */
  readonly relation: string;
  /** As written; its words mean the same in the source's dialect. */
  readonly expression: string;
  /** Columns that it reads, catalog spelling: it is shown only to those who see all of them unmasked. */
  readonly columns: readonly string[];
  readonly unit: string | null;
  readonly description: string | null;
  readonly synonyms: readonly string[];
}

/** Constructs of a metric that both MySQL and SQLite read alike. */
const PORTABLE: ReadonlySet<string> = new Set([
  'number',
  'string',
  'null',
  'column',
  'binary',
  'unary',
  'is',
  'between',
  'in-list',
  'case',
  'call',
]);
const PORTABLE_OPERATORS: ReadonlySet<string> = new Set(['OR', 'AND', '=', '<>', '<', '<=', '>', '>=', '+', '-', '*']);
const PORTABLE_CALLS: ReadonlySet<string> = new Set([
  'SUM',
  'AVG',
  'COUNT',
  'MIN',
  'MAX',
  'COALESCE',
  'IFNULL',
  'NULLIF',
  'ROUND',
  'ABS',
]);

/**
 * Compiles one metric against the relation that it is over.
 *
 * @returns null where there is a fault
 */
export function compileMetric(
  name: string,
  entry: MetricEntry,
  relations: ReadonlyMap<string, CompiledRelation>,
  context: CompileContext,
): CompiledMetric | null {
  const path: FaultPath = ['metrics', name];
  const { catalog, file, faults } = context;
  const relation = relations.get(foldName(entry.relation));
  if (!relation) {
    faults.at([...path, 'relation'], `this policy opens no relation ${entry.relation}`);
    return null;
  }
  const crosses = isMySqlFamily(catalog.dialect) !== isMySqlFamily(file.dialect);
  const columns = collectFault(faults, [...path, 'expression'], () => {
    const found = new Set<string>();
    let aggregates = 0;
    visitExpression(parseExpression(entry.expression, file.dialect, { allowNamedParameters: false }), (node) => {
      if (
        node.kind === 'in-query' ||
        node.kind === 'exists' ||
        node.kind === 'scalar-query' ||
        node.kind === 'quantified'
      )
        throw new PolicyRefusal('a metric has no subquery');
      const portable =
        PORTABLE.has(node.kind) &&
        (node.kind !== 'binary' || PORTABLE_OPERATORS.has(node.operator)) &&
        (node.kind !== 'call' || PORTABLE_CALLS.has(node.name));
      if (crosses && !portable)
        throw new PolicyRefusal(
          `the metric holds what ${catalog.dialect} may read otherwise than ${file.dialect}; write it without`,
        );
      if (node.kind === 'call') {
        const rule = functionRule(catalog.dialect, node.name);
        if (!rule) throw new PolicyRefusal(`the function ${node.name} is not open on ${catalog.dialect}`);
        if (node.over) throw new PolicyRefusal('a metric has no window function');
        if (rule.kind !== 'scalar') aggregates += 1;
      }
      if (node.kind !== 'column') return;
      const column = relation.columns.find((each) => foldName(each.column.name) === foldName(node.name));
      if (!column || node.qualifier.length > 0)
        throw new PolicyRefusal(`the policy lists no column ${node.name} of ${relation.relation.name}`);
      found.add(column.column.name);
    });
    if (aggregates === 0) throw new PolicyRefusal('a metric is an aggregate, e.g. SUM(total)');
    return [...found];
  });
  if (columns === undefined) return null;
  return {
    name,
    relation: relation.relation.name,
    expression: entry.expression,
    columns,
    unit: entry.unit ?? null,
    description: entry.description ?? null,
    synonyms: entry.synonyms ?? [],
  };
}
