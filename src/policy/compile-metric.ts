import { foldName } from '../sql/fold-name.js';
import { functionRule } from '../sql/functions.js';
import type { Expression } from '../sql/nodes.js';
import { parseExpression } from '../sql/parser.js';
import { printExpression } from '../sql/printer.js';
import { rewriteExpression } from '../sql/rewrite.js';
import { visitExpression } from '../sql/visit.js';
import type { CompileContext, CompiledRelation } from './compiled-relation.js';
import { collectFault, type FaultPath, PolicyRefusal } from './policy-fault.js';
import type { MetricEntry } from './policy-file.js';
import { isMySqlFamily } from './predicate-context.js';

/** A figure that the data owner has defined: an aggregate over one relation. */
export interface CompiledMetric {
  readonly name: string;
  /** Catalog spelling. */
  readonly relation: string;
  /** As written, in the file's dialect. */
  readonly expression: string;
  /** In the source's dialect, names quoted: bare columns, for a FROM with this relation alone. */
  readonly sql: string;
  /** The same with every column qualified by the relation's name, for a FROM that joins others. */
  readonly qualifiedSql: string;
  /** What its outermost aggregate does, through COALESCE, IFNULL and ROUND; null for anything more, e.g. a ratio. */
  readonly aggregate: MetricAggregate | null;
  /** Columns that it reads, catalog spelling: it is shown only to those who see all of them unmasked. */
  readonly columns: readonly string[];
  readonly unit: string | null;
  readonly description: string | null;
  readonly synonyms: readonly string[];
}

/** Aggregates that a question may name beside a metric: "total revenue" of a SUM. */
export type MetricAggregate = 'SUM' | 'AVG' | 'COUNT' | 'MIN' | 'MAX';
const AGGREGATES: ReadonlySet<string> = new Set(['SUM', 'AVG', 'COUNT', 'MIN', 'MAX'] satisfies MetricAggregate[]);

/** Functions around an aggregate that leave it what it is. */
const WRAPPERS: ReadonlySet<string> = new Set(['COALESCE', 'IFNULL', 'ROUND']);

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
  const compiled = collectFault(faults, [...path, 'expression'], () => {
    if (/[\u0000-\u001f\u007f]/u.test(name)) throw new PolicyRefusal('the name of a metric has no control characters');
    const found = new Set<string>();
    let aggregates = 0;
    const parsed = parseExpression(entry.expression, file.dialect, { allowNamedParameters: false });
    visitExpression(parsed, {
      expression: (node) => {
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
      },
    });
    if (aggregates === 0) throw new PolicyRefusal('a metric is an aggregate, e.g. SUM(total)');
    const print = (qualifier: readonly string[]) => printMetric(parsed, qualifier, relation, context);
    return {
      columns: [...found],
      sql: print([]),
      qualifiedSql: print([relation.relation.name]),
      aggregate: aggregateOf(parsed),
    };
  });
  if (compiled === undefined) return null;
  return {
    name,
    relation: relation.relation.name,
    expression: entry.expression,
    ...compiled,
    unit: entry.unit ?? null,
    description: entry.description ?? null,
    synonyms: entry.synonyms ?? [],
  };
}

/** The metric as text that can stand in a statement on the source; it is read and sealed there like any other. */
function printMetric(
  parsed: Expression,
  qualifier: readonly string[],
  { columns }: CompiledRelation,
  { catalog }: CompileContext,
): string {
  const named = rewriteExpression(parsed, {
    expression: (node) => {
      if (node.kind !== 'column') return node;
      const found = columns.find((each) => foldName(each.column.name) === foldName(node.name));
      return { ...node, qualifier, name: found?.column.name ?? node.name };
    },
  });
  return printExpression(named, catalog.dialect, { strings: 'quoted' }).sql;
}

function aggregateOf(node: Expression): MetricAggregate | null {
  if (node.kind !== 'call') return null;
  if (WRAPPERS.has(node.name)) return node.arguments[0] ? aggregateOf(node.arguments[0]) : null;
  return AGGREGATES.has(node.name) ? (node.name as MetricAggregate) : null;
}
