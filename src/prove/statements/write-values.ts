import type { CastType, Expression } from '../../sql/nodes.js';
import { plainConstant, smallNumber, stringLiteral } from './constants.js';
import type { Leaf, Place, ValueKind } from './place.js';
import { writeAggregate } from './write-aggregates.js';
import { anyUnit, writeCall, writeInterval } from './write-calls.js';
import { writeOracle } from './write-oracles.js';
import { writeWindowCall } from './write-windows.js';

const SCALAR_KINDS = ['number', 'text', 'date', 'json'] as const;

/** Names in sight around this level. */
export function outerLeaves(place: Place): readonly Leaf[] {
  if (!place.outer) return [];
  const named = place.outer.leaves.filter((leaf) => leaf.expression.kind === 'column');
  return [...named, ...outerLeaves(place.outer)];
}

/** A name of that kind: of this level mostly, of a level around now and then. Null where there is none. */
export function pickLeaf(place: Place, kind: ValueKind): Leaf | null {
  const { choices } = place.writer;
  const own = place.leaves.filter((leaf) => leaf.kind === kind);
  const around = outerLeaves(place).filter((leaf) => leaf.kind === kind);
  const from = around.length > 0 && (own.length === 0 || choices.chance(20)) ? around : own;
  return from.length > 0 ? choices.pick(from) : null;
}

/** A leaf of any kind that expressions can do something with. Null where nothing is in sight. */
export function pickAnyLeaf(place: Place): Leaf | null {
  const { choices } = place.writer;
  const usable = place.leaves.filter((leaf) => leaf.kind !== 'other');
  return usable.length > 0 ? choices.pick(usable) : null;
}

function writeLeaf(place: Place, kind: ValueKind): Expression {
  const { choices, dialect } = place.writer;
  if (place.aggregated && kind === 'number' && choices.chance(50)) return writeAggregate(place, kind);
  const leaf = choices.chance(85) ? pickLeaf(place, kind) : null;
  if (leaf) return leaf.expression;
  const bytes = kind === 'other' || (kind === 'text' && choices.chance(2));
  if (bytes) return { kind: 'bytes', form: 'hex', digits: choices.pick(['4D', '00FF', 'C3A9']) };
  if (kind === 'date' && dialect !== 'sqlite' && choices.chance(30))
    return { kind: 'temporal', type: 'DATE', value: choices.pick(['2024-02-29', '2025-06-30']) };
  if (choices.chance(3)) return choices.chance(50) ? { kind: 'null' } : { kind: 'boolean', value: choices.chance(50) };
  return plainConstant(choices, kind);
}

function writeCase(place: Place, kind: ValueKind, depth: number): Expression {
  const { choices } = place.writer;
  const value = () => place.writer.value(place, kind, depth - 1);
  const operand = choices.chance(30) ? pickAnyLeaf(place) : null;
  const branches = Array.from({ length: 1 + choices.below(2) }, () => ({
    when: operand ? place.writer.value(place, operand.kind, 0) : place.writer.condition(place, depth - 1),
    // biome-ignore lint/suspicious/noThenProperty: the node's own word; nobody awaits a branch.
    then: value(),
  }));
  return {
    kind: 'case',
    operand: operand?.expression ?? null,
    branches,
    otherwise: choices.chance(80) ? value() : null,
  };
}

const NUMBER_CASTS: readonly Partial<CastType>[] = [
  { name: 'SIGNED' },
  { name: 'DECIMAL', length: 12, scale: 2 },
  { name: 'UNSIGNED' },
  { name: 'DOUBLE' },
];
const SQLITE_NUMBER_CASTS: readonly Partial<CastType>[] = [{ name: 'INTEGER' }, { name: 'REAL' }, { name: 'NUMERIC' }];

function castTo(operand: Expression, type: Partial<CastType>): Expression {
  return { kind: 'cast', operand, type: { name: 'CHAR', length: null, scale: null, characterSet: null, ...type } };
}

function writeCast(place: Place, kind: ValueKind, depth: number): Expression {
  const { choices, dialect } = place.writer;
  const sqlite = dialect === 'sqlite';
  const operand = (from: ValueKind) => place.writer.value(place, from, depth - 1);
  switch (kind) {
    case 'number':
      return castTo(operand(choices.pick(SCALAR_KINDS)), choices.pick(sqlite ? SQLITE_NUMBER_CASTS : NUMBER_CASTS));
    case 'date':
      return sqlite
        ? castTo(operand('date'), { name: 'TEXT' })
        : castTo(operand(choices.pick(['date', 'text'] as const)), {
            name: choices.pick(['DATE', 'DATETIME'] as const),
          });
    case 'json':
      return dialect === 'mysql' ? castTo(operand('json'), { name: 'JSON' }) : operand('json');
    default: {
      const text = operand(choices.pick(SCALAR_KINDS));
      if (sqlite) return castTo(text, { name: choices.pick(['TEXT', 'BLOB'] as const) });
      return choices.weighted<Expression>([
        [4, () => castTo(text, { name: 'CHAR' })],
        [1, () => castTo(text, { name: 'CHAR', length: 5 })],
        [1, () => castTo(text, { name: 'BINARY' })],
        [1, () => ({ kind: 'transcode', operand: text, characterSet: 'utf8mb4' })],
        [1, () => ({ kind: 'unary', operator: 'BINARY', operand: text })],
      ]);
    }
  }
}

