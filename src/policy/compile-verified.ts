import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import { bindStatement } from '../sql/bind.js';
import { foldName } from '../sql/fold-name.js';
import { functionRule } from '../sql/functions.js';
import type { Query } from '../sql/nodes.js';
import { parseQuery } from '../sql/parser.js';
import { visitQuery } from '../sql/visit.js';
import { type Audience, closesFor, nameStanding, opensTo, STANDINGS, type Standing } from './audience.js';
import type { CompileContext, CompiledRelation } from './compiled-relation.js';
import { collectFault, type FaultPath, PolicyRefusal } from './policy-fault.js';
import type { VerifiedEntry } from './policy-file.js';

/** A question that the data owner has answered, for this source. */
export interface CompiledQuestion {
  /** With slots in braces. */
  readonly question: string;
  readonly slots: ReadonlyMap<string, 'integer' | 'decimal' | 'text' | 'date'>;
  /** In the source's dialect, `:name` where a slot's value goes. Sealed like any other text. */
  readonly sql: string;
  readonly openTo: readonly Audience[];
  /** Folded names of the relations that it reads. */
  readonly relations: readonly string[];
  /** Of the policy file; null for a promoted one. */
  readonly line: number | null;
}

function chooseSql(sql: VerifiedEntry['sql'], dialect: Dialect): string | undefined {
  if (typeof sql === 'string') return sql;
  return sql[dialect] ?? (dialect === 'mariadb' ? sql.mysql : undefined);
}

function namedParameters(query: Query): ReadonlySet<string> {
  const names = new Set<string>();
  visitQuery(query, {
    expression: (node) => {
      if (node.kind === 'parameter' && node.name !== null) names.add(node.name);
    },
  });
  return names;
}

/** Names of base relations: every relation in FROM that is no common table of the query. Folded. */
function baseRelations(query: Query): ReadonlySet<string> {
  const common = new Set<string>();
  const named = new Set<string>();
  visitQuery(query, {
    query: (node) => {
      for (const table of node.with?.tables ?? []) common.add(foldName(table.name));
    },
    table: (node) => {
      if (node.kind === 'relation') named.add(foldName(node.name));
    },
  });
  return new Set([...named].filter((name) => !common.has(name)));
}

function assertSlots(entry: VerifiedEntry, query: Query, claims: ReadonlySet<string>): void {
  const declared = new Set(Object.keys(entry.slots ?? {}));
  const inQuestion = new Set([...entry.question.matchAll(/\{\s*([^{}]*?)\s*\}/gu)].map((match) => match[1] as string));
  const inSql = namedParameters(query);
  for (const name of declared) {
    if (claims.has(name)) throw new PolicyRefusal(`the slot ${name} has the name of a claim`);
    if (!inQuestion.has(name)) throw new PolicyRefusal(`the question does not say {${name}}`);
    if (!inSql.has(name)) throw new PolicyRefusal(`the SQL does not use :${name}`);
  }
  for (const name of [...inQuestion, ...inSql])
    if (!declared.has(name)) throw new PolicyRefusal(`the slot ${name} is not declared`);
}

/** Binds the text as somebody of that standing sees the catalog, so that what is closed to them shows at load. */
function assertReadable(
  query: Query,
  read: readonly string[],
  standing: Standing,
  relations: ReadonlyMap<string, CompiledRelation>,
  context: CompileContext,
): void {
  const { catalog, file } = context;
  const who = nameStanding(standing);
  const closed = read.filter((name) => !opensTo(relations.get(name)?.openTo ?? [], standing));
  if (closed.length > 0) throw new PolicyRefusal(`the SQL reads ${closed.join(', ')}, which is closed to ${who}`);
  const denied = new Set((file.functions?.deny ?? []).map((name) => name.toUpperCase()));
  try {
    bindStatement(query, {
      dialect: catalog.dialect,
      database: catalog.database,
      mode: 'statement',
      relation: (name) => {
        const compiled = relations.get(foldName(name));
        return compiled && { name: compiled.relation.name, columns: visibleColumns(compiled, standing) };
      },
      isTaken: (name) => catalog.relations.has(foldName(name)),
      functionRule: (name) => (denied.has(name.toUpperCase()) ? undefined : functionRule(catalog.dialect, name)),
      parameter: () => 'slot',
    });
  } catch (error) {
    if (!(error instanceof SwaliError)) throw error;
    throw new PolicyRefusal(`for ${who}: ${error.message}`);
  }
}

function visibleColumns(compiled: CompiledRelation, standing: Standing): readonly string[] {
  return compiled.columns
    .filter(({ entry }) => !entry.hidden_from || !closesFor(entry.hidden_from, standing))
    .map(({ column }) => column.name);
}

/**
 * Compiles one verified question. Its text is read now, so that faults show at load; it is sealed at each use, so it can
 * show nothing that the asker may not see.
 *
 * @param relations open relations by folded name
 * @param claims names of every claim that the policy reads
 * @param line of the policy file; null for a promoted question
 * @returns null where there is a fault
 */
export function compileVerified(
  entry: VerifiedEntry,
  path: FaultPath,
  relations: ReadonlyMap<string, CompiledRelation>,
  claims: ReadonlySet<string>,
  context: CompileContext,
  line: number | null,
): CompiledQuestion | null {
  const { dialect } = context.catalog;
  const compiled = collectFault(context.faults, [...path, 'sql'], () => {
    const sql = chooseSql(entry.sql, dialect);
    if (sql === undefined) throw new PolicyRefusal(`there is no text for ${dialect}`);
    const query = parseQuery(sql, dialect, { allowNamedParameters: true });
    assertSlots(entry, query, claims);
    const read = [...baseRelations(query)];
    for (const name of read)
      if (!relations.has(name)) throw new PolicyRefusal(`the SQL reads ${name}, which this policy opens to nobody`);
    for (const standing of STANDINGS)
      if (opensTo(entry.open_to, standing)) assertReadable(query, read, standing, relations, context);
    return { sql, relations: read };
  });
  if (compiled === undefined) return null;
  return {
    question: entry.question,
    slots: new Map(Object.entries(entry.slots ?? {})),
    ...compiled,
    openTo: entry.open_to,
    line,
  };
}
