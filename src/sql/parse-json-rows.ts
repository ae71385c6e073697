import { JSON_COLUMN_TYPES, JSON_PATH, type JsonColumn, type JsonRows } from './nodes.js';
import { readTypeNumbers } from './parse-cast.js';
import type { TokenStream } from './token-stream.js';

/** Words that mean one of the types. */
const TYPE_WORDS: ReadonlyMap<string, (typeof JSON_COLUMN_TYPES)[number]> = new Map([
  ...JSON_COLUMN_TYPES.map((name) => [name, name] as const),
  ['INTEGER', 'INT'],
  ['DEC', 'DECIMAL'],
  ['NUMERIC', 'DECIMAL'],
]);

const NUMBERS: Readonly<Record<string, 1 | 2>> = { DECIMAL: 2, CHAR: 1, VARCHAR: 1, TIME: 1, DATETIME: 1 };

function readPath(stream: TokenStream): string {
  const token = stream.next();
  if (token.kind !== 'string') stream.fail();
  if (!JSON_PATH.test(token.text)) stream.unsupported('this JSON path', token);
  return token.text;
}

/** `NULL ON EMPTY`, `NULL ON ERROR`: what holds anyway. What raises an error, or makes a default up, is not open. */
function skipDefaults(stream: TokenStream): void {
  for (const event of ['EMPTY', 'ERROR']) stream.acceptSequence('NULL', 'ON', event);
  if (stream.at('DEFAULT') || stream.at('ERROR') || stream.at('NULL')) stream.unsupported('this ON EMPTY or ON ERROR');
}

function readColumn(stream: TokenStream): JsonColumn {
  if (stream.at('NESTED')) stream.unsupported('NESTED PATH');
  const name = stream.name();
  if (stream.acceptSequence('FOR', 'ORDINALITY')) return { name, type: null, exists: false, path: null };
  const word = stream.next();
  const type = TYPE_WORDS.get(word.key);
  if (!type) stream.unsupported('this type of a JSON_TABLE column', word);
  const [length, scale] = readTypeNumbers(stream, NUMBERS[type] ?? 0);
  const exists = stream.accept('EXISTS');
  stream.expect('PATH');
  const path = readPath(stream);
  skipDefaults(stream);
  return { name, type: { name: type, length, scale }, exists, path };
}

/** `JSON_TABLE(document, '$.a[*]' COLUMNS (a INT PATH '$.a', …)) [AS] t` of the MySQL family. */
export function readJsonTable(stream: TokenStream): JsonRows {
  stream.next();
  stream.expect('(');
  const document = stream.grammar.expression(stream);
  stream.expect(',');
  const path = readPath(stream);
  stream.expect('COLUMNS');
  stream.expect('(');
  const columns = stream.list(() => readColumn(stream));
  stream.expect(')');
  stream.expect(')');
  const alias = stream.alias(false);
  if (alias === null) stream.fail();
  return { kind: 'json-rows', function: 'JSON_TABLE', document, path, root: null, columns, alias };
}

/** SQLite's `json_each(document [, path]) [AS t]` and `json_tree`; the name is read already. */
export function readJsonFunction(stream: TokenStream, name: 'JSON_EACH' | 'JSON_TREE'): JsonRows {
  stream.expect('(');
  const document = stream.grammar.expression(stream);
  const root = stream.accept(',') ? stream.grammar.expression(stream) : null;
  stream.expect(')');
  return { kind: 'json-rows', function: name, document, path: null, root, columns: [], alias: stream.alias(true) };
}
