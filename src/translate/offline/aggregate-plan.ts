import type { RelationObligation } from '../../policy/view.js';
import { splitIdentifier } from '../words.js';
import { type Context, nameInWords, reaches, resolveColumn, tieBetween } from './context.js';
import { countOnce } from './count-once.js';
import { stem } from './describe-relation.js';
import type { Draft, GroupAsked } from './draft.js';
import { finishPlan, groupedBy } from './finish-plan.js';
import { NotUnderstood } from './not-understood.js';
import { isComputed, type Key, type Output, type Plan } from './plan.js';
import { havingOf, orderKeys, type Resolved, relatedParts } from './plan-parts.js';
import type { Asked } from './read-items.js';
import { groupKeys } from './resolve-output.js';

/** Counts, sums and other figures, over all rows or for groups of them. @throws NotUnderstood as `buildPlan` */
export function aggregatePlan(context: Context, given: Draft, asked: Asked, items: Resolved): Plan {
  const facts = [...new Set(items.filter((each) => isComputed(each.output)).map((each) => each.fact))];
  if (facts.length > 1)
    throw new NotUnderstood('I can compute over one kind of rows at a time; ask for one after the other.');
  const columns = items
    .filter((each): each is { output: Key; fact: RelationObligation } => !isComputed(each.output))
    .map((each) => each.output);
  // "The name and the lowest salary": of all, or of each? "The city and the number of stores" can only be of each.
  if (columns.length > 0 && given.groups.length === 0 && !columns.every((each) => mayGroup(each, given, items)))
    throw new NotUnderstood('Say for which groups this should be computed, for example "for each …".');
  const computed = facts[0]!;
  const draft = withoutOwnRows(given, computed);
  const groupers = [...columns.map(({ of }) => of.relation), ...namedGroups(context, computed, draft)];
  const fact = factFor(context, computed, groupers);
  const tied = { tie: fact, ends: [computed, ...groupers] };
  const groups = draft.groups.map((each) => groupKeys(context, fact, each, groupedBy(draft)));
  const groupOutputs = groups.flatMap((each) => each.outputs);
  const same = (a: Key, b: Key) => a.kind === b.kind && a.of.column === b.of.column;
  const lead = columns.length > 0 ? columns : groupOutputs;
  const keys = [...groups.flatMap((each) => each.keys), ...columns].filter(
    (key, index, all) => all.findIndex((each) => same(each, key)) === index,
  );
  const outputs: Output[] = [
    ...lead,
    ...items
      .filter((each) => isComputed(each.output))
      .map(({ output }) => (fact === computed ? output : countOnce(context, output, computed, tied))),
  ];
  // "The total salary of departments with at least two employees": on the same groups, of the same rows.
  const isGroup = (each: Draft['related'][number]) =>
    each.relation === fact && keys.length > 0 && keys.every(({ of }) => of.relation === each.subject);
  const [having, second] = draft.related.filter(isGroup);
  const related = relatedParts(context, { ...draft, related: draft.related.filter((each) => !isGroup(each)) }, fact);
  if (related.having || second) throw new NotUnderstood('I cannot count within a count; ask for the list first.');
  const first = groupOutputs[0];
  const asOrder = orderKeys(context, draft, outputs, fact);
  const orderBy =
    asOrder.length > 0
      ? asOrder
      : first?.kind === 'period'
        ? [{ output: outputs.find((each) => each === first) ?? first, descending: false }]
        : [];
  // "distinct" was part of a count and is in its output; elsewhere groups are distinct by themselves.
  return finishPlan(context, draft, {
    fact,
    outputs,
    groupBy: keys,
    orderBy,
    limit: draft.limit,
    distinct: false,
    having: having ? havingOf(having) : null,
    needed: asked.subjects,
    filters: related.filters,
  });
}

/**
 * "Requested by all entrepreneurs", whose own column is added up: no groups of one row each.
 *
 * @throws NotUnderstood where "each" asks for them
 */
function withoutOwnRows(draft: Draft, computed: RelationObligation): Draft {
  const isOwnRow = (each: GroupAsked): boolean =>
    'element' in each && each.element.relations[0] === computed && each.element.columns.length === 0;
  const own = draft.groups.filter(isOwnRow);
  if (own.some((each) => 'element' in each && each.isEach))
    throw new NotUnderstood(
      `Each of ${nameInWords(computed.relation.name)} is one row: nothing can be computed over it.`,
    );
  return own.length === 0 ? draft : { ...draft, groups: draft.groups.filter((each) => !isOwnRow(each)) };
}

/** Whether rows are grouped by a column that is shown beside a count, a sum or an average, though nobody said "each". */
function mayGroup({ of }: Key, draft: Draft, items: Resolved): boolean {
  const isFixed = draft.filters.some((filter) => filter.kind === 'compare' && filter.of.column === of.column);
  return (
    !isFixed &&
    items.every(({ output }) => output.kind !== 'aggregate' || (output.name !== 'MIN' && output.name !== 'MAX'))
  );
}

/** Relations that the groups of a question are by name, without those that its own columns are grouped by. */
function namedGroups(context: Context, computed: RelationObligation, draft: Draft): readonly RelationObligation[] {
  return draft.groups.flatMap((each) => {
    if (!('element' in each)) return [];
    if (each.element.relations.length === 1)
      return each.element.columns.some((of) => of.relation === computed) ? [] : each.element.relations;
    const of =
      each.element.columns.length === 1 ? resolveColumn(context, each.element, each.text, () => true, computed) : null;
    // "For each gender", which only dormitories have: nobody asked about those.
    return of !== null && (reaches(context, computed, of.relation) || isNamed(context, of.relation))
      ? [of.relation]
      : [];
  });
}

/** Whether a word of the question is one of a relation's name, if only in that of its column ("for each project name"). */
function isNamed({ hints, mentioned }: Context, relation: RelationObligation): boolean {
  const said = new Set(hints.map(stem));
  return mentioned.includes(relation) || splitIdentifier(relation.relation.name).some((word) => said.has(stem(word)));
}

/** Whose rows are put into groups: those that are computed over, or, where many belong to many, those that tie them to the groups. */
function factFor(
  context: Context,
  computed: RelationObligation,
  groupers: readonly RelationObligation[],
): RelationObligation {
  const apart = [...new Set(groupers.filter((each) => !reaches(context, computed, each)))];
  if (apart.length !== 1) return computed;
  const tie = tieBetween(context, computed, apart[0]!);
  return tie && groupers.every((each) => reaches(context, tie, each)) ? tie : computed;
}
