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
import { rewriteLevels, rewriteQuery } from '../sql/rewrite.js';
import { createBreather } from './breathe.js';
import { boundRecursion, cap } from './cap.js';
import { correlateSelect } from './correlate.js';
import { dropUnread } from './drop-unread.js';
import { encloseTable } from './enclose.js';
import { fenceSelect } from './fence.js';
import { assertGrouped } from './grouping.js';
import { guardIn } from './guard-in.js';
import { guardOneRow } from './guard-one-row.js';
import { guardWindowSorts } from './guard-window-sorts.js';
import { guardWindows } from './guard-windows.js';
import type { JudgeRequest, Judges } from './judges.js';
import { bindLiterals, traceColumns } from './literals.js';
import { orderRowsOf } from './order.js';
import { describeOutputs } from './outputs.js';
import { permissionOf } from './permitted-enclosure.js';
import type { Plan } from './plan.js';
import { resolve } from './resolve.js';
import { sayOrderTwice } from './say-order-twice.js';
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
async function rewriteTree(
  statement: BoundStatement,
  filtered: boolean,
  context: CompileContext,
  breathe: () => Promise<void>,
): Promise<Query> {
  const { view, catalog } = context;
  const { dialect } = catalog;
  const trace = traceColumns(statement.definitions, view);
  const fenced = encloseAndFence(statement, view, dialect);
  await breathe();
  if (filtered) assertGrouped(fenced, view, dialect, trace);
  await breathe();
  const literals = bindLiterals(fenced, dialect, trace);
  await breathe();
  const ordered = filtered ? orderRowsOf(literals, statement, view, dialect, trace) : literals;
  await breathe();
  return cap(keepFromMisreading(ordered, statement, view, dialect), view.limits.rows);
}

/** `enclose`, `fence` and `correlate` in one walk, from the inside out. */
function encloseAndFence(statement: BoundStatement, view: PrincipalView, dialect: Dialect): Query {
  const { query, asks } = statement;
  return rewriteLevels(query, asks, {
    table: (node) => encloseTable(node, statement, view),
    select: (node) => {
      const fenced = fenceSelect(node, view);
      return asks ? correlateSelect(fenced, view, dialect) : fenced;
    },
  });
}

/** What one engine alone reads otherwise than its language says, or cannot bear. */
function keepFromMisreading(query: Query, { asks }: BoundStatement, view: PrincipalView, dialect: Dialect): Query {
  switch (dialect) {
    case 'sqlite':
      return rewriteQuery(query, { query: boundRecursion, expression: sayOrderTwice });
    case 'mysql':
      return guardOneRow(asks ? guardWindows(query, dialect) : query, view);
    case 'mariadb':
      return guardWindowSorts(asks ? guardIn(guardWindows(query, dialect)) : query);
  }
}

/**
 * Step 8, its first half: the printed text is read again by code that shares nothing with the steps before.
 *
 * @returns what the foreign parsers are to be asked
 */
function verify(
  sql: string,
  parameterCount: number,
  obligations: readonly RelationObligation[],
  dialect: Dialect,
): JudgeRequest {
  const permissions = obligations.map((obligation) => permissionOf(obligation, dialect));
  // Every base relation that the text may name: those of the statement, and those that their row rules read.
  const relations = [...new Set(permissions.flatMap(({ reads }) => reads))].sort();
  const enclosures = permissions.map(({ enclosure }) => enclosure);
  const found = verifyPrinted({ sql, dialect, parameterCount, enclosures });
  if (found.join('\n') !== relations.join('\n'))
    throw new SwaliError('SEAL_UNPROVEN', { cause: `the text reads ${found.join()}, not ${relations.join()}` });
  return { sql, dialect, relations };
}

/**
 * Whether a text may say `:name`: verified questions may, and SQL of saved reports, which brings the values along. All other
 * text has none.
 */
export function mayNameParameters({ translator, slots }: Candidate): boolean {
  return translator === 'verified' || (translator === 'caller' && slots.size > 0);
}

/**
 * Reads the text now and gives the tree, or the refusal, when asked for it.
 *
 * @throws SwaliError at once: `SEAL_TOO_LONG`, `SEAL_TOO_DEEP`
 */
function read(candidate: Candidate, dialect: Dialect): () => Query {
  try {
    const query = parseQuery(candidate.sql, dialect, { allowNamedParameters: mayNameParameters(candidate) });
    return () => query;
  } catch (error) {
    if (error instanceof SwaliError && (error.code === 'SEAL_TOO_LONG' || error.code === 'SEAL_TOO_DEEP')) throw error;
    return () => {
      throw error;
    };
  }
}

/** A plan that the judges have not seen yet. */
interface Draft {
  readonly plan: Plan;
  readonly request: JudgeRequest;
}

/**
 * Steps 2 to 8 but for the judges. From here on there is only the tree. Between the steps other requests get their turn,
 * as the longest texts take many milliseconds to compile.
 *
 * @param parsed gives the tree, or throws what reading found
 */
async function draftPlan(
  parsed: () => Query,
  slots: ReadonlySet<string>,
  context: CompileContext,
  breathe: () => Promise<void>,
): Promise<Draft> {
  const { catalog, view } = context;
  const { dialect } = catalog;
  await breathe();
  // 2 resolve
  const statement = dropUnread(resolve(parsed(), view, catalog, slots));
  await breathe();
  const obligations = usedObligations(statement, view);
  const filtered = obligations.some((obligation) => obligation.filter !== null);
  // 3 enclose, 4 fence, 5 literals, 6 order and cap
  const query = await rewriteTree(statement, filtered, context, breathe);
  await breathe();
  // 7 print
  const { sql, parameters } = printQuery(query, dialect);
  if (sql.length > MAX_PRINTED) throw new SwaliError('SEAL_TOO_DEEP', { detail: 'spelled out, it is too long' });
  await breathe();
  // 8 verify
  const request = verify(sql, parameters.length, obligations, dialect);
  await breathe();
  const masked = maskedColumns(statement, view);
  const provenance = {
    relations: obligations.map((obligation) => obligation.relation.name).sort(),
    policies: [...new Set(obligations.flatMap((obligation) => obligation.policies))].sort(),
    maskedColumns: masked,
    policyVersion: view.policyVersion,
  };
  const columns = describeOutputs(statement, view, masked.length > 0);
  return { plan: { sql, parameters, columns, filtered, provenance }, request };
}

/**
 * Turns text into a plan that can only read the principal's slice: every step of the seal, in order. The server only ever
 * sees text that was printed from a tree built here; the foreign parsers are judges, never authors.
 *
 * @throws SwaliError with a `SEAL_` code
 */
export async function compile(candidate: Candidate, context: CompileContext): Promise<Plan> {
  const { catalog, view, judges } = context;
  // 1 read. It is linear and comes first, as nested text could hold the gate's parser until its deadline.
  const breathe = createBreather(() => performance.now());
  const parsed = read(candidate, catalog.dialect);
  // 0 gate. It reads in a thread of its own while the other steps run here. Where both refuse, its word is the one that is
  // heard: it says in clearer words what would change data.
  const gate = judges.gate(candidate.sql, catalog.dialect, (name) => view.relations.has(foldName(name)));
  const drafted = draftPlan(parsed, new Set(candidate.slots.keys()), context, breathe);
  drafted.catch(() => undefined);
  const spentMs = await gate;
  const { plan, request } = await drafted;
  // The judges of step 8. They wait for the gate: a text that holds its parser until the deadline holds no more threads.
  await judges.judge(request, spentMs);
  return plan;
}
