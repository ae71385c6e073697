import type { Dialect } from '../domain/dialect.js';
import { type PrintedToken, readPrinted } from './printed-tokens.js';
import { isWord } from './printed-words.js';

/** What an enclosure of one relation may hold, as the printer prints it. */
export interface PermittedEnclosure {
  /** Catalog spelling. */
  readonly relation: string;
  /** Row filter; null where every row is open. */
  readonly filterSql: string | null;
  /** What may stand for a column: `` `b`.`name` ``, or a mask. */
  readonly columnSqls: readonly string[];
}

/** A {@link PermittedEnclosure} in tokens. */
export interface EnclosureTemplate {
  readonly relation: string;
  readonly filter: readonly PrintedToken[] | null;
  readonly columns: readonly (readonly PrintedToken[])[];
}

const BASE = 'b';
const FENCE: Readonly<Record<Dialect, readonly string[]>> = {
  mysql: ['LIMIT', '9223372036854775807'],
  mariadb: ['LIMIT', '9223372036854775807'],
  sqlite: ['LIMIT', '-', '1'],
};

/** @returns null where a text of it holds what no printed text may */
export function readTemplate(enclosure: PermittedEnclosure, dialect: Dialect): EnclosureTemplate | null {
  const filter = enclosure.filterSql === null ? null : readPrinted(enclosure.filterSql, dialect);
  const columns = enclosure.columnSqls.map((text) => readPrinted(text, dialect) ?? []);
  if (enclosure.filterSql !== null && (filter === null || filter.length === 0)) return null;
  if (columns.some((tokens) => tokens.length === 0)) return null;
  return { relation: enclosure.relation, filter, columns };
}

const standsAt = (tokens: readonly PrintedToken[], at: number, sequence: readonly string[]): boolean =>
  sequence.every((text, index) => tokens[at + index]?.text === text);
const textsOf = (tokens: readonly PrintedToken[]): readonly string[] => tokens.map((token) => token.text);
const isName = (token: PrintedToken | undefined, pattern: RegExp): boolean =>
  token?.kind === 'quoted' && pattern.test(token.name);

/** An OR or XOR outside parentheses and CASE would take a conjunct written behind it into its last operand. */
function bindsLooserThanAnd(tokens: readonly PrintedToken[]): boolean {
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(' || isWord(token, 'CASE')) depth += 1;
    if (token.text === ')' || isWord(token, 'END')) depth -= 1;
    if (depth === 0 && isWord(token, 'OR', 'XOR')) return true;
  }
  return false;
}

/** Index after the list of columns, at FROM; -1 where one of them is not permitted. */
function matchColumns(tokens: readonly PrintedToken[], start: number, columns: EnclosureTemplate['columns']): number {
  let at = start;
  for (;;) {
    const one = tokens[at]?.text === '1' ? 1 : undefined;
    const found = columns.find(
      (column) => standsAt(tokens, at, textsOf(column)) && isWord(tokens[at + column.length], 'AS'),
    );
    const length = found?.length ?? one;
    if (length === undefined) return -1;
    if (!isWord(tokens[at + length], 'AS') || !isName(tokens[at + length + 1], /^c\d+$/)) return -1;
    at += length + 2;
    if (tokens[at]?.text !== ',') return at;
    at += 1;
  }
}

/** Index after a constant: a number, a parameter, a text in hexadecimal or the empty text; -1 where none stands. */
function matchConstant(tokens: readonly PrintedToken[], at: number): number {
  const token = tokens[at];
  if (token?.kind === 'number' || token?.kind === 'parameter') return at + 1;
  if (token?.text === '_utf8mb4' && tokens[at + 1]?.kind === 'hex') return at + 2;
  return standsAt(tokens, at, ['LEFT', '(', '_utf8mb4', '0x20', ',', '0', ')']) ? at + 7 : -1;
}

/** Index after `` `b`.`column` = constant `` or `IN (constants)`; -1 where something else stands. */
function matchCopied(tokens: readonly PrintedToken[], start: number): number {
  const isColumn =
    isName(tokens[start], /^b$/) && tokens[start + 1]?.text === '.' && tokens[start + 2]?.kind === 'quoted';
  if (!isColumn) return -1;
  if (tokens[start + 3]?.text === '=') return matchConstant(tokens, start + 4);
  if (!isWord(tokens[start + 3], 'IN') || tokens[start + 4]?.text !== '(') return -1;
  let at = matchConstant(tokens, start + 5);
  while (at !== -1 && tokens[at]?.text === ',') at = matchConstant(tokens, at + 1);
  return at !== -1 && tokens[at]?.text === ')' ? at + 1 : -1;
}

/** Index after `WHERE filter [AND copied]…`; -1 where the filter does not stand first and whole. */
function matchWhere(tokens: readonly PrintedToken[], start: number, filter: readonly PrintedToken[]): number {
  if (!isWord(tokens[start], 'WHERE')) return -1;
  const texts = textsOf(filter);
  const bare = standsAt(tokens, start + 1, texts);
  const wrapped = standsAt(tokens, start + 1, ['(', ...texts, ')']);
  if (!bare && !wrapped) return -1;
  let at = start + 1 + texts.length + (wrapped ? 2 : 0);
  while (isWord(tokens[at], 'AND')) {
    if (!wrapped && bindsLooserThanAnd(filter)) return -1;
    at = matchCopied(tokens, at + 1);
  }
  return at;
}

/**
 * Matches the one form in which a base relation may stand, `(SELECT columns FROM relation AS b [WHERE filter [AND copied]…
 * LIMIT fence]) AS t`, at an opening parenthesis.
 *
 * @returns the index after it; -1 where it is something else
 */
export function matchEnclosure(
  tokens: readonly PrintedToken[],
  start: number,
  template: EnclosureTemplate,
  dialect: Dialect,
): number {
  if (!standsAt(tokens, start, ['(', 'SELECT'])) return -1;
  let at = matchColumns(tokens, start + 2, template.columns);
  if (at === -1 || !isWord(tokens[at], 'FROM')) return -1;
  const isBase = tokens[at + 1]?.kind === 'quoted' && tokens[at + 1]?.name === template.relation;
  if (!isBase || !isWord(tokens[at + 2], 'AS') || !isName(tokens[at + 3], new RegExp(`^${BASE}$`))) return -1;
  at += 4;
  if (template.filter) {
    at = matchWhere(tokens, at, template.filter);
    if (at === -1 || !standsAt(tokens, at, FENCE[dialect])) return -1;
  }
  // Where nothing is filtered a fence may stand, and need not.
  if (standsAt(tokens, at, FENCE[dialect])) at += FENCE[dialect].length;
  const closes = tokens[at]?.text === ')' && isWord(tokens[at + 1], 'AS') && isName(tokens[at + 2], /^t\d+$/);
  return closes ? at + 3 : -1;
}
