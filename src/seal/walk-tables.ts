import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import { type EnclosureTemplate, matchEnclosure } from './match-enclosure.js';
import type { PrintedToken } from './printed-tokens.js';
import { isJsonTableWord, isKnownWord, isTableFunction, isWord } from './printed-words.js';

const JSON_OPENERS: ReadonlySet<string> = new Set(['JSON_TABLE', 'COLUMNS', 'JSON_EACH', 'JSON_TREE']);
/** What a quoted JSON path may stand directly inside. */
const PATH_OPENERS: ReadonlySet<string> = new Set(['JSON_TABLE', 'COLUMNS', 'JSON_VALUE']);
const JSON_COLUMNS: ReadonlySet<string> = new Set(['key', 'value', 'type', 'atom', 'id', 'parent', 'fullkey', 'path']);

/** The words that open or close a part of a query, or take one. */
const BUILDING: ReadonlySet<string> = new Set([
  ...['WITH', 'VALUES', 'SELECT', 'FROM', 'STRAIGHT_JOIN', 'JOIN', 'IN', 'EXISTS', 'ANY'],
  ...['WHERE', 'GROUP', 'HAVING', 'WINDOW', 'ORDER', 'LIMIT', 'UNION', 'INTERSECT', 'EXCEPT'],
]);

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
  /** Common tables that queries here and further in may read. */
  readonly commonTables: Set<string>;
  /** Inside the list of a WITH: whether its tables may read themselves; null elsewhere. */
  withRecursion: boolean | null;
  /** A common table being defined, which becomes visible behind its definition. */
  defining: string | null;
}

/** Whether a name is one of these letters and a number: `t12`. */
function isOurs(name: string, letters: string): boolean {
  if (name.length < 2 || !letters.includes(name[0] as string)) return false;
  for (let at = 1; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** @throws SwaliError `SEAL_UNPROVEN` with this private reason as its cause */
export function refuse(cause: string): never {
  throw new SwaliError('SEAL_UNPROVEN', { cause });
}

/** Walks the tokens outside enclosures once, keeping for each level of parentheses whether a table must come next. */
export class TableWalk {
  private readonly levels: Level[] = [this.open(null, false)];
  readonly used = new Set<EnclosureTemplate>();
  /** Every name that a WITH of the text defines. */
  readonly commonTables = new Set<string>();

  constructor(
    private readonly tokens: readonly PrintedToken[],
    private readonly dialect: Dialect,
    private readonly templates: readonly EnclosureTemplate[],
  ) {}

  run(): void {
    for (let at = 0; at < this.tokens.length; ) at = this.step(at);
    if (this.levels.length !== 1) refuse('a parenthesis is left open');
    if (this.level.expectsTable) refuse('the text ends where a table must stand');
  }

  private open(opener: string | null, isTable: boolean): Level {
    return {
      opener,
      fresh: isTable,
      sawSelect: false,
      inFrom: isTable,
      expectsTable: isTable,
      commonTables: new Set(),
      withRecursion: null,
      defining: null,
    };
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
    if (token.kind === 'empty' && !isWord(this.tokens[at - 1], 'SEPARATOR')) refuse('an empty string in another place');
    if (token.kind === 'path' && !PATH_OPENERS.has(this.level.opener ?? '')) refuse('a JSON path in another place');
    if (token.kind === 'quoted') this.takeName(at);
    else if (token.kind === 'word') this.takeWord(at);
    else if (token.text === ')') this.closeParenthesis();
    else if (token.text === ',' && this.level.inFrom) this.level.expectsTable = true;
    else if (token.text === ',') this.endDefinition();
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
    // `WITH … (SELECT …)`: the list ends where a parenthesis follows a definition.
    if (level.withRecursion !== null && before?.text === ')') this.endWith();
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
      if (!this.levels.some((open) => open.commonTables.has(name)))
        refuse(`the relation ${name} stands outside of its enclosure`);
      if (this.tokens[at + 1]?.text === '.') refuse('a table has a schema');
      level.expectsTable = false;
      level.fresh = false;
      return;
    }
    const isPathEnd = this.tokens[at - 1]?.text === '.';
    if (!isOurs(name, 'tcw') && !(isPathEnd && this.isJsonColumn(name))) refuse(`the name ${name} is none of ours`);
    if (level.withRecursion === null || !this.beginsDefinition(at)) return;
    if (!/^t\d+$/.test(name)) refuse(`the common table ${name} is none of ours`);
    this.commonTables.add(name);
    if (level.withRecursion) level.commonTables.add(name);
    else level.defining = name;
  }

  private beginsDefinition(at: number): boolean {
    const before = this.tokens[at - 1];
    return isWord(before, 'WITH', 'RECURSIVE') || before?.text === ',';
  }

  /** Without RECURSIVE, a table of a WITH that names itself reads the source's relation of that name. */
  private endDefinition(): void {
    const { level } = this;
    if (level.defining !== null) level.commonTables.add(level.defining);
    level.defining = null;
  }

  private endWith(): void {
    this.endDefinition();
    this.level.withRecursion = null;
  }

  /** Only `` `t1`.`c1` ``: no third part, no star. */
  private takePoint(at: number): void {
    const [left, right] = [this.tokens[at - 1], this.tokens[at + 1]];
    const isColumn = right?.kind === 'quoted' && (isOurs(right.name, 'c') || this.isJsonColumn(right.name));
    const ours = left?.kind === 'quoted' && isOurs(left.name, 't') && isColumn;
    if (!ours || this.tokens[at + 2]?.text === '.') refuse('a path is not table and column of ours');
  }

  /** json_each and json_tree give their columns fixed names. */
  private isJsonColumn(name: string): boolean {
    return this.dialect === 'sqlite' && JSON_COLUMNS.has(name);
  }

  private takeWord(at: number): void {
    const { text } = this.tokens[at] as PrintedToken;
    const { level } = this;
    // Between the parentheses of COLUMNS there are only names, types and paths.
    if (level.opener === 'COLUMNS' && isJsonTableWord(this.tokens, at)) return;
    if (level.opener === 'JSON_TABLE' && text === 'COLUMNS' && isJsonTableWord(this.tokens, at)) return;
    if (level.expectsTable && isTableFunction(this.tokens, at, this.dialect)) {
      // Its document holds no query, so nothing in it can reach a relation: SELECT below this level is refused.
      level.expectsTable = false;
      level.fresh = false;
      return;
    }
    if (!isKnownWord(this.tokens, at, this.dialect)) refuse(`the word ${text} has no place in printed text`);
    if (level.expectsTable) this.beginTable(text, at);
    if (!BUILDING.has(text)) return;
    const before = this.tokens[at - 1];
    const next = this.tokens[at + 1];
    switch (text) {
      case 'WITH':
        // SQLite's common tables may read themselves with or without the word.
        if (!isWord(next, 'ROLLUP')) level.withRecursion = this.dialect === 'sqlite' || isWord(next, 'RECURSIVE');
        break;
      case 'VALUES':
        this.endWith();
        break;
      case 'SELECT':
        this.endWith();
        if (level.opener === 'EXTRACT' || level.opener === 'TRIM') refuse(`SELECT directly inside ${level.opener}`);
        if (this.levels.some((open) => open.opener !== null && JSON_OPENERS.has(open.opener)))
          refuse('a query inside a table function');
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
