import type { ColumnFamily } from '../../catalog/catalog.js';
import type { Dialect } from '../../domain/dialect.js';
import type { CastType, Expression, FunctionCall } from '../../sql/nodes.js';
import type { VocabularyColumn } from '../vocabulary.js';
import { FUNCTION_SIGNATURES } from './function-signatures.js';

/** What is known of a value's type. */
export interface Trait {
  readonly form: 'whole' | 'decimal' | 'float' | 'text' | 'date' | 'other';
  /** Values that compare equal are the same in every byte. */
  readonly exact: boolean;
}

const FORMS: Readonly<Record<ColumnFamily, Trait['form']>> = {
  integer: 'whole',
  boolean: 'whole',
  year: 'whole',
  bit: 'whole',
  decimal: 'decimal',
  float: 'float',
  text: 'text',
  enum: 'text',
  set: 'text',
  date: 'date',
  datetime: 'date',
  time: 'date',
  binary: 'other',
  json: 'other',
  spatial: 'other',
  unknown: 'other',
};

/** Collations under which only equal bytes are equal. The servers' other `_bin` ones take no notice of blanks at the end. */
const EXACT_COLLATION = /^(?:binary|utf8mb4_0900_bin|\w+_nopad_bin)$/i;

/** The trait of a base column. */
export function traitOfColumn(column: VocabularyColumn, dialect: Dialect): Trait {
  const form = FORMS[column.family];
  const sqlite = dialect === 'sqlite';
  // SQLite has no exact decimals.
  if (form === 'decimal') return { form: sqlite ? 'float' : 'decimal', exact: true };
  if (column.family === 'enum' || column.family === 'set' || column.family === 'binary') return { form, exact: true };
  if (form === 'text') {
    const collation = column.collation ?? null;
    return { form, exact: collation === null ? sqlite : EXACT_COLLATION.test(collation) };
  }
  return { form, exact: form !== 'other' };
}

const FLOATING = new Set(
  `ACOS ACOSH ASIN ASINH ATAN ATAN2 ATANH COS COSH COT DEGREES EXP LN LOG LOG10 LOG2 PI POW POWER RADIANS SIN SINH SQRT
   TAN TANH STD STDDEV STDDEV_POP STDDEV_SAMP VARIANCE VAR_POP VAR_SAMP TOTAL PERCENT_RANK CUME_DIST JULIANDAY MEDIAN
   PERCENTILE PERCENTILE_CONT`.split(/\s+/),
);
/** Calls whose value is one of their arguments, or of the arguments' type. */
const KEEPING = new Set(
  `ABS CEIL CEILING FLOOR ROUND TRUNC TRUNCATE MOD GREATEST LEAST COALESCE IFNULL NULLIF NVL NVL2 IF IIF MIN MAX SUM AVG
   FIRST_VALUE LAST_VALUE NTH_VALUE LAG LEAD`.split(/\s+/),
);
const WHOLE: Trait = { form: 'whole', exact: true };

/** The trait of a value that is one of several, as of CASE or of a column of a set operation. */
export function joinTraits(traits: readonly Trait[], dialect: Dialect): Trait {
  const forms = new Set(traits.map((trait) => trait.form));
  const exact = traits.every((trait) => trait.exact);
  if (forms.size === 1) return { form: traits[0]?.form ?? 'other', exact };
  const numbers = [...forms].every((form) => form === 'whole' || form === 'decimal' || form === 'float');
  if (!numbers) return { form: 'other', exact: false };
  // SQLite keeps 1 and 1.0 as they are, and takes them for equal.
  return { form: forms.has('float') ? 'float' : 'decimal', exact: exact && dialect !== 'sqlite' };
}

function traitOfCast(type: CastType, dialect: Dialect): Trait {
  switch (type.name) {
    case 'SIGNED':
    case 'UNSIGNED':
    case 'INTEGER':
    case 'INT':
    case 'BIGINT':
    case 'YEAR':
      return WHOLE;
    case 'DECIMAL':
      return { form: 'decimal', exact: true };
    case 'DOUBLE':
    case 'FLOAT':
    case 'REAL':
    case 'NUMERIC':
      return { form: 'float', exact: true };
    case 'DATE':
    case 'DATETIME':
    case 'TIME':
      return { form: 'date', exact: true };
    case 'BINARY':
    case 'BLOB':
      return { form: 'text', exact: true };
    default:
      return { form: 'text', exact: dialect === 'sqlite' };
  }
}

