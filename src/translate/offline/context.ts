import type { Principal } from '../../domain/principal.js';
import type { RelationObligation } from '../../policy/view.js';
import type { Currency } from '../currency.js';
import { singular } from '../words.js';
import { isTextual, labelColumns, SHORTEST_BEGINNING, saysName, stem } from './describe-relation.js';
import { findPath, type JoinStep } from './find-joins.js';
import type { ColumnOf, Element, MetricOf } from './lexicon.js';
import type { Mark } from './mark-words.js';
import { NotUnderstood } from './not-understood.js';
import type { AggregateName } from './operators.js';

/** What is known while one question is read. */
export interface Context {
  readonly principal: Principal;
  readonly relations: readonly RelationObligation[];
  readonly steps: readonly JoinStep[];
  /** Relations that the question names, in its order, and behind them those of the metrics that it names. */
  readonly mentioned: readonly RelationObligation[];
  /** The shared values of a column as this principal sees them; empty where they could not be looked up. */
  readonly valuesOf: (of: ColumnOf) => readonly string[];
  /** In which amounts may be stated; null where the policy names none. */
  readonly currency: Currency | null;
  /** Folded words of the question, for the stems of date columns. */
  readonly hints: readonly string[];
  /** "All information": every column, where else only names would be shown. */
  readonly asksAll: boolean;
}

/** Relations that marks name: elements that can only be relations, and those that may be either and are the only reading. */
export function mentionedRelations(marks: readonly Mark[]): readonly RelationObligation[] {
  const found = marks.flatMap((mark) =>
    mark.type === 'element' && mark.element.relations.length === 1 ? mark.element.relations : [],
  );
  return [...new Set(found)];
}

/** Relations of the metrics that marks name. */
export function relationsOfMetrics(marks: readonly Mark[]): readonly RelationObligation[] {
  return marks.flatMap((mark) =>
    mark.type === 'element' && mark.element.relations.length === 0
      ? mark.element.metrics.map(({ relation }) => relation)
      : [],
  );
}

/** The metric that an element means; null where it names none. @throws NotUnderstood where it names several */
export function metricOf(element: Element, text: string): MetricOf | null {
  if (element.metrics.length < 2) return element.metrics[0] ?? null;
  throw new NotUnderstood(
    `"${text}" may mean several figures here: ${element.metrics.map(({ metric }) => metric.name).join(', ')}. Say which.`,
    element.metrics.slice(0, 4).map(({ metric }) => ({ replace: text, by: nameInWords(metric.name) })),
  );
}

/**
 * The metric that an aggregate's word and an element mean together: "total revenue" of a sum or a count, "average rating" of
 * an average. Null where the metric is another figure, so that "average revenue" is no sum.
 */
export function metricFor(element: Element, text: string, name: AggregateName): MetricOf | null {
  const figure = metricOf(element, text);
  if (!figure) return null;
  const { aggregate } = figure.metric;
  return aggregate === name || (name === 'SUM' && aggregate === 'COUNT') ? figure : null;
}

/** True where `to` is `from` or joins to it many-to-one in one way. */
export function reaches(context: Context, from: RelationObligation, to: RelationObligation): boolean {
  const path = findPath(context.steps, from, to);
  return path !== null && path !== 'ambiguous';
}

/**
 * The relation whose rows say what belongs to what: `from` where each of its rows has one of `to`; else the one that points
 * at both, as enrolments do at students and courses.
 *
 * @returns null where there is none, or several are equally near
 */
