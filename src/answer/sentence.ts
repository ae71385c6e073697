import type { ChartSpecification } from '../domain/answer.js';
import type { ResultSet } from '../domain/result-set.js';
import type { OutputColumn } from '../domain/sealed-statement.js';
import { formatValue, isIdentifier, nameInWords, toNumber } from './format-value.js';

/** Longest text value quoted in a sentence, in characters. */
const MAX_QUOTED = 80;

/**
 * One sentence about a result, made without a model: the value of a single cell, the fields of a single row, the number
 * of groups and the one with the highest value, or that nothing was found. Says where the result was cut.
 *
 * @param isFiltered whether rules narrowed the rows: then nothing found says nothing about those of others
 */
export function writeSentence(
  columns: readonly OutputColumn[],
  result: ResultSet,
  chart: ChartSpecification | null,
  isFiltered = false,
): string {
  const { rows } = result;
  const value = (row: number, column: number) =>
    shorten(formatValue(rows[row]![column]!, result.types[column]!, columns[column]!.name, columns[column]!.unit));
  const name = (column: number) => nameInWords(columns[column]!.name);

  if (rows.length === 0)
    return isFiltered ? 'Nothing was found among the rows that are open to you.' : 'Nothing was found.';
  const cut = result.truncated ? ' This is only the first row; there are more.' : '';
  if (rows.length === 1 && columns.length === 1) {
    if (rows[0]![0] === null) return `There is no value for ${name(0)}: no row has one.${cut}`;
    return `${writeValue(name(0), value(0, 0), result.types[0]!, columns[0]!)}${cut}`;
  }
  if (rows.length === 1) {
    const fields = columns.slice(0, 4).map((_, index) => `${name(index)} ${value(0, index)}`);
    return `One row was found: ${fields.join(', ')}${columns.length > 4 ? ' and more' : ''}.${cut}`;
  }
  if (result.truncated) return writeCount(rows.length, true);
  const measure = chart && chart.x !== null && chart.y.length === 1 ? chart.y[0]! : null;
  const top = measure === null ? null : highest(result, measure);
  if (chart && chart.x !== null && measure !== null && top !== null) {
    const [what, rest] = [name(measure), COMPUTED.test(name(measure)) ? 'groups' : 'rows'];
    const most = what.startsWith('highest ') ? what : `highest ${what}`;
    return `Of ${number(rows.length)} ${rest}, ${value(top, chart.x)} has the ${most}: ${value(top, measure)}.`;
  }
  return writeCount(rows.length, false);
}

/** What is said of several rows by their number alone. */
export function writeCount(count: number, truncated: boolean): string {
  return truncated ? `The first ${number(count)} rows are shown; there are more.` : `${number(count)} rows were found.`;
}

/** Names of what is computed over a group of rows; a column by itself is not called so. */
const COMPUTED = /^(?:number of|total|average|highest|lowest)\b/;

/** Names that are words, so that they can stand in a sentence. */
const WORDS = /^\p{L}[\p{L}\p{M}\p{N}]*(?: [\p{L}\p{M}\p{N}]+)*$/u;

/** One value: a count as so many of something, anything else by its name where that is made of words. */
function writeValue(name: string, value: string, type: ResultSet['types'][number], column: OutputColumn): string {
  const counted = /^number of (.+)$/.exec(name)?.[1];
  const count = type === 'integer' && column.unit === null && value !== '1';
  if (count && counted !== undefined && isPlural(counted)) return `There are ${value} ${counted}.`;
  if (!WORDS.test(name)) return `The answer is ${value} (${name}).`;
  if (counted !== undefined || !isPlural(name)) return `The ${name} is ${value}.`;
  if (count && !isIdentifier(name)) return `${value} ${name}.`;
  return `${capital(name)}: ${value}.`;
}

function isPlural(name: string): boolean {
  return /(?:[^su]s|people|children|staff)$/iu.test(name) && !/(?:is|series|species)$/iu.test(name);
}

/** Row of the one highest value; null where it is shared or there is none. */
function highest(result: ResultSet, column: number): number | null {
  let best: { row: number; value: number; shared: boolean } | null = null;
  result.rows.forEach((cells, row) => {
    const value = toNumber(cells[column]!);
    if (value === null || (best && value < best.value)) return;
    best = { row, value, shared: best !== null && best.value === value };
  });
  const found = best as { row: number; value: number; shared: boolean } | null;
  return found && !found.shared ? found.row : null;
}

function number(count: number): string {
  return new Intl.NumberFormat('en').format(count);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function shorten(text: string): string {
  const characters = [...text.replace(/\s+/gu, ' ')];
  return characters.length > MAX_QUOTED ? `${characters.slice(0, MAX_QUOTED - 1).join('')}…` : characters.join('');
}
