import type { CatalogColumn } from '../catalog/catalog.js';
import type { Random } from '../demo/random.js';
import type { Dialect } from '../domain/dialect.js';
import type { Cell } from './world.js';

const INTEGER_BITS: ReadonlyMap<string, bigint> = new Map([
  ['tinyint', 8n],
  ['smallint', 16n],
  ['mediumint', 24n],
  ['int', 32n],
  ['integer', 32n],
  ['bigint', 64n],
]);

/** Length of a text that is long, in characters. */
const LONG = 4000;

/** Texts that some function, pattern, cast or date fails on. */
const NASTY_TEXTS: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  '1e400',
  '99999999999999999999',
  '-9223372036854775809',
  'NaN',
  '[',
  '{"a":',
  '{"a":1}',
  'null',
  '(',
  '*',
  '[a-',
  '\\',
  '%',
  '_',
  "'",
  '"; --',
  '<a>',
  '0000-00-00',
  '0000-00-00 00:00:00',
  '9999-12-31 23:59:59',
  '2024-13-45',
  '-838:59:59',
  '\u{1F600}',
  'é',
  'e\u0301',
  'ß',
  'İ',
  '\uFEFF',
  'not a date',
  'x'.repeat(LONG),
  '['.repeat(LONG),
];

const text = (bytes: string): Uint8Array => new Uint8Array(Buffer.from(bytes, 'latin1'));

/** Whole numbers at the edges of a column's type. */
function integerEdges(column: CatalogColumn, dialect: Dialect): readonly bigint[] {
  const base = /^[a-z]+/.exec(column.declaredType)?.[0] ?? '';
  const bits = dialect === 'sqlite' ? 64n : (INTEGER_BITS.get(base) ?? 64n);
  const edges = column.unsigned
    ? [0n, 2n ** bits - 1n, 2n ** bits - 2n]
    : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  return [0n, 1n, ...(column.unsigned ? [] : [-1n]), ...edges];
}

function decimalEdges(column: CatalogColumn): readonly string[] {
  const [, digits = '10', scale = '0'] = /\((\d+)(?:,(\d+))?\)/.exec(column.declaredType) ?? [];
  const nines = '9'.repeat(Math.max(Number(digits) - Number(scale), 1));
  const most = Number(scale) > 0 ? `${nines}.${'9'.repeat(Number(scale))}` : nines;
  return ['0', most, `-${most}`, '1', '-0.01'];
}

/** A text cut to what the column takes; SQLite takes any. */
function cutToFit(value: string, column: CatalogColumn, dialect: Dialect): string {
  const size = dialect === 'sqlite' ? undefined : /char\((\d+)\)/.exec(column.declaredType)?.[1];
  if (size !== undefined) return [...value].slice(0, Number(size)).join('');
  return column.declaredType.startsWith('tiny') ? value.slice(0, 60) : value;
}

/** What a column of SQLite may hold beside what its type says: any value goes into any column. */
const STRAY: readonly Cell[] = [0.5, -0.5, 1e308, 'abc', '7abc', '', '[', text('\u00ff\u0000')];

function edgesOfServer(column: CatalogColumn, dialect: Dialect): readonly Cell[] {
  switch (column.family) {
    case 'integer':
      return integerEdges(column, dialect);
    case 'boolean':
      return [0n, 1n];
    case 'decimal':
      return decimalEdges(column);
    case 'float': {
      const most = column.declaredType.startsWith('float') ? 3e38 : Number.MAX_VALUE;
      return [0, -0, most, -most, 0.1, column.declaredType.startsWith('float') ? 1e-37 : 2.3e-308];
    }
    case 'text':
      return NASTY_TEXTS;
    case 'binary':
      return [text(''), text('\0'), text('\u00ff\u00ff'), text('\u00c3\u0028'), text('[')];
    case 'date':
      return ['0001-01-01', '9999-12-31', '0000-00-00', '1970-01-01', '2024-02-29'];
    case 'datetime':
      return column.declaredType.startsWith('timestamp')
        ? ['1970-01-01 00:00:01', '2038-01-19 03:14:07', '0000-00-00 00:00:00']
        : ['0001-01-01 00:00:00', '9999-12-31 23:59:59', '0000-00-00 00:00:00', '2024-02-29 12:00:00'];
    case 'time':
      return ['00:00:00', '838:59:59', '-838:59:59', '23:59:59'];
    case 'year':
      return [0n, 1901n, 2155n];
    case 'json':
      return ['null', '[]', '{}', '0', '"["', '{"a":[1,2,{"b":null}]}', `[${'1,'.repeat(300)}1]`];
    case 'bit':
      return [text('\0')];
    default:
      return [];
  }
}

