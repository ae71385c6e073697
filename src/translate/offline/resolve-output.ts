import type { RelationObligation, VisibleColumn } from '../../policy/view.js';
import { splitIdentifier } from '../words.js';
import { type Context, nameInWords, reaches, resolveColumn } from './context.js';
import {
  isAmount,
  isKey,
  isNumeric,
  isTextual,
  keyColumn,
  labelColumns,
  measureColumn,
  wholeKey,
} from './describe-relation.js';
import type { GroupAsked } from './draft.js';
import { isYear } from './filter-reader.js';
import { periodColumn } from './finish-plan.js';
import type { ColumnOf } from './lexicon.js';
import { NotUnderstood } from './not-understood.js';
import type { Key, Output } from './plan.js';
import type { Item } from './read-items.js';

/** Columns by which a relation's rows are shown and grouped: its label, else its key. */
export function shown(relation: RelationObligation): readonly VisibleColumn[] {
  const labels = labelColumns(relation);
  if (labels.length > 0) return labels;
  const key = keyColumn(relation);
  if (key) return [key];
  throw new NotUnderstood(`I do not know how to name each of ${nameInWords(relation.relation.name)}.`);
}

/** Columns of a relation as outputs. */
export function columnsOf(relation: RelationObligation, columns: readonly VisibleColumn[]): readonly Key[] {
  return columns.map((column): Key => ({ kind: 'column', of: { relation, column } }));
}

/** Its label as outputs; empty (all columns) where it has none. */
export function labelOutputs(relation: RelationObligation): readonly Key[] {
  return columnsOf(relation, labelColumns(relation));
}

/** What a grouping shows and what it groups by: a relation by its whole key beside its label. */
export function groupKeys(
  context: Context,
  fact: RelationObligation,
  asked: GroupAsked,
  grouped: readonly RelationObligation[],
): { readonly outputs: readonly Key[]; readonly keys: readonly Key[] } {
  if ('unit' in asked) {
    const of = periodColumn(context, fact, grouped, asked.unit === 'year', null);
    const key: Key = isYear(of) ? { kind: 'column', of } : { kind: 'period', of, unit: asked.unit };
    return { outputs: [key], keys: [key] };
  }
  const relation = asked.element.relations.length === 1 ? asked.element.relations[0]! : null;
  const own = asked.element.columns.filter((each) => each.relation === fact);
  if (
    relation &&
    relation !== fact &&
    reaches(context, fact, relation) &&
    !(own.length === 1 && own[0]!.column.column.family === 'text')
  ) {
    const outputs = columnsOf(relation, shown(relation));
    const key = columnsOf(relation, wholeKey(relation) ?? []);
    const extra = key.filter((each) => outputs.every((output) => output.of.column !== each.of.column));
    return { outputs, keys: [...extra, ...outputs] };
  }
  const of = resolveColumn(context, asked.element, asked.text, () => true, fact);
  if (!of) throw new NotUnderstood(`I cannot group ${nameInWords(fact.relation.name)} by "${asked.text}".`);
  const key: Key = { kind: 'column', of };
  return { outputs: [key], keys: [key] };
}

/** An item as an output and the relation whose rows it is about. */
export function outputOf(
  context: Context,
  item: Item,
  subjects: readonly RelationObligation[],
): { readonly output: Output; readonly fact: RelationObligation } {
  if (item.kind === 'metric')
    return { output: { kind: 'metric', of: null, figure: item.figure }, fact: item.figure.relation };
  const near = item.kind === 'count' ? null : (item.owner ?? (subjects.length === 1 ? subjects[0]! : null));
  const relation = item.element.relations.length === 1 ? item.element.relations[0]! : null;
  switch (item.kind) {
    case 'count': {
      if (relation && !item.distinct)
        return { output: { kind: 'aggregate', name: 'COUNT', of: null, distinct: false }, fact: relation };
      if (!item.distinct)
        throw new NotUnderstood(
          `Do you mean how many different values "${item.text}" has? Then say "how many different ${item.text}".`,
        );
      // "How many different orders": rows are different, unless the word is a column of what is asked about.
      const isColumn = relation === null || item.element.columns.some((each) => subjects.includes(each.relation));
      const of = isColumn
        ? resolveColumn(context, item.element, item.text, () => true, subjects.length === 1 ? subjects[0]! : null)
        : null;
      if (!of) {
        if (relation)
          return { output: { kind: 'aggregate', name: 'COUNT', of: null, distinct: false }, fact: relation };
        throw new NotUnderstood(`I do not know what "${item.text}" means here.`);
      }
      return { output: { kind: 'aggregate', name: 'COUNT', of, distinct: true }, fact: of.relation };
    }
    case 'aggregate': {
      const fits = (of: ColumnOf) =>
        of.column.mask === null &&
        (((item.name === 'MIN' || item.name === 'MAX') && hasExtent(of)) ||
          (isNumeric(of.column.column) && !isKey(of.relation, of.column.column)));
      const of =
        relation && item.element.columns.every((each) => each.relation !== near)
          ? measureOf(relation, item)
          : resolveColumn(context, item.element, item.text, fits, near);
      if (!of) throw new NotUnderstood(`"${item.text}" is nothing that has ${EXTENTS[item.name]}.`);
      return { output: { kind: 'aggregate', name: item.name, of, distinct: false }, fact: of.relation };
    }
    case 'column': {
      const of = resolveColumn(context, item.element, item.text, () => true, near);
      // "Names of festivals" are no names of artworks, though only those have any.
      const isPlainWord = /^(?:names?|ids?)$/iu.test(item.text);
      const isTheirs = item.owner === null || !isPlainWord || (of && reaches(context, item.owner, of.relation));
      if (!of || !isTheirs) throw new NotUnderstood(`I do not know what "${item.text}" means here.`);
      return { output: { kind: 'column', of }, fact: of.relation };
    }
  }
}

/** Words of columns that hold numbers, though they are declared as text. */
const COUNTED: ReadonlySet<string> = new Set(
  'amount code cost count number percent percentage price quantity range rate score size total'.split(' '),
);

/** Whether "the largest" of a column says something: of capitals it is not the one that sorts last. */
function hasExtent({ column: { column } }: ColumnOf): boolean {
  return !isTextual(column) || splitIdentifier(column.name).some((word) => COUNTED.has(word));
}

/** What a column would have to have, by the word for it. */
const EXTENTS = { SUM: 'a total', AVG: 'an average', MIN: 'a lowest', MAX: 'a highest', COUNT: 'a number' } as const;

function measureOf(relation: RelationObligation, item: Extract<Item, { kind: 'aggregate' }>): ColumnOf {
  const column = measureColumn(relation);
  const name = nameInWords(relation.relation.name);
  if (!column) throw new NotUnderstood(`I cannot tell which number of ${name} is meant by "${item.text}".`);
  if (item.name === 'SUM' && !item.explicit && !isAmount(relation)) {
    throw new NotUnderstood(`"Total ${name}" may mean their number or a sum. Say which.`, [
      `How many ${name} are there?`,
      `What is the sum of ${nameInWords(column.column.name)} of ${name}?`,
    ]);
  }
  return { relation, column };
}
