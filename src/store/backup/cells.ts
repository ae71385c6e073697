/**
 * One value of a row, whichever engine it comes from: bigint for whole numbers of 64 bits, number for floating point. Dates
 * and decimals are text.
 */
export type Cell = null | string | bigint | number | Uint8Array;

/** A row as one line of JSON without its line break: a list whose members say their own type. */
export function printRow(cells: readonly Cell[]): string {
  return JSON.stringify(cells.map(toJson));
}

/**
 * Reads what {@link printRow} wrote.
 *
 * @throws Error where it is anything else
 */
export function parseRow(line: string): Cell[] {
  const cells: unknown = JSON.parse(line);
  if (!Array.isArray(cells)) throw new Error('a row is a list');
  return cells.map(fromJson);
}

/** Plain JSON numbers are whole and safe; what would be rounded is written as text with its type. */
function toJson(cell: Cell): unknown {
  if (typeof cell === 'bigint') {
    const number = Number(cell);
    return Number.isSafeInteger(number) ? number : { i: String(cell) };
  }
  if (typeof cell === 'number') {
    if (!Number.isFinite(cell)) throw new Error('a number that is not finite cannot be written down');
    return { r: Object.is(cell, -0) ? '-0' : String(cell) };
  }
  if (cell instanceof Uint8Array) return { b: Buffer.from(cell).toString('base64') };
  return cell;
}

function fromJson(value: unknown): Cell {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  const [[type, text] = [], ...rest] = Object.entries(value as object);
  if (rest.length === 0 && typeof text === 'string') {
    if (type === 'i' && /^-?\d{1,20}$/.test(text)) return BigInt(text);
    if (type === 'r' && text !== '' && Number.isFinite(Number(text))) return Number(text);
    if (type === 'b') return Buffer.from(text, 'base64');
  }
  throw new Error('a value of a row has no known type');
}
