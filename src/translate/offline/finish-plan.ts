import type { RelationObligation } from '../../policy/view.js';
import { type Context, nameInWords, reaches } from './context.js';
import { dateColumns } from './describe-relation.js';
import type { Draft } from './draft.js';
import { isYear } from './filter-reader.js';
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
      of: periodColumn(context, fact, range.year, text),
      range,
    })),
  ];
  const inner: Filter[] = [];
  const outer = new Map<RelationObligation, Filter[]>();
  const joined = new Set<RelationObligation>(
    outputRelations([...shape.outputs, ...shape.groupBy, ...shape.orderBy.map((each) => each.output)]),
  );
  for (const relation of shape.needed) {
    if (reaches(context, fact, relation)) joined.add(relation);
    else outer.set(relation, []);
  }
  for (const filter of all) {
    if (filter.kind === 'exists') continue;
    const { relation } = filter.of;
    if (joined.has(relation) || reaches(context, fact, relation)) {
      joined.add(relation);
      inner.push(filter);
    } else outer.set(relation, [...(outer.get(relation) ?? []), filter]);
  }
  for (const [relation, filters] of outer)
    inner.push({ kind: 'exists', path: pathTo(context, relation, fact), negated: false, filters });
  for (const filter of all) if (filter.kind === 'exists') inner.push(filter);
  return {
    fact,
    joins: joinAll(context, fact, joined),
    outputs: shape.outputs,
    distinct: shape.distinct,
    filters: inner,
    groupBy: shape.groupBy,
    having: shape.having,
    orderBy: shape.orderBy,
    limit: shape.limit,
  };
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

/** The date that a period means: of the fact, else of the one joined relation that has one. */
export function periodColumn(
  context: Context,
  fact: RelationObligation,
  year: number | null,
  text: string | null,
): ColumnOf {
  const own = dateColumns(fact, context.hints);
  if (own.length === 1) return { relation: fact, column: own[0]! };
  if (own.length > 1) {
    throw new NotUnderstood(
      `${nameInWords(fact.relation.name)} have several dates: ${own.map((each) => each.column.name).join(', ')}. Say which is meant.`,
      text === null
        ? []
        : own.slice(0, 4).map((each) => ({ replace: text, by: `with ${nameInWords(each.column.name)} ${text}` })),
    );
  }
  if (year !== null) {
    const years = [...fact.columns.values()].map((column) => ({ relation: fact, column })).filter(isYear);
    if (years.length === 1) return years[0]!;
  }
  const candidates = context.relations.filter((relation) => relation !== fact && reaches(context, fact, relation));
  const named = candidates.filter((relation) => context.mentioned.includes(relation));
  for (const group of [named, candidates]) {
    const dated = group
      .map((relation) => ({
        relation,
        columns: dateColumns(relation, context.hints),
        steps: pathTo(context, fact, relation).length,
      }))
      .filter((each) => each.columns.length === 1);
    const nearest = dated.filter((each) => each.steps === Math.min(...dated.map((other) => other.steps)));
    if (nearest.length === 1 && nearest[0]!.columns.length === 1)
      return { relation: nearest[0]!.relation, column: nearest[0]!.columns[0]! };
  }
  throw new NotUnderstood(`I cannot tell which date of ${nameInWords(fact.relation.name)} is meant.`);
}
