import type { Expression } from './nodes.js';
import { readFamilyExpression, readFamilyOperand } from './parse-family-operators.js';
import { readSqliteExpression, readSqliteOperand } from './parse-sqlite-operators.js';
import type { TokenStream } from './token-stream.js';

/** Reads an expression with the precedence of the stream's dialect. */
export function readExpression(stream: TokenStream): Expression {
  return stream.dialect === 'sqlite' ? readSqliteExpression(stream) : readFamilyExpression(stream);
}

/** Reads an operand that a bare AND ends: a bound of a frame. */
export function readOperand(stream: TokenStream): Expression {
  return stream.dialect === 'sqlite' ? readSqliteOperand(stream) : readFamilyOperand(stream);
}
