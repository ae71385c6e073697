import type { RelationObligation } from '../../policy/view.js';
import { type Context, nameInWords, reaches, resolveColumn } from './context.js';
import { isAmount, measureColumn, wholeKey } from './describe-relation.js';
import type { Draft } from './draft.js';
import { finishPlan, groupedBy, pathTo } from './finish-plan.js';
import { NotUnderstood } from './not-understood.js';
import { type Filter, isComputed, type Key, type Output, type Plan } from './plan.js';
import { rankPlan } from './rank-plan.js';
import type { Asked } from './read-items.js';
import { groupKeys, labelOutputs, outputOf, shown } from './resolve-output.js';
import { tallyPlan } from './tally-plan.js';

/**
 * Turns what was read into a plan: picks the relation whose rows are counted, summed or listed, joins every other one
 * many-to-one from it (so that no row is counted twice), and turns conditions on what points *at* it into EXISTS.
 *
 * @throws NotUnderstood where a part has no single reading or no join leads to it
 */
export function buildPlan(context: Context, draft: Draft, asked: Asked): Plan {
  const plan = choosePlan(context, draft, asked);
  if (draft.own && !isOwn(context, plan)) {
    throw new NotUnderstood('I cannot tell which rows are yours; say it without "my" or "I", or name the person.');
  }
  return plan;
}

function choosePlan(context: Context, draft: Draft, asked: Asked): Plan {
  if (draft.ranking) return rankPlan(context, draft, asked, draft.ranking);
  if (draft.tally) return tallyPlan(context, draft, asked, draft.tally);
  return plainPlan(context, draft, asked);
}

/** "My orders" are the table itself, but only where a customer's rows are all that the customer sees. */
function isOwn(context: Context, plan: Plan): boolean {
  return context.principal.kind === 'customer' && plan.fact.filter !== null;
}

function plainPlan(context: Context, draft: Draft, asked: Asked): Plan {
  const items = asked.items.map((item) => outputOf(context, item, asked.subjects));
  const computes = items.filter((each) => isComputed(each.output));
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
  const facts = [...new Set(items.filter((each) => isComputed(each.output)).map((each) => each.fact))];
  if (facts.length > 1)
    throw new NotUnderstood('I can compute over one kind of rows at a time; ask for one after the other.');
  const fact = facts[0]!;
  const groups = draft.groups.map((each) => groupKeys(context, fact, each, groupedBy(draft)));
  const columns = items
    .filter((each): each is { output: Key; fact: RelationObligation } => !isComputed(each.output))
    .map((each) => each.output);
  if (columns.length > 0 && groups.length === 0)
    throw new NotUnderstood('Say for which groups this should be computed, for example "for each …".');
  const groupOutputs = groups.flatMap((each) => each.outputs);
  const same = (a: Key, b: Key) => a.kind === b.kind && a.of.column === b.of.column;
  const lead = columns.length > 0 ? columns : groupOutputs;
  const keys = [...groups.flatMap((each) => each.keys), ...columns].filter(
    (key, index, all) => all.findIndex((each) => same(each, key)) === index,
  );
  const outputs: Output[] = [...lead, ...items.filter((each) => isComputed(each.output)).map((each) => each.output)];
  const related = relatedParts(context, draft, fact);
  if (related.having) throw new NotUnderstood('I cannot count within a count; ask for the list first.');
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
    having: null,
    needed: asked.subjects,
    filters: related.filters,
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
    const selected = outputs.find((output) =>
      output.kind === 'metric'
        ? element.metrics.some((each) => each.metric === output.figure.metric)
        : output.of && element.columns.some((each) => each.column === output.of!.column),
    );
    if (selected) return { output: selected, descending };
    const of = resolveColumn(context, element, text, () => true, fact);
    if (!of || outputs.some(isComputed)) throw new NotUnderstood(`I cannot order this by "${text}".`);
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
    return finishPlan(context, draft, {
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
  return finishPlan(context, draft, {
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

/** "Without an order over 500": what is said of the orders is a condition on them, not on whoever has none. */
function takeFiltersOf(relation: RelationObligation, draft: Draft): readonly Filter[] {
  const own = draft.filters.filter((filter) => filter.kind !== 'exists' && filter.of.relation === relation);
  for (const filter of own) draft.filters.splice(draft.filters.indexOf(filter), 1);
  return own;
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
    const none = each.operator === '=' && count === 0;
    if (none || (each.operator === '>=' && count === 1)) {
      const path = pathTo(context, each.relation, fact);
      filters.push({ kind: 'exists', path, negated: none, filters: takeFiltersOf(each.relation, draft) });
    } else if (having || !['>', '>=', '='].includes(each.operator) || count < 0)
      throw new NotUnderstood('I cannot count several things at once; ask for one after the other.');
    else having = { operator: each.operator, value: each.count, relation: each.relation };
  }
  return { filters, having };
}
