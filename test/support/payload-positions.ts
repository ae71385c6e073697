import type { SlotValue } from '../../src/domain/candidate.js';
import type { Dialect } from '../../src/domain/dialect.js';

/** One statement with a payload in it. */
export interface Placed {
  readonly sql: string;
  /** Values of `:name`; given where the statement is a verified question's. */
  readonly slots?: ReadonlyMap<string, SlotValue>;
  /**
   * What must come back. `rows`: these; `named`: a column called like the payload, over the attacker's own orders; `own`:
   * the attacker's own orders, all of them; `none`: a refusal by the seal; `any`: a refusal, or rows of the attacker's own.
   */
  readonly gives:
    | { readonly kind: 'rows'; readonly rows: readonly (readonly unknown[])[] }
    | { readonly kind: 'named' | 'own' | 'none' | 'any' };
}

/** A place in a statement that a payload can stand in. */
export interface Position {
  readonly name: string;
  readonly dialects: readonly Dialect[];
  /** Null where the payload cannot stand here at all (a bracket inside brackets). */
  place(payload: string, dialect: Dialect): Placed | null;
}

const ALL: readonly Dialect[] = ['sqlite', 'mariadb', 'mysql'];
const SERVERS: readonly Dialect[] = ['mariadb', 'mysql'];
const SQLITE: readonly Dialect[] = ['sqlite'];

/** A text in single quotes, as a careful writer makes it. */
function quote(text: string, dialect: Dialect): string {
  const escaped = dialect === 'sqlite' ? text : text.replaceAll('\\', '\\\\').replaceAll('\0', '\\0');
  return `'${escaped.replaceAll("'", "''")}'`;
}

const backtick = (text: string): string => `\`${text.replaceAll('`', '``')}\``;
const one = (value: unknown): Placed['gives'] => ({ kind: 'rows', rows: [[value]] });
const OWN: Placed['gives'] = { kind: 'own' };
const NONE: Placed['gives'] = { kind: 'none' };
const ANY: Placed['gives'] = { kind: 'any' };

/** A payload as a literal, and what a statement with it gives. */
function literal(
  name: string,
  build: (text: string, payload: string, dialect: Dialect) => string,
  gives: (payload: string) => Placed['gives'],
  dialects = ALL,
): Position {
  return {
    name,
    dialects,
    place: (payload, dialect) => ({ sql: build(quote(payload, dialect), payload, dialect), gives: gives(payload) }),
  };
}

/** A payload as a quoted name. */
function identifier(
  name: string,
  build: (name: string) => string,
  gives: Placed['gives'],
  quoteName: (payload: string) => string | null = backtick,
  dialects = ALL,
): Position {
  return {
    name,
    dialects,
    place: (payload) => {
      const quoted = quoteName(payload);
      return quoted === null ? null : { sql: build(quoted), gives };
    },
  };
}

/** A payload as a slot's value. */
function slot(name: string, sql: string, gives: (payload: string) => Placed['gives'], dialects = ALL): Position {
  return { name, dialects, place: (payload) => ({ sql, slots: new Map([['s', payload]]), gives: gives(payload) }) };
}

/** A payload inside a comment, where nothing in it ends the comment. */
function comment(name: string, build: (payload: string) => string, ends: RegExp, dialects = ALL): Position {
  return {
    name,
    dialects,
    place: (payload) => (ends.test(payload) ? null : { sql: build(payload), gives: OWN }),
  };
}

const likePattern = (payload: string): string => payload.replace(/[|%_]/g, (found) => `|${found}`);
const doubleQuoted = (payload: string): string => `"${payload.replaceAll('"', '""')}"`;
const bracketed = (payload: string): string | null => (payload.includes(']') ? null : `[${payload}]`);
const ORDERS = 'SELECT customer_number, order_number FROM orders';

