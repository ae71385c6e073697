import { createRequire } from 'node:module';
import type { Dialect } from '../domain/dialect.js';

/** What one foreign parser found in a text that it could read. */
export interface JudgeFinding {
  /** Statements in the text. */
  readonly statements: number;
  /** True where every statement is a SELECT (set operations, WITH and VALUES among them) without INTO. */
  readonly isSelect: boolean;
  /** What else speaks against it: locking reads, table functions, names with a schema; null where nothing does. */
  readonly fault: string | null;
  /** Names that stand for tables, as spelled, without those that a WITH of the text defines. Sorted, no duplicates. */
  readonly relations: readonly string[];
  /** Names that a WITH of the text defines. */
  readonly commonTables: readonly string[];
}

interface ForeignParser {
  parse(sql: string): { readonly tableList: readonly string[]; readonly ast: unknown };
}

const require = createRequire(import.meta.url);
const load = (build: string): ForeignParser => {
  const { Parser } = require(`node-sql-parser/build/${build}.js`) as { readonly Parser: new () => ForeignParser };
  return new Parser();
};
// build/mysql reads more of MariaDB's language than build/mariadb does.
const family = load('mysql');
const PARSERS: Readonly<Record<Dialect, ForeignParser>> = { mysql: family, mariadb: family, sqlite: load('sqlite') };

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Calls `visit` on every object of a tree, in an order of no meaning. Iterative: depth is the attacker's. */
export function visitNodes(root: unknown, visit: (node: Node) => void): void {
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (Array.isArray(value)) pending.push(...value);
    else if (isNode(value)) {
      visit(value);
      pending.push(...Object.values(value));
    }
  }
}

function nameOfCommonTable(entry: unknown): string | null {
  const name = isNode(entry) ? entry.name : null;
  if (typeof name === 'string') return name;
  return isNode(name) && typeof name.value === 'string' ? name.value : null;
}

/**
 * The parser leaves a doubled backtick inside a quoted name as it stands in the text. (Of a doubled `"` on SQLite it makes
 * a name and an alias; a relation of such a name is refused, for the judges then disagree.)
 */
function unescapeName(name: string): string {
  return name.replaceAll('``', '`');
}

/** The table of one FROM entry; null for a derived table, DUAL and the like. */
function nameOfEntry(entry: Node): { readonly name: string; readonly schema: boolean } | null {
  if (typeof entry.table !== 'string') return null;
  return { name: entry.table, schema: typeof entry.db === 'string' && entry.db !== '' };
}

/** The entries of a FROM, those of its joins in parentheses among them, which the parser leaves out of its list of tables. */
function entriesOf(from: unknown): unknown[] {
  const entries: unknown[] = Array.isArray(from) ? [...from] : [];
  // Grows while it is gone through.
  for (const entry of entries) if (isNode(entry) && Array.isArray(entry.expr)) entries.push(...entry.expr);
  return entries.filter((entry) => !(isNode(entry) && Array.isArray(entry.expr)));
}

/**
 * Reads a text with node-sql-parser and says what it found.
 *
 * @returns null where the parser cannot read the text
 * @remarks Blind in places (it misses tables of some parenthesised joins and drops executable comments): what it does not
 *   find proves nothing about text that we did not print.
 */
export function readWithNodeSqlParser(sql: string, dialect: Dialect): JudgeFinding | null {
  let parsed: ReturnType<ForeignParser['parse']>;
  try {
    parsed = PARSERS[dialect].parse(sql);
  } catch {
    return null;
  }
  const statements = Array.isArray(parsed.ast) ? parsed.ast : [parsed.ast];
  const commonTables = new Set<string>();
  const names = new Set<string>();
  const faults: string[] = [];
  let isSelect = statements.every((statement) => isNode(statement) && statement.type === 'select');
  visitNodes(statements, (node) => {
    for (const entry of Array.isArray(node.with) ? node.with : []) {
      const name = nameOfCommonTable(entry);
      if (name === null) faults.push('a WITH entry without a name');
      else commonTables.add(name);
    }
    if (node.type === 'select' && isNode(node.into) && node.into.position != null) isSelect = false;
    if (node.type === 'select' && node.locking_read) faults.push('a locking read');
    for (const entry of entriesOf(node.from)) {
      const found = isNode(entry) ? nameOfEntry(entry) : null;
      if (found) names.add(unescapeName(found.name));
      if (found?.schema) faults.push('a name with a schema');
      if (isNode(entry) && !found && !isNode(entry.expr) && entry.type !== 'dual') faults.push('an unknown FROM entry');
    }
  });
  for (const entry of parsed.tableList) {
    const [mode, schema, ...name] = entry.split('::');
    if (mode !== 'select') isSelect = false;
    if (schema !== 'null' && schema !== '') faults.push('a name with a schema');
    names.add(unescapeName(name.join('::')));
  }
  return {
    statements: statements.length,
    isSelect,
    fault: faults[0] ?? null,
    relations: [...names].filter((name) => !commonTables.has(name)).sort(),
    commonTables: [...commonTables],
  };
}