function traitOfCall(call: FunctionCall, dialect: Dialect, of: (part: Expression) => Trait): Trait {
  if (FLOATING.has(call.name)) return { form: 'float', exact: true };
  const text: Trait = { form: 'text', exact: dialect === 'sqlite' && call.arguments.every((part) => of(part).exact) };
  if (KEEPING.has(call.name)) {
    const skipped = call.name === 'IF' || call.name === 'IIF' || call.name === 'NVL2' ? 1 : 0;
    const values = call.name === 'NTH_VALUE' ? call.arguments.slice(0, 1) : call.arguments.slice(skipped);
    const kept = joinTraits(values.map(of), dialect);
    // A text is added up as a floating-point number.
    const isSum = call.name === 'SUM' || call.name === 'AVG' || call.name === 'ABS';
    return isSum && (kept.form === 'text' || kept.form === 'other') ? { form: 'float', exact: true } : kept;
  }
  const gives = FUNCTION_SIGNATURES[dialect].find((signature) => signature.name === call.name)?.gives;
  if (gives === 'date') return { form: dialect === 'sqlite' ? 'text' : 'date', exact: true };
  if (gives === 'json') return { form: 'other', exact: false };
  if (gives === 'text' || /CONCAT|STRING_AGG/.test(call.name)) return text;
  return /JSON/.test(call.name) && gives !== 'number' ? { form: 'other', exact: false } : WHOLE;
}

/**
 * The trait of an expression.
 *
 * @param column the trait of a column reference, as its scope knows it
 */
export function traitOf(expression: Expression, dialect: Dialect, column: (reference: Expression) => Trait): Trait {
  const of = (part: Expression): Trait => traitOf(part, dialect, column);
  switch (expression.kind) {
    case 'column':
    case 'output':
    case 'scalar-query':
      return column(expression);
    case 'number':
      return expression.form === 'integer'
        ? WHOLE
        : { form: expression.form === 'float' || dialect === 'sqlite' ? 'float' : 'decimal', exact: true };
    case 'string':
    case 'trim':
    case 'transcode':
      return { form: 'text', exact: dialect === 'sqlite' };
    case 'collate':
      return { form: 'text', exact: EXACT_COLLATION.test(expression.collation) };
    case 'temporal':
    case 'interval':
      return { form: 'date', exact: true };
    case 'cast':
      return traitOfCast(expression.type, dialect);
    case 'case':
      return joinTraits(
        [...expression.branches.map((branch) => branch.then), ...(expression.otherwise ? [expression.otherwise] : [])]
          .filter((part) => part.kind !== 'null')
          .map(of),
        dialect,
      );
    case 'unary':
      return expression.operator === 'BINARY'
        ? { form: 'text', exact: true }
        : expression.operator === 'NOT'
          ? WHOLE
          : of(expression.operand);
    case 'binary':
      if (expression.operator === '||' || expression.operator === '->' || expression.operator === '->>')
        return { form: 'text', exact: false };
      if (!['+', '-', '*', '/', '%'].includes(expression.operator)) return WHOLE;
      if (expression.right.kind === 'interval') return { form: 'date', exact: true };
      return traitOfArithmetic(
        joinTraits([of(expression.left), of(expression.right)], dialect),
        expression.operator === '/',
        dialect,
      );
    case 'call':
      return traitOfCall(expression, dialect, of);
    case 'timestamp-arithmetic':
      return expression.name === 'TIMESTAMPADD' ? { form: 'date', exact: true } : WHOLE;
    case 'bytes':
    case 'parameter':
    case 'null':
    case 'row':
      return { form: 'other', exact: true };
    default:
      return WHOLE;
  }
}

function traitOfArithmetic(parts: Trait, divides: boolean, dialect: Dialect): Trait {
  if (parts.form === 'whole') return divides && dialect !== 'sqlite' ? { form: 'decimal', exact: true } : WHOLE;
  return { form: parts.form === 'decimal' ? 'decimal' : 'float', exact: true };
}
