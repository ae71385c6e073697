import type { CatalogColumn } from '../catalog/catalog.js';
import type { Expression, Join, TableExpression } from '../sql/nodes.js';
import { splitConjuncts } from './fence.js';
import type { ColumnTrace } from './literals.js';

/** Whoever knows all of `known`, by our names, knows `gives`. */
export interface Implication {
  readonly known: readonly string[];
  readonly gives: string;
}

/**
 * Whether equal values of two columns are one value: not a number and a text, where '7', '07' and '7x' equal 7, nor texts of
 * two collations. A column that no relation stands behind is of no known type.
 */
function areOfOneKind(left: CatalogColumn | null, right: CatalogColumn | null): boolean {
  if (!left || !right) return false;
  const isExact = (column: CatalogColumn) => column.family === 'integer' || column.family === 'decimal';
  if (isExact(left) && isExact(right)) return true;
  return left.family === right.family && left.collation === right.collation;
}

/** A column of ours: its name, and the alias that it stands behind. */
interface End {
  readonly name: string;
  readonly alias: string;
}

function endOf(expression: Expression): End | null {
  return expression.kind === 'column' ? { name: expression.name, alias: expression.qualifier[0] ?? '' } : null;
}

/** The equalities of two columns of one kind among the conjuncts of a condition, and how many conjuncts are none. */
function readEqualities(
  condition: Expression | null,
  trace: ColumnTrace,
): { pairs: (readonly [End, End])[]; others: number } {
  const conjuncts = splitConjuncts(condition);
  const pairs = conjuncts.flatMap((conjunct) => {
    if (conjunct.kind !== 'binary' || conjunct.operator !== '=') return [];
    const [left, right] = [endOf(conjunct.left), endOf(conjunct.right)];
    const isSame = left && right && areOfOneKind(trace(conjunct.left), trace(conjunct.right));
    return isSame ? [[left, right] as const] : [];
  });
  return { pairs, others: conjuncts.length - pairs.length };
}

/** Where rows without a match are dropped, either column gives the other. */
export function implyBothWays(condition: Expression | null, trace: ColumnTrace): Implication[] {
  return readEqualities(condition, trace).pairs.flatMap(([left, right]) => [
    { known: [left.name], gives: right.name },
    { known: [right.name], gives: left.name },
  ]);
}

/**
 * Under an outer join the preserved side's columns, all of them together, say whether there is a match and what it holds;
 * a further condition could say otherwise, and the other side's NULL stands for many rows, so it gives nothing back.
 */
function implyAcrossOuterJoin(
  condition: Expression | null,
  empty: ReadonlySet<string>,
  trace: ColumnTrace,
): Implication[] {
  const { pairs, others } = readEqualities(condition, trace);
  const ordered = pairs.map(([left, right]) => (empty.has(left.alias) ? [right, left] : [left, right]) as [End, End]);
  const crosses = ordered.every(([preserved, other]) => !empty.has(preserved.alias) && empty.has(other.alias));
  if (others > 0 || !crosses) return [];
  const known = ordered.map(([preserved]) => preserved.name);
  return ordered.map(([, other]) => ({ known, gives: other.name }));
}

/** Aliases of the sources below a table expression. */
export function aliasesOf(table: TableExpression): string[] {
  return table.kind === 'join' ? [...aliasesOf(table.left), ...aliasesOf(table.right)] : [table.alias as string];
}

/** What the condition of one join says of its two sides. */
export function implyByJoin(join: Join, trace: ColumnTrace): Implication[] {
  switch (join.type) {
    case 'FULL':
      return [];
    case 'LEFT':
      return implyAcrossOuterJoin(join.on, new Set(aliasesOf(join.right)), trace);
    case 'RIGHT':
      return implyAcrossOuterJoin(join.on, new Set(aliasesOf(join.left)), trace);
    default:
      return implyBothWays(join.on, trace);
  }
}
