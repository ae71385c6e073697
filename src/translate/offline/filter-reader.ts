import type { RelationObligation } from '../../policy/view.js';
import { type Currency, foldUnit } from '../currency.js';
import type { DateRange } from '../dates.js';
import { splitIdentifier } from '../words.js';
import { type Context, mentionedRelations } from './context.js';
import { isNumeric, isTextual } from './describe-relation.js';
import type { Draft } from './draft.js';
import type { ColumnOf } from './lexicon.js';
import type { ElementMark, Mark } from './mark-words.js';
import type { Role } from './phrases.js';
import type { Literal } from './plan.js';

/**
 * Reads one condition that starts at `marks[at]`; says how many marks it took, 0 where there is none. A relation that
 * the condition names is kept: it is still what the question is about.
 */
export type FilterReader = (
  context: Context,
  marks: readonly Mark[],
  at: number,
  draft: Draft,
) => number | { readonly length: number; readonly keep: Mark };

type RoleName = Role['role'];
/** Whether a mark has one of some roles. */
export const isRole = (mark: Mark | undefined, ...names: readonly RoleName[]): boolean =>
  mark?.type === 'role' && names.includes(mark.role.role);
/** Whether a column is shown as it is. */
export const plain = ({ column }: ColumnOf) => column.mask === null;
/** Whether a column holds plain numbers. */
export const numericColumn = (of: ColumnOf) => plain(of) && isNumeric(of.column.column);

/** Skips what only joins a column to its value: "is", "of". */
export function skip(marks: readonly Mark[], at: number, ...names: readonly RoleName[]): number {
  let next = at;
  while (isRole(marks[next], ...names)) next += 1;
  return next;
}

/** A canonical numeral of a bounded length; null for any other mark. */
export function numberAt(mark: Mark | undefined): Literal | null {
  if (mark?.type !== 'number' || !/^-?\d{1,18}(?:\.\d{1,12})?$/.test(mark.value)) return null;
  return { kind: 'number', text: mark.value.replace(/^(-?)0+(?=\d)/, '$1') };
}

/** A value as a literal that fits a column; null where it does not. */
export function literalFor(of: ColumnOf, mark: Mark | undefined, loose: boolean): Literal | null {
  if (!mark || !plain(of)) return null;
  const { column } = of.column;
  if (isNumeric(column))
    return (
      numberAt(mark) ??
      (mark.type === 'quoted' && /^-?\d{1,18}(?:\.\d{1,12})?$/.test(mark.value)
        ? { kind: 'number', text: mark.value }
        : null)
    );
  if (!isTextual(column)) return null;
  switch (mark.type) {
    case 'quoted':
    case 'proper':
      return { kind: 'string', value: mark.value };
    case 'number':
      return { kind: 'string', value: mark.text };
    case 'shared':
      return { kind: 'string', value: mark.meanings.find((each) => each.of.column === of.column)?.value ?? mark.value };
    case 'unknown':
      return loose ? { kind: 'string', value: mark.value } : null;
    default:
      return null;
  }
}

/** A name at a place; "a total", "whose average": behind "with", a word that is a name besides its role is the name. */
export function asName(marks: readonly Mark[], at: number): ElementMark | null {
  const mark = marks[at];
  if (mark?.type === 'element') return mark;
  if (mark?.type !== 'role' || !mark.element || mark.role.role !== 'aggregate') return null;
  return { text: mark.text, type: 'element', element: mark.element };
}

/** Longest name of a unit, in marks. */
const LONGEST_UNIT = 3;

/** How many marks behind a number name the column's unit, or the policy's currency where that is the column's unit. */
export function unitLength(context: Context, of: ColumnOf, marks: readonly Mark[], at: number): number {
  const { unit } = of.column;
  if (unit === null) return 0;
  const { currency } = context;
  return unitNameAt(
    marks,
    at,
    (name) => name === foldUnit(unit) || (currency?.code === unit && currency.names.has(name)),
  );
}

function unitNameAt(marks: readonly Mark[], at: number, isUnit: (name: string) => boolean): number {
  for (let length = LONGEST_UNIT; length > 0; length -= 1) {
    const span = marks.slice(at, at + length);
    if (span.length < length || span.some((mark) => mark.type !== 'proper' && mark.type !== 'unknown')) continue;
    if (isUnit(foldUnit(span.map((mark) => mark.text).join(' ')))) return length;
  }
  return 0;
}

/** "KES 500" as "500 KES", so that a unit always stands behind its number. */
export function putCurrencyBehind(marks: readonly Mark[], currency: Currency | null): readonly Mark[] {
  if (!currency) return marks;
  const moved = [...marks];
  for (let at = 0; at < moved.length; at += 1) {
    const length = moved[at - 1]?.type === 'number' ? 0 : unitNameAt(moved, at, (name) => currency.names.has(name));
    const number = moved[at + length];
    if (length === 0 || number?.type !== 'number') continue;
    moved.splice(at, length + 1, number, ...moved.slice(at, at + length));
    at += length;
  }
  return moved;
}

/** The relation named last before a place, else the first one named; never that of a metric, whose rows nobody named. */
export function subjectBefore(marks: readonly Mark[], at: number): RelationObligation | null {
  for (let index = at - 1; index >= 0; index -= 1) {
    const [relation] = mentionedRelations(marks.slice(index, index + 1));
    if (relation) return relation;
  }
  return mentionedRelations(marks)[0] ?? null;
}

/** The one numeric column of the named relations that has one of some usual names, tried in order. */
export function usualColumn(context: Context, names: readonly string[]): ColumnOf | null {
  for (const name of names) {
    const found = context.mentioned.flatMap((relation) =>
      [...relation.columns.values()]
        .filter(
          (column) =>
            column.mask === null && isNumeric(column.column) && splitIdentifier(column.column.name).join('') === name,
        )
        .map((column) => ({ relation, column })),
    );
    if (found.length === 1) return found[0]!;
  }
  return null;
}

/** Whether a range begins and ends with years: "before 1850", "after 2010", "in 2012". */
export function isOfYears({ from, to }: DateRange): boolean {
  return (from ?? to) !== null && [from, to].every((day) => day === null || day.endsWith('-01-01'));
}

/** A column of whole years. */
export function isYear(of: ColumnOf): boolean {
  const { column } = of.column;
  return column.family === 'year' || (column.family === 'integer' && splitIdentifier(column.name).at(-1) === 'year');
}
