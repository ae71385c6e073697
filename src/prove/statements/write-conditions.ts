import type { Expression } from '../../sql/nodes.js';
import { constantFor, numberLiteral, prefixFor, stringLiteral } from './constants.js';
import type { Leaf, Place } from './place.js';
import { writeCall } from './write-calls.js';
import { writeOracle } from './write-oracles.js';
import { pickAnyLeaf, pickLeaf } from './write-values.js';

const COMPARISONS = ['=', '=', '=', '<>', '<', '<=', '>', '>='] as const;
const PATTERNS = ['^a', '[aeiou]', 'a+b*', '.', '(x|y)', '^$', 'é'];

/** Something to compare a leaf with: a constant mostly, another name of its kind, or a value. */
function counterpart(place: Place, leaf: Leaf, depth: number): Expression {
  const { choices, value } = place.writer;
  return choices.weighted<Expression>([
    [12, () => constantFor(choices, leaf)],
    [3, () => pickLeaf(place, leaf.kind)?.expression ?? constantFor(choices, leaf)],
    [depth > 0 ? 3 : 0, () => value(place, leaf.kind, depth - 1)],
  ]);
}

function writeMatch(place: Place, leaf: Leaf, depth: number): Expression {
  const { choices, dialect } = place.writer;
  const sqlite = dialect === 'sqlite';
  const negated = choices.chance(20);
  const operand = leaf.expression;
  if (choices.chance(25))
    return sqlite
      ? {
          kind: 'match',
          operator: 'GLOB',
          negated,
          operand,
          pattern: stringLiteral(`${prefixFor(choices, leaf)}*`),
          escape: null,
        }
      : {
          kind: 'match',
          operator: 'REGEXP',
          negated,
          operand,
          pattern: stringLiteral(choices.pick(PATTERNS)),
          escape: null,
        };
  const prefix = prefixFor(choices, leaf);
  const shape = choices.pick([`${prefix}%`, `${prefix}%`, `%${prefix}%`, `_${prefix}%`, '%']);
  const computed = depth > 0 && choices.chance(10);
  return {
    kind: 'match',
    operator: 'LIKE',
    negated,
    operand,
    pattern: computed ? place.writer.value(place, 'text', 0) : stringLiteral(shape),
    escape: choices.chance(8) ? stringLiteral('|') : null,
  };
}

function writeInList(place: Place, leaf: Leaf): Expression {
  const { choices } = place.writer;
  const items = Array.from({ length: 1 + choices.below(4) }, () => constantFor(choices, leaf));
  return { kind: 'in-list', negated: choices.chance(15), operand: leaf.expression, items };
}

function writeRow(place: Place, leaf: Leaf): Expression {
  const { choices, dialect } = place.writer;
  const other = pickAnyLeaf(place) ?? leaf;
  const row = (): Expression => ({ kind: 'row', items: [constantFor(choices, leaf), constantFor(choices, other)] });
  const operand: Expression = { kind: 'row', items: [leaf.expression, other.expression] };
  if (dialect !== 'sqlite' && choices.chance(40))
    return { kind: 'in-list', negated: false, operand, items: [row(), row()] };
  return { kind: 'binary', operator: choices.pick(['=', '<', '>=', '<>'] as const), left: operand, right: row() };
}

/** A predicate over one name: what a server would push down to where the rows are. */
export function writePredicate(place: Place, leaf: Leaf, depth: number): Expression {
  const { choices, dialect } = place.writer;
  const sqlite = dialect === 'sqlite';
  const operand = leaf.expression;
  const constant = () => constantFor(choices, leaf);
  return choices.weighted<Expression>([
    [
      16,
      () => ({
        kind: 'binary',
        operator: choices.pick(COMPARISONS),
        left: operand,
        right: counterpart(place, leaf, depth),
      }),
    ],
    [3, () => ({ kind: 'binary', operator: choices.pick(COMPARISONS), left: constant(), right: operand })],
    [
      2,
      () => ({
        kind: 'binary',
        operator: sqlite ? choices.pick(['IS', 'IS NOT'] as const) : '<=>',
        left: operand,
        right: constant(),
      }),
    ],
    [5, () => writeInList(place, leaf)],
    [4, () => ({ kind: 'between', negated: choices.chance(15), operand, low: constant(), high: constant() })],
    [3, () => ({ kind: 'is', operand, test: 'NULL', negated: choices.chance(60) })],
    [leaf.kind === 'text' ? 6 : 1, () => writeMatch(place, leaf, depth)],
    [2, () => writeRow(place, leaf)],
  ]);
}

