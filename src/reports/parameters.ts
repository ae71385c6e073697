import type { SlotValue } from '../domain/candidate.js';
import type { ReportParameter, ReportParameterType } from '../domain/report.js';
import { SwaliError } from '../errors/swali-error.js';
import { MAX_PARAMETERS } from './report.js';

/** What may follow `:` in SQL, and stand between braces in a question. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** Characters of a text value at most. */
const MAX_TEXT_CHARACTERS = 1000;

/** Characters of a label at most. */
const MAX_LABEL_CHARACTERS = 100;

/** Digits that a double holds exactly. */
const MAX_DIGITS = 15;

const EXPECTED: Readonly<Record<ReportParameterType, string>> = {
  integer: `a whole number of ${MAX_DIGITS} digits at most`,
  decimal: `a number such as 12.50, of ${MAX_DIGITS} digits at most`,
  text: `a text of ${MAX_TEXT_CHARACTERS} characters at most`,
  date: 'a day as YYYY-MM-DD',
};

/** What is bound to check a statement where nothing better is known: no statement is sealed by its values. */
const SAMPLES: Readonly<Record<ReportParameterType, SlotValue>> = {
  integer: 1,
  decimal: 1,
  text: 'a',
  date: '2000-01-01',
};

/** @throws SwaliError `REPORT_INVALID` */
export function refuseReport(detail: string): never {
  throw new SwaliError('REPORT_INVALID', { detail });
}

/**
 * Checks the parameters that an owner declares, their defaults among them.
 *
 * @param claims names of claims: a parameter of such a name would look like one
 * @returns the parameters, their defaults as values of their types
 * @throws SwaliError `REPORT_INVALID`
 */
export function checkParameters(
  declared: readonly ReportParameter[],
  claims: ReadonlySet<string>,
): readonly ReportParameter[] {
  if (declared.length > MAX_PARAMETERS) refuseReport(`${MAX_PARAMETERS} parameters at most`);
  const seen = new Set<string>();
  return declared.map(({ name, type, label, default: given }) => {
    if (!NAME.test(name)) refuseReport('the name of a parameter is a letter or _, then letters, digits and _');
    const folded = name.toLowerCase();
    if (seen.has(folded)) refuseReport(`${name}: is declared twice`);
    seen.add(folded);
    assertNoClaim(name, claims);
    if ([...label].length > MAX_LABEL_CHARACTERS || /\p{C}/u.test(label))
      refuseReport(`${name}: the label has ${MAX_LABEL_CHARACTERS} characters at most, none of them invisible`);
    const value = given === null ? null : parseValue(type, given);
    if (given !== null && value === null) refuseReport(`${name}: the default is not ${EXPECTED[type]}`);
    return { name, type, label, default: value };
  });
}

/**
 * A claim is bound under a name of its own, which no text can say; a parameter that is called like one would only look as if
 * it could choose whose rows are read. Compared without regard to case; `tenant` is one of them wherever there are rules.
 *
 * @throws SwaliError `REPORT_INVALID`
 */
export function assertNoClaim(name: string, claims: ReadonlySet<string>): void {
  const folded = name.toLowerCase();
  if (folded === 'tenant' || [...claims].some((claim) => claim.toLowerCase() === folded))
    refuseReport(`${name}: is the name of a claim, which nobody may state`);
}

/**
 * The values that a report runs with: those given, checked against their types, and the defaults of the others.
 *
 * @throws SwaliError `REPORT_PARAMETER_INVALID` for what is missing, unknown or not of its type
 */
export function readValues(
  parameters: readonly ReportParameter[],
  given: Readonly<Record<string, SlotValue>>,
): ReadonlyMap<string, SlotValue> {
  const stated = new Map(Object.entries(given));
  const unknown = [...stated.keys()].find((name) => parameters.every((each) => each.name !== name));
  if (unknown !== undefined) refuseValue('a value is given that the report does not ask for');
  return new Map(
    parameters.map(({ name, type, default: fallback }) => {
      const value = stated.get(name);
      if (value === undefined) return [name, fallback ?? refuseValue(`${name}: is missing`)];
      return [name, parseValue(type, value) ?? refuseValue(`${name}: expected ${EXPECTED[type]}`)];
    }),
  );
}

/** Values to seal a statement with, to see whether it can be: the defaults, and something of the type elsewhere. */
export function sampleValues(parameters: readonly ReportParameter[]): ReadonlyMap<string, SlotValue> {
  return new Map(parameters.map(({ name, type, default: fallback }) => [name, fallback ?? SAMPLES[type]]));
}

function refuseValue(detail: string): never {
  throw new SwaliError('REPORT_PARAMETER_INVALID', { detail });
}

/** @returns null where it is not of the type */
function parseValue(type: ReportParameterType, given: SlotValue): SlotValue | null {
  switch (type) {
    case 'integer':
    case 'decimal':
      return parseNumber(type, given);
    case 'text':
      return typeof given === 'string' && isBoundable(given) ? given : null;
    case 'date':
      return typeof given === 'string' && isDay(given) ? given : null;
  }
}

function parseNumber(type: 'integer' | 'decimal', given: SlotValue): number | null {
  const text = typeof given === 'number' ? printNumber(given) : given;
  const form = type === 'integer' ? /^-?\d{1,40}$/ : /^-?\d{1,40}(?:\.\d{1,40})?$/;
  if (!form.test(text) || text.replace(/\D/g, '').replace(/^0+/, '').length > MAX_DIGITS) return null;
  // No minus zero: it would print as another text than 0.
  return Number(text) + 0 || 0;
}

/** A number without exponent: 0.0000001, not 1e-7. */
export function printNumber(value: number): string {
  return value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20 });
}

/** SQLite ends a bound text at a NUL, and half of a pair of surrogates is no text. */
function isBoundable(text: string): boolean {
  return [...text].length <= MAX_TEXT_CHARACTERS && !/\u0000|\p{Cs}/u.test(text);
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
