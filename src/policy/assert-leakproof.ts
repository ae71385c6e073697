import type { CatalogColumn } from '../catalog/catalog.js';
import type { Dialect } from '../domain/dialect.js';
import { functionRule } from '../sql/functions.js';
import type { Expression, FunctionCall, Query, Select } from '../sql/nodes.js';
import { PolicyRefusal } from './policy-fault.js';
import { isMySqlFamily, type PredicateContext } from './predicate-context.js';

/** What an operand of a comparison is. `claim` stands apart: only `bind-claims` says what it may meet. `any`: a leakproof call. */
type OperandClass = 'number' | 'text' | 'date' | 'datetime' | 'time' | 'claim' | 'any';
interface Operand {
  readonly class: OperandClass;
  /** The column it is, or null. */
  readonly column: CatalogColumn | null;
  /** The string that it is, or null. */
  readonly string: string | null;
}

const CLASS_OF_FAMILY: Readonly<Partial<Record<CatalogColumn['family'], OperandClass>>> = {
  integer: 'number',
  decimal: 'number',
  float: 'number',
  year: 'number',
  boolean: 'number',
  text: 'text',
  enum: 'text',
  date: 'date',
  datetime: 'datetime',
  time: 'time',
};

/** Clock calls without arguments: constants of a statement. By name, the class of their value. */
const CLOCK: ReadonlyMap<string, OperandClass> = new Map([
  ['CURRENT_DATE', 'date'],
  ['CURDATE', 'date'],
  ['CURRENT_TIMESTAMP', 'datetime'],
  ['NOW', 'datetime'],
]);

/** Functions that mean the same on SQLite and on the MySQL family: the only ones that a file of the one may use on the other. */
const SAME_EVERYWHERE: ReadonlySet<string> = new Set([
  'COALESCE',
  'IFNULL',
  'NULLIF',
  'CURRENT_DATE',
  'CURRENT_TIMESTAMP',
]);

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<=>', '<>', '<', '<=', '>', '>=', 'IS', 'IS NOT']);

const ISO: Readonly<Partial<Record<OperandClass, RegExp>>> = {
  date: /^\d{4}-\d{2}-\d{2}$/,
  datetime: /^\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?$/,
  time: /^\d{2}:\d{2}:\d{2}$/,
};

function refuse(what: string): never {
  throw new PolicyRefusal(
    `a rule cannot use ${what}: rules compare columns, constants and claims, and must not fail on any row`,
  );
}

/** Whether a date in ISO form is one of the calendar. */
function isCalendarDate(text: string): boolean {
  const day = text.slice(0, 10);
  const parsed = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().slice(0, 10) === day;
}

function assertIso(target: OperandClass, text: string): void {
  const fits =
    ISO[target]?.test(text) && (target === 'time' ? /^([01]\d|2[0-3])(:[0-5]\d){2}$/.test(text) : isCalendarDate(text));
  if (!fits) throw new PolicyRefusal(`'${text}' is no ${target} in ISO form, which the column is compared with`);
}

/** The rule of a call in a predicate, the same on both dialects. */
function assertCall(call: FunctionCall, context: PredicateContext): void {
  const { dialect, fileDialect } = context;
  const crosses = isMySqlFamily(dialect) !== isMySqlFamily(fileDialect);
  const known = functionRule(dialect, call.name) && functionRule(fileDialect, call.name);
  if (!known || (crosses && !SAME_EVERYWHERE.has(call.name)))
    throw new PolicyRefusal(`the function ${call.name} of ${fileDialect} has no equal on ${dialect}`);
  if (call.star || call.distinct || call.over || call.filter || call.orderBy.length > 0 || known.kind !== 'scalar')
    refuse(`an aggregate or window function (${call.name})`);
  const constant = CLOCK.has(call.name) && call.arguments.length === 0;
  if (!constant && known.class !== 'leakproof') refuse(`the function ${call.name}, which may fail`);
}

function operandOf(expression: Expression, context: PredicateContext): Operand {
  const plain = (operandClass: OperandClass): Operand => ({ class: operandClass, column: null, string: null });
  switch (expression.kind) {
    case 'column': {
      const column = context.columnOf(expression);
      const known = CLASS_OF_FAMILY[column.family];
      return known
        ? { class: known, column, string: null }
        : refuse(`${column.name}, a column of type ${column.declaredType || 'unknown'}`);
    }
    case 'number':
    case 'boolean':
      return plain('number');
    case 'unary':
      return expression.operator === '-' && expression.operand.kind === 'number'
        ? plain('number')
        : refuse(`the operator ${expression.operator}`);
    case 'string':
      return { class: 'text', column: null, string: expression.value };
    case 'temporal': {
      const target = ({ DATE: 'date', TIME: 'time', TIMESTAMP: 'datetime' } as const)[expression.type];
      assertIso(target, expression.value);
      return plain(target);
    }
    case 'parameter':
      return plain('claim');
    case 'call':
      assertCall(expression, context);
      for (const argument of expression.arguments)
        if (argument.kind !== 'null' && operandOf(argument, context).class === 'claim')
          refuse(`a claim as an argument of ${expression.name}`);
      return plain(CLOCK.get(expression.name) ?? 'any');
    case 'null':
      throw new PolicyRefusal('a comparison with NULL is never true; write IS NULL or IS NOT NULL');
    default:
      refuse(nameKind(expression));
  }
}

/** What the construct is called in a message. */
function nameKind(expression: Expression): string {
  if (expression.kind === 'binary') return `the operator ${expression.operator}`;
  if (expression.kind === 'match') return expression.operator;
  return `${expression.kind.replaceAll('-', ' ')} at this place`;
}

