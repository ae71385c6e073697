import type { Dialect } from '../../domain/dialect.js';
import type { Cell } from '../world.js';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function printText(text: string, dialect: Dialect): string {
  // A zero byte ends a statement's text in some clients.
  if (text.includes('\0')) {
    const bytes = `x'${Buffer.from(text, 'utf8').toString('hex')}'`;
    return dialect === 'sqlite' ? `CAST(${bytes} AS TEXT)` : `_utf8mb4 ${bytes}`;
  }
  return `'${text.replaceAll("'", "''")}'`;
}

function printFloat(value: number, dialect: Dialect): string {
  if (Number.isNaN(value)) return 'NULL';
  if (!Number.isFinite(value)) return value < 0 ? '-9e999' : '9e999';
  const text = Object.is(value, -0) ? '-0' : String(value);
  if (text.includes('e')) return text;
  return dialect === 'sqlite' ? (text.includes('.') ? text : `${text}.0`) : `${text}e0`;
}

/** A cell as a literal of an owner's session, which reads `\` as a character. */
export function printCell(cell: Cell, dialect: Dialect): string {
  if (cell === null) return 'NULL';
  if (typeof cell === 'bigint') return String(cell);
  if (typeof cell === 'number') return printFloat(cell, dialect);
  return typeof cell === 'string' ? printText(cell, dialect) : `x'${hex(cell)}'`;
}

/** A name in the dialect's quotes. */
export function quoteName(name: string, dialect: Dialect): string {
  const quote = dialect === 'sqlite' ? '"' : '`';
  return `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;
}

/** What is done with a row whose keys are taken: it fails, is left out, or takes the place of those that have them. */
export type InsertVerb = 'insert' | 'ignore' | 'replace';

/** Rows of one INSERT, and characters of its text, at most. */
const MAX_ROWS = 500;
const MAX_CHARACTERS = 1_000_000;

/**
 * INSERT statements for rows, several in each.
 *
 * @param columns names of the cells of a row
 */
export function printInserts(
  table: string,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  dialect: Dialect,
  verb: InsertVerb = 'insert',
): readonly string[] {
  const words = {
    insert: 'INSERT INTO',
    ignore: dialect === 'sqlite' ? 'INSERT OR IGNORE INTO' : 'INSERT IGNORE INTO',
    replace: 'REPLACE INTO',
  };
  const names = columns.map((name) => quoteName(name, dialect)).join(', ');
  const head = `${words[verb]} ${quoteName(table, dialect)} (${names}) VALUES\n`;
  const statements: string[] = [];
  let lines: string[] = [];
  let length = 0;
  const flush = (): void => {
    if (lines.length > 0) statements.push(head + lines.join(',\n'));
    lines = [];
    length = 0;
  };
  for (const row of rows) {
    const line = `(${row.map((cell) => printCell(cell, dialect)).join(', ')})`;
    if (lines.length >= MAX_ROWS || length + line.length > MAX_CHARACTERS) flush();
    lines.push(line);
    length += line.length;
  }
  flush();
  return statements;
}