function writeQueryCondition(place: Place): Expression {
  const { choices, dialect, subquery } = place.writer;
  const leaf = pickAnyLeaf(place);
  const negated = choices.chance(25);
  const exists = (): Expression => {
    const found: Expression = { kind: 'exists', query: subquery(place, { kinds: ['number'], single: false }) };
    return negated ? { kind: 'unary', operator: 'NOT', operand: found } : found;
  };
  if (!leaf) return exists();
  const operand = leaf.expression;
  const quantifier = choices.pick(['ANY', 'ALL'] as const);
  const query = () => subquery(place, { kinds: [leaf.kind], single: false });
  return choices.weighted<Expression>([
    [4, exists],
    [4, () => ({ kind: 'in-query', negated, operand, query: query() })],
    [
      dialect === 'sqlite' ? 0 : 3,
      () => ({ kind: 'quantified', operator: choices.pick(COMPARISONS), quantifier, operand, query: query() }),
    ],
    [
      1,
      () => {
        const other = pickAnyLeaf(place) ?? leaf;
        const kinds = [leaf.kind, other.kind];
        return {
          kind: 'in-query',
          negated,
          operand: { kind: 'row', items: [operand, other.expression] },
          query: subquery(place, { kinds, single: false }),
        };
      },
    ],
  ]);
}

function compareValues(place: Place, depth: number): Expression {
  const { choices, value } = place.writer;
  const kind = choices.pick(['number', 'number', 'text', 'date'] as const);
  return {
    kind: 'binary',
    operator: choices.pick(COMPARISONS),
    left: value(place, kind, depth),
    right: choices.chance(50) ? value(place, kind, 0) : value(place, kind, depth - 1),
  };
}

/** A condition that fails on some rows, beside a predicate that a server would like to try first, or later. */
function writeGuardedOracle(place: Place): Expression {
  const { choices } = place.writer;
  const oracle = writeOracle(place);
  const failing: Expression = choices.chance(50)
    ? { kind: 'binary', operator: '>', left: oracle, right: numberLiteral('0') }
    : { kind: 'is', operand: oracle, test: 'NULL', negated: true };
  const leaf = pickAnyLeaf(place);
  if (!leaf || choices.chance(25)) return failing;
  const guard = writePredicate(place, leaf, 0);
  const [left, right] = choices.chance(70) ? [guard, failing] : [failing, guard];
  return { kind: 'binary', operator: choices.chance(85) ? 'AND' : 'OR', left, right };
}

/** A condition over what is in sight. */
export function writeCondition(place: Place, depth: number): Expression {
  const { choices, purse, dialect } = place.writer;
  const leaf = pickAnyLeaf(place);
  const simple = () => (leaf ? writePredicate(place, leaf, depth) : compareValues(place, Math.min(depth, 1)));
  if (depth <= 0 || purse.nodes <= 0) return simple();
  purse.nodes -= 1;
  const one = () => writeCondition(place, depth - 1);
  return choices.weighted<Expression>([
    [30, simple],
    [10, () => ({ kind: 'binary', operator: 'AND', left: one(), right: one() })],
    [5, () => ({ kind: 'binary', operator: 'OR', left: one(), right: one() })],
    [dialect === 'sqlite' ? 0 : 1, () => ({ kind: 'binary', operator: 'XOR', left: one(), right: one() })],
    [3, () => ({ kind: 'unary', operator: 'NOT', operand: one() })],
    [6, () => compareValues(place, depth)],
    [2, () => ({ kind: 'binary', operator: '=', left: writeCall(place, 'number', depth), right: numberLiteral('1') })],
    [
      1,
      () => ({
        kind: 'is',
        operand: one(),
        test: choices.pick(['TRUE', 'FALSE'] as const),
        negated: choices.chance(50),
      }),
    ],
    [place.levels > 0 ? 12 : 0, () => writeQueryCondition(place)],
    [purse.oracles > 0 ? 40 : 0, () => writeGuardedOracle(place)],
  ]);
}
