import type { RelationObligation } from '../../policy/view.js';
import { type Context, reaches, resolveColumn } from './context.js';
import type { Draft } from './draft.js';
import { finishPlan } from './finish-plan.js';
import type { ColumnOf } from './lexicon.js';
import { NotUnderstood } from './not-understood.js';
import { isComputed, type Key, type Output, type Plan, ROW_COUNT } from './plan.js';
import type { Asked } from './read-items.js';
import { outputOf } from './resolve-output.js';
import type { Tally } from './tally.js';

/** "The most common city of stores", "cities with more than 3 stores": a column's values by how many rows have each. */
export function tallyPlan(context: Context, draft: Draft, asked: Asked, tally: Tally): Plan {
  if (draft.groups.length > 0 || draft.related.length > 0 || draft.orders.length > 0)
    throw new NotUnderstood('I cannot count and order or group in other ways at once; ask for one after the other.');
  const { key, fact } = findKey(context, tally, asked.subjects);
  const outputs = asked.items.map((item): Output => {
    if (item.element === tally.element) return key;
    const { output, fact: over } = outputOf(context, item, [fact]);
    if (isComputed(output) ? over === fact : output.of.column === key.of.column) return output;
    throw new NotUnderstood(`I cannot show "${item.text}" for each "${tally.text}".`);
  });
  const strangers = asked.subjects.filter((relation) => relation !== fact && relation !== key.of.relation);
  return finishPlan(context, draft, {
    fact,
    outputs: outputs.length > 0 ? outputs : [key],
    groupBy: [key],
    orderBy: tally.order ? [{ output: ROW_COUNT, descending: tally.order.descending }] : [],
    limit: tally.order?.limit ?? draft.limit,
    distinct: false,
    having: tally.having && { measure: null, ...tally.having },
    needed: strangers,
    filters: [],
  });
}

/** The column, and whose rows are counted: those that are named, else the column's own. */
function findKey(
  context: Context,
  { element, text, counted }: Tally,
  subjects: readonly RelationObligation[],
): { readonly key: Key; readonly fact: RelationObligation } {
  const near = counted ?? (subjects.length === 1 ? subjects[0]! : null);
  const fits = (of: ColumnOf) => of.column.mask === null && (near === null || reaches(context, near, of.relation));
  const of = resolveColumn(context, element, text, fits, near);
  if (!of) throw new NotUnderstood(`I do not know what "${text}" means here.`);
  return { key: { kind: 'column', of }, fact: near ?? of.relation };
}
