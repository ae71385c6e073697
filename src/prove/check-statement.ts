import type { Principal } from '../domain/principal.js';
import type { SealedStatement } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView } from '../policy/view.js';
import { foldName } from '../sql/fold-name.js';
import type { Observer } from './observe.js';
import {
  compareMeaning,
  describeDifference,
  differInSpellingAlone,
  type MeaningVerdict,
  type Outcome,
} from './outcome.js';
import type { Rereader } from './reread.js';
import type { SpoiledStatement } from './sabotage.js';
import type { Sealer } from './sealer.js';

/** One principal and the databases on which what they observe is compared. */
export interface Stand {
  readonly principal: Principal;
  readonly view: PrincipalView;
  readonly full: Observer;
  /** Holds the slice alone. */
  readonly slice: Observer;
  /** Holds what the principal sees, as plain tables: the caller's own text runs here. */
  readonly plain: Observer;
  /** The full data with everything outside the slice changed. */
  readonly mutated: Observer;
  /** Runs statements on the slice and on the plain tables under other settings of the optimiser; null on SQLite. */
  readonly rereaders: { readonly slice: Rereader; readonly plain: Rereader } | null;
}

/** A statement to be checked. */
export interface StatementUnderProof {
  readonly sql: string;
  /** The same text as it may be run past the seal. */
  readonly plain: string;
  /** The same with a derived table around each relation, which changes nothing. */
  readonly wrapped: string;
  /** Why SQL itself leaves the result open; empty where it does not. */
  readonly open: readonly string[];
  /** Output columns that the statement sorts by, from 0; empty where it does not, or not by outputs alone. */
  readonly orderedBy: readonly number[];
  /** Whether it asks what time it is, and so gives something else a moment later. */
  readonly readsClock: boolean;
}

/** What a check found. */
export type Verdict =
  | { readonly kind: 'refused'; readonly code: string }
  /** A run was stopped at its deadline: running time is not part of the promise. */
  | { readonly kind: 'deadline' }
  /** Shows another of several spellings that its collation takes for equal: left, as SECURITY.md says. */
  | { readonly kind: 'spelling' }
  /** Gives something else at each run on the same data: it reads the clock. */
  | { readonly kind: 'varies' }
  /** The engine gives two things for one text, see `isReadInTwoWays`, and one of them is what was expected. */
  | { readonly kind: 'engine' }
  /** The server ended, and was started again by whoever keeps it. */
  | { readonly kind: 'ended'; readonly sealed: string }
  /** Reads only relations of which nothing at all is hidden, and fails under one plan and not under another. */
  | { readonly kind: 'plan' }
  | {
      readonly kind: 'proven';
      /** `rows`, `no rows`, or the code of the error. */
      readonly observed: string;
      readonly meaning: MeaningVerdict | 'open, equal' | 'open, different';
    }
  | Violation;

export interface Violation {
  readonly kind: 'violation';
  readonly property: 'slice' | 'mutation' | 'meaning';
  readonly difference: string;
  readonly sealed: SealedStatement | SpoiledStatement;
}

const TIMED_OUT = 'EXECUTE_TIMEOUT';
const timedOut = (outcome: Outcome): boolean => outcome.kind === 'error' && outcome.code === TIMED_OUT;

async function seal(
  sealer: Sealer,
  sql: string,
  { principal, view }: Stand,
): Promise<SealedStatement | SpoiledStatement | string> {
  try {
    return await sealer(sql, principal, view);
  } catch (error) {
    if (error instanceof SwaliError) return error.code;
    throw error;
  }
}

/**
 * Whether a statement reads only relations of which the principal sees every row and every column. All of their data are in
 * each copy then; what differs are the statistics that the copies have, and with them the server's plan.
 */
function seesWhole(sealed: SealedStatement | SpoiledStatement, view: PrincipalView): boolean {
  if (sealed.filtered || 'spoiled' in sealed) return false;
  return sealed.provenance.relations.every((name) => {
    const seen = view.relations.get(foldName(name));
    return (
      seen?.columns.size === seen?.relation.columns.length &&
      [...(seen?.columns.values() ?? [])].every((column) => !column.mask)
    );
  });
}

/** Whether the sealed statement gives the same on the full data, on the slice alone, and with everything else changed. */
async function checkIsolation(
  sealed: SealedStatement | SpoiledStatement,
  stand: Stand,
  statement: StatementUnderProof,
): Promise<Violation | Outcome | { readonly kind: 'spelling' } | { readonly kind: 'plan' }> {
  const [full, slice, mutated] = await Promise.all(
    [stand.full, stand.slice, stand.mutated].map((observer) => observer.runSealed(sealed)),
  );
  const outcomes = [full, slice, mutated] as Outcome[];
  const late = outcomes.find(timedOut);
  if (late) return late;
  const failures = outcomes.filter((outcome) => outcome.kind === 'error').length;
  if (failures > 0 && failures < outcomes.length && seesWhole(sealed, stand.view)) return { kind: 'plan' };
  // Where no row is filtered none is hidden: order and choice among rows that are all the caller's are left to the server.
  const compare = (other: Outcome | undefined) => {
    const isCut = full?.kind === 'rows' && full.truncated;
    const isLeftOpen = !sealed.filtered && (isCut || statement.open.length > 0);
    return isLeftOpen ? null : describeDifference(full as Outcome, other as Outcome, sealed.filtered);
  };
  const isSpelled = statement.open.includes('representative');
  if (isSpelled && outcomes.some((other) => compare(other) && differInSpellingAlone(full as Outcome, other)))
    return { kind: 'spelling' };
  const bySlice = compare(slice);
  if (bySlice) return { kind: 'violation', property: 'slice', difference: bySlice, sealed };
  const byMutation = compare(mutated);
  return byMutation ? { kind: 'violation', property: 'mutation', difference: byMutation, sealed } : (full as Outcome);
}

