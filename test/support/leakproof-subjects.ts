import type { Dialect } from '../../src/domain/dialect.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { hasFallible, isFallibleNode } from '../../src/sql/fallible.js';
import { FUNCTIONS } from '../../src/sql/functions.js';
import {
  BINARY_OPERATORS,
  CAST_TYPES,
  type Expression,
  type ExpressionKind,
  UNARY_OPERATORS,
} from '../../src/sql/nodes.js';
import { parseExpression } from '../../src/sql/parser.js';

/** One thing that is classed leakproof, over up to three arguments. */
export interface Subject {
  /** What the tables call it: `SUBSTR`, `operator =`, `cast`. Two subjects may share it. */
  readonly name: string;
  readonly arguments: 1 | 2 | 3;
  /** `condition`: also driven as a condition of WHERE and of a join. `aggregate`: never inside a condition or a group. */
  readonly form: 'value' | 'condition' | 'aggregate' | 'window';
  /** SQL over the arguments. */
  write(x: string, y: string, z: string): string;
}

type Template = readonly [
  form: Subject['form'],
  /** With the arguments as `x`, `y` and `z`, alone as words. */
  text: string,
];

/** How each kind of node is driven. What only names a value has none; calls and operators come from their own tables. */
const TEMPLATES: Readonly<Record<Exclude<ExpressionKind, 'call' | 'binary' | 'unary' | 'cast'>, readonly Template[]>> =
  {
    number: [],
    string: [],
    bytes: [],
    boolean: [],
    null: [],
    parameter: [],
    column: [['value', 'x']],
    output: [],
    temporal: [['value', "DATE '2026-01-01'"]],
    is: [
      ['condition', 'x IS NULL'],
      ['condition', 'x IS NOT NULL'],
      ['condition', 'x IS TRUE'],
      ['condition', 'x IS NOT FALSE'],
      ['condition', 'x IS UNKNOWN'],
    ],
    match: [
      ['condition', 'x LIKE y'],
      ['condition', 'x NOT LIKE y'],
      ['condition', "x LIKE 'a%_'"],
      ['condition', "x LIKE y ESCAPE '!'"],
      ['condition', "x LIKE 'a!%' ESCAPE '!'"],
      ['condition', 'x LIKE y ESCAPE z'],
      ['condition', 'x REGEXP y'],
      ['condition', 'x GLOB y'],
      ['condition', "x GLOB 'a*[b-c]?'"],
    ],
    between: [
      ['condition', 'x BETWEEN y AND z'],
      ['condition', 'x NOT BETWEEN y AND y'],
    ],
    'in-list': [
      ['condition', 'x IN (y)'],
      ['condition', 'x IN (y, z)'],
      ['condition', 'x NOT IN (y, y)'],
      ['condition', "x IN (1, 2, 'a')"],
      ['condition', 'x NOT IN (1, 2)'],
      ['condition', '(x, y) IN ((y, x), (1, 2))'],
    ],
    'in-query': [
      ['condition', 'x IN (SELECT y)'],
      ['condition', 'x NOT IN (SELECT y UNION ALL SELECT x)'],
      ['condition', '(x, y) IN (SELECT y, x)'],
    ],
    exists: [['condition', 'EXISTS (SELECT 1 WHERE x = y)']],
    quantified: [['condition', 'x > ALL (SELECT y)']],
    'scalar-query': [['value', '(SELECT x)']],
    row: [
      ['condition', '(x, y) = (y, x)'],
      ['condition', '(x, y) <> (1, 2)'],
      ['condition', '(x, y) < (y, x)'],
    ],
    case: [
      ['value', 'CASE WHEN x THEN y ELSE z END'],
      ['value', 'CASE x WHEN y THEN z END'],
      ['value', 'CASE x WHEN 1 THEN y WHEN y THEN x ELSE 2 END'],
      ['condition', 'CASE WHEN x THEN y END'],
    ],
    transcode: [['value', 'CONVERT(x USING utf8mb4)']],
    collate: [['value', 'x COLLATE binary']],
    interval: [],
    extract: [['value', 'EXTRACT(DAY FROM x)']],
    trim: [
      ['value', 'TRIM(x)'],
      ['value', 'TRIM(BOTH y FROM x)'],
      ['value', 'TRIM(LEADING y FROM x)'],
      ['value', 'TRIM(TRAILING y FROM x)'],
      ['value', "TRIM('a' FROM x)"],
      ['value', "TRIM(LEADING 'é' FROM x)"],
    ],
    'timestamp-arithmetic': [['value', 'TIMESTAMPDIFF(DAY, x, y)']],
  };

