import type { Token } from './lexer.js';
import type { Expression, FunctionCall } from './nodes.js';
import { readCast, readConvert } from './parse-cast.js';
import { readUnit } from './parse-interval.js';
import { readLimit } from './parse-limit.js';
import type { TokenStream } from './token-stream.js';

type SpecialForm = (stream: TokenStream, name: Token) => Expression;

/** Calls of the MySQL family with a grammar of their own. */
const FAMILY_FORMS: ReadonlyMap<string, SpecialForm> = new Map<string, SpecialForm>([
  ['CAST', (stream) => readCast(stream)],
  ['CONVERT', (stream) => readConvert(stream)],
  ['EXTRACT', (stream) => readExtract(stream)],
  ['TRIM', (stream) => readTrim(stream)],
  ['POSITION', readPosition],
  ['SUBSTRING', readSubstring],
  ['SUBSTR', readSubstring],
  ['MID', readSubstring],
  ['TIMESTAMPADD', (stream) => readTimestampArithmetic(stream, 'TIMESTAMPADD')],
  ['TIMESTAMPDIFF', (stream) => readTimestampArithmetic(stream, 'TIMESTAMPDIFF')],
  ['DATE_ADD', readDateArithmetic],
  ['DATE_SUB', readDateArithmetic],
  ['ADDDATE', readDateArithmetic],
  ['SUBDATE', readDateArithmetic],
]);

const SQLITE_FORMS: ReadonlyMap<string, SpecialForm> = new Map<string, SpecialForm>([
  ['CAST', (stream) => readCast(stream)],
]);

/** Aggregates that may hold ORDER BY, DISTINCT, SEPARATOR or LIMIT inside their parentheses. */
const ORDERED: Readonly<Record<'mysql' | 'mariadb', ReadonlySet<string>>> = {
  mysql: new Set(['GROUP_CONCAT']),
  mariadb: new Set(['GROUP_CONCAT', 'JSON_ARRAYAGG']),
};

/** Reads a call whose name was just taken. */
export function readCall(stream: TokenStream, name: Token): Expression {
  stream.enter();
  const special = (stream.dialect === 'sqlite' ? SQLITE_FORMS : FAMILY_FORMS).get(name.key);
  const call = special && stream.at('(') ? special(stream, name) : readPlainCall(stream, name);
  stream.leave();
  return call;
}

function makeCall(name: string, at: number, parts: Partial<FunctionCall>): FunctionCall {
  return {
    kind: 'call',
    name,
    star: parts.star ?? false,
    distinct: parts.distinct ?? false,
    arguments: parts.arguments ?? [],
    orderBy: parts.orderBy ?? [],
    separator: parts.separator ?? null,
    limit: parts.limit ?? null,
    filter: parts.filter ?? null,
    over: parts.over ?? null,
    at,
  };
}

/** The name upper case; one that is not ASCII is kept as it is and will be on no list of functions. */
function callName(name: Token): string {
  return name.key === '' ? name.text.toUpperCase() : name.key;
}

function readPlainCall(stream: TokenStream, name: Token): Expression {
  const at = name.start;
  // CURRENT_DATE and its like.
  if (!stream.at('(')) return makeCall(callName(name), at, {});
  stream.expect('(');
  const parts = readArguments(stream, name);
  stream.expect(')');
  const { filter, over } = readTail(stream);
  return { ...parts, name: callName(name), filter, over, at };
}

/** What stands between the parentheses; the call's name, place and tail are still to come. */
function readArguments(stream: TokenStream, name: Token): FunctionCall {
  if (stream.accept('*')) return makeCall('', -1, { star: true });
  if (stream.at(')')) return makeCall('', -1, {});
  const distinct = stream.accept('DISTINCT');
  if (!distinct) stream.accept('ALL');
  const values = stream.list(() => stream.grammar.expression(stream));
  if (stream.at('USING')) stream.unsupported('USING inside a call');
  if (stream.at('RETURNING')) stream.unsupported('RETURNING inside a call');
  const ordered = stream.dialect === 'sqlite' || ORDERED[stream.dialect].has(name.key);
  const orderBy = ordered && stream.acceptSequence('ORDER', 'BY') ? stream.grammar.orderItems(stream) : [];
  let separator: string | null = null;
  if (stream.dialect !== 'sqlite' && name.key === 'GROUP_CONCAT' && stream.accept('SEPARATOR'))
    separator = readSeparator(stream);
  const limit = stream.dialect === 'mariadb' && ordered ? readLimit(stream) : null;
  return makeCall('', -1, { distinct, arguments: values, orderBy, separator, limit });
}

