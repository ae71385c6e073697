/** Families that a declared type of SQLite can stand for; a subset of the catalog's column families. */
export type SqliteFamily =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'text'
  | 'binary'
  | 'date'
  | 'datetime'
  | 'time'
  | 'year'
  | 'boolean'
  | 'json'
  | 'unknown';

/** A declared type, read. `scale` is the second number in its parentheses, null where there is none. */
export interface SqliteDeclaredType {
  readonly family: SqliteFamily;
  readonly scale: number | null;
}

/** Words that mean more than an affinity; matched against the whole first word. */
const WORDS: ReadonlyMap<string, SqliteFamily> = new Map([
  ['date', 'date'],
  ['datetime', 'datetime'],
  ['timestamp', 'datetime'],
  ['time', 'time'],
  ['year', 'year'],
  ['bool', 'boolean'],
  ['boolean', 'boolean'],
  ['decimal', 'decimal'],
  ['dec', 'decimal'],
  ['numeric', 'decimal'],
  ['number', 'decimal'],
  ['money', 'decimal'],
  ['json', 'json'],
]);

/** SQLite's own rules for affinity, in its order (datatype3.html §3.1); NUMERIC affinity says nothing and stays unknown. */
const AFFINITIES: readonly (readonly [RegExp, SqliteFamily])[] = [
  [/int/, 'integer'],
  [/char|clob|text/, 'text'],
  [/blob/, 'binary'],
  [/real|floa|doub/, 'float'],
];

/**
 * Reads a declared column type. SQLite stores any value under any declared type, so the family says what the column is
 * meant to hold, not what it holds.
 *
 * @param declared as `sqlite3_column_decltype` or `table_xinfo` gives it; null or empty where none was declared
 */
export function readSqliteType(declared: string | null): SqliteDeclaredType {
  const text = (declared ?? '').trim().toLowerCase();
  const [, word = '', , scale] = /^([^\s(]*)[^(]*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?/.exec(text) ?? [];
  const family = WORDS.get(word) ?? AFFINITIES.find(([pattern]) => pattern.test(text))?.[1] ?? 'unknown';
  return { family, scale: scale === undefined ? null : Number(scale) };
}
