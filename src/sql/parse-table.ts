import type { Join, Query, TableExpression } from './nodes.js';
import { readJsonFunction, readJsonTable } from './parse-json-rows.js';
import { readNames } from './parse-query.js';
import type { TokenStream } from './token-stream.js';

/** Reads what follows FROM. */
export function readTables(stream: TokenStream): TableExpression[] {
  if (stream.dialect !== 'sqlite' && stream.accept('DUAL')) return [];
  return readTableList(stream, null);
}

/** Tables with commas and joins between; `first`: one that is read already. */
function readTableList(stream: TokenStream, first: TableExpression | null): TableExpression[] {
  if (stream.dialect === 'sqlite') return readSqliteTables(stream, first ?? readFactor(stream));
  // Comma binds looser than JOIN.
  const tables = [readChain(stream, first).table];
  while (stream.accept(',')) tables.push(readChain(stream, null).table);
  return tables;
}

type JoinWords = Pick<Join, 'type' | 'natural'>;

/** Takes the words of a join operator, or finds none here. */
function readJoinWords(stream: TokenStream): JoinWords | null {
  if (stream.dialect !== 'sqlite' && stream.accept('STRAIGHT_JOIN')) return { type: 'STRAIGHT', natural: false };
  const natural = stream.accept('NATURAL');
  const side = stream.current.key;
  const outer = side === 'LEFT' || side === 'RIGHT' || (side === 'FULL' && stream.dialect === 'sqlite');
  if (outer) {
    stream.next();
    stream.accept('OUTER');
    stream.expect('JOIN');
    return { type: side, natural };
  }
  if (!natural && stream.accept('CROSS')) {
    stream.expect('JOIN');
    return { type: 'CROSS', natural };
  }
  if (stream.accept('INNER')) {
    stream.expect('JOIN');
    return { type: 'INNER', natural };
  }
  if (stream.accept('JOIN')) return { type: 'INNER', natural };
  if (natural) stream.fail();
  return null;
}

/** `ON x` or `USING (a, b)`, or null. */
function readJoinCondition(stream: TokenStream): Pick<Join, 'on' | 'using'> | null {
  if (stream.accept('ON')) return { on: stream.grammar.expression(stream), using: null };
  if (!stream.accept('USING')) return null;
  return { on: null, using: readNames(stream) ?? stream.fail() };
}

/** Joins of one chain, and how many of them stand between its top and its first table. */
interface Chain {
  readonly table: TableExpression;
  readonly spine: number;
}

/**
 * Joins of the MySQL family. The right side of a join takes every join up to its ON: `a JOIN b JOIN c ON x ON y` is
 * `a JOIN (b JOIN c ON x) ON y`. Where a join that needs no ON has none, the servers move it to the innermost left:
 * `a JOIN b JOIN c ON x` is `(a JOIN b) JOIN c ON x`. Joins in parentheses stay as they are.
 */
function readChain(stream: TokenStream, first: TableExpression | null): Chain {
  stream.enter();
  let table = first ?? readFactor(stream);
  let spine = 0;
  for (let words = readJoinWords(stream); words !== null; words = readJoinWords(stream)) {
    if (words.natural) {
      table = makeJoin(words, table, readFactor(stream));
      spine++;
      continue;
    }
    const right = readChain(stream, null);
    const condition = readJoinCondition(stream);
    if (condition !== null) table = { ...makeJoin(words, table, right.table), ...condition };
    else if (words.type === 'LEFT' || words.type === 'RIGHT') stream.fail();
    else {
      table = joinInnermost(words, table, right.table, right.spine);
      spine += right.spine;
    }
    spine++;
  }
  stream.leave();
  return { table, spine };
}

function makeJoin(words: JoinWords, left: TableExpression, right: TableExpression): Join {
  return { kind: 'join', ...words, left, right, on: null, using: null };
}

function joinInnermost(
  words: JoinWords,
  left: TableExpression,
  right: TableExpression,
  spine: number,
): TableExpression {
  if (spine === 0 || right.kind !== 'join') return makeJoin(words, left, right);
  return { ...right, left: joinInnermost(words, left, right.left, spine - 1) };
}