function writeScalarQuery(place: Place, kind: ValueKind): Expression {
  return { kind: 'scalar-query', query: place.writer.subquery(place, { kinds: [kind], single: true }) };
}

function writeNumber(place: Place, depth: number): Expression {
  const { choices, dialect, value } = place.writer;
  const sqlite = dialect === 'sqlite';
  const one = () => value(place, 'number', depth - 1);
  const arithmetic = ['+', '-', '*', '/', '%', ...(sqlite ? [] : ['DIV' as const])] as const;
  const bitwise = ['|', '&', '<<', '>>', ...(sqlite ? [] : ['^' as const])] as const;
  return choices.weighted<Expression>([
    [8, () => ({ kind: 'binary', operator: choices.pick(arithmetic), left: one(), right: smallNumber(choices) })],
    [4, () => ({ kind: 'binary', operator: choices.pick(['+', '-', '*'] as const), left: one(), right: one() })],
    [1, () => ({ kind: 'binary', operator: choices.pick(bitwise), left: one(), right: smallNumber(choices) })],
    [2, () => ({ kind: 'unary', operator: choices.pick(['-', '-', '+', '~'] as const), operand: one() })],
    [2, () => place.writer.condition(place, depth - 1)],
    [sqlite ? 0 : 2, () => ({ kind: 'extract', unit: anyUnit(place), operand: value(place, 'date', 0) })],
    [
      sqlite ? 0 : 2,
      () => ({
        kind: 'timestamp-arithmetic',
        name: 'TIMESTAMPDIFF',
        unit: anyUnit(place),
        left: value(place, 'date', 0),
        right: value(place, 'date', 0),
      }),
    ],
  ]);
}

function writeText(place: Place, depth: number): Expression {
  const { choices, dialect, value } = place.writer;
  const sqlite = dialect === 'sqlite';
  const one = () => value(place, 'text', depth - 1);
  const collation = sqlite
    ? choices.pick(['NOCASE', 'BINARY', 'RTRIM'])
    : choices.pick(['utf8mb4_bin', 'utf8mb4_general_ci']);
  const side = choices.pick(['LEADING', 'TRAILING', 'BOTH'] as const);
  return choices.weighted<Expression>(
    [
      [
        3,
        () => ({
          kind: 'trim',
          side: sqlite ? 'BOTH' : side,
          remove: sqlite ? null : stringLiteral('a'),
          operand: one(),
        }),
      ],
      [1, () => (sqlite ? { kind: 'collate', operand: one(), collation } : writeCast(place, 'text', depth))],
      [sqlite ? 5 : 0, () => ({ kind: 'binary', operator: '||', left: one(), right: one() })],
      [2, () => ({ kind: 'binary', operator: '->>', left: value(place, 'json', 0), right: stringLiteral('$.a') })],
    ].filter(([, make]) => !!make) as [number, () => Expression][],
  );
}

function writeDate(place: Place, depth: number): Expression {
  const { choices, dialect, value } = place.writer;
  if (dialect === 'sqlite') return writeCall(place, 'date', depth);
  const date = () => value(place, 'date', depth - 1);
  return choices.weighted<Expression>([
    [
      3,
      () => ({
        kind: 'binary',
        operator: choices.pick(['+', '-'] as const),
        left: date(),
        right: writeInterval(place),
      }),
    ],
    [
      1,
      () => ({
        kind: 'timestamp-arithmetic',
        name: 'TIMESTAMPADD',
        unit: anyUnit(place),
        left: smallNumber(choices),
        right: date(),
      }),
    ],
  ]);
}

function writeJson(place: Place, depth: number): Expression {
  const { choices, dialect, value } = place.writer;
  if (dialect === 'mariadb' || !choices.chance(40)) return writeCall(place, 'json', depth);
  return {
    kind: 'binary',
    operator: '->',
    left: dialect === 'mysql' ? (pickLeaf(place, 'json')?.expression ?? stringLiteral('{}')) : value(place, 'json', 0),
    right: stringLiteral(choices.pick(['$.a', '$[0]', '$'])),
  };
}

const OPERATIONS: Readonly<Record<Exclude<ValueKind, 'other'>, (place: Place, depth: number) => Expression>> = {
  number: writeNumber,
  text: writeText,
  date: writeDate,
  json: writeJson,
};

/** A value of a kind: a name or constant at depth 0, else anything that gives one. */
export function writeValue(place: Place, kind: ValueKind, depth: number): Expression {
  const { choices, purse } = place.writer;
  if (depth <= 0 || purse.nodes <= 0 || kind === 'other') return writeLeaf(place, kind);
  purse.nodes -= 1;
  const isNumber = kind === 'number';
  return choices.weighted<Expression>([
    [30, () => writeLeaf(place, kind)],
    [22, () => writeCall(place, kind, depth)],
    [14, () => OPERATIONS[kind](place, depth)],
    [6, () => writeCase(place, kind, depth)],
    [4, () => writeCast(place, kind, depth)],
    [place.levels > 0 ? 8 : 0, () => writeScalarQuery(place, kind)],
    [place.aggregated ? 25 : 0, () => writeAggregate(place, kind)],
    [place.windows ? 16 : 0, () => writeWindowCall(place, kind)],
    [isNumber && purse.oracles > 0 ? 3 : 0, () => writeOracle(place)],
  ]);
}
