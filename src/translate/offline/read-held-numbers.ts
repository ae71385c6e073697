import { splitIdentifier } from '../words.js';
import { isKey } from './describe-relation.js';
import { isYear, numericColumn } from './filter-reader.js';
import type { Mark } from './mark-words.js';

/**
 * "The average number of passengers", "the total number of hours", "maximum number of floors", where a column holds the number:
 * nothing is counted, the column is averaged, added up or compared.
 */
export function readHeldNumbers(marks: readonly Mark[]): readonly Mark[] {
  return marks.flatMap((mark, at): readonly Mark[] => {
    const role = mark.type === 'role' ? mark.role : null;
    if ((role?.role !== 'count' && role?.role !== 'most') || !holdsNumber(marks[at + 1])) return [mark];
    const before = marks[at - 1];
    if (role.role === 'count') {
      if (before?.type === 'role' && ['aggregate', 'order', 'direction', 'by'].includes(before.role.role)) return [];
      const isSum = /\btotal\b/iu.test(mark.text) || isNumberOf(marks[at + 1]);
      return isSum
        ? [{ text: 'sum of', type: 'role', role: { role: 'aggregate', name: 'SUM', extreme: null } }]
        : [mark];
    }
    if (!/^(?:the )?(?:maximum|minimum|highest|lowest|largest|smallest|greatest|fewest) number of$/iu.test(mark.text))
      return [mark];
    const name = role.descending ? 'MAX' : 'MIN';
    const extreme = role.descending ? 'highest' : 'lowest';
    return [{ text: mark.text, type: 'role', role: { role: 'aggregate', name, extreme } }];
  });
}

/** `room_count`, `number_of_platforms`: how many there are, by the name of the column. */
function isNumberOf(mark: Mark | undefined): boolean {
  return (
    mark?.type === 'element' &&
    mark.element.columns.every((of) =>
      splitIdentifier(of.column.column.name).some((word) => ['count', 'number', 'num', 'cnt', 'total'].includes(word)),
    )
  );
}

/** A name that is of columns alone, all of them numbers that can be added up. */
function holdsNumber(mark: Mark | undefined): boolean {
  if (mark?.type !== 'element') return false;
  const { relations, metrics, columns } = mark.element;
  return (
    relations.length === 0 &&
    metrics.length === 0 &&
    columns.length > 0 &&
    columns.every((of) => numericColumn(of) && !isKey(of.relation, of.column.column) && !isYear(of))
  );
}
