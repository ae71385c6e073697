import type { Dialect } from '../domain/dialect.js';
import { foldName } from '../sql/fold-name.js';
import { itemExpressions, outputExpressions } from '../sql/levels.js';
import type { Enclosure, Expression, Query, QueryBody } from '../sql/nodes.js';
import { uniqueKeys } from './fence.js';
import type { ColumnTrace } from './literals.js';
import { ascending, bytewise, type OrderContext } from './tie-breakers.js';

/** Families whose equal values are shown alike. Not floating point, which has 0 and -0. */
const ALIKE: ReadonlySet<string> = new Set([
  'integer',
  'decimal',
  'date',
  'datetime',
  'time',
  'year',
  'boolean',
  'bit',
]);

/** Functions that show a date or a number in one way, given a constant format. */
const OF_ONE_SPELLING: ReadonlySet<string> = new Set([
  'DATE',
  'DATE_FORMAT',
  'DAY',
  'DAYNAME',
  'DAYOFMONTH',
  'DAYOFWEEK',
  'HOUR',
  'LAST_DAY',
  'MONTH',
  'MONTHNAME',
  'QUARTER',
  'STRFTIME',
  'WEEK',
  'WEEKDAY',
  'YEAR',
  'YEARWEEK',
]);

const isConstant = ({ kind }: Expression): boolean => kind === 'number' || kind === 'string' || kind === 'parameter';

/** Whether values of an expression may be equal and yet be shown otherwise. */
function isSpelled(expression: Expression, dialect: Dialect, trace: ColumnTrace): boolean {
  const column = trace(expression);
  if (column) {
    // Without affinity 1 and 1.0 are two spellings on SQLite; text there is compared by its bytes unless declared otherwise.
    if (dialect === 'sqlite')
      return column.family === 'text' ? column.collation !== 'BINARY' : !ALIKE.has(column.family);
    return !ALIKE.has(column.family);
  }
  if (expression.kind === 'number' || expression.kind === 'null' || expression.kind === 'boolean') return false;
  if (expression.kind === 'extract') return isSpelled(expression.operand, dialect, trace);
  if (expression.kind !== 'call') return true;
  if (expression.name === 'COUNT') return false;
  const parts = expression.arguments.filter((part) => !isConstant(part));
  return !OF_ONE_SPELLING.has(expression.name) || parts.some((part) => isSpelled(part, dialect, trace));
}

function outputsOf(body: QueryBody): readonly Expression[] | null {
  if (body.kind === 'select') return itemExpressions(body);
  if (body.kind === 'query') return outputsOf(body.body);
  if (body.kind === 'values') return body.rows.flat();
  const [left, right] = [outputsOf(body.left), outputsOf(body.right)];
  return left && right && [...left, ...right];
}

/**
 * Whether a statement shows one of several spellings that are equal: GROUP BY, DISTINCT, a set operation, MIN, MAX or an
 * aggregate of DISTINCT values over what a collation takes for equal (`Nairobi`, `NAIROBI`). To be told of every query and
 * every expression of the statement.
 */
export class ChosenSpellings {
  /** Expressions of which one value is shown for several that are equal. */
  private readonly chosen: Expression[] = [];

  seeQuery({ body }: Query): void {
    this.seeBody(body);
  }

  private seeBody(body: QueryBody): void {
    if (body.kind === 'select') {
      if (body.groupBy.length > 0) {
        const outputs = outputExpressions(body);
        for (const group of body.groupBy)
          this.chosen.push(group.kind === 'output' ? (outputs.get(group.name) ?? group) : group);
      }
      if (body.distinct) this.chosen.push(...itemExpressions(body));
    }
    if (body.kind !== 'set-operation') return;
    if (!body.all) this.chosen.push(...(outputsOf(body) ?? []));
    this.seeBody(body.left);
    this.seeBody(body.right);
  }

  seeExpression(node: Expression): void {
    if (node.kind !== 'call' || node.name === 'COUNT') return;
    if (node.name === 'MIN' || node.name === 'MAX' || node.distinct) this.chosen.push(...node.arguments);
  }

  isAny(dialect: Dialect, trace: ColumnTrace): boolean {
    return this.chosen.some((expression) => isSpelled(expression, dialect, trace));
  }
}

/**
 * Has an enclosure with a row rule give its rows in the order of a key, so that the first of several spellings is the same
 * whatever index the server reads by: that follows its statistics, which count hidden rows. The order stands before the
 * fence's LIMIT, where no server may drop it. An index that is led by the rule's column gives it for nothing where the key is
 * the primary one.
 */
export function orderEnclosure(enclosure: Enclosure, context: OrderContext): Enclosure {
  const obligation = context.view.relations.get(foldName(enclosure.relation));
  if (!enclosure.fenced || !obligation) return enclosure;
  const column = (name: string): Expression => ({ kind: 'column', qualifier: [enclosure.inner], name, at: -1 });
  const isShown = (name: string) => obligation.columns.get(foldName(name))?.mask === null;
  const key = uniqueKeys(obligation.relation).find((columns) => columns.every(isShown));
  if (key) return { ...enclosure, orderBy: key.map((name) => ascending(column(name))) };
  // Rows that agree in every byte of what is used may come in any order.
  const used = enclosure.columns.filter(({ expression }) => expression.kind === 'column');
  return {
    ...enclosure,
    orderBy: used.map(({ expression }) => ascending(bytewise(expression, context.dialect))),
  };
}
