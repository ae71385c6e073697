import type { PrincipalView, RelationObligation } from '../../policy/view.js';
import { foldName } from '../../sql/fold-name.js';
import { splitIdentifier } from '../words.js';

/** A many-to-one step: each row of `from` has at most one row of `to`. Columns pair by index. */
export interface JoinStep {
  readonly from: RelationObligation;
  readonly to: RelationObligation;
  readonly columns: readonly string[];
  readonly referenced: readonly string[];
}

/** Longest chain of steps between two relations. */
const MAX_STEPS = 3;

/**
 * Every many-to-one step between visible relations over visible columns: declared foreign keys, and, where a pair of
 * relations has none declared, a column that has the name of the other's one-column primary key (`customer_number`), or
 * of the other relation followed by it (`branch_id` for `branches.id`).
 */
export function findSteps(view: PrincipalView): readonly JoinStep[] {
  const steps: JoinStep[] = [];
  const relations = [...view.relations.values()];
  for (const from of relations) {
    const sees = (relation: RelationObligation, names: readonly string[]) =>
      names.every((name) => isPlain(relation, name));
    for (const key of from.relation.foreignKeys) {
      const to = view.relations.get(foldName(key.relation));
      if (to && isUnique(to, key.referenced) && sees(from, key.columns) && sees(to, key.referenced)) {
        steps.push({ from, to, columns: key.columns, referenced: key.referenced });
      }
    }
    for (const to of relations) {
      const [primary, second] = to.relation.primaryKey;
      const declared = from.relation.foreignKeys.some((key) => foldName(key.relation) === foldName(to.relation.name));
      if (to === from || declared || primary === undefined || second !== undefined || !isPlain(to, primary)) continue;
      const column = sameNamedColumn(from, to, primary);
      // Two relations that share their own key are one-to-one at best; without a declaration nothing says which leads.
      if (column !== null && !from.relation.primaryKey.includes(column)) {
        steps.push({ from, to, columns: [column], referenced: [primary] });
      }
    }
  }
  return steps;
}

function sameNamedColumn(from: RelationObligation, to: RelationObligation, primary: string): string | null {
  const key = splitIdentifier(primary);
  const own = splitIdentifier(to.relation.name);
  const wanted = new Set<string>([[...own, ...key].join('')]);
  // A bare `id` on both sides says nothing; any other shared name does.
  if (key.join('') !== 'id' && key.join('') !== 'name' && key.join('') !== 'code') wanted.add(key.join(''));
  const family = to.columns.get(foldName(primary))?.column.family;
  const found = [...from.columns.values()].filter(
    ({ column, mask }) =>
      mask === null && column.family === family && wanted.has(splitIdentifier(column.name).join('')),
  );
  return found.length === 1 ? found[0]!.column.name : null;
}

function isPlain(relation: RelationObligation, name: string): boolean {
  const column = relation.columns.get(foldName(name));
  return column !== undefined && column.mask === null;
}

/** A reference that is the whole primary key or a unique index; SQLite's undeclared target means the primary key. */
function isUnique(to: RelationObligation, referenced: readonly string[]): boolean {
  const same = (columns: readonly string[]) =>
    columns.length === referenced.length &&
    columns.every((name) => referenced.some((each) => foldName(each) === foldName(name)));
  return same(to.relation.primaryKey) || to.relation.indexes.some((index) => index.unique && same(index.columns));
}

/**
 * The one shortest chain of many-to-one steps from a relation to another.
 *
 * @returns null where there is none; `ambiguous` where several shortest ones exist (two foreign keys to the same relation)
 */
export function findPath(
  steps: readonly JoinStep[],
  from: RelationObligation,
  to: RelationObligation,
): readonly JoinStep[] | 'ambiguous' | null {
  if (from === to) return [];
  let paths: readonly (readonly JoinStep[])[] = [[]];
  for (let length = 1; length <= MAX_STEPS; length += 1) {
    paths = paths.flatMap((path) => {
      const end = path.at(-1)?.to ?? from;
      const been = new Set([from, ...path.map((step) => step.to)]);
      return steps.filter((step) => step.from === end && !been.has(step.to)).map((step) => [...path, step]);
    });
    const arrived = paths.filter((path) => path.at(-1)!.to === to);
    if (arrived.length > 1) return 'ambiguous';
    if (arrived.length === 1) return arrived[0]!;
  }
  return null;
}