/** A string, or on the MySQL family its bytes as hexadecimal digits. */
function readSeparator(stream: TokenStream): string {
  const token = stream.next();
  if (token.kind === 'string') return token.text;
  if (token.kind !== 'hex') stream.fail();
  const text = Buffer.from(token.text, 'hex').toString('utf8');
  if (Buffer.from(text).toString('hex').toUpperCase() !== token.text)
    stream.unsupported('bytes that are no text', token);
  return text;
}

/** What may stand behind the parentheses. RESPECT NULLS and FROM FIRST are what happens anyway. */
function readTail(stream: TokenStream): Pick<FunctionCall, 'filter' | 'over'> {
  let filter: Expression | null = null;
  if (stream.dialect === 'sqlite' && stream.atSequence('FILTER', '(')) {
    stream.next();
    stream.next();
    stream.expect('WHERE');
    filter = stream.grammar.expression(stream);
    stream.expect(')');
  }
  if (stream.dialect === 'mysql') {
    stream.acceptSequence('FROM', 'FIRST');
    stream.acceptSequence('RESPECT', 'NULLS');
  }
  if (stream.atSequence('WITHIN', 'GROUP')) stream.unsupported('WITHIN GROUP');
  const windowed = stream.at('OVER') && (stream.peek().key === '(' || stream.atName(1));
  if (!windowed) return { filter, over: null };
  stream.next();
  return { filter, over: stream.grammar.over(stream) };
}

function readExtract(stream: TokenStream): Expression {
  stream.expect('(');
  const unit = readUnit(stream);
  stream.expect('FROM');
  const operand = stream.grammar.expression(stream);
  stream.expect(')');
  return { kind: 'extract', unit, operand };
}

/** `TRIM(x)`, `TRIM(r FROM x)`, `TRIM(LEADING [r] FROM x)`. */
function readTrim(stream: TokenStream): Expression {
  stream.expect('(');
  const word = stream.current.key;
  const sided = word === 'BOTH' || word === 'LEADING' || word === 'TRAILING';
  if (sided) stream.next();
  let remove: Expression | null = null;
  if (!(sided && stream.at('FROM'))) remove = stream.grammar.expression(stream);
  let operand: Expression;
  if (stream.accept('FROM')) operand = stream.grammar.expression(stream);
  else {
    if (sided || remove === null) stream.fail();
    operand = remove;
    remove = null;
  }
  stream.expect(')');
  return { kind: 'trim', side: sided ? word : 'BOTH', remove, operand };
}

function readPosition(stream: TokenStream, name: Token): Expression {
  stream.expect('(');
  const needle = stream.grammar.operand(stream);
  stream.expect('IN');
  const haystack = stream.grammar.expression(stream);
  stream.expect(')');
  return makeCall('LOCATE', name.start, { arguments: [needle, haystack] });
}

function readSubstring(stream: TokenStream, name: Token): Expression {
  stream.expect('(');
  const values = [stream.grammar.expression(stream)];
  if (stream.accept('FROM')) {
    values.push(stream.grammar.expression(stream));
    if (stream.accept('FOR')) values.push(stream.grammar.expression(stream));
  } else while (stream.accept(',')) values.push(stream.grammar.expression(stream));
  stream.expect(')');
  return makeCall(name.key, name.start, { arguments: values });
}

function readTimestampArithmetic(stream: TokenStream, name: 'TIMESTAMPADD' | 'TIMESTAMPDIFF'): Expression {
  stream.expect('(');
  const unit = readUnit(stream);
  if (unit.includes('_')) stream.fail();
  stream.expect(',');
  const left = stream.grammar.expression(stream);
  stream.expect(',');
  const right = stream.grammar.expression(stream);
  stream.expect(')');
  return { kind: 'timestamp-arithmetic', name, unit, left, right };
}

/** `DATE_ADD(x, INTERVAL n unit)`; ADDDATE and SUBDATE also take a number of days. */
function readDateArithmetic(stream: TokenStream, name: Token): Expression {
  stream.expect('(');
  const date = stream.grammar.expression(stream);
  stream.expect(',');
  let amount: Expression;
  if (stream.accept('INTERVAL')) {
    const value = stream.grammar.expression(stream);
    if (value.kind === 'row') stream.unsupported('the function INTERVAL()');
    amount = { kind: 'interval', value, unit: readUnit(stream) };
  } else {
    if (name.key.startsWith('DATE_')) stream.fail();
    amount = stream.grammar.expression(stream);
  }
  stream.expect(')');
  return makeCall(name.key, name.start, { arguments: [date, amount] });
}
