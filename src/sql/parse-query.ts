import { SwaliError } from '../errors/swali-error.js';
import type {
  CommonTable,
  Expression,
  Query,
  QueryBody,
  Select,
  SelectItem,
  SetOperation,
  TableExpression,
  Values,
  With,
} from './nodes.js';
import { readLimit } from './parse-limit.js';
import type { TokenStream } from './token-stream.js';

const WRITES: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'MERGE', 'TABLE']);

/** Words behind SELECT that change nothing of the result. */
const IDLE_MODIFIERS: ReadonlySet<string> = new Set([
  'ALL',
  'HIGH_PRIORITY',
  'SQL_NO_CACHE',
  'SQL_SMALL_RESULT',
  'SQL_BIG_RESULT',
  'SQL_BUFFER_RESULT',
]);

/** Reads `[WITH …] body [ORDER BY …] [LIMIT …]`. */
export function readQuery(stream: TokenStream): Query {
  stream.enter();
  const common = stream.at('WITH') ? readWith(stream) : null;
  if (common !== null && stream.at('WITH')) stream.fail();
  const query = finishQuery(stream, common, readBody(stream, null));
  stream.leave();
  return query;
}

/** Goes on behind a parenthesised query: set operations, ORDER BY, LIMIT. Without any of them it is the query itself. */
export function readQueryFrom(stream: TokenStream, first: Query): Query {
  const body = readBody(stream, first);
  const query = finishQuery(stream, null, body);
  return body === first && query.orderBy.length === 0 && query.limit === null ? first : query;
}

/** ORDER BY and LIMIT belong to the whole of a union. */
function finishQuery(stream: TokenStream, common: With | null, body: QueryBody): Query {
  const orderBy = stream.acceptSequence('ORDER', 'BY') ? stream.grammar.orderItems(stream) : [];
  const limit = readLimit(stream);
  if (stream.at('FETCH')) stream.unsupported('FETCH FIRST');
  return { kind: 'query', with: common, body, orderBy, limit };
}

function readWith(stream: TokenStream): With {
  stream.expect('WITH');
  // On SQLite RECURSIVE is a name as well, but not of a common table.
  const recursive = stream.accept('RECURSIVE');
  return { recursive, tables: stream.list(() => readCommonTable(stream)) };
}

function readCommonTable(stream: TokenStream): CommonTable {
  const name = stream.name();
  const columns = readNames(stream);
  stream.expect('AS');
  let materialized: boolean | null = null;
  if (stream.dialect === 'sqlite') {
    if (stream.accept('MATERIALIZED')) materialized = true;
    else if (stream.acceptSequence('NOT', 'MATERIALIZED')) materialized = false;
  }
  stream.enter();
  stream.expect('(');
  let query: Query;
  if (stream.at('(') && stream.dialect !== 'sqlite') {
    const first = stream.grammar.parenthesised(stream);
    if (first.kind !== 'query') stream.fail();
    query = readQueryFrom(stream, first);
  } else query = readQuery(stream);
  stream.expect(')');
  stream.leave();
  if (stream.at('CYCLE')) stream.unsupported('CYCLE');
  return { name, columns, query, materialized };
}

/** `(a, b)`, or null. */
export function readNames(stream: TokenStream): readonly string[] | null {
  if (!stream.accept('(')) return null;
  const names = stream.list(() => stream.name());
  stream.expect(')');
  return names;
}

/** Set operations, from the left; on the MySQL family INTERSECT binds tighter than the others. */
function readBody(stream: TokenStream, first: Query | null): QueryBody {
  const tight = stream.dialect !== 'sqlite';
  let left = readIntersections(stream, first ?? readOperand(stream));
  for (;;) {
    const { key } = stream.current;
    if (key !== 'UNION' && key !== 'EXCEPT' && (tight || key !== 'INTERSECT')) return left;
    const [operator, all] = readSetOperator(stream);
    const right = readOperand(stream);
    left = { kind: 'set-operation', operator, all, left, right: tight ? readIntersections(stream, right) : right };
  }
}

function readIntersections(stream: TokenStream, first: QueryBody): QueryBody {
  let left = first;
  while (stream.dialect !== 'sqlite' && stream.at('INTERSECT')) {
    const [operator, all] = readSetOperator(stream);
    left = { kind: 'set-operation', operator, all, left, right: readOperand(stream) };
  }
  return left;
}

function readSetOperator(stream: TokenStream): readonly [SetOperation['operator'], boolean] {
  const operator = stream.next().key as SetOperation['operator'];
  if (stream.dialect === 'sqlite' && operator !== 'UNION') return [operator, false];
  const all = stream.accept('ALL');
  if (!all && stream.dialect !== 'sqlite') stream.accept('DISTINCT');
  return [operator, all];
}

