import type { BoundStatement } from '../sql/bind.js';
import type { CommonTable, Query } from '../sql/nodes.js';
import { rewriteQuery } from '../sql/rewrite.js';
import { visitQuery } from '../sql/visit.js';

/** Common tables of all levels by our names, and the names of relations that each place reads. */
interface Reading {
  readonly tables: ReadonlyMap<string, CommonTable>;
  /** Read outside of every common table. */
  readonly outside: readonly string[];
}

/** Names of relations that a query reads outside of the common tables that it defines: those count where they are read. */
function readsOf(query: Query): readonly string[] {
  const names: string[] = [];
  visitQuery(rewriteQuery(query, { query: (node) => ({ ...node, with: null }) }), {
    table: (table) => {
      if (table.kind === 'relation') names.push(table.name);
    },
  });
  return names;
}

function readAll(query: Query): Reading {
  const tables = new Map<string, CommonTable>();
  visitQuery(query, {
    query: (node) => {
      for (const table of node.with?.tables ?? []) tables.set(table.name, table);
    },
  });
  return { tables, outside: readsOf(query) };
}

/** Common tables that the statement reads, itself or through one another. */
function findRead({ tables, outside }: Reading): ReadonlySet<string> {
  const read = new Set<string>();
  const pending = [...outside];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const table = tables.get(name);
    if (!table || read.has(name)) continue;
    read.add(name);
    pending.push(...readsOf(table.query));
  }
  return read;
}

/**
 * Leaves out the common tables that nothing reads, when their names have been looked up: no server runs them. Up to
 * 10.11.19 at least MariaDB ends, with all that runs on it, when it prepares one that reads a recursive table beside it, in
 * a common table that is itself read twice.
 *
 * @returns a statement whose `uses` are those that are left; the statement itself where all are read
 */
export function dropUnread(statement: BoundStatement): BoundStatement {
  if (!statement.hasCommonTables) return statement;
  const reading = readAll(statement.query);
  const read = findRead(reading);
  if (read.size === reading.tables.size) return statement;
  const query = rewriteQuery(statement.query, {
    query: (node) => {
      if (!node.with) return node;
      const tables = node.with.tables.filter((table) => read.has(table.name));
      return { ...node, with: tables.length === 0 ? null : { ...node.with, tables } };
    },
  });
  const aliases = new Set<string>();
  visitQuery(query, {
    table: (table) => {
      if (table.kind === 'relation' && table.alias !== null) aliases.add(table.alias);
    },
  });
  return { ...statement, query, uses: new Map([...statement.uses].filter(([alias]) => aliases.has(alias))) };
}
