import { makeCall } from '../../sql/make-call.js';
import type { Expression } from '../../sql/nodes.js';
import { numberLiteral, stringLiteral } from './constants.js';
import type { Place } from './place.js';

const number = numberLiteral;
const text = stringLiteral;
const binary = (operator: '+' | '-' | '=' | 'OR' | 'DIV' | '/', left: Expression, right: Expression): Expression => ({
  kind: 'binary',
  operator,
  left,
  right,
});
const LARGEST = '9223372036854775807';
/** The smallest whole number, in the way that no reader takes for a literal out of range. */
const smallest = (): Expression => binary('-', { kind: 'unary', operator: '-', operand: number(LARGEST) }, number('1'));

/** `CASE WHEN c THEN bad ELSE good END` */
function choose(condition: Expression, bad: Expression, good: Expression): Expression {
  // biome-ignore lint/suspicious/noThenProperty: the node's own word; nobody awaits a branch.
  return { kind: 'case', operand: null, branches: [{ when: condition, then: bad }], otherwise: good };
}

/** A query without FROM. */
function constantSelect(value: Expression, alias: string) {
  return {
    kind: 'select',
    distinct: false,
    straight: false,
    items: [{ kind: 'expression', expression: value, alias, text: '' }],
    from: [],
    where: null,
    groupBy: [],
    rollup: false,
    having: null,
    windows: [],
  } as const;
}

/** `(SELECT 1 AS v UNION ALL SELECT other WHERE condition)`: two rows where the condition holds. */
function twoRows(first: Expression, second: Expression, condition: Expression | null): Expression {
  const left = constantSelect(first, 'v');
  const right = { ...constantSelect(second, 'v'), where: condition };
  const body = { kind: 'set-operation', operator: 'UNION', all: true, left, right } as const;
  return { kind: 'scalar-query', query: { kind: 'query', with: null, body, orderBy: [], limit: null } };
}

const isTrue = (expression: Expression): Expression => ({
  kind: 'is',
  operand: expression,
  test: 'NULL',
  negated: true,
});

/** Numbers whose computing fails where the condition holds, and succeeds where it does not. */
const SQLITE: readonly ((condition: Expression, place: Place) => Expression)[] = [
  (condition) => makeCall('ABS', choose(condition, smallest(), number('1'))),
  (condition) => isTrue(makeCall('JSON_EXTRACT', choose(condition, text('['), text('[1]')), text('$[0]'))),
  (condition) => isTrue(makeCall('JSON_TYPE', choose(condition, text('{'), text('{}')))),
  (condition) => isTrue(makeCall('JSON_EXTRACT', text('[1]'), choose(condition, text('$['), text('$[0]')))),
  (condition) => makeCall('LENGTH', makeCall('UNISTR', choose(condition, text('\\x'), text('a')))),
];

const SERVER: readonly ((condition: Expression, place: Place) => Expression)[] = [
  (condition) => makeCall('EXP', makeCall('IF', condition, number('710'), number('1'))),
  (condition) => makeCall('IF', condition, binary('+', number(LARGEST), number('1')), number('1')),
  (condition) => binary('+', number(LARGEST), makeCall('IF', condition, number('1'), number('0'))),
  (condition) => makeCall('ABS', makeCall('IF', condition, smallest(), number('1'))),
  (condition) => makeCall('POW', number('10'), makeCall('IF', condition, number('400'), number('1'))),
  (condition) => makeCall('COT', makeCall('IF', condition, number('0'), number('1'))),
  (condition) => twoRows(number('1'), number('2'), condition),
  (condition) => ({
    kind: 'match',
    operator: 'REGEXP',
    negated: false,
    operand: text('a'),
    pattern: makeCall('IF', condition, text('('), text('a')),
    escape: null,
  }),
  (condition) => makeCall('REGEXP_INSTR', text('abc'), makeCall('IF', condition, text('[b'), text('b'))),
  (condition) =>
    makeCall('JSON_LENGTH', makeCall('JSON_EXTRACT', makeCall('IF', condition, text('['), text('[1]')), text('$[0]'))),
  (condition) => makeCall('JSON_CONTAINS', text('[1]'), makeCall('IF', condition, text('x'), text('1'))),
];

const MYSQL: typeof SERVER = [
  (condition) =>
    makeCall(
      'LENGTH',
      makeCall('UUID_TO_BIN', makeCall('IF', condition, text('x'), text('6ccd780c-baba-1026-9564-5b8c656024db'))),
    ),
  (condition) => ({
    kind: 'is',
    operand: {
      kind: 'cast',
      operand: makeCall('IF', condition, text('{'), text('{}')),
      type: { name: 'JSON', length: null, scale: null, characterSet: null },
    },
    test: 'NULL',
    negated: false,
  }),
];

/** Expressions that give NULL or a warning where others fail: division by zero, casts and dates of what is none. */
const SOFT: readonly ((condition: Expression, place: Place) => Expression)[] = [
  (condition) => binary('/', number('1'), choose(condition, number('0'), number('1'))),
  (condition, place) =>
    place.writer.dialect === 'sqlite'
      ? makeCall('UNIXEPOCH', choose(condition, text('2024-02-31'), text('2024-02-29')))
      : makeCall('TO_DAYS', makeCall('IF', condition, text('2024-02-31'), text('2024-02-29'))),
  (condition, place) =>
    place.writer.dialect === 'sqlite'
      ? {
          kind: 'cast',
          operand: choose(condition, text('1e999'), text('1')),
          type: { name: 'INTEGER', length: null, scale: null, characterSet: null },
        }
      : {
          kind: 'cast',
          operand: makeCall('IF', condition, text('99999999999999999999'), text('1')),
          type: { name: 'SIGNED', length: null, scale: null, characterSet: null },
        },
];

/** A note of the caller's own rows read as a document: fails where one of them is none. */
function readAsDocument(place: Place): Expression | null {
  const { choices } = place.writer;
  const texts = place.leaves.filter((leaf) => leaf.kind === 'text' && leaf.expression.kind === 'column');
  if (texts.length === 0) return null;
  return isTrue(makeCall('JSON_EXTRACT', choices.pick(texts).expression, text('$[0]')));
}

/**
 * A number that fails to compute on some rows and not on others: what tells of a hidden row, where a server computes it
 * on one. The rows on which it fails are chosen by a condition over what is in sight.
 */
export function writeOracle(place: Place): Expression {
  const { choices, purse, dialect, condition } = place.writer;
  purse.oracles -= 1;
  if (choices.chance(4)) {
    const document = readAsDocument(place);
    if (document) return document;
  }
  const hard = dialect === 'sqlite' ? SQLITE : dialect === 'mysql' ? [...SERVER, ...MYSQL] : SERVER;
  const make = choices.chance(80) ? choices.pick(hard) : choices.pick(SOFT);
  return make(condition({ ...place, aggregated: null, windows: false, levels: 0 }, 0), place);
}
