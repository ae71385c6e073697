import type { Catalog } from '../catalog/catalog.js';
import type { Candidate } from '../domain/candidate.js';
import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView, RelationObligation } from '../policy/view.js';
import type { BoundStatement } from '../sql/bind.js';
import { foldName } from '../sql/fold-name.js';
import type { Query } from '../sql/nodes.js';
import { parseQuery } from '../sql/parser.js';
import { printQuery } from '../sql/printer.js';
import { rewriteQuery } from '../sql/rewrite.js';
import { boundRecursion, cap } from './cap.js';
import { correlate } from './correlate.js';
import { enclose } from './enclose.js';
import { fence } from './fence.js';
import { assertGrouped } from './grouping.js';
import type { Judges } from './judges.js';
import { bindLiterals, traceColumns } from './literals.js';
import { orderRowsOf } from './order.js';
import { describeOutputs } from './outputs.js';
import { permissionOf } from './permitted-enclosure.js';
import type { Plan } from './plan.js';
import { resolve } from './resolve.js';
import { verifyPrinted } from './verify.js';

/** Characters of printed text at most. A text of the longest kind gives about 60 000 where nothing in it multiplies. */
const MAX_PRINTED = 262_144;

/** What compiling needs beside the text. */
export interface CompileContext {
  readonly catalog: Catalog;
  readonly view: PrincipalView;
  readonly judges: Judges;
}

function usedObligations(statement: BoundStatement, view: PrincipalView): RelationObligation[] {
  const names = new Set([...statement.uses.values()].map((use) => foldName(use.relation.name)));
  return [...names].map((name) => view.relations.get(name) as RelationObligation);
}

function maskedColumns(statement: BoundStatement, view: PrincipalView): string[] {
  const found = new Set<string>();
  for (const use of statement.uses.values())
    for (const column of use.columns.keys()) {
      const visible = view.relations.get(foldName(use.relation.name))?.columns.get(foldName(column));
      if (visible?.mask) found.add(`${use.relation.name}.${visible.column.name}`);
    }
  return [...found].sort();
}

/** Steps 3 to 6 on the tree: enclose, fence, literals, order and cap. */
function rewriteTree(statement: BoundStatement, filtered: boolean, context: CompileContext): Query {
  const { view, catalog } = context;
  const { dialect } = catalog;
  const trace = traceColumns(statement.definitions, view);
  const enclosed = enclose(statement, view);
  if (filtered) assertGrouped(enclosed, view, dialect, trace);
  const fenced = correlate(fence(enclosed, view), view, dialect);
  const literals = bindLiterals(fenced, dialect, trace);
  const ordered = filtered ? orderRowsOf(literals, statement, view, dialect, trace) : literals;
  const bounded = dialect === 'sqlite' ? rewriteQuery(ordered, { query: boundRecursion }) : ordered;
  return cap(bounded, view.limits.rows);
}

/** Step 8: the printed text is read again by code that shares nothing with the steps before, then by two foreign parsers. */
async function verify(
  sql: string,
  parameterCount: number,
  obligations: readonly RelationObligation[],
  context: CompileContext,
): Promise<void> {
  const { dialect } = context.catalog;
  const permissions = obligations.map((obligation) => permissionOf(obligation, dialect));
  // Every base relation that the text may name: those of the statement, and those that their row rules read.
  const relations = [...new Set(permissions.flatMap(({ reads }) => reads))].sort();
  const enclosures = permissions.map(({ enclosure }) => enclosure);
  const found = verifyPrinted({ sql, dialect, parameterCount, enclosures });
  if (found.join('\n') !== relations.join('\n'))
    throw new SwaliError('SEAL_UNPROVEN', { cause: `the text reads ${found.join()}, not ${relations.join()}` });
  await context.judges.judge({ sql, dialect, relations });
}

/**
 * Reads the text now and gives the tree, or the refusal, when asked for it.
 *
 * @throws SwaliError at once: `SEAL_TOO_LONG`, `SEAL_TOO_DEEP`
 */
function read(candidate: Candidate, dialect: Dialect): () => Query {
  try {
    const query = parseQuery(candidate.sql, dialect, { allowNamedParameters: candidate.translator === 'verified' });
    return () => query;
  } catch (error) {
    if (error instanceof SwaliError && (error.code === 'SEAL_TOO_LONG' || error.code === 'SEAL_TOO_DEEP')) throw error;
    return () => {
      throw error;
    };
  }
}

/**
 * Turns text into a plan that can only read the principal's slice: every step of the seal, in order. The server only ever
 * sees text that was printed from a tree built here; the foreign parsers are judges, never authors.
 *
 * @throws SwaliError with a `SEAL_` code
 */
export async function compile(candidate: Candidate, context: CompileContext): Promise<Plan> {
  const { catalog, view, judges } = context;
  const { dialect } = catalog;
  // 0 gate, 1 read. Reading is linear and comes first, as nested text could hold the gate's parser until its deadline; what
  // else it finds waits for the gate, which says in clearer words what would change data.
  const parsed = read(candidate, dialect);
  await judges.gate(candidate.sql, dialect, (name) => view.relations.has(foldName(name)));
  // From here on there is only the tree.
  const tree = parsed();
  // 2 resolve
  const statement = resolve(tree, view, catalog, new Set(candidate.slots.keys()));
  const obligations = usedObligations(statement, view);
  const filtered = obligations.some((obligation) => obligation.filter !== null);
  // 3 enclose, 4 fence, 5 literals, 6 order and cap
  const query = rewriteTree(statement, filtered, context);
  // 7 print
  const { sql, parameters } = printQuery(query, dialect);
  if (sql.length > MAX_PRINTED) throw new SwaliError('SEAL_TOO_DEEP', { detail: 'spelled out, it is too long' });
  // 8 verify
  await verify(sql, parameters.length, obligations, context);
  return {
    sql,
    parameters,
    columns: describeOutputs(statement, view),
    filtered,
    provenance: {
      relations: obligations.map((obligation) => obligation.relation.name).sort(),
      policies: [...new Set(obligations.flatMap((obligation) => obligation.policies))].sort(),
      maskedColumns: maskedColumns(statement, view),
      policyVersion: view.policyVersion,
    },
  };
}