/** SQLite's joins and commas are one chain from the left. */
function readSqliteTables(stream: TokenStream, first: TableExpression): TableExpression[] {
  const tables: TableExpression[] = [first];
  for (;;) {
    const comma = stream.accept(',');
    const words = comma ? ({ type: 'INNER', natural: false } as const) : readJoinWords(stream);
    if (words === null) return tables;
    const right = readFactor(stream);
    const condition = readJoinCondition(stream);
    if (comma && condition === null) tables.push(right);
    else {
      tables.splice(0, tables.length, { ...makeJoin(words, joinAll(tables), right), ...condition });
    }
  }
}

function readFactor(stream: TokenStream): TableExpression {
  if (stream.at('LATERAL') && stream.dialect === 'mysql') return readLateral(stream);
  if (stream.at('(')) return readParenthesisedFactor(stream);
  if (stream.at('{')) stream.unsupported('{ OJ }');
  return readRelation(stream);
}

function readLateral(stream: TokenStream): TableExpression {
  stream.next();
  const inner = stream.at('(') ? stream.grammar.parenthesised(stream) : stream.fail();
  if (inner.kind !== 'query') stream.fail();
  return readDerived(stream, inner, true);
}

function readRelation(stream: TokenStream): TableExpression {
  const at = stream.current.start;
  if (stream.at('JSON_TABLE') && stream.dialect !== 'sqlite') return readJsonTable(stream);
  let name = stream.name();
  let schema: string | null = null;
  if (stream.accept('.')) {
    schema = name;
    name = stream.name();
  }
  if (stream.at('(')) {
    const called = name.toUpperCase();
    if (stream.dialect === 'sqlite' && schema === null && (called === 'JSON_EACH' || called === 'JSON_TREE'))
      return readJsonFunction(stream, called);
    stream.unsupported('a table function');
  }
  if (stream.at('PARTITION') && stream.dialect !== 'sqlite') stream.unsupported('PARTITION');
  if (stream.atSequence('FOR', 'SYSTEM_TIME')) stream.unsupported('FOR SYSTEM_TIME');
  if (stream.dialect !== 'sqlite' && stream.at('FULL') && ['JOIN', 'OUTER'].includes(stream.peek().key))
    stream.unsupported('FULL JOIN');
  const alias = stream.alias(stream.dialect === 'sqlite');
  refuseHints(stream);
  return { kind: 'relation', schema, name, alias, at };
}

function refuseHints(stream: TokenStream): void {
  const { key } = stream.current;
  const next = stream.peek().key;
  const hint = (key === 'USE' || key === 'FORCE' || key === 'IGNORE') && (next === 'INDEX' || next === 'KEY');
  if (hint || key === 'INDEXED' || (key === 'NOT' && next === 'INDEXED')) stream.unsupported('an index hint');
  if (key === 'TABLESAMPLE') stream.unsupported('TABLESAMPLE');
}

function readDerived(stream: TokenStream, query: Query, lateral: boolean): TableExpression {
  const alias = stream.alias(stream.dialect === 'sqlite');
  if (alias === null && stream.dialect !== 'sqlite') stream.fail();
  const columns = stream.dialect === 'mysql' ? readNames(stream) : null;
  return { kind: 'derived', query, alias, columns, lateral };
}

/** What a comma means. */
function joinAll(tables: readonly TableExpression[]): TableExpression {
  return tables.reduce((left, right) => makeJoin({ type: 'INNER', natural: false }, left, right));
}

/** `(query) alias`, or tables and joins in parentheses. */
function readParenthesisedFactor(stream: TokenStream): TableExpression {
  const inner = readTableParentheses(stream);
  return inner.kind === 'query' ? readDerived(stream, inner, false) : inner;
}

/** Whether the parentheses hold a query is sometimes known only behind inner ones: `((SELECT 1) AS t JOIN u)`. */
function readTableParentheses(stream: TokenStream): Query | TableExpression {
  stream.enter();
  stream.expect('(');
  const inner = readInsideTableParentheses(stream);
  stream.expect(')');
  stream.leave();
  return inner;
}

function readInsideTableParentheses(stream: TokenStream): Query | TableExpression {
  if (stream.atQuery()) return stream.grammar.query(stream);
  if (!stream.at('(') || !stream.atParenthesisedQuery()) return joinAll(readTableList(stream, null));
  const first = readTableParentheses(stream);
  if (first.kind !== 'query') return joinAll(readTableList(stream, first));
  if (stream.dialect !== 'sqlite') {
    const query = stream.grammar.queryFrom(stream, first);
    if (query !== first || stream.at(')')) return query;
  }
  return joinAll(readTableList(stream, readDerived(stream, first, false)));
}