/**
 * Seals a statement once and checks what G2 promises: the same observation over the full data, over the slice alone and over
 * full data whose foreign rows are others; and that the sealed statement means what the text said.
 *
 * @throws what the machine does wrong: a server that is gone, a full disk
 */
export async function checkStatement(statement: StatementUnderProof, stand: Stand, sealer: Sealer): Promise<Verdict> {
  const sealed = await seal(sealer, statement.sql, stand);
  if (typeof sealed === 'string') return { kind: 'refused', code: sealed };
  try {
    return await compareAll(sealed, statement, stand);
  } catch (error) {
    if (!(error instanceof SwaliError && error.code === 'SOURCE_UNAVAILABLE')) throw error;
    await untilItAnswers(stand, error);
    return { kind: 'ended', sealed: sealed.sql };
  }
}

/** A server that ended is given so long to be there again, in milliseconds. */
const COMEBACK_MS = 60_000;
const COMEBACK_STEP_MS = 500;

async function untilItAnswers({ plain, principal }: Stand, ended: SwaliError): Promise<void> {
  for (let waited = 0; waited < COMEBACK_MS; waited += COMEBACK_STEP_MS) {
    await new Promise((resolve) => setTimeout(resolve, COMEBACK_STEP_MS));
    try {
      await plain.runText('SELECT 1', principal.kind, COMEBACK_STEP_MS);
      return;
    } catch (error) {
      if (!(error instanceof SwaliError)) throw error;
    }
  }
  throw ended;
}

/**
 * Whether the engine itself reads the sealed statement, or the caller's text, in two ways: under some settings of its
 * optimiser, or with a derived table around each relation, the two agree, and neither changes what a text means.
 */
async function isReadInTwoWays(
  sealed: SealedStatement | SpoiledStatement,
  { plain, wrapped, orderedBy }: StatementUnderProof,
  { rereaders, plain: observer, principal }: Stand,
  isolated: Outcome,
): Promise<boolean> {
  const { timeoutMs, rows } = sealed.limits;
  const again = await observer.runText(wrapped, principal.kind, timeoutMs);
  if (compareMeaning(isolated, again, orderedBy) === 'equal') return true;
  if (!rereaders) return false;
  const parameters = sealed.parameters.map((parameter) => parameter.value);
  const ours = await rereaders.slice.reread(sealed.sql, parameters, timeoutMs);
  const theirs = await rereaders.plain.reread(plain, [], timeoutMs);
  const cut = (outcome: Outcome): Outcome =>
    outcome.kind === 'rows' && outcome.rows.length > rows
      ? { ...outcome, rows: outcome.rows.slice(0, rows), truncated: true }
      : outcome;
  return ours.some((one) =>
    theirs.some((other) => other.kind === 'rows' && compareMeaning(cut(one), other, orderedBy) === 'equal'),
  );
}

async function compareAll(
  sealed: SealedStatement | SpoiledStatement,
  statement: StatementUnderProof,
  stand: Stand,
): Promise<Verdict> {
  const { timeoutMs } = sealed.limits;
  const [isolated, text] = await Promise.all([
    checkIsolation(sealed, stand, statement),
    stand.plain.runText(statement.plain, stand.principal.kind, timeoutMs),
  ]);
  const { readsClock } = statement;
  if (isolated.kind === 'violation') {
    // A statement that reads the clock differs from itself; what differs from itself alone is no finding.
    const again = readsClock ? await checkIsolation(sealed, stand, statement) : isolated;
    return again.kind === 'violation' ? again : { kind: 'varies' };
  }
  if (isolated.kind === 'spelling' || isolated.kind === 'plan') return isolated;
  if (timedOut(isolated)) return { kind: 'deadline' };
  const observed = isolated.kind === 'error' ? isolated.code : isolated.rows.length > 0 ? 'rows' : 'no rows';
  if (timedOut(text)) return { kind: 'proven', observed, meaning: 'only the text fails' };
  const meaning = compareMeaning(isolated, text, statement.orderedBy);
  const isOpen = statement.open.length > 0 || readsClock;
  if (isOpen && (meaning === 'equal' || meaning === 'different'))
    return { kind: 'proven', observed, meaning: meaning === 'equal' ? 'open, equal' : 'open, different' };
  if (meaning === 'different' && (await isReadInTwoWays(sealed, statement, stand, isolated))) return { kind: 'engine' };
  if (meaning === 'different')
    return { kind: 'violation', property: 'meaning', difference: describeMeaning(isolated, text), sealed };
  return { kind: 'proven', observed, meaning };
}

function describeMeaning(sealed: Outcome, text: Outcome): string {
  const show = (outcome: Outcome) =>
    outcome.kind === 'error' ? outcome.code : `${outcome.rows.length} rows ${JSON.stringify(outcome.rows.slice(0, 3))}`;
  return `sealed ${show(sealed)}, as written ${show(text)}`.slice(0, 500);
}
