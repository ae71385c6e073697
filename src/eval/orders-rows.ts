import type { Dialect } from '../domain/dialect.js';
import { readTokens } from '../sql/lexer.js';

/**
 * Whether a statement orders its rows: an ORDER BY at its top level, in no parenthesis. One that our lexer cannot read
 * counts as unordered.
 */
export function ordersRows(sql: string, dialect: Dialect): boolean {
  let depth = 0;
  try {
    return readTokens(sql, dialect).some(({ kind, key }) => {
      if (kind === 'symbol' && key === '(') depth += 1;
      if (kind === 'symbol' && key === ')') depth -= 1;
      return kind === 'word' && key === 'ORDER' && depth === 0;
    });
  } catch {
    return false;
  }
}
