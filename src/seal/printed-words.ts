import type { Dialect } from '../domain/dialect.js';
import { FUNCTIONS } from '../sql/functions.js';
import type { PrintedToken } from './printed-tokens.js';

/** Every word of a query that the printers write beside function names. INTO, FOR, LOCK, TABLE, PROCEDURE … are not among them. */
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'SELECT DISTINCT ALL STRAIGHT_JOIN FROM WHERE GROUP BY HAVING ORDER LIMIT OFFSET WITH RECURSIVE ROLLUP AS NOT MATERIALIZED ' +
    'LATERAL JOIN LEFT RIGHT FULL CROSS ON UNION INTERSECT EXCEPT VALUES ROW WINDOW OVER PARTITION ROWS RANGE GROUPS BETWEEN ' +
    'AND UNBOUNDED PRECEDING FOLLOWING CURRENT EXCLUDE NO OTHERS TIES FILTER SEPARATOR ASC DESC NULLS FIRST LAST OR XOR DIV IS ' +
    'IN LIKE ESCAPE REGEXP GLOB EXISTS ANY CASE WHEN THEN ELSE END CAST CONVERT USING CHARACTER SET COLLATE INTERVAL EXTRACT ' +
    'TRIM BOTH LEADING TRAILING TIMESTAMPADD TIMESTAMPDIFF NULL TRUE FALSE UNKNOWN BINARY ' +
    'MICROSECOND SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR SECOND_MICROSECOND MINUTE_MICROSECOND MINUTE_SECOND ' +
    'HOUR_MICROSECOND HOUR_SECOND HOUR_MINUTE DAY_MICROSECOND DAY_SECOND DAY_MINUTE DAY_HOUR YEAR_MONTH ' +
    'CHAR DATE DATETIME DECIMAL DOUBLE FLOAT JSON SIGNED TIME UNSIGNED BLOB INTEGER NUMERIC REAL TEXT'
  ).split(' '),
);
/** Words that stand only inside JSON_TABLE. */
const JSON_TABLE_WORDS: ReadonlySet<string> = new Set(
  'COLUMNS PATH FOR ORDINALITY EXISTS TINYINT SMALLINT INT BIGINT VARCHAR'.split(' '),
);
/** Functions that stand in the place of a table. */
const TABLE_FUNCTIONS: Readonly<Record<Dialect, readonly string[]>> = {
  mysql: ['JSON_TABLE'],
  mariadb: ['JSON_TABLE'],
  sqlite: ['JSON_EACH', 'JSON_TREE'],
};
const SQLITE_BARE_FUNCTIONS: ReadonlySet<string> = new Set(['CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP']);

/** True where the token is this word, one of these words. */
export function isWord(token: PrintedToken | undefined, ...words: readonly string[]): boolean {
  if (token?.kind !== 'word') return false;
  for (const word of words) if (token.text === word) return true;
  return false;
}

/** Whether a function that makes rows begins at `at`. */
export function isTableFunction(tokens: readonly PrintedToken[], at: number, dialect: Dialect): boolean {
  return isWord(tokens[at], ...TABLE_FUNCTIONS[dialect]) && tokens[at + 1]?.text === '(';
}

/** Whether a word at `at` may stand inside JSON_TABLE and nowhere else. */
export function isJsonTableWord(tokens: readonly PrintedToken[], at: number): boolean {
  const { text } = tokens[at] as PrintedToken;
  if (text === 'FOR') return isWord(tokens[at + 1], 'ORDINALITY');
  if (text === 'ORDINALITY') return isWord(tokens[at - 1], 'FOR');
  if (text === 'PATH') return tokens[at + 1]?.kind === 'path';
  if (text === 'EXISTS') return isWord(tokens[at + 1], 'PATH');
  if (text === 'COLUMNS') return tokens[at + 1]?.text === '(';
  return JSON_TABLE_WORDS.has(text);
}

/** Whether a word at `at` is one that the printers write at such a place: a keyword, an open function, or the name of a character set or collation. */
export function isKnownWord(tokens: readonly PrintedToken[], at: number, dialect: Dialect): boolean {
  const { text } = tokens[at] as PrintedToken;
  const [before, after] = [tokens[at - 1], tokens[at + 1]];
  if (KEYWORDS.has(text)) return text !== 'SET' || isWord(before, 'CHARACTER');
  if (text === '_utf8mb4') return dialect !== 'sqlite' && after?.kind === 'hex';
  if (isWord(before, 'COLLATE', 'SET', 'USING')) return after?.text !== '(' && after?.text !== '.';
  if (dialect === 'sqlite' && SQLITE_BARE_FUNCTIONS.has(text)) return after?.text !== '(';
  return after?.text === '(' && /^[A-Z][A-Z0-9_]*$/.test(text) && FUNCTIONS[dialect].has(text);
}