/** Positions where a careful writer puts a value: it must come back as that value and never be read as SQL. */
export const ESCAPED_POSITIONS: readonly Position[] = [
  literal('text', (text) => `SELECT ${text} AS v`, one),
  {
    name: 'text with backslashes',
    dialects: SERVERS,
    place: (payload) => ({
      sql: `SELECT '${payload.replaceAll('\\', '\\\\').replaceAll('\0', '\\0').replaceAll("'", "\\'")}' AS v`,
      gives: one(payload),
    }),
  },
  {
    name: 'text in double quotes',
    dialects: SERVERS,
    place: (payload) => ({
      sql: `SELECT "${payload.replaceAll('\\', '\\\\').replaceAll('\0', '\\0').replaceAll('"', '""')}" AS v`,
      gives: one(payload),
    }),
  },
  literal('text behind N', (text) => `SELECT N${text} AS v`, one, SERVERS),
  literal(
    'compared with a text column',
    (text) => `SELECT COUNT(*) FROM orders WHERE status = ${text}`,
    () => one(0),
  ),
  literal(
    'compared with a number column',
    (text) => `SELECT COUNT(*) FROM orders WHERE order_number = ${text}`,
    () => one(0),
  ),
  literal(
    'compared with a date column',
    (text) => `SELECT COUNT(*) FROM orders WHERE order_date = ${text}`,
    () => ANY,
  ),
  literal(
    'date literal',
    (text) => `SELECT DATE ${text}`,
    () => NONE,
    SERVERS,
  ),
  literal(
    'argument of a date function',
    (text) => `SELECT date(${text}) IS NULL OR 1`,
    () => one(1),
    SQLITE,
  ),
  literal(
    'pattern of LIKE',
    (text, payload, dialect) => `SELECT ${text} LIKE ${quote(likePattern(payload), dialect)} ESCAPE '|'`,
    () => one(1),
  ),
  literal(
    'pattern of LIKE over a column',
    (_text, payload, dialect) =>
      `SELECT COUNT(*) FROM orders WHERE status LIKE ${quote(`%~${likePattern(payload)}%`, dialect)} ESCAPE '|'`,
    () => one(0),
  ),
  literal(
    'IN list',
    (text) => `SELECT ${text} IN ('x', ${text}, 'y')`,
    () => one(1),
  ),
  literal(
    'IN list of a column',
    (text) => `SELECT COUNT(*) FROM orders WHERE status IN ('~', ${text})`,
    () => one(0),
  ),
  literal(
    'BETWEEN',
    (text) => `SELECT ${text} BETWEEN ${text} AND ${text}`,
    () => one(1),
  ),
  literal('CASE', (text) => `SELECT CASE ${text} WHEN ${text} THEN ${text} ELSE 'miss' END`, one),
  literal('argument', (text) => `SELECT REPLACE(${text}, '~~', '')`, one),
  literal(
    'cast',
    (text, _payload, dialect) => `SELECT CAST(${text} AS ${dialect === 'sqlite' ? 'TEXT' : 'CHAR'})`,
    one,
  ),
  literal(
    'value in JSON',
    (text) => `SELECT JSON_UNQUOTE(JSON_EXTRACT(JSON_OBJECT('k', ${text}), '$.k'))`,
    one,
    SERVERS,
  ),
  literal('value in JSON', (text) => `SELECT json_extract(json_object('k', ${text}), '$.k')`, one, SQLITE),
  literal(
    'JSON path',
    (text) => `SELECT JSON_EXTRACT('{"a":1}', ${text})`,
    () => ANY,
  ),
  literal(
    'path of JSON_TABLE',
    (text) => `SELECT j.n FROM JSON_TABLE('[1]', ${text} COLUMNS (n INT PATH '$')) j`,
    () => ANY,
    SERVERS,
  ),
  literal(
    'LIMIT',
    (text) => `${ORDERS} LIMIT ${text}`,
    () => NONE,
  ),
  literal(
    'ORDER BY a text',
    (text) => `${ORDERS} ORDER BY ${text}, order_number`,
    () => OWN,
  ),
  literal(
    'separator of GROUP_CONCAT',
    (text) => `SELECT GROUP_CONCAT(n ORDER BY n SEPARATOR ${text}) FROM (SELECT 1 AS n UNION ALL SELECT 2) x`,
    (payload) => one(`1${payload}2`),
    SERVERS,
  ),
  literal(
    'separator of GROUP_CONCAT',
    (text) => `SELECT GROUP_CONCAT(n, ${text} ORDER BY n) FROM (SELECT 1 AS n UNION ALL SELECT 2) x`,
    (payload) => one(`1${payload}2`),
    SQLITE,
  ),
  literal('set operation', (text) => `SELECT ${text} AS v UNION ALL SELECT ${text} LIMIT 1`, one),
  literal('common table', (text) => `WITH x (v) AS (SELECT ${text}) SELECT v FROM x`, one),
  identifier('alias of a column', (name) => `SELECT order_number AS ${name} FROM orders`, { kind: 'named' }),
  identifier('alias in ORDER BY', (name) => `SELECT order_number AS ${name} FROM orders ORDER BY ${name}`, {
    kind: 'named',
  }),
  identifier(
    'alias in double quotes',
    (name) => `SELECT order_number AS ${name} FROM orders`,
    { kind: 'named' },
    doubleQuoted,
    SQLITE,
  ),
  identifier(
    'alias in brackets',
    (name) => `SELECT order_number AS ${name} FROM orders`,
    { kind: 'named' },
    bracketed,
    SQLITE,
  ),
  literal(
    'alias as a text',
    (text) => `SELECT order_number AS ${text} FROM orders`,
    () => ({ kind: 'named' }),
    SERVERS,
  ),
  identifier(
    'alias of a table',
    (name) => `SELECT ${name}.customer_number, ${name}.order_number FROM orders AS ${name}`,
    OWN,
  ),
  identifier('name of a common table', (name) => `WITH ${name} AS (${ORDERS}) SELECT * FROM ${name}`, ANY),
  identifier(
    'name of a window',
    (name) => `SELECT order_number, COUNT(*) OVER ${name} FROM orders WINDOW ${name} AS (ORDER BY order_number)`,
    ANY,
  ),
  identifier('column', (name) => `SELECT ${name} FROM orders`, NONE),
  identifier('qualified column', (name) => `SELECT orders.${name} FROM orders`, NONE),
  identifier('column in double quotes', (name) => `SELECT ${name} FROM orders`, NONE, doubleQuoted, SQLITE),
  identifier('column in brackets', (name) => `SELECT ${name} FROM orders`, NONE, bracketed, SQLITE),
  identifier('column of USING', (name) => `SELECT 1 FROM orders JOIN payments USING (${name})`, NONE),
  identifier('table', (name) => `SELECT * FROM ${name}`, NONE),
  identifier('schema', (name) => `SELECT * FROM ${name}.orders`, NONE),
  identifier('table in double quotes', (name) => `SELECT * FROM ${name}`, NONE, doubleQuoted, SQLITE),
  identifier('table in brackets', (name) => `SELECT * FROM ${name}`, NONE, bracketed, SQLITE),
  identifier('function', (name) => `SELECT ${name}(1)`, NONE),
  identifier('collation', (name) => `SELECT status COLLATE ${name} FROM orders`, NONE),
  comment('line comment', (payload) => `${ORDERS} -- ${payload}`, /[\n\0]/),
  comment('line comment of the servers', (payload) => `${ORDERS} # ${payload}`, /[\n\0]/, SERVERS),
  comment('block comment', (payload) => `${ORDERS} /* ${payload} */`, /\*\/|\0|^\//),
  slot('slot as a value', 'SELECT :s AS v', one),
  slot('slot against a text column', 'SELECT COUNT(*) FROM orders WHERE status = :s', () => one(0)),
  slot('slot against a number column', 'SELECT COUNT(*) FROM orders WHERE order_number = :s', () => one(0)),
  slot('slot against a date column', 'SELECT COUNT(*) FROM orders WHERE order_date = :s', () => ANY),
  slot('slot in LIKE', `${ORDERS} WHERE status LIKE :s`, () => ANY),
  slot('slot in IN', 'SELECT COUNT(*) FROM orders WHERE status IN (:s, :s)', () => one(0)),
  slot('slot in LIMIT', `${ORDERS} LIMIT :s`, () => ANY),
  slot('slot in ORDER BY', `${ORDERS} ORDER BY :s`, () => OWN),
];

function raw(name: string, build: (payload: string) => string, dialects = ALL): Position {
  return { name, dialects, place: (payload) => ({ sql: build(payload), gives: ANY }) };
}

/** Positions where a careless writer splices a payload: it is refused, or reads the attacker's own rows alone. */
export const RAW_POSITIONS: readonly Position[] = [
  raw('raw: text', (payload) => `${ORDERS} WHERE status = '${payload}'`),
  raw('raw: text in parentheses', (payload) => `${ORDERS} WHERE (status = '${payload}')`),
  raw('raw: text in two parentheses', (payload) => `${ORDERS} WHERE ((status = '${payload}'))`),
  raw('raw: text in double quotes', (payload) => `${ORDERS} WHERE status = "${payload}"`),
  raw('raw: text in double quotes and parentheses', (payload) => `${ORDERS} WHERE (status = "${payload}")`),
  raw('raw: selected text', (payload) => `SELECT '${payload}', order_number FROM orders`),
  raw('raw: number', (payload) => `${ORDERS} WHERE customer_number = ${payload}`),
  raw('raw: number in parentheses', (payload) => `${ORDERS} WHERE (customer_number = ${payload})`),
  raw('raw: pattern', (payload) => `${ORDERS} WHERE status LIKE '%${payload}%'`),
  raw('raw: list of texts', (payload) => `${ORDERS} WHERE status IN ('${payload}')`),
  raw('raw: list of numbers', (payload) => `${ORDERS} WHERE customer_number IN (${payload})`),
  raw('raw: BETWEEN', (payload) => `${ORDERS} WHERE customer_number BETWEEN ${payload} AND 200`),
  raw('raw: JSON path', (payload) => `SELECT JSON_EXTRACT('{"a":1}', '$.${payload}'), order_number FROM orders`),
  raw('raw: date', (payload) => `${ORDERS} WHERE order_date > '${payload}'`),
  raw('raw: date literal', (payload) => `${ORDERS} WHERE order_date > DATE '${payload}'`, SERVERS),
  raw('raw: interval', (payload) => `${ORDERS} WHERE order_date > CURRENT_DATE - INTERVAL ${payload} DAY`, SERVERS),
  raw('raw: LIMIT', (payload) => `${ORDERS} LIMIT ${payload}`),
  raw('raw: OFFSET', (payload) => `${ORDERS} LIMIT 5 OFFSET ${payload}`),
  raw('raw: ORDER BY', (payload) => `${ORDERS} ORDER BY ${payload}`),
  raw('raw: GROUP BY', (payload) => `SELECT COUNT(*) FROM orders GROUP BY ${payload}`),
  raw('raw: HAVING', (payload) => `SELECT customer_number FROM orders GROUP BY customer_number HAVING ${payload}`),
  raw('raw: ON', (payload) => `SELECT o.customer_number, p.payment_id FROM orders o JOIN payments p ON ${payload}`),
  raw('raw: alias', (payload) => `SELECT order_number AS ${payload} FROM orders`),
  raw('raw: alias in backticks', (payload) => `SELECT order_number AS \`${payload}\` FROM orders`),
  raw('raw: alias in double quotes', (payload) => `SELECT order_number AS "${payload}" FROM orders`),
  raw('raw: alias in brackets', (payload) => `SELECT order_number AS [${payload}] FROM orders`, SQLITE),
  raw('raw: column', (payload) => `SELECT ${payload} FROM orders`),
  raw('raw: further column', (payload) => `SELECT order_number, ${payload} FROM orders`),
  raw('raw: table', (payload) => `SELECT * FROM ${payload}`),
  raw('raw: behind a table', (payload) => `${ORDERS} ${payload}`),
  raw('raw: function', (payload) => `SELECT ${payload}(1)`),
  raw('raw: argument', (payload) => `SELECT UPPER(${payload}), order_number FROM orders`),
  raw('raw: block comment', (payload) => `${ORDERS} /* ${payload} */`),
  raw('raw: line comment', (payload) => `${ORDERS} -- ${payload}`),
  raw('raw: separator', (payload) => `SELECT GROUP_CONCAT(order_number SEPARATOR '${payload}') FROM orders`, SERVERS),
  raw('raw: separator', (payload) => `SELECT GROUP_CONCAT(order_number, '${payload}') FROM orders`, SQLITE),
  raw('raw: union', (payload) => `${ORDERS} UNION ${payload}`),
  raw('raw: statement', (payload) => payload),
  raw('raw: second statement', (payload) => `${ORDERS}; ${payload}`),
];
