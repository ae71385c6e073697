import type { Mark, PlacedMark } from '../offline/mark-words.js';
import type { Role } from '../offline/phrases.js';

/** How a text is read, mark by mark, with places. */
export type Marker = (text: string) => readonly PlacedMark[];

/** A question that is being changed: its text and how that is read. */
export interface EditedText {
  readonly text: string;
  readonly marks: readonly PlacedMark[];
}

/** Part of a text, by places. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** What a mark does in a question; null for what names something. */
export function roleOf(placed: { readonly mark: Mark } | undefined): Role['role'] | null {
  return placed?.mark.type === 'role' ? placed.mark.role.role : null;
}

/** Whether a mark does one of these. */
export function isRole(placed: { readonly mark: Mark } | undefined, ...roles: readonly Role['role'][]): boolean {
  const role = roleOf(placed);
  return role !== null && roles.includes(role);
}

/** The text without the mark of its end, and how it is read. */
export function openText(text: string, marker: Marker): EditedText {
  const bare = text.normalize('NFKC').replace(/[\s?.!]+$/u, '');
  return { text: bare, marks: marker(bare) };
}

/** The text with another in the place of a part; no blank stands twice. */
export function replacePart({ text }: EditedText, { start, end }: Part, by: string): string {
  return `${text.slice(0, start)} ${by} ${text.slice(end)}`
    .replace(/\s+/g, ' ')
    .replace(/ ([,;:])/g, '$1')
    .trim();
}

/** The text with another before a place. */
export function insertAt(edited: EditedText, at: number, inserted: string): string {
  return replacePart(edited, { start: at, end: at }, inserted);
}

/** The text with another behind it. */
export function append({ text }: EditedText, behind: string): string {
  return `${text} ${behind}`;
}

/** What a question asks for: the first table or figure that it names. */
export function headOf({ marks }: EditedText): PlacedMark | null {
  const names = (each: PlacedMark) =>
    each.mark.type === 'element' && (each.mark.element.relations.length === 1 || isFigure(each.mark));
  return marks.find(names) ?? null;
}

/** Whether it names a figure of the data owner’s and no table. */
export function isFigure(mark: Mark): boolean {
  return mark.type === 'element' && mark.element.relations.length === 0 && mark.element.metrics.length > 0;
}

/** "top 5 …", "the most expensive …", "… with the highest …": what is asked for is ranked already. */
export function isRanked({ marks }: EditedText): boolean {
  return marks.some(
    (each) =>
      isRole(each, 'top', 'superlative', 'most') ||
      (each.mark.type === 'role' &&
        each.mark.role.role === 'aggregate' &&
        each.mark.role.extreme !== null &&
        marks.some((other) => isRole(other, 'list') && /^(?:which|who)\b/iu.test(other.mark.text))),
  );
}

/** `by month`, `per branch and status`, `monthly`: the groups of a text, as its parts. */
export function groupParts({ marks }: EditedText): readonly (Part & { readonly of: readonly PlacedMark[] })[] {
  const parts: (Part & { of: PlacedMark[] })[] = [];
  for (let at = 0; at < marks.length; at += 1) {
    const first = marks[at]!;
    if (isRole(first, 'periodic')) {
      parts.push({ start: first.start, end: first.end, of: [first] });
      continue;
    }
    if (!isRole(first, 'each', 'by') || isRole(marks[at - 1], 'order')) continue;
    let next = isRole(first, 'by') && isRole(marks[at + 1], 'each') ? at + 2 : at + 1;
    const of: PlacedMark[] = [];
    while (marks[next]?.mark.type === 'element' || isRole(marks[next], 'time')) {
      of.push(marks[next]!);
      const more =
        isRole(marks[next + 1], 'and') && (marks[next + 2]?.mark.type === 'element' || isRole(marks[next + 2], 'time'));
      next += more ? 2 : 1;
      if (!more) break;
    }
    const last = of.at(-1);
    if (!last) continue;
    parts.push({ start: first.start, end: last.end, of });
    at = next - 1;
  }
  return parts;
}

/** `ordered by price descending`: the order of a text; null where it states none. */
export function orderPart({ marks }: EditedText): Part | null {
  const at = marks.findIndex((each) => isRole(each, 'order', 'direction'));
  if (at < 0) return null;
  let end = at;
  const goesOn = (each: PlacedMark | undefined) =>
    each !== undefined &&
    (each.mark.type === 'element' || isRole(each, 'order', 'direction', 'by', 'of', 'noise', 'and'));
  while (goesOn(marks[end + 1])) end += 1;
  while (isRole(marks[end], 'and', 'of', 'by', 'noise')) end -= 1;
  return { start: marks[at]!.start, end: marks[Math.max(at, end)]!.end };
}
