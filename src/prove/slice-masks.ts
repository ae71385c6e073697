import { createHash, createHmac } from 'node:crypto';
import type { CatalogColumn } from '../catalog/catalog.js';
import type { Dialect } from '../domain/dialect.js';
import type { MaskWord } from './slice-access.js';
import type { Cell } from './world.js';

const DOTS = '••••';

/** Where a masked column is: the hash has a key of its own for each. */
export interface MaskedPlace {
  readonly relation: string;
  readonly column: CatalogColumn;
  readonly dialect: Dialect;
  readonly hashKey: string;
}

function textOf(cell: Exclude<Cell, null>): string {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'bigint') return String(cell);
  throw new Error('the harness masks text, whole numbers and dates only');
}

/** Whether a text has exactly one `@`, behind at least one character. */
function isAddress(text: string): boolean {
  const at = text.indexOf('@');
  return at > 0 && text.indexOf('@', at + 1) < 0;
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

function hash(text: string, { relation, column, hashKey }: MaskedPlace): string {
  const key = createHmac('sha256', hashKey).update(`${relation}.${column.name}`).digest('hex');
  return sha256(key + sha256(key + text));
}

function maskYear(text: string, dialect: Dialect): string | null {
  if (dialect !== 'sqlite') return String(Number(text.slice(0, 4)));
  return /^\d{4}-[01]\d-[0-3]\d/.test(text) ? text.slice(0, 4) : null;
}

/**
 * What a principal sees of a masked cell, by the definition of the mask: `last: n` the last n characters of what is at
 * least twice as long, `email` first letter and domain, `year` the year, `null` nothing, `hash` a nested keyed digest.
 *
 * @throws Error for kinds of cells that no world masks
 */
export function maskCell(cell: Cell, mask: MaskWord, place: MaskedPlace): Cell {
  if (cell === null || mask === 'null') return null;
  const text = textOf(cell);
  const letters = [...text];
  if (mask === 'year') return maskYear(text, place.dialect);
  if (mask === 'hash') return hash(text, place);
  if (mask === 'email') return isAddress(text) ? `${letters[0]}${DOTS}@${text.slice(text.indexOf('@') + 1)}` : DOTS;
  return letters.length >= 2 * mask.last ? DOTS + letters.slice(-mask.last).join('') : DOTS;
}

/** Texts that may stand for `text` behind a mask; the first that changes nothing visible and fits is taken. */
function alternatives(text: string, mask: MaskWord, serial: number): readonly string[] {
  const letters = [...text];
  if (mask === 'email') {
    if (!isAddress(text)) return [`none${serial}`, 'n', ''];
    const domain = text.slice(text.indexOf('@'));
    return [`${letters[0]}zz${serial}${domain}`, `${letters[0]}z${domain}`, `${letters[0]}${domain}`];
  }
  if (mask === 'year')
    return [text.slice(0, 5) + '02-03' + text.slice(10), text.slice(0, 5) + '04-05' + text.slice(10)];
  if (typeof mask === 'string') return [];
  const shown = letters.slice(-mask.last).join('');
  if (letters.length < 2 * mask.last) return ['#'.repeat(2 * mask.last - 1), '#', ''];
  return [`${'#'.repeat(letters.length - mask.last + 1)}${shown}`, `${'~'.repeat(letters.length - mask.last)}${shown}`];
}

/** Longest text that a column takes, in characters. */
function lengthOf(column: CatalogColumn, dialect: Dialect): number {
  const size = /char\((\d+)\)/.exec(column.declaredType)?.[1];
  return dialect === 'sqlite' || size === undefined ? Number.POSITIVE_INFINITY : Number(size);
}

/**
 * Another cell that looks the same through a mask: what is behind the mask is somebody else's. The cell itself where there is
 * no other: through `hash` every other value shows.
 *
 * @param serial tells rows apart, so that keys stay unique
 */
export function changeBehindMask(cell: Cell, mask: MaskWord, place: MaskedPlace, serial: number): Cell {
  if (mask === 'null') return otherCell(place.column, serial);
  if (typeof cell === 'bigint' && typeof mask === 'object') {
    const digits = String(cell);
    // Fewer digits before the ones that are shown: no larger, so the column takes it.
    const shorter = digits.slice(1);
    return /^[1-9]\d*$/.test(shorter) && shorter.length >= 2 * mask.last ? BigInt(shorter) : cell;
  }
  if (typeof cell !== 'string') return cell;
  const seen = maskCell(cell, mask, place);
  const fits = (text: string): boolean =>
    text !== cell && [...text].length <= lengthOf(place.column, place.dialect) && maskCell(text, mask, place) === seen;
  return alternatives(cell, mask, serial).find(fits) ?? cell;
}

/** A cell of a column that was never in the data: what stands where a principal may not look. */
export function otherCell(column: CatalogColumn, serial: number): Cell {
  switch (column.family) {
    case 'integer':
    case 'bit':
      return BigInt(serial);
    case 'boolean':
      return BigInt(serial % 2);
    case 'year':
      return 1950n + BigInt(serial % 50);
    case 'decimal':
      return `${serial % 10}`;
    case 'float':
      return serial + 0.5;
    case 'date':
      return '1971-01-02';
    case 'datetime':
      return '1971-01-02 03:04:05';
    case 'time':
      return '03:04:05';
    case 'json':
      return `{"hidden":${serial}}`;
    case 'text':
      return `h${serial}`;
    case 'binary':
      return new Uint8Array(Buffer.from(`h${serial}`));
    default:
      return null;
  }
}