function isDay(operandClass: OperandClass): boolean {
  return operandClass === 'date' || operandClass === 'datetime';
}

/** Refuses a comparison that the server would convert, which can fail or match what looks different. */
function assertComparable(left: Operand, right: Operand, dialect: Dialect): void {
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (one.class === 'claim' || one.class === 'any') return;
    if (other.string !== null && other.class === 'text' && ISO[one.class]) {
      assertIso(one.class, other.string);
      return;
    }
  }
  const same = left.class === right.class || (isDay(left.class) && isDay(right.class));
  if (!same) throw new PolicyRefusal(`a rule cannot compare ${left.class} with ${right.class}`);
  const [a, b] = [left.column, right.column];
  if (
    a &&
    b &&
    left.class === 'text' &&
    isMySqlFamily(dialect) &&
    (a.collation !== b.collation || a.characterSet !== b.characterSet)
  )
    throw new PolicyRefusal(`a rule cannot compare ${a.name} with ${b.name}: their collations differ`);
}

function compareAll(operand: Expression, others: readonly Expression[], context: PredicateContext): void {
  const left = operandOf(operand, context);
  for (const other of others) {
    const right = operandOf(other, context);
    if (left.class === 'claim' && right.class === 'claim') refuse('a comparison of two claims');
    assertComparable(left, right, context.dialect);
  }
}

/** The one SELECT of a subquery: a plain one over one base table. */
function plainSelect(
  query: Query,
  context: PredicateContext,
): { readonly select: Select; readonly item: Expression; readonly alias: string } {
  const { body } = query;
  const table = body.kind === 'select' ? body.from[0] : undefined;
  const item = body.kind === 'select' ? body.items[0] : undefined;
  const isPlain =
    query.with === null &&
    query.orderBy.length === 0 &&
    query.limit === null &&
    body.kind === 'select' &&
    !body.distinct &&
    body.groupBy.length === 0 &&
    !body.rollup &&
    body.having === null &&
    body.windows.length === 0 &&
    body.from.length === 1 &&
    body.items.length === 1;
  if (!isPlain || table?.kind !== 'relation' || table.alias === null || item?.kind !== 'expression')
    throw new PolicyRefusal('a subquery of a rule must be SELECT column FROM one table WHERE rule, and nothing else');
  if (body.where) assertCondition(body.where, context);
  return { select: body, item: item.expression, alias: table.alias };
}

function assertInQuery(operand: Expression, query: Query, context: PredicateContext): void {
  const { item, alias } = plainSelect(query, context);
  // A column that only the outer relation has would make the test true for every row.
  if (item.kind !== 'column' || item.qualifier[0] !== alias)
    throw new PolicyRefusal('the subquery of IN must select one column of its own table');
  if (operand.kind !== 'column')
    throw new PolicyRefusal('IN (SELECT …) takes a column on its left; for a claim write EXISTS');
  assertComparable(operandOf(operand, context), operandOf(item, context), context.dialect);
}

function assertTruthTest(expression: Expression, context: PredicateContext): void {
  if (expression.kind === 'column') {
    const { family, name } = context.columnOf(expression);
    if (family !== 'boolean' && family !== 'integer') refuse(`${name} as a condition`);
    return;
  }
  assertCondition(expression, context);
}

/**
 * Refuses a bound row predicate that is not wholly leakproof: that could fail on some row, or whose forms are not known
 * not to. Allowed are comparisons of columns, constants and claims of fitting types, IS tests, BETWEEN, IN, EXISTS and IN
 * over a plain SELECT from one base table, AND, OR, NOT, and calls of leakproof functions.
 *
 * @throws PolicyRefusal
 * @remarks A predicate that fails on a hidden row tells about it: the server may run it on every row (MEASURED §2).
 */
export function assertCondition(expression: Expression, context: PredicateContext): void {
  switch (expression.kind) {
    case 'boolean':
      return;
    case 'column':
      assertTruthTest(expression, context);
      return;
    case 'unary':
      if (expression.operator !== 'NOT') refuse(`the operator ${expression.operator}`);
      assertTruthTest(expression.operand, context);
      return;
    case 'binary':
      if (expression.operator === 'AND' || expression.operator === 'OR') {
        assertTruthTest(expression.left, context);
        assertTruthTest(expression.right, context);
        return;
      }
      if (!COMPARISONS.has(expression.operator)) refuse(nameKind(expression));
      compareAll(expression.left, [expression.right], context);
      return;
    case 'is':
      if (expression.test !== 'NULL') assertTruthTest(expression.operand, context);
      else if (operandOf(expression.operand, context).class === 'claim') refuse('IS NULL on a claim');
      return;
    case 'between':
      if ([expression.operand, expression.low, expression.high].some((part) => part.kind === 'parameter'))
        refuse('a claim in BETWEEN');
      compareAll(expression.operand, [expression.low, expression.high], context);
      return;
    case 'in-list':
      if (expression.items.length === 0) refuse('an empty list');
      compareAll(expression.operand, expression.items, context);
      return;
    case 'in-query':
      assertInQuery(expression.operand, expression.query, context);
      return;
    case 'exists': {
      const { item } = plainSelect(expression.query, context);
      if (item.kind !== 'number' && item.kind !== 'column') throw new PolicyRefusal('write EXISTS (SELECT 1 FROM …)');
      return;
    }
    default:
      refuse(nameKind(expression));
  }
}