export function tieBetween(
  context: Context,
  from: RelationObligation,
  to: RelationObligation,
): RelationObligation | null {
  const [there, back] = [findPath(context.steps, from, to), findPath(context.steps, to, from)];
  if (there !== null && there !== 'ambiguous') return from;
  // Each row of `to` has one of `from`, or they belong together in several ways: by what else they are tied is another matter.
  if (there !== null || back !== null) return null;
  const long = context.hints.filter((word) => stem(word).length >= SHORTEST_BEGINNING);
  let best: { readonly relation: RelationObligation; readonly steps: number } | null = null;
  let isShared = false;
  for (const relation of context.relations) {
    if (relation === from || relation === to) continue;
    const paths = [from, to].map((end) => findPath(context.steps, relation, end));
    if (paths.some((path) => path === null || path === 'ambiguous')) continue;
    // "Attended" says that attendances are meant, and not the enrolments that are nearer.
    const steps = saysName(relation, long, [from, to])
      ? 0
      : (paths as (readonly JoinStep[])[]).reduce((sum, path) => sum + path.length, 0);
    if (best && steps > best.steps) continue;
    isShared = best !== null && steps === best.steps;
    best = { relation, steps };
  }
  return isShared ? null : (best?.relation ?? null);
}

/**
 * The one column that an element means here.
 *
 * A column of a named relation comes first, then one of the only relation that can be joined, then the only one of that
 * name; between equals nothing is guessed.
 *
 * @param accepts which columns fit the place (a number, a date …)
 * @returns null where the element names no fitting column
 * @throws NotUnderstood where several fit equally
 */
export function resolveColumn(
  context: Context,
  element: Element,
  text: string,
  accepts: (of: ColumnOf) => boolean = () => true,
  near: RelationObligation | null = null,
): ColumnOf | null {
  const fitting = element.columns.filter(accepts);
  if (near) {
    const own = fitting.filter((each) => each.relation === near);
    if (own.length === 1) return own[0]!;
    const isPart = (each: ColumnOf) => each.relation === near && each.column.mask === null && accepts(each);
    const parts = own.length === 0 && element.relations.length === 0 ? (element.parts ?? []).filter(isPart) : [];
    // "details of visitors", where others have details and these have tourist details.
    if (parts.length === 1 && fitting.every((each) => !context.mentioned.includes(each.relation))) return parts[0]!;
  }
  if (fitting.length < 2) return fitting[0] ?? null;
  const named = fitting.filter((each) => context.mentioned.includes(each.relation));
  if (named.length === 1) return named[0]!;
  if (named.length === 0 && context.mentioned.length > 0) {
    const joined = fitting.filter((each) =>
      context.mentioned.every((relation) => reaches(context, relation, each.relation)),
    );
    if (joined.length === 1) return joined[0]!;
  }
  if (named.length === 0 && context.mentioned.length === 0) {
    const owners = fitting.filter((each) => each.relation.relation.primaryKey.includes(each.column.column.name));
    if (owners.length === 1) return owners[0]!;
  }
  const options = (named.length > 0 ? named : fitting).slice(0, 4);
  throw new NotUnderstood(
    `"${text}" may mean several things here: ${options.map(describeColumn).join(', ')}. Say which.`,
    options.map((each) => ({ replace: text, by: columnInWords(each) })),
  );
}

/** The column by which rows of a relation are called, for "named X"; null where there is none or it takes two. */
export function labelOf(relation: RelationObligation): ColumnOf | null {
  const labels = labelColumns(relation);
  const label = labels.length === 1 ? labels[0]! : null;
  return label && label.mask === null && isTextual(label.column) ? { relation, column: label } : null;
}

export function describeColumn(of: ColumnOf): string {
  return `${of.relation.relation.name}.${of.column.column.name}`;
}

/** A column as a question would say it, its relation first: `branch city`. */
export function columnInWords(of: ColumnOf): string {
  const words = nameInWords(of.relation.relation.name).split(' ');
  const relation = [...words.slice(0, -1), singular(words.at(-1) ?? '')].join(' ');
  return `${relation} ${nameInWords(of.column.column.name)}`;
}

/** `order_items` → `order items`. */
export function nameInWords(name: string): string {
  return name
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replace(/_+/g, ' ')
    .toLowerCase();
}
