import type { RelationObligation } from '../../policy/view.js';
import { type Context, nameInWords, reaches } from './context.js';
import { isKey, wholeKey } from './describe-relation.js';
import type { Draft, Ranking } from './draft.js';
import { finishPlan } from './finish-plan.js';
import { NotUnderstood } from './not-understood.js';
import { type Filter, isComputed, type Key, type Output, type Plan } from './plan.js';
import type { Asked } from './read-items.js';
import { labelOutputs, outputOf, shown } from './resolve-output.js';

/** "Top 5 products by quantity", "which branch has the most orders": by a column of the ranked rows, or over the rows that point at them. */
export function rankPlan(context: Context, draft: Draft, asked: Asked, ranking: Ranking): Plan {
  const { subject, by, descending, limit, showMeasure } = ranking;
  if (draft.orders.length > 0 || draft.groups.length > 0 || draft.related.length > 0)
    throw new NotUnderstood('I cannot rank and order or group in other ways at once; ask for one after the other.');
  const items = asked.items.map((item) => outputOf(context, item, asked.subjects));
  if (items.some((each) => isComputed(each.output)))
    throw new NotUnderstood('I cannot rank and compute other things at once; ask for one after the other.');
  const outputs = items.map((each) => each.output);
  const needed = asked.subjects;
  if (by.kind === 'column' && by.aggregate === null && by.of.relation === subject) {
    const order: Output = { kind: 'column', of: by.of };
    const own = labelOutputs(subject);
    const measured = showMeasure && own.length > 0 && own.every((each) => each.of.column !== by.of.column);
    const list = outputs.length > 0 ? outputs : measured ? [...own, order] : own;
    const filters: readonly Filter[] = descending ? [] : [{ kind: 'present', of: by.of }];
    return finishPlan(context, draft, {
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
  const { fact, measure } = rankedBy(by);
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
  return finishPlan(context, draft, {
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

/** The rows that are ranked over, and what is computed of them. */
function rankedBy(by: Ranking['by']): { readonly fact: RelationObligation; readonly measure: Output } {
  switch (by.kind) {
    case 'count':
      return { fact: by.counted, measure: { kind: 'aggregate', name: 'COUNT', of: null, distinct: false } };
    case 'metric':
      return { fact: by.figure.relation, measure: { kind: 'metric', of: null, figure: by.figure } };
    case 'column':
      return {
        fact: by.of.relation,
        measure: { kind: 'aggregate', name: by.aggregate ?? 'SUM', of: by.of, distinct: false },
      };
  }
}
