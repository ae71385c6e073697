import type { Dialect } from '../domain/dialect.js';
import { guardIn } from '../seal/guard-in.js';
import { withoutList } from '../seal/guard-windows.js';
import { sayOrderTwice } from '../seal/say-order-twice.js';
import { foldName } from '../sql/fold-name.js';
import type { Expression, Query, RelationReference, Select, TableExpression } from '../sql/nodes.js';
import { parseQuery } from '../sql/parser.js';
import { printExpression, printQuery } from '../sql/printer.js';
import { rewriteQuery } from '../sql/rewrite.js';
import { visitQuery } from '../sql/visit.js';
import type { StatementUnderProof } from './check-statement.js';
import { classifyOpen } from './statements/open-statement.js';
import type { Vocabulary } from './vocabulary.js';

/** Functions that say what time it is, without arguments. */
const CLOCKS =
  /^(?:NOW|CURRENT_(?:DATE|TIME|TIMESTAMP)|CURDATE|CURTIME|LOCALTIME(?:STAMP)?|SYSDATE|UTC_(?:DATE|TIME|TIMESTAMP)|UNIX_TIMESTAMP)$/;
/** SQLite's date functions: without a moment, or with `now`, they say what time it is. */
const DATE_FUNCTIONS = /^(?:DATE|TIME|DATETIME|JULIANDAY|UNIXEPOCH|STRFTIME|TIMEDIFF)$/;

function readsClock(query: Query, isSqlite: boolean): boolean {
  let found = false;
  visitQuery(query, {
    expression: (node) => {
      if (node.kind === 'string' && isSqlite) found ||= node.value.trim().toLowerCase() === 'now';
      if (node.kind !== 'call') return;
      found ||= CLOCKS.test(node.name) && node.arguments.length === 0;
      if (isSqlite && DATE_FUNCTIONS.test(node.name))
        found ||= node.arguments.length < (node.name === 'STRFTIME' ? 2 : 1);
    },
  });
  return found;
}

/** The column of a select list that a term of ORDER BY names: by position, by alias, or by saying the same. */
function findOutput(term: Expression, select: Select, vocabulary: Vocabulary): number {
  if (term.kind === 'number' && term.form === 'integer') return Number(term.text) - 1;
  const text = printExpression(term, vocabulary.dialect).sql;
  return select.items.findIndex((item) => {
    if (item.kind !== 'expression') return false;
    const isAlias = term.kind === 'column' && term.qualifier.length === 0 && item.alias === term.name;
    return isAlias || (item.alias === null && printExpression(item.expression, vocabulary.dialect).sql === text);
  });
}

/** Output columns by which a query sorts its rows, while that can be told; a star hides the positions. */
function sortedOutputs(query: Query, vocabulary: Vocabulary): readonly number[] {
  const { body } = query;
  if (body.kind !== 'select' || body.items.some((item) => item.kind === 'star')) return [];
  const outputs: number[] = [];
  for (const item of query.orderBy) {
    const at = findOutput(item.expression, body, vocabulary);
    if (at < 0 || at >= body.items.length) break;
    outputs.push(at);
  }
  return outputs;
}

/** Leaves out common tables whose name stands nowhere else, again and again until all are read. */
function withoutUnread(query: Query): Query {
  const read = new Set<string>();
  let [defined, kept] = [0, 0];
  visitQuery(query, {
    table: (table) => {
      if (table.kind === 'relation') read.add(foldName(table.name));
    },
  });
  const left = rewriteQuery(query, {
    query: (node) => {
      if (!node.with) return node;
      const tables = node.with.tables.filter((table) => read.has(foldName(table.name)));
      defined += node.with.tables.length;
      kept += tables.length;
      return { ...node, with: tables.length === 0 ? null : { ...node.with, tables } };
    },
  });
  return kept === defined ? query : withoutUnread(left);
}

/** The statement in the form in which the engine does not misread it, as the seal has it too. */
function formFor(query: Query, dialect: Dialect): Query {
  if (dialect === 'sqlite') return rewriteQuery(query, { expression: sayOrderTwice });
  return dialect === 'mariadb' ? formForMariadb(query) : query;
}

/** The statement in the form in which MariaDB neither ends on it nor loses its conditions, as the seal has it too. */
function formForMariadb(query: Query): Query {
  return rewriteQuery(guardIn(withoutUnread(query)), {
    expression: (node) => (node.kind === 'exists' ? { ...node, query: withoutList(node.query) ?? node.query } : node),
  });
}

/** `FROM (SELECT * FROM t LIMIT …) AS t` for `FROM t`, where t is no common table. */
function printWrapped(query: Query, dialect: Dialect): string {
  const common = new Set<string>();
  visitQuery(query, {
    query: (node) => {
      for (const table of node.with?.tables ?? []) common.add(foldName(table.name));
    },
  });
  const wrap = (table: RelationReference): TableExpression => {
    const limit = { count: { kind: 'integer', value: 9223372036854775807n }, offset: null } as const;
    const all = parseQuery('SELECT * FROM t', dialect);
    if (common.has(foldName(table.name)) || all.body.kind !== 'select') return table;
    const body = { ...all.body, from: [{ ...table, alias: null }] };
    return {
      kind: 'derived',
      query: { ...all, body, limit },
      alias: table.alias ?? table.name,
      columns: null,
      lateral: false,
    };
  };
  const wrapped = rewriteQuery(query, { table: (node) => (node.kind === 'relation' ? wrap(node) : node) });
  return printQuery(wrapped, dialect, { strings: 'quoted' }).sql;
}

/** What the harness needs to know of a statement before it runs it. */
export function describeStatement(query: Query, sql: string, vocabulary: Vocabulary): StatementUnderProof {
  const { dialect } = vocabulary;
  const form = formFor(query, dialect);
  return {
    sql,
    plain: form === query ? sql : printQuery(form, dialect, { strings: 'quoted' }).sql,
    wrapped: printWrapped(form, dialect),
    open: classifyOpen(query, vocabulary),
    orderedBy: sortedOutputs(query, vocabulary),
    readsClock: readsClock(query, dialect === 'sqlite'),
  };
}
