import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import { type EnclosureTemplate, matchEnclosure, type PermittedEnclosure, readTemplate } from './match-enclosure.js';
import { type PrintedToken, readPrinted } from './printed-tokens.js';
import { isKnownWord, isWord } from './printed-words.js';

export type { PermittedEnclosure } from './match-enclosure.js';

/** A printed text and what it may hold. */
export interface VerifyRequest {
  readonly sql: string;
  readonly dialect: Dialect;
  /** Values that will be bound. */
  readonly parameterCount: number;
  /** One for each relation that the statement uses. */
  readonly enclosures: readonly PermittedEnclosure[];
}

/** One pair of parentheses, or the whole text. */
interface Level {
  /** The word before the parenthesis, e.g. EXTRACT; null where none. */
  readonly opener: string | null;
  /** True for a parenthesis in the place of a table, in which nothing has been read yet. */
  fresh: boolean;
  sawSelect: boolean;
  /** Between FROM and the clause after it. */
  inFrom: boolean;
  /** The next token must begin a table. */
  expectsTable: boolean;
}

function refuse(cause: string): never {
  throw new SwaliError('SEAL_UNPROVEN', { cause });
}

/** Names that a WITH of the text defines: `` `t3` (`c7`) AS (`` behind WITH, RECURSIVE or a comma. */
function findCommonTables(tokens: readonly PrintedToken[]): ReadonlySet<string> {
  const names = new Set<string>();
  tokens.forEach((token, start) => {
    const before = tokens[start - 1];
    if (token.kind !== 'quoted' || !/^t\d+$/.test(token.name)) return;
    if (!isWord(before, 'WITH', 'RECURSIVE') && before?.text !== ',') return;
    let at = start + 1;
    if (tokens[at]?.text === '(') {
      while (at < tokens.length && tokens[at]?.text !== ')') at += 1;
      at += 1;
    }
    if (!isWord(tokens[at], 'AS')) return;
    at += 1;
    if (isWord(tokens[at], 'NOT')) at += 1;
    if (isWord(tokens[at], 'MATERIALIZED')) at += 1;
    if (tokens[at]?.text === '(') names.add(token.name);
  });
  return names;
}

/** Base relations that a template reads: its own, and those of subqueries in its filter and masks, `` `orders` AS `p1` ``. */
function relationsOf(template: EnclosureTemplate): string[] {
  const inner = [...template.columns, template.filter ?? []].flatMap((tokens) => {
    const hasWith = tokens.some((token) => isWord(token, 'WITH'));
    return tokens.flatMap((token, at) => {
      const alias = tokens[at + 2];
      const named = isWord(tokens[at + 1], 'AS') && alias?.kind === 'quoted' && /^p\d+$/.test(alias.name);
      const isCommonTable = hasWith && /^p\d+$/.test(token.name);
      return token.kind === 'quoted' && named && !isCommonTable ? [token.name] : [];
    });
  });
  return [template.relation, ...inner];
}

/** A common table named like a base relation would stand in its place inside an enclosure or a filter. */
function assertNothingShadowed(commonTables: ReadonlySet<string>, templates: readonly EnclosureTemplate[]): void {
  const relations = new Set(templates.flatMap(relationsOf).map((name) => name.toLowerCase()));
  for (const name of commonTables) {
    if (relations.has(name)) refuse(`the common table ${name} hides a relation of that name`);
  }
}

/** Walks the tokens outside enclosures once, keeping for each level of parentheses whether a table must come next. */
class TableWalk {
  private readonly levels: Level[] = [this.open(null, false)];
  readonly used = new Set<EnclosureTemplate>();

  constructor(
    private readonly tokens: readonly PrintedToken[],
    private readonly dialect: Dialect,
    private readonly templates: readonly EnclosureTemplate[],
    private readonly commonTables: ReadonlySet<string>,
  ) {}

  run(): void {
    for (let at = 0; at < this.tokens.length; ) at = this.step(at);
    if (this.levels.length !== 1) refuse('a parenthesis is left open');
    if (this.level.expectsTable) refuse('the text ends where a table must stand');
  }

  private open(opener: string | null, isTable: boolean): Level {
    return { opener, fresh: isTable, sawSelect: false, inFrom: isTable, expectsTable: isTable };
  }

  private get level(): Level {
    return this.levels.at(-1) as Level;
  }

  /** Takes what stands at `at` and gives the index of what comes next. */
  private step(at: number): number {
    const token = this.tokens[at] as PrintedToken;
    if (token.text === '(') return this.openParenthesis(at);
    if (this.level.expectsTable && token.kind !== 'word' && token.kind !== 'quoted') {
      refuse(`${token.text} where a table must stand`);
    }
    if (token.kind === 'quoted') this.takeName(at);
    else if (token.kind === 'word') this.takeWord(at);
    else if (token.text === ')') this.closeParenthesis();
    else if (token.text === ',' && this.level.inFrom) this.level.expectsTable = true;
    else if (token.text === '.') this.takePoint(at);
    return at + 1;
  }

