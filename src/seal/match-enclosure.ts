import type { Dialect } from '../domain/dialect.js';
import { type CopiedLink, isBareProbe, isName, readPath, standsAt, standsOutside } from './match-probe.js';
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

/** A {@link PermittedEnclosure} as texts of tokens. */
export interface EnclosureTemplate {
  readonly relation: string;
  /** `loose`: a conjunct behind it would be taken into its last operand. */
  readonly filter: { readonly texts: readonly string[]; readonly loose: boolean } | null;
  readonly columns: readonly (readonly string[])[];
  /** Base relations that it reads, those of subqueries in its filter and masks among them. */
  readonly relations: readonly string[];
}

const BASE = /^b$/;
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
  return {
    relation: enclosure.relation,
    filter: filter && { texts: textsOf(filter), loose: bindsLooserThanAnd(filter) },
    columns: columns.map(textsOf),
    relations: [enclosure.relation, ...[...columns, filter ?? []].flatMap(relationsOf)],
  };
}

/** Base relations of subqueries in a filter or mask, `` `orders` AS `p1` ``. */
function relationsOf(tokens: readonly PrintedToken[]): string[] {
  const hasWith = tokens.some((token) => isWord(token, 'WITH'));
  return tokens.flatMap((token, at) => {
    const alias = tokens[at + 2];
    const named = isWord(tokens[at + 1], 'AS') && alias?.kind === 'quoted' && /^p\d+$/.test(alias.name);
    const isCommonTable = hasWith && /^p\d+$/.test(token.name);
    return token.kind === 'quoted' && named && !isCommonTable ? [token.name] : [];
  });
}

const textsOf = (tokens: readonly PrintedToken[]): readonly string[] => tokens.map((token) => token.text);

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

/** How many tokens the permitted column that stands at `at`, `AS` behind it, has; undefined where none does. */
function lengthOfColumn(
  tokens: readonly PrintedToken[],
  at: number,
  columns: EnclosureTemplate['columns'],
): number | undefined {
  for (const column of columns)
    if (standsAt(tokens, at, column) && isWord(tokens[at + column.length], 'AS')) return column.length;
  return undefined;
}

