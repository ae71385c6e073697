/** One token of a CREATE TABLE text: a name or word with its quotes taken off, or a single other character. */
interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

/** Comments, quoted names and strings, words, and any other character; whitespace is between them. */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|'((?:[^']|'')*)'|([\p{L}\p{N}_$]+)|(\S)/gu;

function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const [, double, tick, bracket, single, word, other] of sql.matchAll(TOKEN)) {
    const plain = word ?? other;
    if (plain !== undefined) tokens.push({ text: plain, quoted: false });
    else if (double !== undefined) tokens.push({ text: double.replaceAll('""', '"'), quoted: true });
    else if (tick !== undefined) tokens.push({ text: tick.replaceAll('``', '`'), quoted: true });
    else if (bracket !== undefined) tokens.push({ text: bracket, quoted: true });
    else if (single !== undefined) tokens.push({ text: single.replaceAll("''", "'"), quoted: true });
  }
  return tokens;
}

/** The parts of the first parenthesis, split at its own commas; deeper parentheses are left out. */
function splitDefinitions(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const definitions: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    const mark = token.quoted ? '' : token.text;
    if (mark === ')' && --depth === 0) break;
    if (depth === 1 && mark === ',') definitions.push([]);
    else if (depth === 1 && mark !== '(' && mark !== ')') definitions.at(-1)!.push(token);
    if (mark === '(') depth += 1;
  }
  return definitions;
}

/**
 * Reads the collations that a CREATE TABLE text states, which no pragma of SQLite tells.
 *
 * @param createSql the text in `sqlite_schema`
 * @returns collation in upper case by column name in lower case; a column that states none is absent (it is `BINARY`)
 */
export function readSqliteCollations(createSql: string): ReadonlyMap<string, string> {
  const collations = new Map<string, string>();
  for (const [name, ...rest] of splitDefinitions(tokenize(createSql))) {
    const at = rest.findIndex((token) => !token.quoted && token.text.toLowerCase() === 'collate');
    const collation = at < 0 ? undefined : rest[at + 1];
    if (name && collation) collations.set(name.text.toLowerCase(), collation.text.toUpperCase());
  }
  return collations;
}