function edgesOfSqlite(column: CatalogColumn, isRowid: boolean): readonly Cell[] {
  if (isRowid) return integerEdges(column, 'sqlite');
  const own: Partial<Record<CatalogColumn['family'], readonly Cell[]>> = {
    integer: integerEdges(column, 'sqlite'),
    boolean: [0n, 1n, 2n],
    decimal: [0n, 0.1, -0.1, 99999999.99, 2n ** 63n - 1n],
    float: [0, -0, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, Number.POSITIVE_INFINITY],
    binary: [text(''), text('\0'), text('\u00c3\u0028'), text('[')],
    date: ['0000-00-00', '9999-12-31', '-4713-11-24', 'not a date', ''],
    datetime: ['0000-00-00 00:00:00', '9999-12-31 23:59:59', 'now', '', '2024-02-29T25:00'],
  };
  return [...(own[column.family] ?? NASTY_TEXTS), ...STRAY];
}

/**
 * Cells at which expressions over a column overflow, divide by zero, or cannot be read; every one can be stored in it.
 *
 * @param isRowid SQLite: the column is the table's row id, which holds whole numbers only
 */
export function nastyCells(column: CatalogColumn, dialect: Dialect, isRowid: boolean): readonly Cell[] {
  const cells = dialect === 'sqlite' ? edgesOfSqlite(column, isRowid) : edgesOfServer(column, dialect);
  const fitted = cells.map((cell) =>
    typeof cell === 'string' && column.family === 'text' ? cutToFit(cell, column, dialect) : cell,
  );
  return column.nullable ? [null, ...fitted] : fitted;
}

const ACCENTS: ReadonlyMap<string, string> = new Map([
  ['c', 'ç'],
  ['C', 'Ç'],
  ['e', 'é'],
  ['a', 'á'],
  ['A', 'Ä'],
  ['o', 'ö'],
  ['n', 'ñ'],
  ['u', 'ü'],
  ['i', 'í'],
  ['s', 'ß'],
]);

/** Texts that some collation takes for `value`, and that differ in bytes. */
function likeText(value: string): readonly string[] {
  const accented = [...value].map((letter) => ACCENTS.get(letter) ?? letter).join('');
  const bare = value.normalize('NFKD').replace(/\p{M}/gu, '');
  return [
    value.toUpperCase(),
    value.toLowerCase(),
    accented,
    bare,
    value.normalize('NFD'),
    `${value} `,
    ` ${value}`,
    value.trimEnd(),
    `${value}\u200b`,
    `${value}\0`,
    `${value}0`,
    value.replace(/[!-~]/gu, (letter) => String.fromCodePoint(letter.codePointAt(0)! + 0xfee0)),
  ].filter((other) => other !== value);
}

/** Cells that are near one of the principal's own: neighbours of a number, variants of a text. */
export function likeCell(own: Cell, column: CatalogColumn, dialect: Dialect, random: Random): Cell {
  if (typeof own === 'bigint') return random.pick([own + 1n, own - 1n, -own, own * 10n]);
  if (typeof own !== 'string' || column.family !== 'text') return own;
  const variants = likeText(own);
  return variants.length === 0 ? own : cutToFit(random.pick(variants), column, dialect);
}