function readOperand(stream: TokenStream): QueryBody {
  if (stream.at('SELECT')) return readSelect(stream);
  if (stream.at('VALUES')) return readValues(stream);
  if (stream.at('(') && stream.dialect !== 'sqlite') {
    const inner = stream.grammar.parenthesised(stream);
    if (inner.kind !== 'query') stream.fail();
    return inner;
  }
  if (WRITES.has(stream.current.key)) throw new SwaliError('SEAL_NOT_SELECT');
  return stream.fail();
}

/** `VALUES (…), (…)`; MySQL wants ROW before each. */
function readValues(stream: TokenStream): Values {
  stream.expect('VALUES');
  const rows = stream.list(() => {
    if (stream.dialect === 'mysql') stream.expect('ROW');
    stream.expect('(');
    const row = stream.list(() => stream.grammar.expression(stream));
    stream.expect(')');
    return row;
  });
  return { kind: 'values', rows };
}

function readSelect(stream: TokenStream): Select {
  stream.expect('SELECT');
  const { distinct, straight } = readModifiers(stream);
  const items = stream.list(() => readItem(stream));
  const from: readonly TableExpression[] = stream.accept('FROM') ? stream.grammar.tables(stream) : [];
  const where = stream.accept('WHERE') ? stream.grammar.expression(stream) : null;
  const grouping = readGrouping(stream);
  const having = stream.accept('HAVING') ? stream.grammar.expression(stream) : null;
  if (stream.at('QUALIFY')) stream.unsupported('QUALIFY');
  const windows = stream.accept('WINDOW') ? stream.list(() => readNamedWindow(stream)) : [];
  return { kind: 'select', distinct, straight, items, from, where, ...grouping, having, windows };
}

function readModifiers(stream: TokenStream): { distinct: boolean; straight: boolean } {
  let distinct = false;
  let straight = false;
  if (stream.dialect === 'sqlite') {
    distinct = stream.accept('DISTINCT');
    if (!distinct) stream.accept('ALL');
    return { distinct, straight };
  }
  for (;;) {
    const { key } = stream.current;
    if (key === 'DISTINCT' || key === 'DISTINCTROW') distinct = true;
    else if (key === 'STRAIGHT_JOIN') straight = true;
    else if (key === 'SQL_CALC_FOUND_ROWS' || key === 'SQL_CACHE') stream.unsupported(key);
    else if (!IDLE_MODIFIERS.has(key)) return { distinct, straight };
    stream.next();
  }
}

function readItem(stream: TokenStream): SelectItem {
  const at = stream.current.start;
  const qualifier = readStar(stream);
  if (qualifier !== null) return { kind: 'star', qualifier, at };
  const position = stream.position;
  const expression = stream.grammar.expression(stream);
  const text = stream.textSince(position);
  return { kind: 'expression', expression, alias: stream.alias(true), text };
}

/** `*`, `t.*`, `s.t.*`, or null with nothing taken. */
function readStar(stream: TokenStream): readonly string[] | null {
  if (stream.accept('*')) return [];
  for (const parts of [1, 2]) {
    if (stream.peek(2 * parts - 1).key !== '.') return null;
    if (stream.peek(2 * parts).key !== '*') continue;
    const qualifier = [stream.name()];
    while (qualifier.length < parts) {
      stream.expect('.');
      qualifier.push(stream.name());
    }
    stream.expect('.');
    stream.expect('*');
    return qualifier;
  }
  return null;
}

function readGrouping(stream: TokenStream): { groupBy: readonly Expression[]; rollup: boolean } {
  if (!stream.acceptSequence('GROUP', 'BY')) return { groupBy: [], rollup: false };
  if (stream.dialect === 'mysql' && stream.atSequence('ROLLUP', '(')) {
    stream.next();
    stream.next();
    const groupBy = stream.list(() => stream.grammar.expression(stream));
    stream.expect(')');
    return { groupBy, rollup: true };
  }
  const groupBy = stream.list(() => stream.grammar.expression(stream));
  if (stream.at('ASC') || stream.at('DESC')) stream.unsupported('GROUP BY with a direction');
  if (stream.dialect === 'sqlite' || !stream.accept('WITH')) return { groupBy, rollup: false };
  if (!stream.accept('ROLLUP')) stream.unsupported('GROUP BY … WITH anything but ROLLUP');
  return { groupBy, rollup: true };
}

function readNamedWindow(stream: TokenStream): Select['windows'][number] {
  const name = stream.name();
  stream.expect('AS');
  return { name, window: stream.grammar.window(stream) };
}
