import type { Translation } from '../../domain/candidate.js';
import type { Dialect } from '../../domain/dialect.js';
import type { Principal } from '../../domain/principal.js';
import type { CompiledMetric } from '../../policy/compile-metric.js';
import type { PrincipalView, RelationObligation } from '../../policy/view.js';
import { nameCurrency } from '../currency.js';
import type { Day } from '../dates.js';
import { enumValues } from '../enum-values.js';
import { splitWords } from '../words.js';
import { buildPlan } from './build-plan.js';
import { type Context, mentionedRelations, nameInWords, relationsOfMetrics } from './context.js';
import { measureColumn } from './describe-relation.js';
import { type Draft, emptyDraft } from './draft.js';
import { asName, isRole, putCurrencyBehind, skip } from './filter-reader.js';
import { findSteps } from './find-joins.js';
import { buildLexicon } from './lexicon.js';
import {
  type Mark,
  markWords,
  ofMark,
  type PlacedMark,
  placeMarks,
  type SharedIndex,
  type SharedMeaning,
} from './mark-words.js';
import { NotUnderstood } from './not-understood.js';
import type { ColumnFilter, Filter } from './plan.js';
import { putOrMoreFirst } from './read-comparison.js';
import { FILTER_READERS } from './read-filters.js';
import { readHeldNumbers } from './read-held-numbers.js';
import { readItems } from './read-items.js';
import { readShape } from './read-shape.js';
import { writeSql } from './write-sql.js';

/** One question for the offline translator. */
export interface OfflineRequest {
  /** Checked by `checkQuestion`. */
  readonly question: string;
  readonly view: PrincipalView;
  /** The figures that this principal may use. */
  readonly metrics: readonly CompiledMetric[];
  /** ISO 4217 code in which amounts may be stated; null where the policy names none. */
  readonly currency: string | null;
  readonly principal: Principal;
  readonly dialect: Dialect;
  /** In the configured time zone. */
  readonly today: Day;
  /** Key `relation.column`; only columns whose owner shares their values. */
  readonly sharedValues: ReadonlyMap<string, readonly string[]>;
}

/** Every column is asked for: "all information about", "all the customer information". */
const ALL_INFORMATION = /\b(?:all|complete|full|the) (?:of the |the )?(?:\w+ )?(?:information|info)\b/iu;

const NO_USAGE = { promptTokens: 0, completionTokens: 0 };

/**
 * Translates by rules alone: the same question over the same view gives the same statement, with no model and no network.
 *
 * It reads counts, sums, averages, extremes, lists, top-N, grouping, order, conditions on groups, and filters by value and date over
 * relations that foreign keys (or equal key names) connect, and over those that a third one ties many to many. Every word of the
 * question must have a place; where one has none, or something may be meant in two ways, it asks back or refuses and never guesses.
 *
 * @remarks Linear in the question's words times the longest phrase; the joins are searched to a depth of three.
 */
export function translateOffline(request: OfflineRequest): Translation {
  const answers = (question: string) => translateOnce({ ...request, question }, () => false).kind === 'sql';
  return translateOnce(request, answers);
}

/** Says how texts are read over one view, mark by mark: for whoever changes a question before it is asked. */
export function createMarker(known: Omit<OfflineRequest, 'question'>): (text: string) => readonly PlacedMark[] {
  const lexicon = buildLexicon(known.view, known.metrics);
  const shared = indexShared(known);
  return (text) => placeMarks(splitWords(text).words, lexicon, shared, known.today);
}

/** `answers` says whether a choice would be answered; one that would not is not offered. */
function translateOnce(request: OfflineRequest, answers: (question: string) => boolean): Translation {
  const { view } = request;
  const { words } = splitWords(request.question);
  const currency = request.currency === null ? null : nameCurrency(request.currency);
  const read = markWords(words, buildLexicon(view, request.metrics), indexShared(request), request.today);
  const marks = readHeldNumbers(
    putOrMoreFirst(
      putCurrencyBehind(
        read.filter((mark) => !(mark.type === 'role' && (mark.role.role === 'noise' || isEither(mark)))),
        currency,
      ),
    ),
  );
  const context: Context = {
    principal: request.principal,
    relations: [...view.relations.values()],
    steps: findSteps(view),
    mentioned: [...new Set([...mentionedRelations(marks), ...relationsOfMetrics(marks)])],
    currency,
    valuesOf: ({ relation, column }) =>
      request.sharedValues.get(`${relation.relation.name}.${column.column.name}`) ?? [],
    hints: words.map((word) => word.folded),
    asksAll: ALL_INFORMATION.test(request.question),
  };
  try {
    const sql = writeSql(readPlan(context, marks), request.dialect);
    return { kind: 'sql', candidate: { sql, translator: 'offline', slots: new Map(), usage: NO_USAGE } };
  } catch (error) {
    if (error instanceof NotUnderstood) return replyTo(error, request.question, context, answers);
    throw error;
  }
}

/** "Either" says nothing that the "or" behind it does not say. */
const isEither = ({ text }: Mark) => /^either$/iu.test(text);

function readPlan(context: Context, marks: readonly Mark[]) {
  const first = marks[0];
  if (first?.type === 'role' && first.role.role === 'write') {
    throw new NotUnderstood(`"${first.text}" would change data; I can only read it.`, [], true);
  }
  const draft = emptyDraft();
  draft.own = marks.some((mark) => mark.type === 'role' && mark.role.role === 'own');
  const rest = readShape(context, takeFilters(context, marks, draft), draft);
  return buildPlan(context, draft, readItems(rest, draft));
}

