import { init, ParserError, parse } from '@guanmingchiu/sqlparser-ts';
import type { Dialect } from '../domain/dialect.js';
import { type JudgeFinding, visitNodes } from './read-node-sql-parser.js';

const TABLE_FACTORS: ReadonlySet<string> = new Set(['Table', 'Derived', 'NestedJoin']);
const SET_EXPRESSIONS: ReadonlySet<string> = new Set(['Select', 'Query', 'SetOperation', 'Values']);

type Node = Readonly<Record<string, unknown>>;
const asNode = (value: unknown): Node => (typeof value === 'object' && value !== null ? (value as Node) : {});
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const onlyKey = (value: unknown): string => Object.keys(asNode(value))[0] ?? '';

/** Compiles the WebAssembly; to be awaited once before {@link readWithSqlparserRs}. */
export async function loadSqlparserRs(): Promise<void> {
  await init();
}

/** The name of a plain table reference; null where it has a schema, arguments or another form. */
function nameOfTable(table: Node): string | null {
  const parts = asList(table.name);
  const value = asNode(asNode(parts[0]).Identifier).value;
  return parts.length === 1 && table.args == null && typeof value === 'string' ? value : null;
}

/**
 * Reads a text with sqlparser-rs and says what it found.
 *
 * @returns null where the parser cannot read the text
 * @throws what WebAssembly throws when it breaks (exhausted stack or memory): the instance is then of no more use
 */
export function readWithSqlparserRs(sql: string, dialect: Dialect): JudgeFinding | null {
  let statements: readonly unknown[];
  try {
    statements = parse(sql, dialect === 'sqlite' ? 'sqlite' : 'mysql');
  } catch (error) {
    if (error instanceof ParserError) return null;
    throw error;
  }
  const commonTables = new Set<string>();
  const names = new Set<string>();
  const faults: string[] = [];
  let isSelect = statements.every((statement) => onlyKey(statement) === 'Query');
  visitNodes(statements, (node) => {
    for (const entry of asList(node.cte_tables)) {
      const name = asNode(asNode(asNode(entry).alias).name).value;
      if (typeof name === 'string') commonTables.add(name);
      else faults.push('a WITH entry without a name');
    }
    if (node.into != null) isSelect = false;
    if (asList(node.locks).length > 0) faults.push('a locking read');
    if ('body' in node && 'pipe_operators' in node) {
      if (!SET_EXPRESSIONS.has(onlyKey(node.body))) isSelect = false;
      if (asList(node.pipe_operators).length > 0) faults.push('a pipe operator');
    }
    for (const leg of 'SetOperation' in node ? [asNode(node.SetOperation).left, asNode(node.SetOperation).right] : []) {
      if (!SET_EXPRESSIONS.has(onlyKey(leg))) isSelect = false;
    }
    if ('relation' in node && !TABLE_FACTORS.has(onlyKey(node.relation))) faults.push('an unknown FROM entry');
    const table = asNode(node.relation).Table;
    if (table === undefined) return;
    const name = nameOfTable(asNode(table));
    if (name === null) faults.push('a name with a schema or arguments');
    else names.add(name);
  });
  return {
    statements: statements.length,
    isSelect,
    fault: faults[0] ?? null,
    relations: [...names].filter((name) => !commonTables.has(name)).sort(),
    commonTables: [...commonTables],
  };
}
