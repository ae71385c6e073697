import type { Dialect } from '../domain/dialect.js';
import type { BinaryOperator, Expression } from './nodes.js';

/**
 * How tightly printed text binds, per family of dialects: a higher level binds tighter. An operand that binds looser than
 * its place asks for gets parentheses. Some places ask for more than the grammar does: comparisons of comparisons and
 * predicates of predicates are always parenthesised, since readers differ there.
 */
export const FAMILY_LEVELS = {
  any: 0,
  or: 1,
  xor: 2,
  and: 3,
  not: 4,
  comparison: 5,
  predicate: 6,
  arithmetic: 7,
  bitAnd: 8,
  shift: 9,
  sum: 10,
  product: 11,
  power: 12,
  prefix: 13,
  collate: 14,
  primary: 15,
} as const;

export const SQLITE_LEVELS = {
  any: 0,
  or: 1,
  and: 2,
  not: 3,
  equality: 4,
  comparison: 5,
  bits: 7,
  sum: 8,
  product: 9,
  concatenation: 10,
  collate: 11,
  prefix: 12,
  primary: 13,
} as const;

const F = FAMILY_LEVELS;
const S = SQLITE_LEVELS;

/** What a binary operator is and asks for; null where the dialect has none such and something else is printed for it. */
export interface BinaryLevels {
  readonly level: number;
  readonly left: number;
  readonly right: number;
}

/** Grouped from the left: the right operand must bind tighter. */
const fromLeft = (level: number): BinaryLevels => ({ level, left: level, right: level + 1 });
const FAMILY_COMPARISON: BinaryLevels = { level: F.comparison, left: F.predicate, right: F.predicate };
const SQLITE_EQUALITY: BinaryLevels = { level: S.equality, left: S.comparison, right: S.comparison };
const SQLITE_COMPARISON: BinaryLevels = { level: S.comparison, left: S.bits, right: S.bits };

const FAMILY: Readonly<Record<BinaryOperator, BinaryLevels | null>> = {
  OR: fromLeft(F.or),
  XOR: fromLeft(F.xor),
  AND: fromLeft(F.and),
  '=': FAMILY_COMPARISON,
  '<=>': FAMILY_COMPARISON,
  '<>': FAMILY_COMPARISON,
  '<': FAMILY_COMPARISON,
  '<=': FAMILY_COMPARISON,
  '>': FAMILY_COMPARISON,
  '>=': FAMILY_COMPARISON,
  IS: FAMILY_COMPARISON,
  'IS NOT': null,
  '|': fromLeft(F.arithmetic),
  '&': fromLeft(F.bitAnd),
  '<<': fromLeft(F.shift),
  '>>': fromLeft(F.shift),
  '+': fromLeft(F.sum),
  '-': fromLeft(F.sum),
  '*': fromLeft(F.product),
  '/': fromLeft(F.product),
  DIV: fromLeft(F.product),
  '%': fromLeft(F.product),
  '^': fromLeft(F.power),
  '||': null,
  '->': null,
  '->>': null,
};

const SQLITE: Readonly<Record<BinaryOperator, BinaryLevels | null>> = {
  OR: fromLeft(S.or),
  XOR: null,
  AND: fromLeft(S.and),
  '=': SQLITE_EQUALITY,
  '<=>': SQLITE_EQUALITY,
  '<>': SQLITE_EQUALITY,
  IS: SQLITE_EQUALITY,
  'IS NOT': SQLITE_EQUALITY,
  '<': SQLITE_COMPARISON,
  '<=': SQLITE_COMPARISON,
  '>': SQLITE_COMPARISON,
  '>=': SQLITE_COMPARISON,
  '|': fromLeft(S.bits),
  '&': fromLeft(S.bits),
  '<<': fromLeft(S.bits),
  '>>': fromLeft(S.bits),
  '+': fromLeft(S.sum),
  '-': fromLeft(S.sum),
  '*': fromLeft(S.product),
  '/': fromLeft(S.product),
  DIV: null,
  '%': fromLeft(S.product),
  '^': null,
  '||': fromLeft(S.concatenation),
  '->': fromLeft(S.concatenation),
  '->>': fromLeft(S.concatenation),
};

/** Levels of a binary operator on a dialect. */
export function binaryLevels(operator: BinaryOperator, dialect: Dialect): BinaryLevels | null {
  return (dialect === 'sqlite' ? SQLITE : FAMILY)[operator];
}

/** How tightly an expression binds as the dialect's printer writes it. */
export function levelOf(expression: Expression, dialect: Dialect): number {
  const sqlite = dialect === 'sqlite';
  switch (expression.kind) {
    case 'binary':
      // `a IS NOT b` is written NOT a <=> b on the MySQL family; what else has no operator there is written as a call.
      if (!sqlite && expression.operator === 'IS NOT') return F.not;
      return binaryLevels(expression.operator, dialect)?.level ?? (sqlite ? S.primary : F.primary);
    case 'unary':
      if (expression.operator === 'NOT') return sqlite ? S.not : F.not;
      return sqlite ? S.prefix : F.prefix;
    case 'is':
      return sqlite ? S.equality : F.comparison;
    case 'quantified':
      return F.comparison;
    case 'match':
    case 'between':
    case 'in-list':
    case 'in-query':
      return sqlite ? S.equality : F.predicate;
    case 'collate':
      return sqlite ? S.collate : F.collate;
    case 'interval':
      return F.any;
    default:
      return sqlite ? S.primary : F.primary;
  }
}