/** Index after the list of columns, at FROM; -1 where one of them is not permitted. */
function matchColumns(tokens: readonly PrintedToken[], start: number, columns: EnclosureTemplate['columns']): number {
  let at = start;
  for (;;) {
    const length = lengthOfColumn(tokens, at, columns) ?? (tokens[at]?.text === '1' ? 1 : undefined);
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

/**
 * Index after `` `b`.`column` = constant ``, `IN (constants)` or `` = `t1`.`c1` ``; -1 where something else stands. Derived
 * tables of MariaDB have no outer references.
 */
function matchCopied(tokens: readonly PrintedToken[], start: number, dialect: Dialect): number {
  const isColumn =
    isName(tokens[start], BASE) && tokens[start + 1]?.text === '.' && tokens[start + 2]?.kind === 'quoted';
  if (!isColumn) return -1;
  if (tokens[start + 3]?.text === '=') {
    if (readPath(tokens, start + 4)) return dialect === 'mariadb' ? -1 : start + 7;
    return matchConstant(tokens, start + 4);
  }
  if (!isWord(tokens[start + 3], 'IN') || tokens[start + 4]?.text !== '(') return -1;
  let at = matchConstant(tokens, start + 5);
  while (at !== -1 && tokens[at]?.text === ',') at = matchConstant(tokens, at + 1);
  return at !== -1 && tokens[at]?.text === ')' ? at + 1 : -1;
}

/** Index after `WHERE filter [AND copied]…`; -1 where the filter does not stand first and whole. */
function matchWhere(
  tokens: readonly PrintedToken[],
  start: number,
  filter: NonNullable<EnclosureTemplate['filter']>,
  dialect: Dialect,
): number {
  if (!isWord(tokens[start], 'WHERE')) return -1;
  const { texts, loose } = filter;
  const bare = standsAt(tokens, start + 1, texts);
  const wrapped = standsAt(tokens, start + 1, ['(', ...texts, ')']);
  if (!bare && !wrapped) return -1;
  let at = start + 1 + texts.length + (wrapped ? 2 : 0);
  while (isWord(tokens[at], 'AND')) {
    if (!wrapped && loose) return -1;
    at = matchCopied(tokens, at + 1, dialect);
  }
  return at;
}

/** Index after `ORDER BY` and columns that the template shows as they are, by value or by bytes; `start` where none stands. */
function matchOrder(
  tokens: readonly PrintedToken[],
  start: number,
  columns: EnclosureTemplate['columns'],
  dialect: Dialect,
): number {
  if (!isWord(tokens[start], 'ORDER')) return start;
  const bytes = dialect === 'sqlite' ? ['COLLATE', 'BINARY'] : ['AS', 'BINARY', ')'];
  for (let at = start + 2; isWord(tokens[start + 1], 'BY'); at += 1) {
    const isCast = dialect !== 'sqlite' && standsAt(tokens, at, ['CAST', '(']);
    if (isCast) at += 2;
    const isShown = columns.some((texts) => texts.length === 3 && standsAt(tokens, at, texts));
    if (!isShown || !isName(tokens[at], BASE)) return -1;
    at += 3;
    if (standsAt(tokens, at, bytes) && isCast === (dialect !== 'sqlite')) at += bytes.length;
    else if (isCast) return -1;
    if (tokens[at]?.text !== ',') return at;
  }
  return -1;
}

/** The copied conditions between `start` and `end` that name a query around, by the names that the enclosure gives them. */
function readLinks(tokens: readonly PrintedToken[], start: number, end: number): (CopiedLink | null)[] {
  const alias = tokens[end - 1]?.name ?? '';
  const links: (CopiedLink | null)[] = [];
  for (let at = start; at < end; at += 1) {
    const outer = tokens[at]?.text === '=' ? readPath(tokens, at + 1) : null;
    if (!outer) continue;
    const path = tokens.slice(at - 3, at).map((token) => token.text);
    // Where the list of columns shows it: `b`.`column` AS `c1`.
    let shown: PrintedToken | undefined;
    for (let item = start; item < at && !shown; item += 1)
      if (standsAt(tokens, item, path) && isWord(tokens[item + 3], 'AS')) shown = tokens[item + 4];
    links.push(shown ? { inner: { alias, column: shown.name }, outer } : null);
  }
  return links;
}

/**
 * Matches the one form in which a base relation may stand, `(SELECT columns FROM relation AS b [WHERE filter [AND copied]…
 * [ORDER BY key] LIMIT fence]) AS t`, at an opening parenthesis.
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
  if (!isBase || !isWord(tokens[at + 2], 'AS') || !isName(tokens[at + 3], BASE)) return -1;
  at += 4;
  if (template.filter) {
    at = matchWhere(tokens, at, template.filter, dialect);
    if (at === -1) return -1;
  }
  const afterOrder = matchOrder(tokens, at, template.columns, dialect);
  // Where nothing is filtered a fence may stand, and need not; an order stands with a fence alone.
  const isFenced = afterOrder !== -1 && standsAt(tokens, afterOrder, FENCE[dialect]);
  if (isFenced) at = afterOrder;
  if (isFenced) at += FENCE[dialect].length;
  const closes = tokens[at]?.text === ')' && isWord(tokens[at + 1], 'AS') && isName(tokens[at + 2], /^t\d+$/);
  if (!closes) return -1;
  const end = at + 3;
  if (template.filter && !isFenced && !(dialect === 'mariadb' && isBareProbe(tokens, start, end))) return -1;
  return readLinks(tokens, start, end).every((link) => link !== null && standsOutside(tokens, end, link)) ? end : -1;
}
