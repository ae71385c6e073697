import type { Expression, NumberLiteral } from '../../sql/nodes.js';
import type { Cell } from '../world.js';
import type { Choices } from './choices.js';
import type { Leaf, ValueKind } from './place.js';

/** Numbers at which something turns over. All without sign. */
const EDGE_NUMBERS = [
  '0',
  '1',
  '2',
  '7',
  '100',
  '255',
  '65535',
  '2147483647',
  '4294967296',
  '9007199254740993',
  '9223372036854775807',
  '0.5',
  '99.99',
  '0.000001',
  '1.5e3',
];
const SMALL_NUMBERS = ['0', '1', '2', '3', '5', '10', '12', '100'];
const EDGE_TEXTS = ['', ' ', 'a', 'Z', '%', '_', "O'Brien", 'é', 'ß', '名', '😀', 'NULL', '0', '1e3', 'a b', '\\', 'İ'];
const EDGE_DATES = ['2024-02-29', '1999-12-31', '2025-01-01', '1970-01-01', '9999-12-31', '1000-01-01'];
const DOCUMENTS = ['{"a": [1, 2, {"b": "x"}], "n": null}', '[1, "é", {"a": 1.5}]', '{}', '[]', '7', '"t"'];
const MAX_TEXT = 40;

/** A numeral of the form that the reader knows; null where the cell is no number. A sign is left off. */
function numeral(cell: Cell): string | null {
  const text = String(cell).replace(/^-/, '');
  return /^(?:0|[1-9]\d{0,30})(?:\.\d{1,20})?$/.test(text) ? text : null;
}

/** A number literal of a canonical numeral. */
export function numberLiteral(text: string): NumberLiteral {
  const form = text.includes('e') ? 'float' : text.includes('.') ? 'decimal' : 'integer';
  return { kind: 'number', form, text };
}

/** A string literal. */
export function stringLiteral(value: string): Expression {
  return { kind: 'string', value };
}

/** A literal of a cell, null where none can say it. */
function cellLiteral(cell: Cell, kind: ValueKind): Expression | null {
  if (cell === null || cell instanceof Uint8Array) return null;
  if (kind === 'number') {
    const text = numeral(cell);
    return text === null ? null : numberLiteral(text);
  }
  const text = String(cell);
  const isPlain = text.length <= MAX_TEXT && !/\p{Surrogate}/u.test(text) && !text.includes('\0');
  return isPlain ? stringLiteral(text) : null;
}

/** A small whole number: a count, a place, an exponent. */
export function smallNumber(choices: Choices): NumberLiteral {
  return numberLiteral(choices.pick(SMALL_NUMBERS.slice(0, 5)));
}

/** A constant of a kind that has nothing to do with the data. */
export function plainConstant(choices: Choices, kind: ValueKind): Expression {
  switch (kind) {
    case 'number':
      return numberLiteral(choices.pick(choices.chance(75) ? SMALL_NUMBERS : EDGE_NUMBERS));
    case 'date':
      return stringLiteral(choices.pick(EDGE_DATES));
    case 'json':
      return stringLiteral(choices.pick(DOCUMENTS));
    default:
      return stringLiteral(choices.pick(EDGE_TEXTS));
  }
}

/** A constant to compare a leaf with: one of its column's cells, own or foreign, mostly. */
export function constantFor(choices: Choices, leaf: Leaf): Expression {
  const samples = leaf.column?.samples ?? [];
  const found = samples.length > 0 && choices.chance(80) ? cellLiteral(choices.pick(samples), leaf.kind) : null;
  return found ?? plainConstant(choices, leaf.kind);
}

/** The beginning of a text that a column holds, without what a pattern reads as a sign of its own. */
export function prefixFor(choices: Choices, leaf: Leaf): string {
  const constant = constantFor(choices, leaf);
  const text = constant.kind === 'string' ? constant.value : constant.kind === 'number' ? constant.text : '';
  return [...text.replace(/[%_\\*?[\](){}+|^$.]/g, '')].slice(0, 1 + choices.below(3)).join('');
}
