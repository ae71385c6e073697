import type { RelationObligation } from '../../policy/view.js';
import { type Context, nameInWords } from './context.js';
import { wholeKey } from './describe-relation.js';
import { pathTo } from './finish-plan.js';
import { NotUnderstood } from './not-understood.js';
import { type Output, ROW_COUNT } from './plan.js';

/** Relations, and the one whose rows tie rows of each to rows of the others. */
interface Tied {
  readonly tie: RelationObligation;
  readonly ends: readonly RelationObligation[];
}

/**
 * What is computed over the rows of a relation for groups, over the rows that tie them to those: a row may be tied to one group
 * twice, and still is one row of it.
 *
 * @throws NotUnderstood where nothing tells rows apart, or a value would be added up twice
 */
export function countOnce(context: Context, output: Output, computed: RelationObligation, tied: Tied): Output {
  if (output.kind !== 'aggregate')
    throw new NotUnderstood('I cannot compute this figure for groups that share its rows.');
  if (output.of === null) return countTied(context, computed, tied) ?? { ...output, standsFor: computed };
  // A sum over groups that share rows adds up to more than there is.
  const isSafe = output.name === 'AVG' ? tiesOnce(context, tied) : output.name !== 'SUM';
  if (isSafe) return output;
  throw new NotUnderstood(`${nameInWords(computed.relation.name)} may count more than once in such groups.`);
}

/**
 * How many rows of a relation are tied to a row of another, over the rows that tie them.
 *
 * @returns null where rows are counted: each is one of the relation, or ties one of it directly, as an enrolment does a student
 * @throws NotUnderstood where nothing tells its rows apart
 */
export function countTied(context: Context, counted: RelationObligation, { tie, ends }: Tied): Output | null {
  if (tie === counted || ends.every((end) => pathTo(context, tie, end).length === 1)) return null;
  const [key, second] = wholeKey(counted) ?? [];
  if (!key || second) throw new NotUnderstood(`I cannot tell ${nameInWords(counted.relation.name)} apart.`);
  return { ...ROW_COUNT, of: { relation: counted, column: key }, distinct: true };
}

/** Whether nothing is tied to the same twice: the key of what ties is made of its references to them. */
function tiesOnce(context: Context, { tie, ends }: Tied): boolean {
  const paths = ends.map((end) => pathTo(context, tie, end));
  const references = paths.flatMap(([step]) => step?.columns ?? []);
  const { primaryKey } = tie.relation;
  return (
    paths.every((path) => path.length === 1) &&
    primaryKey.length > 0 &&
    primaryKey.every((name) => references.includes(name))
  );
}
