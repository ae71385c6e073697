import type { Dialect } from '../../domain/dialect.js';
import { readTokens, type Token } from '../../sql/lexer.js';
import type { WithheldWords } from './withheld-words.js';

/** A text in the place of a token. */
interface Change {
  readonly token: Token;
  readonly text: string;
}

/** Words behind which a value may stand, and no name that is declared. */
const BEFORE_VALUES: ReadonlySet<string> = new Set(
  'SELECT WHERE AND OR NOT XOR LIKE REGEXP RLIKE GLOB IN BETWEEN WHEN THEN ELSE CASE ON HAVING BY IS DIV MOD DISTINCT BINARY'.split(
    ' ',
  ),
);

/**
 * Puts words in the place of the personal data of a statement: in its strings, and where a number is one that is known.
 *
 * @param sql what does not read as a statement is treated as plain text
 */
export function withholdInStatement(sql: string, dialect: Dialect, words: WithheldWords): string {
  const tokens = tryTokens(sql, dialect);
  if (!tokens) return words.withhold(sql);
  const changes: Change[] = [];
  for (const token of tokens) {
    if (token.kind === 'string') {
      const text = words.withhold(withholdPatterns(token.text, words));
      if (text !== token.text) changes.push({ token, text: quote(text, dialect) });
    } else if (token.kind === 'integer') {
      const word = words.wordOf(sql.slice(token.start, token.end));
      if (word !== null) changes.push({ token, text: word });
    }
  }
  return applyChanges(sql, changes);
}

/** In a pattern a piece that is known stands with its wildcards escaped. */
function withholdPatterns(text: string, words: WithheldWords): string {
  let changed = text;
  for (const value of words.values()) changed = changed.replaceAll(escapeWildcards(value), words.wordOf(value)!);
  return changed;
}

/**
 * Puts back what words stand for: in string literals, quoted as the dialect has it, behind LIKE with its wildcards escaped;
 * and where a word stands bare in the place of a value, as a number where it is one, else as a string.
 *
 * @returns the statement; as it is where it does not read as one, since the seal refuses it then; null where it holds a word
 *   that stands for nothing, as it would find nothing either
 */
export function restoreInStatement(sql: string, dialect: Dialect, words: WithheldWords): string | null {
  const tokens = tryTokens(sql, dialect);
  if (!tokens) return sql;
  const changes: Change[] = [];
  const isName = declaresWords(tokens, words);
  for (const [at, token] of tokens.entries()) {
    if (token.kind === 'string') {
      const text = restoreString(sql, tokens, at, dialect, words);
      if (text === null) return null;
      changes.push({ token, text });
    } else if (isBare(token, words) && !isName) {
      const { text, isWhole } = words.restore(token.text, (value) =>
        isNumeral(value) ? value : quote(value, dialect),
      );
      if (!isWhole) return null;
      changes.push({ token, text });
    }
  }
  return applyChanges(sql, changes);
}

/** The words are letters and digits, so they stand in the raw text as they do in its value. */
function restoreString(
  sql: string,
  tokens: readonly Token[],
  at: number,
  dialect: Dialect,
  words: WithheldWords,
): string | null {
  const { start, end } = tokens[at]!;
  const raw = sql.slice(start, end);
  const mark = raw.at(-1)!;
  const isPattern = tokens[at - 1]?.key === 'LIKE' && tokens[at + 1]?.key !== 'ESCAPE';
  const hasNoEscape = dialect !== 'sqlite' || !raw.includes('\\');
  let isEscaped = false;
  const { text, isWhole } = words.restore(raw, (value) => {
    if (!isPattern || !hasNoEscape || !/[%_]/.test(value)) return escapeIn(value, mark, dialect);
    isEscaped = true;
    return escapeWildcards(escapeIn(value, mark, dialect));
  });
  if (!isWhole) return null;
  // MySQL's patterns know the backslash by themselves; SQLite's must be told.
  return isEscaped && dialect === 'sqlite' ? `${text} ESCAPE '\\'` : text;
}

/** Whether any of the words is the name of something: an alias, or behind or before a point. */
function declaresWords(tokens: readonly Token[], words: WithheldWords): boolean {
  return tokens.some((token, at) => {
    if (!isBare(token, words)) return false;
    const before = tokens[at - 1];
    const after = tokens[at + 1];
    if (after?.key === '.' || after?.key === '(') return true;
    if (before?.kind === 'word') return !BEFORE_VALUES.has(before.key);
    return before?.kind !== 'symbol' || before.key === ')' || before.key === '.';
  });
}

function isBare(token: Token, words: WithheldWords): boolean {
  return (token.kind === 'word' || token.kind === 'name') && words.isWord(token.text);
}

/** Whether a text is a number as SQL writes it, and no other text of the same value. */
function isNumeral(value: string): boolean {
  return /^[1-9]\d{0,17}$/.test(value);
}

function quote(value: string, dialect: Dialect): string {
  return `'${escapeIn(value, "'", dialect)}'`;
}

function escapeIn(value: string, mark: string, dialect: Dialect): string {
  const doubled = value.replaceAll(mark, mark + mark);
  return dialect === 'sqlite' ? doubled : doubled.replaceAll('\\', '\\\\');
}

function escapeWildcards(value: string): string {
  return value.replace(/[%_]/g, '\\$&');
}

function applyChanges(sql: string, changes: readonly Change[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const { token, text } of changes) {
    parts.push(sql.slice(from, token.start), text);
    from = token.end;
  }
  return parts.join('') + sql.slice(from);
}

function tryTokens(sql: string, dialect: Dialect): readonly Token[] | null {
  try {
    return readTokens(sql, dialect);
  } catch {
    return null;
  }
}
