import type { MappedToken } from './map-for-judges.js';

/** Words behind which an expression, or a list of expressions, stands. */
const OPENERS: ReadonlySet<string> = new Set(['SELECT', 'WHERE', 'HAVING', 'ON', 'BY']);
/** Words that end what stands behind an opener, in the same parentheses. */
const CLOSERS: ReadonlySet<string> = new Set([
  ...['FROM', 'WHERE', 'GROUP', 'HAVING', 'WINDOW', 'ORDER', 'LIMIT'],
  ...['UNION', 'INTERSECT', 'EXCEPT', 'JOIN', 'INNER'],
]);
/** What could bring a relation, or more than reading, into an expression: one that holds such a word stays as it is. */
const TELLING: ReadonlySet<string> = new Set([
  ...['SELECT', 'WITH', 'VALUES', 'FROM', 'JOIN', 'TABLE', 'INTO', 'FOR', 'LOCK', 'PROCEDURE'],
]);
const ONE: MappedToken = { text: '1', isWord: false, glued: false };

/** One pair of parentheses, or the whole text. */
interface Level {
  /** Length of the outline at which the expressions began that are being read; -1 where none are. */
  since: number;
  /** Whether these hold a telling word, at whatever depth. */
  tells: boolean;
  /** Whether anything between the parentheses is one. */
  isTelling: boolean;
  /** Whether they are a condition of a join, which a comma ends too. */
  isJoin: boolean;
}

const openLevel = (): Level => ({ since: -1, tells: false, isTelling: false, isJoin: false });

/**
 * Writes 1 for every list of expressions, condition, group and order that holds no query: `SELECT a, b + 1 FROM x WHERE a > 2`
 * becomes `SELECT 1 FROM x WHERE 1`. The relations of a text, its joins, its levels and its set operations are those of its
 * outline, as only a query within an expression could name another.
 *
 * @returns new tokens, about a third as many where a text holds few queries
 */
export function outlineForJudges(tokens: readonly MappedToken[]): readonly MappedToken[] {
  const outline: MappedToken[] = [];
  const levels: Level[] = [openLevel()];
  const end = (level: Level): void => {
    if (level.since === -1) return;
    if (!level.tells && outline.length > level.since) {
      outline.length = level.since;
      outline.push(ONE);
    }
    level.since = -1;
  };
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] as MappedToken;
    const { text } = token;
    let level = levels[levels.length - 1] as Level;
    if (token.isWord) {
      // LEFT and RIGHT are functions too.
      const closes = CLOSERS.has(text) || (text === 'LEFT' && tokens[at + 1]?.text === 'JOIN');
      if (closes) end(level);
      if (TELLING.has(text)) {
        level.tells = true;
        level.isTelling = true;
      }
    } else if (text === ',' && level.isJoin) end(level);
    else if (text === '(') levels.push(openLevel());
    else if (text === ')' && levels.length > 1) {
      const { isTelling } = level;
      end(level);
      levels.pop();
      level = levels[levels.length - 1] as Level;
      level.tells ||= isTelling;
      level.isTelling ||= isTelling;
    }
    outline.push(token);
    if (!token.isWord || !OPENERS.has(text)) continue;
    const next = tokens[at + 1];
    if (text === 'SELECT' && next?.isWord && (next.text === 'DISTINCT' || next.text === 'ALL')) {
      outline.push(next);
      at += 1;
    }
    level.since = outline.length;
    level.tells = false;
    level.isJoin = text === 'ON';
  }
  end(levels[levels.length - 1] as Level);
  return outline;
}
