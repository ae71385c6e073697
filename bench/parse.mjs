/**
 * Milliseconds to read, or to refuse, 16 KiB of the shapes that make parsers backtrack: the median and the longest of
 * twenty runs, per dialect. What it must reach: a median under 10 ms.
 *
 *   npm run build && node bench/parse.mjs
 */
import { SwaliError } from '../dist/errors/swali-error.js';
import { parseQuery } from '../dist/sql/parser.js';

const SIZE = 16_384;
const RUNS = 20;

/** Opening, middle and closing part of each shape; opening and closing are repeated alike until the text is full. */
const SHAPES = {
  parentheses: ['(', '1', ')'],
  subqueries: ['(SELECT ', '1', ')'],
  'derived tables': ['* FROM (SELECT ', '1', ') x'],
  casts: ['CAST(', '1', ' AS CHAR)'],
  calls: ['f(', '1', ')'],
  cases: ['CASE WHEN 1 THEN ', '1', ' END'],
  negations: ['NOT ', '1', ''],
  signs: ['- ', '1', ''],
  conjunctions: ['', 'a', ' AND a'],
  sums: ['', '1', '+1'],
  unions: ['', '1', ' UNION SELECT 1'],
  joins: ['', '1 FROM a', ' JOIN a'],
  commas: ['', '1 FROM a', ',a'],
  items: ['', '1', ',1'],
  points: ['', 'a', '.a'],
  strings: ['', "''", "''"],
  comments: ['', '1', '/**/'],
};

function write([open, middle, close]) {
  const count = Math.floor((SIZE - 'SELECT '.length - middle.length) / (open.length + close.length));
  return `SELECT ${open.repeat(count)}${middle}${close.repeat(count)}`;
}

function time(text, dialect) {
  const started = performance.now();
  try {
    parseQuery(text, dialect);
  } catch (error) {
    if (!(error instanceof SwaliError)) throw error;
  }
  return performance.now() - started;
}

console.log(`${'shape'.padEnd(16)}${'dialect'.padEnd(9)}${'median ms'.padStart(10)}${'longest ms'.padStart(12)}`);
for (const [name, shape] of Object.entries(SHAPES))
  for (const dialect of ['mysql', 'mariadb', 'sqlite']) {
    const text = write(shape);
    time(text, dialect);
    const times = Array.from({ length: RUNS }, () => time(text, dialect)).sort((a, b) => a - b);
    const [median, longest] = [times[RUNS / 2], times[RUNS - 1]].map((ms) => ms.toFixed(2));
    console.log(name.padEnd(16) + dialect.padEnd(9) + median.padStart(10) + longest.padStart(12));
  }
