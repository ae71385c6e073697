import type { RelationObligation } from '../../policy/view.js';
import { type Context, nameInWords, reaches, tieBetween } from './context.js';
import { dateColumns, saysEvent, saysName } from './describe-relation.js';
import type { Draft } from './draft.js';
import { isOfYears, isYear } from './filter-reader.js';
import { findPath, type JoinStep } from './find-joins.js';
import type { ColumnOf } from './lexicon.js';
import { NotUnderstood } from './not-understood.js';
import type { Filter, Key, Output, Plan } from './plan.js';

/** A plan before its joins are found and its conditions placed. */
export interface Shape {
  readonly fact: RelationObligation;
  readonly outputs: readonly Output[];
  readonly groupBy: readonly Key[];
  readonly orderBy: Plan['orderBy'];
  readonly limit: number | null;
  readonly distinct: boolean;
  readonly having: Plan['having'];
  /** Relations that must take part beside those of the outputs. */
  readonly needed: readonly RelationObligation[];
  readonly filters: readonly Filter[];
}

/**
 * Joins what a shape needs and places every condition: on the rows themselves where a join leads to them, else in EXISTS.
 *
 * @throws NotUnderstood where relations do not belong together, or in several ways
 */
export function finishPlan(context: Context, draft: Draft, shape: Shape): Plan {
  const { fact } = shape;
  const all = [
    ...draft.filters,
    ...shape.filters,
    ...draft.periods.map(({ range, text }) => ({
      kind: 'range' as const,
      of: periodColumn(context, fact, groupedBy(draft), isOfYears(range), text),
      range,
    })),
  ];
  if (contradicts(all)) throw new NotUnderstood('No row can be both at once; ask for one after the other.');
  const inner: Filter[] = [];
  const outer = new Map<RelationObligation, Filter[]>();
  const joined = new Set<RelationObligation>(
    outputRelations([
      ...shape.outputs,
      ...shape.groupBy,
      ...shape.orderBy.map((each) => each.output),
      ...(shape.having?.measure ? [shape.having.measure] : []),
    ]),
  );
  for (const relation of shape.needed) {
    if (reaches(context, fact, relation)) joined.add(relation);
    else outer.set(relation, []);
  }
  for (const filter of all) {
    if (filter.kind === 'exists') continue;
    const { relation } = filter.of;
    if (filter.kind === 'any' && filter.filters.some(({ of }) => of.relation !== fact && !joined.has(of.relation)))
      throw new NotUnderstood('I understand "or" only between conditions on what is asked for.');
    if (mayBeOfAnother(context, fact, relation))
      throw new NotUnderstood(`I cannot tell whose ${nameInWords(relation.relation.name)} are meant.`);
    if (joined.has(relation) || reaches(context, fact, relation)) {
      joined.add(relation);
      inner.push(filter);
    } else outer.set(relation, [...(outer.get(relation) ?? []), filter]);
  }
  for (const [relation, filters] of outer)
    inner.push({ kind: 'exists', ...wayBetween(context, relation, fact), negated: false, filters });
  for (const filter of all) if (filter.kind === 'exists') inner.push(filter);
  return {
    fact,
    joins: joinAll(context, fact, joined),
    outputs: withoutTwins(shape.outputs),
    distinct: shape.distinct,
    filters: inner,
    groupBy: shape.groupBy,
    having: shape.having,
    orderBy: shape.orderBy,
    limit: shape.limit,
  };
}

/** "Instructors who advise students in the history department": theirs, or the students'? */
function mayBeOfAnother(context: Context, fact: RelationObligation, relation: RelationObligation): boolean {
  return (
    relation !== fact &&
    reaches(context, fact, relation) &&
    context.mentioned.some(
      (other) =>
        other !== fact &&
        other !== relation &&
        reaches(context, other, relation) &&
        !reaches(context, fact, other) &&
        !reaches(context, other, fact),
    )
  );
}

/** Whether one column is to have two values: whoever asks so meant something else. */
function contradicts(filters: readonly Filter[]): boolean {
  const equal = filters.flatMap((filter) => (filter.kind === 'compare' && filter.operator === '=' ? [filter] : []));
  return equal.some((one) =>
    equal.some(
      (other) =>
        other.of.column === one.of.column &&
        JSON.stringify(other.value).toLowerCase() !== JSON.stringify(one.value).toLowerCase(),
    ),
  );
}

/** "Each city and the number of orders in each city" names the city twice and shows it once. */
function withoutTwins(outputs: readonly Output[]): readonly Output[] {
  const isSame = (left: Output, right: Output) =>
    (left.kind === 'column' && right.kind === 'column' && left.of.column === right.of.column) ||
    (left.kind === 'aggregate' &&
      right.kind === 'aggregate' &&
      left.name === right.name &&
      left.of?.column === right.of?.column &&
      left.distinct === right.distinct);
  return outputs.filter(
    (output, index) => outputs.findIndex((each) => isSame(each, output) || each === output) === index,
  );
}

function outputRelations(outputs: readonly Output[]): readonly RelationObligation[] {
  return outputs.flatMap((output) => (output.of ? [output.of.relation] : []));
}