/** Takes the conditions out, with the words that only led to them. */
function takeFilters(context: Context, marks: readonly Mark[], draft: Draft): readonly Mark[] {
  const rest: Mark[] = [];
  for (let at = 0; at < marks.length; ) {
    const taken = readFilter(context, marks, at, draft);
    if (!taken) {
      rest.push(marks[at]!);
      at += 1;
      continue;
    }
    if (taken.keep) {
      // "albums by the artist 'Metallica'": one artist is no grouping.
      const lead = rest.at(-1);
      if (lead?.type === 'role' && lead.role.role === 'by') rest.splice(-1, 1, ofMark(lead.text));
      rest.push(taken.keep);
    } else while (leadsOnly(rest.at(-1))) rest.pop();
    at += taken.length;
  }
  return rest;
}

interface TakenFilter {
  readonly length: number;
  readonly keep: Mark | null;
}

/** One condition, or several with "or" between them; null where none begins here. */
function readFilter(context: Context, marks: readonly Mark[], at: number, draft: Draft): TakenFilter | null {
  const known = draft.filters.length;
  const first = readOne(context, marks, at, draft);
  if (!first || first.keep || draft.filters.length !== known + 1) return first;
  const column = marks.slice(at, at + first.length).flatMap((_, index) => asName(marks, at + index) ?? [])[0];
  let { length } = first;
  while (isRole(marks[at + length], 'or')) {
    const next = skip(marks, at + length + 1, 'with', 'is', 'verb');
    const added = readOne(context, marks, next, draft) ?? readOfColumn(context, marks, next, column, draft);
    const alternatives = draft.filters
      .splice(known)
      .flatMap((each): readonly Filter[] => (each.kind === 'any' ? each.filters : [each]));
    const filters = alternatives.filter((each): each is ColumnFilter => each.kind !== 'exists' && each.kind !== 'any');
    if (!added || added.keep || alternatives.length < 2 || filters.length < alternatives.length)
      throw new NotUnderstood('I do not understand what follows "or".');
    draft.filters.push({ kind: 'any', of: filters[0]!.of, filters });
    length = next - at + added.length;
  }
  return { length, keep: null };
}

/** "Above 1500 or below 500": of the same column. */
function readOfColumn(
  context: Context,
  marks: readonly Mark[],
  at: number,
  column: Mark | undefined,
  draft: Draft,
): TakenFilter | null {
  if (!column) return null;
  const taken = readOne(context, [...marks.slice(0, at), column, ...marks.slice(at)], at, draft);
  return taken && { ...taken, length: taken.length - 1 };
}

function readOne(context: Context, marks: readonly Mark[], at: number, draft: Draft): TakenFilter | null {
  for (const reader of FILTER_READERS) {
    const taken = reader(context, marks, at, draft);
    const { length, keep } = typeof taken === 'number' ? { length: taken, keep: null } : taken;
    if (length > 0) return { length, keep };
  }
  return null;
}

function leadsOnly(mark: Mark | undefined): boolean {
  return mark?.type === 'role' && ['with', 'is', 'verb', 'of', 'by'].includes(mark.role.role);
}

function indexShared(request: Omit<OfflineRequest, 'question'>): SharedIndex {
  const index = new Map<string, SharedMeaning[]>();
  for (const relation of request.view.relations.values()) {
    for (const column of relation.columns.values()) {
      if (!column.shareValues || column.mask !== null) continue;
      const read =
        request.sharedValues.get(`${relation.relation.name}.${column.column.name}`) ??
        enumValues(column.column.declaredType);
      for (const value of read) {
        const key = splitWords(value.replace(/_/g, ' '))
          .words.map((word) => word.folded)
          .join(' ');
        if (key !== '' && !/^\d+$/.test(key))
          index.set(key, [...(index.get(key) ?? []), { of: { relation, column }, value }]);
      }
    }
  }
  return index;
}

function replyTo(
  error: NotUnderstood,
  question: string,
  context: Context,
  answers: (question: string) => boolean,
): Translation {
  const shared = { translator: 'offline' as const, usage: NO_USAGE };
  const own = error.choices
    .map((each) => (typeof each === 'string' ? each : clarified(question, each)))
    .filter(answers);
  const choices = own.length > 1 || error.final ? own : context.mentioned.flatMap(suggest).filter(answers);
  if (choices.length > 1) return { kind: 'clarify', message: error.message, choices: choices.slice(0, 4), ...shared };
  if (error.final) return { kind: 'refused', message: error.message, choices: [], ...shared };
  const names = context.relations.slice(0, 12).map((each) => nameInWords(each.relation.name));
  const known = names.length > 0 ? ` I can answer about ${names.join(', ')}.` : ' No table is open to you.';
  return { kind: 'refused', message: `${error.message}${known}`, choices: [], ...shared };
}

/** The question again with the unclear words made clear; quotes around them are replaced too. */
function clarified(question: string, { replace, by }: { readonly replace: string; readonly by: string }): string {
  const normal = question.normalize('NFKC');
  if (replace === '') return by + normal;
  for (const words of [`"${replace}"`, `'${replace}'`, replace]) {
    const at = normal.indexOf(words);
    if (at >= 0) return normal.slice(0, at) + by + normal.slice(at + words.length);
  }
  return `${normal} (${by})`;
}

/** Questions about a relation that are most often understood. */
function suggest(relation: RelationObligation): readonly string[] {
  const name = nameInWords(relation.relation.name);
  const measure = measureColumn(relation);
  const average = measure ? [`What is the average ${nameInWords(measure.column.name)} of ${name}?`] : [];
  return [`How many ${name} are there?`, `List ${name}`, ...average];
}
