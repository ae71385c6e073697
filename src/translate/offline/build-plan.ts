import type { RelationObligation, VisibleColumn } from '../../policy/view.js';
import { type Context, nameInWords, reaches, resolveColumn } from './context.js';
import {
  dateColumns,
  isAmount,
  isKey,
  isNumeric,
  keyColumn,
  labelColumns,
  measureColumn,
  wholeKey,
} from './describe-relation.js';
import type { Draft, GroupAsked, Ranking } from './draft.js';
import { findPath, type JoinStep } from './find-joins.js';
import type { ColumnOf } from './lexicon.js';
import { NotUnderstood } from './not-understood.js';
import type { Filter, Output, Plan } from './plan.js';
import { isYear } from './read-filters.js';
import type { Asked, Item } from './read-items.js';

type Key = Exclude<Output, { readonly kind: 'aggregate' }>;

/**
 * Turns what was read into a plan: picks the relation whose rows are counted, summed or listed, joins every other one
 * many-to-one from it (so that no row is counted twice), and turns conditions on what points *at* it into EXISTS.
 *
 * @throws NotUnderstood where a part has no single reading or no join leads to it
 */
export function buildPlan(context: Context, draft: Draft, asked: Asked): Plan {
  const plan = draft.ranking ? rankPlan(context, draft, asked, draft.ranking) : plainPlan(context, draft, asked);
  if (draft.own && !isOwn(context, plan)) {
    throw new NotUnderstood('I cannot tell which rows are yours; say it without "my" or "I", or name the person.');
  }
  return plan;
}

/** "My orders" are the table itself, but only where a customer's rows are all that the customer sees. */
function isOwn(context: Context, plan: Plan): boolean {
  return context.principal.kind === 'customer' && plan.fact.filter !== null;
}