  private openParenthesis(at: number): number {
    const { level } = this;
    const before = this.tokens[at - 1];
    const isTable = level.expectsTable;
    if (isTable) {
      level.expectsTable = false;
      for (const template of this.templates) {
        const end = matchEnclosure(this.tokens, at, template, this.dialect);
        if (end === -1) continue;
        this.used.add(template);
        level.fresh = false;
        return end;
      }
    }
    level.fresh = false;
    this.levels.push(this.open(before?.kind === 'word' ? before.text : null, isTable));
    return at + 1;
  }

  private closeParenthesis(): void {
    this.levels.pop();
    if (this.levels.length === 0) refuse('a parenthesis too many is closed');
  }

  private takeName(at: number): void {
    const { name } = this.tokens[at] as PrintedToken;
    const { level } = this;
    if (level.expectsTable) {
      if (!this.commonTables.has(name)) refuse(`the relation ${name} stands outside of its enclosure`);
      if (this.tokens[at + 1]?.text === '.') refuse('a table has a schema');
      level.expectsTable = false;
      level.fresh = false;
    } else if (!/^[tcw]\d+$/.test(name)) refuse(`the name ${name} is none of ours`);
  }

  /** Only `` `t1`.`c1` ``: no third part, no star. */
  private takePoint(at: number): void {
    const [left, right] = [this.tokens[at - 1], this.tokens[at + 1]];
    const ours =
      left?.kind === 'quoted' && /^t\d+$/.test(left.name) && right?.kind === 'quoted' && /^c\d+$/.test(right.name);
    if (!ours || this.tokens[at + 2]?.text === '.') refuse('a path is not table and column of ours');
  }

  private takeWord(at: number): void {
    const { text } = this.tokens[at] as PrintedToken;
    if (!isKnownWord(this.tokens, at, this.dialect)) refuse(`the word ${text} has no place in printed text`);
    const { level } = this;
    if (level.expectsTable) this.beginTable(text, at);
    const before = this.tokens[at - 1];
    const next = this.tokens[at + 1];
    switch (text) {
      case 'SELECT':
        if (level.opener === 'EXTRACT' || level.opener === 'TRIM') refuse(`SELECT directly inside ${level.opener}`);
        level.sawSelect = true;
        level.inFrom = false;
        break;
      case 'FROM':
        if (!level.sawSelect && (level.opener === 'EXTRACT' || level.opener === 'TRIM')) break;
        if (!level.sawSelect || level.inFrom) refuse('FROM without a SELECT');
        level.inFrom = true;
        level.expectsTable = true;
        break;
      case 'STRAIGHT_JOIN':
        if (isWord(before, 'SELECT', 'DISTINCT')) break;
        level.expectsTable = level.inFrom || refuse('a join outside FROM');
        break;
      case 'JOIN':
        level.expectsTable = level.inFrom || refuse('a join outside FROM');
        break;
      case 'IN':
      case 'EXISTS':
      case 'ANY':
        // SQLite reads `x IN relation` too.
        if (next?.text !== '(') refuse(`${text} without a parenthesis`);
        break;
      case 'WHERE':
      case 'GROUP':
      case 'HAVING':
      case 'WINDOW':
      case 'ORDER':
      case 'LIMIT':
      case 'UNION':
      case 'INTERSECT':
      case 'EXCEPT':
        level.inFrom = false;
        break;
    }
  }

  /** A word in the place of a table: LATERAL before a parenthesis, or the query of a derived table. */
  private beginTable(text: string, at: number): void {
    const { level } = this;
    if (text === 'LATERAL' && this.tokens[at + 1]?.text === '(') return;
    if (!level.fresh || !['SELECT', 'WITH', 'VALUES'].includes(text)) refuse(`${text} where a table must stand`);
    level.fresh = false;
    level.inFrom = false;
    level.expectsTable = false;
  }
}

/**
 * Reads printed text again with code that shares nothing with what made it: closed alphabet, known words, our own names
 * everywhere, base relations only inside the exact enclosures that the principal's view permits (columns, masks, filter
 * first and whole, fence), as many `?` as values.
 *
 * @returns the base relations that the text reads, those of policy predicates among them, sorted: what the judges must find
 * @throws SwaliError `SEAL_UNPROVEN` with the private reason as its cause
 * @remarks One pass and linear in the text times the enclosures. It does not judge expressions: nothing that they may hold
 *   can reach a relation.
 */
export function verifyPrinted({ sql, dialect, parameterCount, enclosures }: VerifyRequest): readonly string[] {
  const tokens = readPrinted(sql, dialect);
  if (!tokens) refuse('the text holds a character that has no place in it');
  const first = tokens[0];
  if (!isWord(first, 'SELECT', 'WITH', 'VALUES') && first?.text !== '(') refuse('the text does not begin a query');
  const parameters = tokens.filter((token) => token.kind === 'parameter').length;
  if (parameters !== parameterCount) refuse(`${parameters} parameters in the text, ${parameterCount} values`);
  const templates = enclosures.map(
    (enclosure) =>
      readTemplate(enclosure, dialect) ?? refuse(`the rules of ${enclosure.relation} hold what no text may`),
  );
  const commonTables = findCommonTables(tokens);
  assertNothingShadowed(commonTables, templates);
  const walk = new TableWalk(tokens, dialect, templates, commonTables);
  walk.run();
  return [...new Set([...walk.used].flatMap(relationsOf))].sort();
}
