import type { RelationObligation } from '../../policy/view.js';
import { splitIdentifier } from '../words.js';
import { type Context, nameInWords, reaches, tieBetween } from './context.js';
import { countTied } from './count-once.js';
import { isKey, wholeKey } from './describe-relation.js';
import type { Draft, Ranking } from './draft.js';
import { finishPlan } from './finish-plan.js';
import type { ColumnOf } from './lexicon.js';
import { NotUnderstood } from './not-understood.js';
import type { AggregateName } from './operators.js';
import { type Filter, isComputed, type Key, type Output, type Plan, ROW_COUNT } from './plan.js';
import type { Asked } from './read-items.js';
import { columnsOf, labelOutputs, outputOf, shown } from './resolve-output.js';

/** "Top 5 products by quantity", "which branch has the most orders": by a column of the ranked rows, or over the rows that point at them. */
export function rankPlan(context: Context, draft: Draft, asked: Asked, ranking: Ranking): Plan {
  const { subject, by, descending, limit, showMeasure } = ranking;
  if (draft.orders.length > 0 || draft.groups.length > 0 || draft.related.length > 0)
    throw new NotUnderstood('I cannot rank and order or group in other ways at once; ask for one after the other.');
  const items = asked.items.map((item) => outputOf(context, item, asked.subjects));
  // "… with the most cards, and the number of cards": what was ranked by is shown.
  const isRankedBy = ({ output, fact }: (typeof items)[number]) =>
    by.kind === 'count' &&
    output.kind === 'aggregate' &&
    output.name === 'COUNT' &&
    output.of === null &&
    fact === by.counted;
  if (items.some((each) => isComputed(each.output) && !isRankedBy(each)))
    throw new NotUnderstood('I cannot rank and compute other things at once; ask for one after the other.');
  const outputs = items.filter((each) => !isComputed(each.output)).map((each) => each.output);
  const isMeasureAsked = items.some(isRankedBy);
  const needed = asked.subjects;
  if (by.kind === 'column' && by.aggregate === null && by.of.relation === subject) {
    const order: Output = { kind: 'column', of: by.of };
    const own = labelOutputs(subject);
    const measured = showMeasure && own.length > 0 && own.every((each) => each.of.column !== by.of.column);
    const list = outputs.length > 0 || context.asksAll ? outputs : measured ? [...own, order] : own;
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
  const { fact, measure } = rankedBy(context, ranking);
  if (fact === subject || !reaches(context, fact, subject))
    throw new NotUnderstood(`I do not know how to rank ${nameInWords(subject.relation.name)} by this.`);
  if (by.kind === 'column' && isKey(by.of.relation, by.of.column.column))
    throw new NotUnderstood(`"${by.of.column.column.name}" names things and cannot be added up.`);
  const chosen = outputs.length > 0 ? (outputs as readonly Key[]) : columnsOf(subject, shown(subject));
  if (chosen.some((each) => each.of.relation !== subject))
    throw new NotUnderstood(`I can show only what belongs to ${nameInWords(subject.relation.name)} here.`);
  const keys = [...columnsOf(subject, wholeKey(subject) ?? []), ...chosen];
  const groupBy = keys.filter((key, index, all) => all.findIndex((each) => each.of.column === key.of.column) === index);
  const list = isMeasureAsked || (showMeasure && outputs.length === 0) ? [...chosen, measure] : chosen;
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
function rankedBy(
  context: Context,
  { subject, by, descending }: Ranking,
): { readonly fact: RelationObligation; readonly measure: Output } {
  switch (by.kind) {
    case 'count': {
      // Where many belong to many, what ties them is counted.
      const fact = tieBetween(context, by.counted, subject) ?? by.counted;
      return { fact, measure: countTied(context, by.counted, { tie: fact, ends: [by.counted, subject] }) ?? ROW_COUNT };
    }
    case 'metric':
      return { fact: by.figure.relation, measure: { kind: 'metric', of: null, figure: by.figure } };
    case 'column':
      return {
        fact: by.of.relation,
        measure: { kind: 'aggregate', name: by.aggregate ?? overMany(by.of, descending), of: by.of, distinct: false },
      };
  }
}

/** Numbers that nobody adds up. */
const NOT_ADDED: ReadonlySet<string> = new Set([
  'age',
  'average',
  'gpa',
  'grade',
  'height',
  'level',
  'percentage',
  'rank',
  'rate',
  'rating',
  'score',
  'star',
  'temperature',
  'weight',
  'year',
]);

/** "The customer with the highest quantity" has the highest in all; "with the highest rating" gave it once. */
function overMany({ column }: ColumnOf, descending: boolean): AggregateName {
  const isAdded = splitIdentifier(column.column.name).every((word) => !NOT_ADDED.has(word));
  if (isAdded) return 'SUM';
  return descending ? 'MAX' : 'MIN';
}