interface Shape {
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

function finish(context: Context, draft: Draft, shape: Shape): Plan {
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

function pathTo(context: Context, from: RelationObligation, to: RelationObligation): readonly JoinStep[] {
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
function periodColumn(context: Context, fact: RelationObligation, year: number | null, text: string | null): ColumnOf {
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

/** Columns by which a relation's rows are shown and grouped: its label, else its key. */
function shown(relation: RelationObligation): readonly VisibleColumn[] {
  const labels = labelColumns(relation);
  if (labels.length > 0) return labels;
  const key = keyColumn(relation);
  if (key) return [key];
  throw new NotUnderstood(`I do not know how to name each of ${nameInWords(relation.relation.name)}.`);
}

/** Its label as outputs; empty (all columns) where it has none. */
function labelOutputs(relation: RelationObligation): readonly Key[] {
  return labelColumns(relation).map((column): Key => ({ kind: 'column', of: { relation, column } }));
}

function groupKeys(
  context: Context,
  fact: RelationObligation,
  asked: GroupAsked,
): { readonly outputs: readonly Key[]; readonly keys: readonly Key[] } {
  if ('unit' in asked) {
    const of = periodColumn(context, fact, asked.unit === 'year' ? 1 : null, null);
    const key: Key = isYear(of) ? { kind: 'column', of } : { kind: 'period', of, unit: asked.unit };
    return { outputs: [key], keys: [key] };
  }
  const relation = asked.element.relations.length === 1 ? asked.element.relations[0]! : null;
  const own = asked.element.columns.filter((each) => each.relation === fact);
  if (
    relation &&
    relation !== fact &&
    reaches(context, fact, relation) &&
    !(own.length === 1 && own[0]!.column.column.family === 'text')
  ) {
    const outputs = shown(relation).map((column): Key => ({ kind: 'column', of: { relation, column } }));
    const key = wholeKey(relation)?.map((column): Key => ({ kind: 'column', of: { relation, column } })) ?? [];
    const extra = key.filter((each) => outputs.every((output) => output.of.column !== each.of.column));
    return { outputs, keys: [...extra, ...outputs] };
  }
  const of = resolveColumn(context, asked.element, asked.text, () => true, fact);
  if (!of) throw new NotUnderstood(`I cannot group ${nameInWords(fact.relation.name)} by "${asked.text}".`);
  const key: Key = { kind: 'column', of };
  return { outputs: [key], keys: [key] };
}

/** An item as an output and the relation whose rows it is about. */
function outputOf(
  context: Context,
  item: Item,
  subjects: readonly RelationObligation[],
): { readonly output: Output; readonly fact: RelationObligation } {
  const near = item.kind === 'count' ? null : (item.owner ?? (subjects.length === 1 ? subjects[0]! : null));
  const relation = item.element.relations.length === 1 ? item.element.relations[0]! : null;
  switch (item.kind) {
    case 'count': {
      if (relation && !item.distinct)
        return { output: { kind: 'aggregate', name: 'COUNT', of: null, distinct: false }, fact: relation };
      if (!item.distinct)
        throw new NotUnderstood(
          `Do you mean how many different values "${item.text}" has? Then say "how many different ${item.text}".`,
        );
      const of = resolveColumn(
        context,
        item.element,
        item.text,
        () => true,
        subjects.length === 1 ? subjects[0]! : null,
      );
      if (!of) {
        if (relation)
          return { output: { kind: 'aggregate', name: 'COUNT', of: null, distinct: false }, fact: relation };
        throw new NotUnderstood(`I do not know what "${item.text}" means here.`);
      }
      return { output: { kind: 'aggregate', name: 'COUNT', of, distinct: true }, fact: of.relation };
    }
    case 'aggregate': {
      const fits = (of: ColumnOf) =>
        of.column.mask === null &&
        (item.name === 'MIN' ||
          item.name === 'MAX' ||
          (isNumeric(of.column.column) && !isKey(of.relation, of.column.column)));
      const of =
        relation && item.element.columns.every((each) => each.relation !== near)
          ? measureOf(relation, item)
          : resolveColumn(context, item.element, item.text, fits, near);
      if (!of)
        throw new NotUnderstood(
          `"${item.text}" is nothing that has ${item.name === 'SUM' ? 'a total' : 'an average'}.`,
        );
      return { output: { kind: 'aggregate', name: item.name, of, distinct: false }, fact: of.relation };
    }
    case 'column': {
      const of = resolveColumn(context, item.element, item.text, () => true, near);
      if (!of) throw new NotUnderstood(`I do not know what "${item.text}" means here.`);
      return { output: { kind: 'column', of }, fact: of.relation };
    }
  }
}

function measureOf(relation: RelationObligation, item: Extract<Item, { kind: 'aggregate' }>): ColumnOf {
  const column = measureColumn(relation);
  const name = nameInWords(relation.relation.name);
  if (!column) throw new NotUnderstood(`I cannot tell which number of ${name} is meant by "${item.text}".`);
  if (item.name === 'SUM' && !item.explicit && !isAmount(relation)) {
    throw new NotUnderstood(`"Total ${name}" may mean their number or a sum. Say which.`, [
      `How many ${name} are there?`,
      `What is the sum of ${nameInWords(column.column.name)} of ${name}?`,
    ]);
  }
  return { relation, column };
}

function plainPlan(context: Context, draft: Draft, asked: Asked): Plan {
  const items = asked.items.map((item) => outputOf(context, item, asked.subjects));
  const computes = items.filter((each) => each.output.kind === 'aggregate');
  if (computes.length > 0) return aggregatePlan(context, draft, asked, items);
  if (draft.groups.length > 0 && items.length === 0 && asked.subjects.length === 1)
    throw askWhatToCompute(asked.subjects[0]!);
  if (draft.groups.length > 1 || (draft.groups.length > 0 && (asked.subjects.length > 0 || items.length === 0))) {
    throw new NotUnderstood('I do not understand what should be computed for each group.');
  }
  return listPlan(context, draft, asked, items);
}

/** "Payments by month": their number or their total? */
function askWhatToCompute(subject: RelationObligation): NotUnderstood {
  const name = nameInWords(subject.relation.name);
  const measure = measureColumn(subject);
  const sum = measure
    ? [{ replace: '', by: isAmount(subject) ? 'total ' : `sum of ${nameInWords(measure.column.name)} of ` }]
    : [];
  return new NotUnderstood(`Do you mean the number of ${name} or a total of them?`, [
    { replace: '', by: 'number of ' },
    ...sum,
  ]);
}

type Resolved = readonly { readonly output: Output; readonly fact: RelationObligation }[];

function aggregatePlan(context: Context, draft: Draft, asked: Asked, items: Resolved): Plan {
  const facts = [...new Set(items.filter((each) => each.output.kind === 'aggregate').map((each) => each.fact))];
  if (facts.length > 1)
    throw new NotUnderstood('I can compute over one kind of rows at a time; ask for one after the other.');
  const fact = facts[0]!;
  const groups = draft.groups.map((each) => groupKeys(context, fact, each));
  const columns = items
    .filter((each): each is { output: Key; fact: RelationObligation } => each.output.kind !== 'aggregate')
    .map((each) => each.output);
  if (columns.length > 0 && groups.length === 0)
    throw new NotUnderstood('Say for which groups this should be computed, for example "for each …".');
  const groupOutputs = groups.flatMap((each) => each.outputs);
  const same = (a: Key, b: Key) => a.kind === b.kind && a.of.column === b.of.column;
  const lead = columns.length > 0 ? columns : groupOutputs;
  const keys = [...groups.flatMap((each) => each.keys), ...columns].filter(
    (key, index, all) => all.findIndex((each) => same(each, key)) === index,
  );
  const outputs: Output[] = [
    ...lead,
    ...items.filter((each) => each.output.kind === 'aggregate').map((each) => each.output),
  ];
  if (draft.related.length > 0) throw new NotUnderstood('I cannot count within a count; ask for the list first.');
  const first = groupOutputs[0];
  const asOrder = orderKeys(context, draft, outputs, fact);
  const orderBy =
    asOrder.length > 0
      ? asOrder
      : first?.kind === 'period'
        ? [{ output: outputs.find((each) => each === first) ?? first, descending: false }]
        : [];
  // "distinct" was part of a count and is in its output; elsewhere groups are distinct by themselves.
  return finish(context, draft, {
    fact,
    outputs,
    groupBy: keys,
    orderBy,
    limit: draft.limit,
    distinct: false,
    having: null,
    needed: asked.subjects,
    filters: [],
  });
}

function orderKeys(
  context: Context,
  draft: Draft,
  outputs: readonly Output[],
  fact: RelationObligation,
): Plan['orderBy'] {
  return draft.orders.map(({ element, text, descending }) => {
    if (element === null) {
      const first = outputs[0];
      if (!first) throw new NotUnderstood('Say by what the rows should be ordered.');
      return { output: first, descending };
    }
    const selected = outputs.find(
      (output) => output.of && element.columns.some((each) => each.column === output.of!.column),
    );
    if (selected) return { output: selected, descending };
    const of = resolveColumn(context, element, text, () => true, fact);
    if (!of || outputs.some((output) => output.kind === 'aggregate'))
      throw new NotUnderstood(`I cannot order this by "${text}".`);
    return { output: { kind: 'column' as const, of }, descending };
  });
}

function listPlan(context: Context, draft: Draft, asked: Asked, items: Resolved): Plan {
  const relations = [
    ...new Set([...items.map((each) => each.fact), ...(items.length === 0 ? asked.subjects.slice(0, 1) : [])]),
  ];
  if (relations.length === 0) throw new NotUnderstood('I do not understand what should be listed.');
  const fact = relations.find((each) => relations.every((other) => reaches(context, each, other)));
  if (!fact)
    throw new NotUnderstood(
      `I do not know how ${relations.map((each) => nameInWords(each.relation.name)).join(' and ')} belong together.`,
    );
  const short = draft.distinct || asked.namesOnly;
  const outputs = items.length === 0 && short ? labelOutputs(fact) : items.map((each) => each.output);
  const needed = [
    ...asked.subjects,
    ...draft.groups.flatMap((each) => ('element' in each ? each.element.relations : [])),
  ];
  if (draft.groups.some((each) => 'unit' in each || each.element.relations.length !== 1))
    throw new NotUnderstood('I do not understand what should be computed for each group.');
  const related = relatedParts(context, draft, fact);
  const orderBy = orderKeys(
    context,
    draft,
    outputs.length > 0
      ? outputs
      : shown(fact).map((column) => ({ kind: 'column' as const, of: { relation: fact, column } })),
    fact,
  );
  if (related.having) {
    const counted = related.having.relation;
    const own =
      outputs.length > 0
        ? outputs
        : shown(fact).map((column): Output => ({ kind: 'column', of: { relation: fact, column } }));
    if (own.some((output) => output.of?.relation !== fact) || orderBy.some((each) => each.output.of?.relation !== fact))
      throw new NotUnderstood('I cannot count and show both; ask for one after the other.');
    const keys = [
      ...(wholeKey(fact) ?? []).map((column): Key => ({ kind: 'column', of: { relation: fact, column } })),
      ...(own as readonly Key[]),
      ...orderBy.map((each) => each.output as Key),
    ];
    const groupBy = keys.filter(
      (key, index, all) => all.findIndex((each) => each.of.column === key.of.column) === index,
    );
    return finish(context, draft, {
      fact: counted,
      outputs: own,
      groupBy,
      orderBy,
      limit: draft.limit,
      distinct: false,
      having: related.having,
      needed: needed.filter((each) => each !== counted),
      filters: related.filters,
    });
  }
  return finish(context, draft, {
    fact,
    outputs,
    groupBy: [],
    orderBy,
    limit: draft.limit,
    distinct: draft.distinct,
    having: null,
    needed: needed.filter((each) => each !== fact),
    filters: related.filters,
  });
}

/** "without orders" is NOT EXISTS; "with more than 5 orders" groups what is counted. */
function relatedParts(
  context: Context,
  draft: Draft,
  fact: RelationObligation,
): {
  readonly filters: readonly Filter[];
  readonly having: (NonNullable<Plan['having']> & { readonly relation: RelationObligation }) | null;
} {
  const filters: Filter[] = [];
  let having: (NonNullable<Plan['having']> & { readonly relation: RelationObligation }) | null = null;
  for (const each of draft.related) {
    if (each.subject !== fact)
      throw new NotUnderstood(`I cannot tell what "${nameInWords(each.relation.relation.name)}" are counted for.`);
    const count = each.count.kind === 'number' ? Number(each.count.text) : Number.NaN;
    if (each.operator === '=' && count === 0)
      filters.push({ kind: 'exists', path: pathTo(context, each.relation, fact), negated: true, filters: [] });
    else if (each.operator === '>=' && count === 1)
      filters.push({ kind: 'exists', path: pathTo(context, each.relation, fact), negated: false, filters: [] });
    else if (having || !['>', '>=', '='].includes(each.operator) || count < 0)
      throw new NotUnderstood('I cannot count several things at once; ask for one after the other.');
    else having = { operator: each.operator, value: each.count, relation: each.relation };
  }
  return { filters, having };
}

function rankPlan(context: Context, draft: Draft, asked: Asked, ranking: Ranking): Plan {
  const { subject, by, descending, limit, showMeasure } = ranking;
  if (draft.orders.length > 0 || draft.groups.length > 0 || draft.related.length > 0)
    throw new NotUnderstood('I cannot rank and order or group in other ways at once; ask for one after the other.');
  const items = asked.items.map((item) => outputOf(context, item, asked.subjects));
  if (items.some((each) => each.output.kind === 'aggregate'))
    throw new NotUnderstood('I cannot rank and compute other things at once; ask for one after the other.');
  const outputs = items.map((each) => each.output);
  const needed = asked.subjects;
  if (by.kind === 'column' && by.aggregate === null && by.of.relation === subject) {
    const order: Output = { kind: 'column', of: by.of };
    const own = labelOutputs(subject);
    const measured = showMeasure && own.length > 0 && own.every((each) => each.of.column !== by.of.column);
    const list = outputs.length > 0 ? outputs : measured ? [...own, order] : own;
    const filters: readonly Filter[] = descending ? [] : [{ kind: 'present', of: by.of }];
    return finish(context, draft, {
      fact: subject,
      outputs: list,
      groupBy: [],
      orderBy: [{ output: order, descending }],
      limit,
      distinct: false,
      having: null,
      needed: needed.filter((each) => each !== subject),
      filters,
    });
  }
  const fact = by.kind === 'count' ? by.counted : by.of.relation;
  const measure: Output =
    by.kind === 'count'
      ? { kind: 'aggregate', name: 'COUNT', of: null, distinct: false }
      : { kind: 'aggregate', name: by.aggregate ?? 'SUM', of: by.of, distinct: false };
  if (fact === subject || !reaches(context, fact, subject))
    throw new NotUnderstood(`I do not know how to rank ${nameInWords(subject.relation.name)} by this.`);
  if (by.kind === 'column' && isKey(by.of.relation, by.of.column.column))
    throw new NotUnderstood(`"${by.of.column.column.name}" names things and cannot be added up.`);
  const chosen =
    outputs.length > 0
      ? (outputs as readonly Key[])
      : shown(subject).map((column): Key => ({ kind: 'column', of: { relation: subject, column } }));
  if (chosen.some((each) => each.of.relation !== subject))
    throw new NotUnderstood(`I can show only what belongs to ${nameInWords(subject.relation.name)} here.`);
  const keys = [
    ...(wholeKey(subject) ?? []).map((column): Key => ({ kind: 'column', of: { relation: subject, column } })),
    ...chosen,
  ];
  const groupBy = keys.filter((key, index, all) => all.findIndex((each) => each.of.column === key.of.column) === index);
  const list = outputs.length > 0 || !showMeasure ? chosen : [...chosen, measure];
  return finish(context, draft, {
    fact,
    outputs: list,
    groupBy,
    orderBy: [{ output: measure, descending }],
    limit,
    distinct: false,
    having: null,
    needed: needed.filter((each) => each !== fact),
    filters: [],
  });
}
