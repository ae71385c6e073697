import { setImmediate } from 'node:timers/promises';
import type { AnswerColumn } from '../domain/answer.js';
import type { ExportFormat } from '../domain/export.js';
import type { ResultType, ResultValue } from '../domain/result-set.js';

/** A row as the answer carries it. */
type Row = readonly ResultValue[];

/** How one format writes names and rows; every line ends, the last one too. */
interface LineWriter {
  /** What stands before the rows. */
  readonly head: string;
  readonly writeRow: (row: Row) => string;
}

const WRITERS: Readonly<Record<ExportFormat, (columns: readonly AnswerColumn[]) => LineWriter>> = {
  csv: createCsvWriter,
  ndjson: createNdjsonWriter,
};

/** Writes a file part by part. */
export interface ExportWriter {
  /** What stands before the rows; null where it is too much already. */
  begin(): string | null;
  /** The lines of further rows, in order; null where the file would have too many bytes with them. */
  write(rows: readonly Row[]): string | null;
}

/**
 * Begins to write the rows of an answer as a file of a format.
 *
 * @param maxBytes of the whole text in UTF-8
 */
export function createExportWriter(
  format: ExportFormat,
  columns: readonly AnswerColumn[],
  maxBytes: number,
): ExportWriter {
  const { head, writeRow } = WRITERS[format](columns);
  let bytes = 0;
  const bounded = (text: string): string | null => {
    bytes += Buffer.byteLength(text);
    return bytes > maxBytes ? null : text;
  };
  return { begin: () => bounded(head), write: (rows) => bounded(rows.map(writeRow).join('')) };
}

/** Rows that are written in one go: other requests have their turn after them. */
const ROWS_AT_ONCE = 500;

/**
 * Writes rows that are all there as a file of a format.
 *
 * @param maxBytes of the text in UTF-8
 * @returns null where it would have more, as soon as that shows
 */
export async function writeExport(
  format: ExportFormat,
  columns: readonly AnswerColumn[],
  rows: readonly Row[],
  maxBytes: number,
): Promise<string | null> {
  const writer = createExportWriter(format, columns, maxBytes);
  const parts = [writer.begin()];
  for (let at = 0; at < rows.length && parts.at(-1) !== null; at += ROWS_AT_ONCE) {
    parts.push(writer.write(rows.slice(at, at + ROWS_AT_ONCE)));
    await setImmediate();
  }
  return parts.at(-1) === null ? null : parts.join('');
}

/**
 * RFC 4180: a line of names, then a line for each row, ended by CR LF. NULL is an empty field, empty text is `""`. Text that a
 * spreadsheet would take for a formula gets an apostrophe before it; numbers stay as they are.
 */
function createCsvWriter(columns: readonly AnswerColumn[]): LineWriter {
  const names = columns.map(({ name }) => writeField(disarm('text', name)));
  return {
    head: `${names.join(',')}\r\n`,
    writeRow: (row) => `${row.map((value, at) => writeCell(columns[at]?.type ?? 'unknown', value)).join(',')}\r\n`,
  };
}

function writeCell(type: ResultType, value: ResultValue): string {
  if (value === null) return '';
  return typeof value === 'string' ? writeField(disarm(type, value)) : String(value);
}

function writeField(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What begins a formula in one spreadsheet or another (OWASP, CSV Injection), the wide forms of East Asian input too. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** A number that travels as text, so that no digit of it is lost. */
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** SQLite keeps any value in any column, so what is no number is text, whatever the column is said to hold. */
function disarm(type: ResultType, text: string): string {
  return FORMULA.test(text) && (type === 'text' || !NUMBER.test(text)) ? `'${text}` : text;
}

/** One JSON object a line. Of columns with one name the later ones get a number, as an object has each name once. */
function createNdjsonWriter(columns: readonly AnswerColumn[]): LineWriter {
  const keys = tellApart(columns.map(({ name }) => name)).map((name) => JSON.stringify(name));
  return {
    head: '',
    writeRow: (row) => `{${row.map((value, at) => `${keys[at]}:${JSON.stringify(value)}`).join(',')}}\n`,
  };
}

/** `a`, `a`, `b` as `a`, `a_2`, `b`; a name that is there already is passed over. */
function tellApart(names: readonly string[]): readonly string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let n = 2; seen.has(own) || (own !== name && taken.has(own)); n += 1) own = `${name}_${n}`;
    seen.add(own);
    return own;
  });
}
