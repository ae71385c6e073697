/** A run of digits. */
export interface DigitGroup {
  readonly digits: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** Most groups of one chain: more is no number that anybody types. */
const MOST_GROUPS = 12;

/** What may stand between the groups of one number: a blank or a sign, with a bracket beside it. */
const BETWEEN = /^(?:[ ./-]|\)[ ./-]?|[ ./-]?\()$/;

/** Every run of digits of a text. */
export function readGroups(text: string): readonly DigitGroup[] {
  return [...text.matchAll(/\d+/g)].map((match) => ({
    digits: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** The groups that may make one number with the group at an index, itself first. */
export function chainFrom(text: string, groups: readonly DigitGroup[], at: number): readonly DigitGroup[] {
  let end = at + 1;
  while (
    end < groups.length &&
    end - at < MOST_GROUPS &&
    BETWEEN.test(text.slice(groups[end - 1]!.end, groups[end]!.start))
  )
    end += 1;
  return groups.slice(at, end);
}

/** Whether a number may begin there: not within a word, a longer number, a date or a reference such as `SO-2025-17`. */
export function mayBegin(text: string, at: number): boolean {
  return !/[\p{L}\p{N}_#]$|[\p{L}\p{N}_][-./,:_]$/u.test(text.slice(Math.max(0, at - 3), at));
}

/** Whether a number may end there. */
export function mayEnd(text: string, at: number): boolean {
  return !/^(?:[\p{L}\p{N}_]|[-./,:_@]\p{N}|[-_@]\p{L}|%)/u.test(text.slice(at, at + 3));
}