const CAST_TAILS = [
  '',
  '(0)',
  '(1)',
  '(6)',
  '(65,30)',
  '(1,0)',
  ' CHARACTER SET latin1',
  ' CHARACTER SET ascii',
  ' CHARACTER SET binary',
  ' CHARACTER SET utf8mb3',
];

function fromTemplate(name: string, [form, text]: Template): Subject {
  const count = /\bz\b/.test(text) ? 3 : /\by\b/.test(text) ? 2 : 1;
  const write = (x: string, y: string, z: string) =>
    text.replaceAll(/(?<!['\w])[xyz]\b(?!')/g, (word) => ({ x, y, z })[word] as string);
  return { name, form, arguments: count, write };
}

/** The tree of a subject over columns; null where the dialect has no such form. */
export function readSubject(subject: Subject, dialect: Dialect): Expression | null {
  try {
    return parseExpression(subject.write('a.v', 'b.v', 'c.v'), dialect);
  } catch (error) {
    if (error instanceof SwaliError) return null;
    throw error;
  }
}

function functionSubjects(dialect: Dialect): Subject[] {
  return [...FUNCTIONS[dialect].values()]
    .filter((rule) => rule.class === 'leakproof')
    .flatMap(({ name, kind, arity: [least, most] }): Subject[] => {
      const counts = [0, 1, 2, 3].filter((count) => count >= least && count <= Math.max(most, least));
      return counts.flatMap((count): Subject[] => {
        const list = ['x', 'y', 'z'].slice(0, count).join(', ');
        const make = (form: Subject['form'], text: string) => fromTemplate(name, [form, text]);
        if (kind === 'scalar') return [make('value', `${name}(${list})`)];
        const windows = [
          make('window', `${name}(${list}) OVER (ORDER BY x)`),
          make('window', `${name}(${list}) OVER (PARTITION BY x ORDER BY ${count > 1 ? 'y' : 'x'} DESC)`),
        ];
        if (kind === 'window') return windows;
        const star = name === 'COUNT' && count === 0;
        const plain = star ? [] : [make('aggregate', `${name}(${list})`)];
        const distinct = star ? [] : [make('aggregate', `${name}(DISTINCT ${list})`)];
        // SQLite's MIN and MAX of several are scalar.
        const isScalar = dialect === 'sqlite' && count > 1;
        if (isScalar) return [make('value', `${name}(${list})`)];
        return [...plain, ...distinct, ...(count <= 1 && !star ? windows : [])];
      });
    });
}

/** Everything that is classed leakproof for a dialect, each in every form. What is added to the tables of classes is added here by itself. */
export function leakproofSubjects(dialect: Dialect): readonly Subject[] {
  // Another dialect may read the same words as another kind of node: UNKNOWN is a column on SQLite.
  const nodes = Object.entries(TEMPLATES).flatMap(([kind, templates]) =>
    templates
      .map((template) => fromTemplate(kind, template))
      .filter((subject) => readSubject(subject, dialect)?.kind === kind),
  );
  const operators = BINARY_OPERATORS.map((operator) =>
    fromTemplate(`operator ${operator}`, ['condition', `x ${operator} y`]),
  );
  const unary = UNARY_OPERATORS.map((operator) => fromTemplate(`unary ${operator}`, ['condition', `${operator} x`]));
  const casts = CAST_TYPES.flatMap((type) =>
    CAST_TAILS.map((tail) => fromTemplate(`cast ${type}`, ['value', `CAST(x AS ${type}${tail})`])),
  );
  const candidates = [...nodes, ...operators, ...unary, ...casts, ...functionSubjects(dialect)];
  return candidates.filter((subject) => {
    const tree = readSubject(subject, dialect);
    return tree !== null && !hasFallible(tree, dialect);
  });
}

/** Names in the tables that are classed leakproof and must each be among the subjects. */
export function leakproofNames(dialect: Dialect): readonly string[] {
  const functions = [...FUNCTIONS[dialect].values()]
    .filter((rule) => rule.class === 'leakproof')
    .map((rule) => rule.name);
  const column: Expression = { kind: 'column', qualifier: ['a'], name: 'v', at: -1 };
  const operators = BINARY_OPERATORS.filter((operator) => {
    const exists = readSubject(fromTemplate('', ['condition', `x ${operator} y`]), dialect) !== null;
    return exists && !isFallibleNode({ kind: 'binary', operator, left: column, right: column }, dialect);
  }).map((operator) => `operator ${operator}`);
  return [...functions, ...operators];
}
