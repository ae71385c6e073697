import type { RelationObligation } from '../../policy/view.js';
import { type Context, nameInWords, reaches, resolveColumn, tieBetween } from './context.js';
import { isKey, isTextual, labelColumns, wholeKey } from './describe-relation.js';
import type { Draft } from './draft.js';
import { finishPlan } from './finish-plan.js';
import { NotUnderstood } from './not-understood.js';
import { type Key, type Output, type Plan, ROW_COUNT } from './plan.js';
import { orderKeys, type Resolved, relatedParts } from './plan-parts.js';
import type { Asked } from './read-items.js';
import { columnsOf, labelOutputs, shown } from './resolve-output.js';

/** Columns of rows, or whole rows. @throws NotUnderstood as `buildPlan` */
export function listPlan(context: Context, draft: Draft, asked: Asked, items: Resolved): Plan {
  const counted = orderedByCount(context, draft, asked, items);
  if (counted) return counted;
  const relations = [
    ...new Set([...items.map((each) => each.fact), ...(items.length === 0 ? asked.subjects.slice(0, 1) : [])]),
  ];
  if (relations.length === 0) throw new NotUnderstood('I do not understand what should be listed.');
  // "Names of body builders by their total": the rows that are ordered are listed, whatever is shown of them.
  const ordered = orderedBy(context, draft, relations[0]!).filter((each) => context.mentioned.includes(each));
  const all = [...new Set([...relations, ...ordered])];
  const fact =
    all.find((each) => all.every((other) => reaches(context, each, other))) ??
    (relations.length === 2 ? tieBetween(context, relations[0]!, relations[1]!) : null);
  if (!fact)
    throw new NotUnderstood(
      `I do not know how ${relations.map((each) => nameInWords(each.relation.name)).join(' and ')} belong together.`,
    );
  const short = draft.distinct || (asked.namesOnly && !context.asksAll);
  const outputs = items.length === 0 && short ? labelOutputs(fact) : items.map((each) => each.output);
  const needed = [
    ...asked.subjects,
    ...draft.groups.flatMap((each) => ('element' in each ? each.element.relations : [])),
  ];
  if (draft.groups.some((each) => 'unit' in each || each.element.relations.length !== 1))
    throw new NotUnderstood('I do not understand what should be computed for each group.');
  const related = relatedParts(context, draft, fact);
  // "In descending order": by what is shown, or by what its rows are called where all of them is.
  const leads = outputs.length > 0 || draft.orders.every(({ element }) => element !== null) ? outputs : named(fact);
  const orderBy = orderKeys(context, draft, leads, fact);
  if (related.having) {
    const counted = related.having.relation;
    const own = outputs.length > 0 ? outputs : named(fact);
    if (own.some((output) => output.of?.relation !== fact) || orderBy.some((each) => each.output.of?.relation !== fact))
      throw new NotUnderstood('I cannot count and show both; ask for one after the other.');
    const keys = [
      ...columnsOf(fact, wholeKey(fact) ?? []),
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
    distinct: draft.distinct || listsKinds(context, draft, outputs),
    having: null,
    needed: needed.filter((each) => each !== fact),
    filters: related.filters,
  });
}

/** What the rows of a relation are called by. @throws NotUnderstood where nothing names them */
const named = (relation: RelationObligation): readonly Key[] => columnsOf(relation, shown(relation));

/** "What are the payment methods?", where nobody names rows: each once. */
function listsKinds(context: Context, draft: Draft, outputs: readonly Output[]): boolean {
  const [only, another] = outputs;
  const isBare = context.mentioned.length + draft.filters.length + draft.periods.length + draft.orders.length === 0;
  if (only?.kind !== 'column' || another || !isBare) return false;
  const { relation, column } = only.of;
  if (/(?:detail|summary|description|comment|note|address)s?$/iu.test(column.column.name)) return false;
  return isTextual(column.column) && !isKey(relation, column.column) && !labelColumns(relation).includes(column);
}

/** Relations of the columns that rows are ordered by. */
function orderedBy(context: Context, draft: Draft, near: RelationObligation): readonly RelationObligation[] {
  return draft.orders.flatMap(({ element, text, counts }) => {
    const of =
      element && !counts && element.columns.length > 0 ? resolveColumn(context, element, text, () => true, near) : null;
    return of ? [of.relation] : [];
  });
}

/** "The industries of companies by the number of companies": groups whose count is not shown. Null where nothing is ordered by one. */
function orderedByCount(context: Context, draft: Draft, asked: Asked, items: Resolved): Plan | null {
  const [order, second] = draft.orders;
  if (!order?.counts) return null;
  const keys = items.map(({ output }) => output as Key);
  const counted =
    order.element === null
      ? keys[0]?.of.relation
      : order.element.relations.length === 1
        ? order.element.relations[0]
        : undefined;
  const isFitting =
    counted && keys.length > 0 && keys.every(({ of }) => reaches(context, counted, of.relation)) && !second;
  if (!isFitting || draft.groups.length > 0 || draft.related.length > 0)
    throw new NotUnderstood(`I cannot order this by the number of "${order.text}".`);
  return finishPlan(context, draft, {
    fact: counted,
    outputs: keys,
    groupBy: keys,
    orderBy: [{ output: ROW_COUNT, descending: order.descending }],
    limit: draft.limit,
    distinct: false,
    having: null,
    needed: asked.subjects.filter((each) => each !== counted),
    filters: [],
  });
}
