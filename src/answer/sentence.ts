import type { ChartSpecification } from '../domain/answer.js';
import type { ResultSet } from '../domain/result-set.js';
import type { OutputColumn } from '../domain/sealed-statement.js';
import { formatValue, nameInWords, toNumber } from './format-value.js';

/** Longest text value quoted in a sentence, in characters. */
const MAX_QUOTED = 80;

/**
 * One sentence about a result, made without a model: the value of a single cell, the fields of a single row, the number
 * of rows with the highest of a chart, or that nothing was found. Says where the result was cut.
 */
export function writeSentence(
  columns: readonly OutputColumn[],
  result: ResultSet,
  chart: ChartSpecification | null,
): string {
  const { rows } = result;
  const value = (row: number, column: number) =>
    shorten(formatValue(rows[row]![column]!, result.types[column]!, columns[column]!.name, columns[column]!.unit));
  const name = (column: number) => nameInWords(columns[column]!.name);

  if (rows.length === 0) return 'Nothing was found.';
  const cut = result.truncated ? ' This is only the first row; there are more.' : '';
  if (rows.length === 1 && columns.length === 1) {
    if (rows[0]![0] === null) return `There is no value for ${name(0)}: no row has one.${cut}`;
    return `The answer is ${value(0, 0)} (${name(0)}).${cut}`;
  }
  if (rows.length === 1) {
    const fields = columns.slice(0, 4).map((_, index) => `${name(index)} ${value(0, index)}`);
    return `One row was found: ${fields.join(', ')}${columns.length > 4 ? ' and more' : ''}.${cut}`;
  }
  if (result.truncated) return `The first ${count(rows.length)} are shown; there are more.`;
  const top = chart && chart.x !== null && chart.y.length === 1 ? highest(result, chart.y[0]!) : null;
  if (chart && chart.x !== null && top !== null) {
    return `${capital(count(rows.length))} were found; the highest ${name(chart.y[0]!)} is ${value(top, chart.y[0]!)} (${value(top, chart.x)}).`;
  }
  return `${capital(count(rows.length))} were found.`;
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

function count(rows: number): string {
  return rows === 1 ? 'one row' : `${new Intl.NumberFormat('en').format(rows)} rows`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function shorten(text: string): string {
  const characters = [...text.replace(/\s+/gu, ' ')];
  return characters.length > MAX_QUOTED ? `${characters.slice(0, MAX_QUOTED - 1).join('')}…` : characters.join('');
}
