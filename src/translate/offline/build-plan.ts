import type { RelationObligation } from '../../policy/view.js';
import { aggregatePlan } from './aggregate-plan.js';
import { type Context, nameInWords } from './context.js';
import { isAmount, measureColumn } from './describe-relation.js';
import type { Draft } from './draft.js';
import { listPlan } from './list-plan.js';
import { NotUnderstood } from './not-understood.js';
import { isComputed, type Plan } from './plan.js';
import { rankPlan } from './rank-plan.js';
import type { Asked } from './read-items.js';
import { outputOf } from './resolve-output.js';
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
  if (draft.groups.length > 1 || (draft.groups.length > 0 && items.length === 0)) {
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
