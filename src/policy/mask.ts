import type { CatalogColumn } from '../catalog/catalog.js';
import type { Dialect } from '../domain/dialect.js';
import { makeCall } from '../sql/make-call.js';
import type { CastType, Expression } from '../sql/nodes.js';
import { PolicyRefusal } from './policy-fault.js';
import type { MaskEntry } from './policy-file.js';
import { isMySqlFamily } from './predicate-context.js';
import { BASE_ALIAS } from './view.js';

/** Stands for what a mask hides. */
const DOTS = '••••';

/** Prefix of the parameter that holds a column's key for the mask `hash`; the rest is `relation.column`. No claim can have this name. */
export const MASK_KEY_PREFIX = 'mask-key:';

function text(value: string): Expression {
  return { kind: 'string', value };
}

function number(value: number): Expression {
  const literal: Expression = { kind: 'number', form: 'integer', text: String(Math.abs(value)) };
  return value < 0 ? { kind: 'unary', operator: '-', operand: literal } : literal;
}

function cast(operand: Expression, name: CastType['name']): Expression {
  return { kind: 'cast', operand, type: { name, length: null, scale: null, characterSet: null } };
}

function compare(left: Expression, operator: '>' | '>=' | '=', right: Expression): Expression {
  return { kind: 'binary', operator, left, right };
}

/** NULL stays NULL; what meets the condition is shown as `shown`, all else as `otherwise`. */
function showWhere(column: Expression, condition: Expression, shown: Expression, otherwise: Expression): Expression {
  const isNull: Expression = { kind: 'is', operand: column, test: 'NULL', negated: false };
  const branch = (when: Expression, then: Expression) => ({ when, then });
  return {
    kind: 'case',
    operand: null,
    branches: [branch(isNull, { kind: 'null' }), branch(condition, shown)],
    otherwise,
  };
}

/** What the masks need of a dialect. */
interface Words {
  readonly asText: (value: Expression) => Expression;
  readonly length: string;
  readonly join: (...parts: readonly Expression[]) => Expression;
  readonly first: (value: Expression) => Expression;
  readonly last: (value: Expression, count: number) => Expression;
  /** Position of the first `@`, 0 where there is none. */
  readonly at: (value: Expression) => Expression;
}

const MYSQL: Words = {
  asText: (value) => cast(value, 'CHAR'),
  length: 'CHAR_LENGTH',
  join: (...parts) => makeCall('CONCAT', ...parts),
  first: (value) => makeCall('LEFT', value, number(1)),
  last: (value, count) => makeCall('RIGHT', value, number(count)),
  at: (value) => makeCall('LOCATE', text('@'), value),
};

const SQLITE: Words = {
  asText: (value) => cast(value, 'TEXT'),
  length: 'LENGTH',
  join: (...parts) => parts.reduce((left, right) => ({ kind: 'binary', operator: '||', left, right })),
  first: (value) => makeCall('SUBSTR', value, number(1), number(1)),
  last: (value, count) => makeCall('SUBSTR', value, number(-count)),
  at: (value) => makeCall('INSTR', value, text('@')),
};

/** The last `count` characters, of values at least twice as long; shorter ones are hidden whole, as half of them would be shown. */
function maskLast(column: Expression, count: number, words: Words): Expression {
  const value = words.asText(column);
  const isLong = compare(makeCall(words.length, value), '>=', number(2 * count));
  return showWhere(column, isLong, words.join(text(DOTS), words.last(value, count)), text(DOTS));
}

/** First letter and domain of what has exactly one `@` behind at least one character; all else is hidden whole. */
function maskEmail(column: Expression, words: Words): Expression {
  const value = words.asText(column);
  const at = words.at(value);
  const domain = makeCall('SUBSTR', value, { kind: 'binary', operator: '+', left: at, right: number(1) });
  const isAddress: Expression = {
    kind: 'binary',
    operator: 'AND',
    left: compare(at, '>', number(1)),
    right: compare(words.at(domain), '=', number(0)),
  };
  return showWhere(column, isAddress, words.join(words.first(value), text(`${DOTS}@`), domain), text(DOTS));
}

function maskYear(column: Expression, catalog: CatalogColumn, dialect: Dialect): Expression {
  if (catalog.family !== 'date' && catalog.family !== 'datetime')
    throw new PolicyRefusal(
      `the mask year is for dates, and ${catalog.name} is ${catalog.declaredType || 'of no type'}`,
    );
  if (isMySqlFamily(dialect)) return cast(makeCall('YEAR', column), 'CHAR');
  // SQLite keeps what it is given: only what looks like a date shows its year.
  const value = cast(column, 'TEXT');
  const isDate: Expression = {
    kind: 'match',
    operator: 'GLOB',
    negated: false,
    operand: value,
    pattern: text('[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]*'),
    escape: null,
  };
  return showWhere(column, isDate, makeCall('SUBSTR', value, number(1), number(4)), { kind: 'null' });
}

/** A nested keyed SHA-256, as HMAC nests it: equal values of the column have equal digests, and without the key no value can be tried. */
function maskHash(column: Expression, relation: string, catalog: CatalogColumn, dialect: Dialect): Expression {
  if (!isMySqlFamily(dialect)) throw new PolicyRefusal('the mask hash needs MySQL or MariaDB: SQLite has no SHA-2');
  const key: Expression = {
    kind: 'parameter',
    origin: 'claim',
    name: `${MASK_KEY_PREFIX}${relation}.${catalog.name}`,
    value: null,
  };
  const digest = (inner: Expression) => makeCall('SHA2', makeCall('CONCAT', key, inner), number(256));
  return digest(digest(cast(column, 'CHAR')));
}

const MASKABLE: ReadonlySet<CatalogColumn['family']> = new Set([
  'integer',
  'decimal',
  'float',
  'text',
  'date',
  'datetime',
  'time',
  'year',
  'enum',
  'boolean',
]);

/**
 * What stands in an enclosure instead of a masked column: an expression of type text over `b`.`column` that cannot fail
 * on any value. It stands where the column stood, so no expression of the caller's reaches behind it.
 *
 * @param relation catalog spelling; names the column's key for `hash`
 * @throws PolicyRefusal where the mask does not fit the column or the dialect
 */
export function makeMask(mask: MaskEntry, relation: string, catalog: CatalogColumn, dialect: Dialect): Expression {
  const column: Expression = { kind: 'column', qualifier: [BASE_ALIAS], name: catalog.name, at: -1 };
  const words = isMySqlFamily(dialect) ? MYSQL : SQLITE;
  if (mask === 'null') return words.asText({ kind: 'null' });
  if (!MASKABLE.has(catalog.family))
    throw new PolicyRefusal(
      `${catalog.name} is ${catalog.declaredType || 'of no type'}; of such a column only the mask "null" is known to be safe`,
    );
  if (mask === 'year') return maskYear(column, catalog, dialect);
  if (mask === 'hash') return maskHash(column, relation, catalog, dialect);
  return mask === 'email' ? maskEmail(column, words) : maskLast(column, mask.last, words);
}

/** `last 4`, `email` …, for people. */
export function nameMask(mask: MaskEntry): string {
  return typeof mask === 'string' ? mask : `last ${mask.last}`;
}
