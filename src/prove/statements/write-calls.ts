import { functionRule } from '../../sql/functions.js';
import { makeCall } from '../../sql/make-call.js';
import type { Expression } from '../../sql/nodes.js';
import { numberLiteral, smallNumber, stringLiteral } from './constants.js';
import { FUNCTION_SIGNATURES, type FunctionSignature } from './function-signatures.js';
import type { Place, ValueKind } from './place.js';

const UNITS = ['DAY', 'MONTH', 'YEAR', 'HOUR', 'SECOND', 'QUARTER', 'WEEK', 'MINUTE'] as const;
const UUID_BYTES = '6CCD780CBABA102695645B8C656024DB';

/** A unit of time. */
export function anyUnit(place: Place): (typeof UNITS)[number] {
  return place.writer.choices.pick(UNITS);
}

/** `INTERVAL n unit` */
export function writeInterval(place: Place): Expression {
  return { kind: 'interval', value: smallNumber(place.writer.choices), unit: anyUnit(place) };
}

/** A number that stays small whatever the data holds: `ABS(x) % 5` without the ABS, which may fail. */
function smallValue(place: Place, depth: number): Expression {
  const { choices } = place.writer;
  if (depth <= 0 || choices.chance(60)) return smallNumber(choices);
  const left = place.writer.value(place, 'number', 0);
  return { kind: 'binary', operator: '%', left, right: numberLiteral('5') };
}

function writeArgument(word: string, place: Place, depth: number): Expression {
  const { writer } = place;
  const { choices } = writer;
  if (word.startsWith('#')) return numberLiteral(word.slice(1));
  if (word.startsWith("'")) return stringLiteral(word.slice(1).replaceAll('~', ' '));
  switch (word) {
    case 'n':
      return writer.value(place, 'number', depth);
    case 's':
      return smallValue(place, depth);
    case 'z':
      return numberLiteral(choices.pick(['1', '2', '0.5', '7']));
    case 't':
      return writer.value(place, 'text', depth);
    case 'd':
      return writer.value(place, 'date', depth);
    case 'j':
      return writer.value(place, 'json', depth);
    case 'b':
      return writer.condition(place, depth);
    case 'i':
      return writeInterval(place);
    case 'u':
      return { kind: 'bytes', form: 'hex', digits: UUID_BYTES };
    case 'x':
      return writer.value(place, choices.pick(['number', 'text', 'date'] as const), depth);
    default:
      throw new Error(`signature table: ${word}`);
  }
}

/** Calls of the clock make a statement incomparable: seldom. */
function isClock({ name, arguments: words }: FunctionSignature, place: Place): boolean {
  const rule = functionRule(place.writer.dialect, name);
  return rule?.volatility === 'clock' && (words.length === 0 || words.includes("'now"));
}

/** A call of any scalar function that is open and gives a value of that kind, with fitting arguments. */
export function writeCall(place: Place, kind: ValueKind, depth: number): Expression {
  const { choices, dialect } = place.writer;
  const fitting = FUNCTION_SIGNATURES[dialect].filter((signature) => signature.gives === kind);
  if (fitting.length === 0) return place.writer.value(place, kind, 0);
  let signature = choices.pick(fitting);
  if (isClock(signature, place) && !choices.chance(10))
    signature = choices.pick(fitting.filter((other) => !isClock(other, place)));
  return makeCall(
    signature.name,
    ...signature.arguments.map((word) => writeArgument(word, place, Math.min(1, depth - 1))),
  );
}
