import type { RelationObligation } from '../../policy/view.js';
import { type Context, nameInWords, reaches, resolveColumn, tieBetween } from './context.js';
import { countTied } from './count-once.js';
import type { Draft } from './draft.js';
import { wayBetween } from './finish-plan.js';
import { NotUnderstood } from './not-understood.js';
import { type Filter, isComputed, type Output, type Plan } from './plan.js';

/** What a question asks to see, as outputs, each with the relation whose rows it is about. */
export type Resolved = readonly { readonly output: Output; readonly fact: RelationObligation }[];

/** What rows are ordered by: outputs that are shown, else columns of the listed rows. @throws NotUnderstood where there is none */
export function orderKeys(
  context: Context,
  draft: Draft,
  outputs: readonly Output[],
  fact: RelationObligation,
): Plan['orderBy'] {
  return draft.orders.map(({ element, counts, text, descending }) => {
    if (counts) return { output: countShown(outputs, text), descending };
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

/** The one count that is shown, for rows that are ordered by it. */
function countShown(outputs: readonly Output[], text: string): Output {
  const shownCount = outputs.filter((output) => output.kind === 'aggregate' && output.name === 'COUNT');
  if (shownCount.length === 1) return shownCount[0]!;
  throw new NotUnderstood(`I cannot order this by the number of "${text}".`);
}

/** "Without an order over 500": what is said of the orders is a condition on them, not on whoever has none. */
function takeFiltersOf(relation: RelationObligation, draft: Draft): readonly Filter[] {
  // Alternatives that are of others too stay: they are no condition on these rows alone.
  const isOwn = (filter: Filter): boolean =>
    filter.kind === 'any' ? filter.filters.every(isOwn) : filter.kind !== 'exists' && filter.of.relation === relation;
  const own = draft.filters.filter(isOwn);
  for (const filter of own) draft.filters.splice(draft.filters.indexOf(filter), 1);
  return own;
}

/** "without orders" is NOT EXISTS; "with more than 5 orders" groups what is counted. */
export function relatedParts(
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
    const count = each.count.kind === 'number' ? Number(each.count.text) : Number.NaN;
    const isSome = !each.measure && each.operator === '>=' && count === 1;
    const isNone = !each.measure && each.operator === '=' && count === 0;
    // Each row listed ties one of these to one of those: there is one.
    if (isSome && each.subject !== fact && [each.subject, each.relation].every((end) => reaches(context, fact, end)))
      continue;
    if (each.subject !== fact)
      throw new NotUnderstood(`I cannot tell what "${nameInWords(each.relation.relation.name)}" are counted for.`);
    if (isSome || isNone) {
      // A condition on them says that there are some.
      const isSaid =
        isSome && draft.filters.some((filter) => filter.kind !== 'exists' && filter.of.relation === each.relation);
      if (isSaid && !reaches(context, fact, each.relation)) continue;
      const way = wayBetween(context, each.relation, fact);
      filters.push({ kind: 'exists', ...way, negated: isNone, filters: takeFiltersOf(each.relation, draft) });
    } else if (having || (!each.measure && (!['>', '>=', '='].includes(each.operator) || count < 0)))
      throw new NotUnderstood('I cannot count several things at once; ask for one after the other.');
    else {
      const relation = tieBetween(context, each.relation, fact) ?? each.relation;
      const measure = each.measure
        ? havingOf(each).measure
        : countTied(context, each.relation, { tie: relation, ends: [each.relation, fact] });
      having = { measure, operator: each.operator, value: each.count, relation };
    }
  }
  return { filters, having };
}

/** A condition on a group: on how many rows it has, or on what is computed over them. */
export function havingOf({ operator, count, measure }: Draft['related'][number]): NonNullable<Plan['having']> {
  const output: Output | null = measure ? { kind: 'aggregate', ...measure, distinct: false } : null;
  return { measure: output, operator, value: count };
}