/** The one way from a relation many-to-one to another. @throws NotUnderstood where there is none, or several */
export function pathTo(context: Context, from: RelationObligation, to: RelationObligation): readonly JoinStep[] {
  const path = findPath(context.steps, from, to);
  const names = `${nameInWords(from.relation.name)} and ${nameInWords(to.relation.name)}`;
  if (path === null) throw new NotUnderstood(`I do not know how ${names} belong together.`);
  if (path === 'ambiguous')
    throw new NotUnderstood(`${names} belong together in several ways; I cannot tell which is meant.`);
  return path;
}

/** From what is said of a relation to the rows of another: straight, or by the relation that points at both. */
export function wayBetween(
  context: Context,
  from: RelationObligation,
  to: RelationObligation,
): { readonly path: readonly JoinStep[]; readonly joins: readonly JoinStep[] } {
  const tie = tieBetween(context, from, to) ?? from;
  const path = pathTo(context, tie, to);
  const known = path.slice(0, -1).map((step) => step.to);
  const joins = tie === from ? [] : pathTo(context, tie, from);
  return { path, joins: joins.filter((step) => !known.includes(step.to)) };
}

function joinAll(
  context: Context,
  fact: RelationObligation,
  relations: ReadonlySet<RelationObligation>,
): readonly JoinStep[] {
  const steps: JoinStep[] = [];
  for (const relation of relations) {
    for (const step of pathTo(context, fact, relation)) {
      if (steps.includes(step)) continue;
      if (step.to === fact || steps.some((each) => each.to === step.to)) {
        throw new NotUnderstood(
          `${nameInWords(step.to.relation.name)} would be meant in two ways at once; I cannot tell which.`,
        );
      }
      steps.push(step);
    }
  }
  return steps;
}

/** Whether the event that the question says, and no date of a relation does, is that of rows that belong to its rows. */
export function isDateOfAnother(context: Context, fact: RelationObligation): boolean {
  const own = dateColumns(fact, context.hints);
  return (
    own.every((column) => !saysEvent(fact, column.column, context.hints)) &&
    context.relations.some(
      (relation) => relation !== fact && reaches(context, relation, fact) && namesEvent(relation, fact, context),
    )
  );
}

/** Whether a word of the question is that of a relation, as "shipped" is of shipments, and not of the one that is asked about. */
function namesEvent(relation: RelationObligation, fact: RelationObligation, { hints, mentioned }: Context): boolean {
  const dates = dateColumns(relation, hints);
  if (dates.length === 0 || mentioned.includes(relation)) return dates.length > 0;
  return dates.some(({ column }) => saysEvent(relation, column, hints)) || saysName(relation, hints, [fact]);
}

/** Relations that rows are grouped or ranked by: "top branches in 2025" is not about the branches' own dates. */
export function groupedBy(draft: Draft): readonly RelationObligation[] {
  const groups = draft.groups.flatMap((each) =>
    'element' in each && each.element.relations.length === 1 ? each.element.relations : [],
  );
  return draft.ranking ? [...groups, draft.ranking.subject] : groups;
}

/**
 * The date that a period means: of the fact; else one whose event the question says ("opened"); else of the nearest joined
 * relation that has one. What is grouped by comes last.
 *
 * @param grouped see {@link groupedBy}
 * @param isYears whether a column of years will do
 */
export function periodColumn(
  context: Context,
  fact: RelationObligation,
  grouped: readonly RelationObligation[],
  isYears: boolean,
  text: string | null,
): ColumnOf {
  const own = dateColumns(fact, context.hints);
  const dated = context.relations
    .filter((relation) => relation !== fact && reaches(context, fact, relation))
    .map((relation) => ({
      relation,
      columns: dateColumns(relation, context.hints),
      steps: pathTo(context, fact, relation).length,
    }))
    .filter((each) => each.columns.length === 1);
  const said = dated.filter(({ relation, columns }) => saysEvent(relation, columns[0]!.column, context.hints));
  // "Payments of customers who joined in 2025": the event that is said is not the payment.
  const elsewhere =
    said.some(({ relation }) => context.mentioned.includes(relation)) &&
    own.every((column) => !saysEvent(fact, column.column, context.hints));
  // "Orders shipped after …", where shipments have a date and orders another: not the orders'.
  if (isDateOfAnother(context, fact))
    throw new NotUnderstood(`I cannot tell which date of ${nameInWords(fact.relation.name)} is meant.`);
  if (own.length === 1 && !elsewhere) return { relation: fact, column: own[0]! };
  if (own.length > 1 && !elsewhere) {
    throw new NotUnderstood(
      `${nameInWords(fact.relation.name)} have several dates: ${own.map((each) => each.column.name).join(', ')}. Say which is meant.`,
      text === null
        ? []
        : own.slice(0, 4).map((each) => ({ replace: text, by: `with ${nameInWords(each.column.name)} ${text}` })),
    );
  }
  if (isYears) {
    const years = [...fact.columns.values()].map((column) => ({ relation: fact, column })).filter(isYear);
    if (years.length === 1) return years[0]!;
  }
  const apart = dated.filter(({ relation }) => !grouped.includes(relation));
  for (const group of [said, apart, dated]) {
    const near = group.filter((each) => each.steps === Math.min(...group.map((other) => other.steps)));
    const named = near.filter(({ relation }) => context.mentioned.includes(relation));
    const [only, second] = named.length > 0 ? named : near;
    if (only && !second) return { relation: only.relation, column: only.columns[0]! };
  }
  throw new NotUnderstood(`I cannot tell which date of ${nameInWords(fact.relation.name)} is meant.`);
}
