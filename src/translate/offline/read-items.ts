import type { RelationObligation } from '../../policy/view.js';
import { metricFor, metricOf } from './context.js';
import type { Draft } from './draft.js';
import type { Element, MetricOf } from './lexicon.js';
import { type ElementMark, type Mark, ofMark } from './mark-words.js';
import { NotUnderstood } from './not-understood.js';
import type { AggregateName } from './operators.js';
import { roleOf as role } from './shape-reader.js';

/** One thing that the question asks to see. */
export type Item =
  | { readonly kind: 'count'; readonly element: Element; readonly text: string; readonly distinct: boolean }
  | {
      readonly kind: 'aggregate';
      /** "total of", "sum": cannot be a count. */
      readonly explicit: boolean;
      readonly name: AggregateName;
      readonly element: Element;
      readonly text: string;
      readonly owner: RelationObligation | null;
    }
  | { readonly kind: 'metric'; readonly element: Element; readonly text: string; readonly figure: MetricOf }
  | {
      readonly kind: 'column';
      readonly element: Element;
      readonly text: string;
      readonly owner: RelationObligation | null;
    };

export interface Asked {
  readonly items: readonly Item[];
  /** Relations named as what the items are of, or listed by themselves. */
  readonly subjects: readonly RelationObligation[];
  /** "Which branches …" asks for their names, "list the branches" for all that is known of them. */
  readonly namesOnly: boolean;
}

/** Roles that carry nothing by now. */
const EMPTY = new Set(['noise', 'list', 'is', 'verb', 'own']);

/**
 * Reads what is left of a question when conditions, order and grouping are out: the outputs and what they are of, by the
 * grammar `item (and item)* (of relation)?`. Every mark must have its place.
 *
 * @throws NotUnderstood naming the first word that has none
 */
export function readItems(marks: readonly Mark[], draft: Draft): Asked {
  const first = marks[0];
  if (asksForDoer(marks))
    throw new NotUnderstood('I cannot tell who that is; ask for the names of those who are meant.');
  const left = trim(behindAsked(marks).filter((mark) => !(mark.type === 'role' && EMPTY.has(mark.role.role))));
  const asked = first?.type === 'role' && first.role.role === 'list' ? first.text : '';
  // "What are my orders?" is asked by somebody who wants to see them.
  const namesOnly = /^(?:which|who)\b/iu.test(asked) || (/^what\b/iu.test(asked) && !draft.own);
  return { ...new ItemReader(left, draft).read(), namesOnly };
}

/** "Who made the latest order?": whoever did it is named nowhere. */
function asksForDoer([first, second]: readonly Mark[]): boolean {
  return first?.type === 'role' && /^who$/iu.test(first.text) && second?.type === 'role' && second.role.role === 'verb';
}

/** "Which schools have …? Give me their locations.": the second sentence says what of the first is shown. */
function behindAsked(marks: readonly Mark[]): readonly Mark[] {
  const isList = (mark: Mark | undefined) => role(mark)?.role === 'list';
  const cut = marks.findIndex(
    (mark, at) => at > 0 && mark.text === ',' && isList(marks[at + 1]) && /^[A-Z]/.test(marks[at + 1]!.text),
  );
  if (cut < 0) return marks;
  const [asked, told] = [marks.slice(0, cut), marks.slice(cut + 1)];
  const named = asked.filter((mark) => !(mark.type === 'role' && EMPTY.has(mark.role.role)));
  const [only, another] = named;
  const isSubject = only?.type === 'element' && only.element.relations.length === 1 && !another;
  if (!isSubject || !told.some((mark) => mark.type === 'element')) return marks;
  return [...told, ofMark(), only];
}

/** Connectors that lead nowhere once their condition is out. */
function trim(marks: readonly Mark[]): readonly Mark[] {
  const connects = (mark: Mark | undefined) => ['and', 'of', 'with'].includes(role(mark)?.role ?? '');
  let start = 0;
  let end = marks.length;
  while (start < end && connects(marks[start])) start += 1;
  while (end > start && connects(marks[end - 1])) end -= 1;
  return marks
    .slice(start, end)
    .filter((mark, index, all) => !(connects(mark) && connects(all[index + 1]) && role(mark)?.role !== 'and'));
}

class ItemReader {
  readonly #marks: readonly Mark[];
  readonly #draft: Draft;
  readonly #items: Item[] = [];
  readonly #subjects: RelationObligation[] = [];
  #at = 0;

  constructor(marks: readonly Mark[], draft: Draft) {
    this.#marks = marks;
    this.#draft = draft;
  }

  read(): Omit<Asked, 'namesOnly'> {
    while (this.#at < this.#marks.length) {
      // What is not led to by "and" or "of" belongs to something that was not understood.
      const isLed = this.#at === 0 || role(this.#marks[this.#at - 1])?.role === 'and';
      if (!isLed && !this.#isFurtherColumn()) throw this.#lost(this.#peek());
      this.#item();
      while (role(this.#peek())?.role === 'and') this.#at += 1;
    }
    return { items: this.#items, subjects: [...new Set(this.#subjects)] };
  }

  #peek(ahead = 0): Mark | undefined {
    return this.#marks[this.#at + ahead];
  }

  #element(): ElementMark {
    const mark = this.#peek();
    if (mark?.type !== 'element') throw this.#lost(mark);
    this.#at += 1;
    return mark;
  }

  #distinct(): boolean {
    const found = role(this.#peek())?.role === 'distinct';
    if (found) this.#at += 1;
    return found;
  }

  #item(): void {
    if (this.#distinct()) this.#draft.distinct = true;
    const first = role(this.#peek());
    if (first?.role === 'count') this.#count();
    else if (first?.role === 'aggregate') this.#aggregates();
    else this.#plain();
  }

  #plain(): void {
    const mark = this.#element();
    const next = this.#peek();
    // Where a table is called so too, it is the table that is listed.
    const figure = mark.element.relations.length === 0 ? metricOf(mark.element, mark.text) : null;
    if (figure) {
      this.#items.push({ kind: 'metric', element: mark.element, text: mark.text, figure });
      this.#owner(this.#items.length);
      return;
    }
    // "customers name": a relation that stands right before its own column.
    if (
      mark.element.relations.length === 1 &&
      next?.type === 'element' &&
      next.element.columns.some((each) => each.relation === mark.element.relations[0])
    ) {
      this.#at += 1;
      const owner = mark.element.relations[0]!;
      this.#items.push({ kind: 'column', element: next.element, text: next.text, owner });
      // "customers' names, ids and …": of the same customers.
      const isOwn = (more: Mark | undefined) =>
        more?.type === 'element' &&
        more.element.relations.length === 0 &&
        more.element.columns.some((each) => each.relation === owner);
      while (role(this.#peek())?.role === 'and' && isOwn(this.#peek(1)) && role(this.#peek(2))?.role !== 'of') {
        this.#at += 1;
        const more = this.#element();
        this.#items.push({ kind: 'column', element: more.element, text: more.text, owner });
      }
      return;
    }
    const describes = role(next)?.role === 'of' || role(next)?.role === 'and' || this.#items.length > 0;
    if (mark.element.relations.length === 1 && (mark.element.columns.length === 0 || !describes)) {
      if (this.#items.length > 0 || this.#subjects.length > 0 || next?.type === 'element') throw this.#lost(mark);
      this.#subjects.push(mark.element.relations[0]!);
      this.#owner(this.#items.length);
      return;
    }
    const start = this.#items.length;
    this.#items.push({ kind: 'column', element: mark.element, text: mark.text, owner: null });
    while (role(this.#peek())?.role === 'and' && this.#isColumn(this.#peek(1)) && !this.#ownColumn(1)) {
      this.#at += 1;
      const more = this.#element();
      this.#items.push({ kind: 'column', element: more.element, text: more.text, owner: null });
    }
    this.#owner(start);
  }

  /** "First name middle name and last name": of the same rows, though no comma stands between them. */
  #isFurtherColumn(): boolean {
    const mark = this.#peek();
    const last = this.#items.at(-1);
    if (mark?.type !== 'element' || mark.element.relations.length > 0 || last?.kind !== 'column') return false;
    if (role(this.#peek(1))?.role !== 'and') return false;
    const { element } = mark;
    return last.element.columns.some((one) => element.columns.some((other) => one.relation === other.relation));
  }

  /** "Institution name": a relation that stands right before its own column. */
  #ownColumn(ahead: number): boolean {
    const [mark, next] = [this.#peek(ahead), this.#peek(ahead + 1)];
    if (mark?.type !== 'element' || mark.element.relations.length !== 1 || next?.type !== 'element') return false;
    return next.element.columns.some((each) => each.relation === mark.element.relations[0]);
  }

  #isColumn(mark: Mark | undefined): boolean {
    return mark?.type === 'element' && mark.element.columns.length + mark.element.metrics.length > 0;
  }

  #count(): void {
    this.#at += 1;
    const distinct = this.#distinct();
    const mark = this.#element();
    const owner = this.#peek();
    // "how many different cities do customers come from"
    if (
      distinct &&
      owner?.type === 'element' &&
      owner.element.relations.length === 1 &&
      mark.element.columns.some((each) => each.relation === owner.element.relations[0])
    ) {
      this.#subjects.push(owner.element.relations[0]!);
      this.#at += 1;
    }
    // "movie ratings": what is counted is the last of several names, and the others would be left over.
    if (this.#peek()?.type === 'element') throw this.#lost(mark);
    this.#items.push({ kind: 'count', element: mark.element, text: mark.text, distinct });
    this.#owner(this.#items.length);
  }

  #aggregates(): void {
    const names: AggregateName[] = [];
    let explicit = false;
    for (let found = role(this.#peek()); found?.role === 'aggregate'; found = role(this.#peek())) {
      names.push(found.name);
      explicit ||= /\b(?:of|sum|much)\b/iu.test(this.#peek()!.text);
      this.#at += 1;
      if (role(this.#peek())?.role === 'and' && role(this.#peek(1))?.role === 'aggregate') this.#at += 1;
      else break;
    }
    if (role(this.#peek())?.role === 'of') {
      explicit = true;
      this.#at += 1;
    }
    if (role(this.#peek())?.role === 'aggregate') throw this.#lost(this.#peek());
    const elements = [this.#element()];
    while (role(this.#peek())?.role === 'and' && this.#isColumn(this.#peek(1))) {
      this.#at += 1;
      elements.push(this.#element());
    }
    const start = this.#items.length;
    for (const each of elements) {
      for (const name of names) {
        const { element, text } = each;
        const figure = metricFor(element, text, name);
        if (figure) this.#items.push({ kind: 'metric', element, text, figure });
        else this.#items.push({ kind: 'aggregate', explicit, name, element, text, owner: null });
      }
    }
    this.#owner(start);
  }

  /** `of relation` (or `in`, `for` …) behind items from `start` on; also a relation right behind them ("names, customers"). */
  #owner(start: number): void {
    while (role(this.#peek())?.role === 'of') {
      const next = this.#peek(1);
      // "names of distinct products": no name twice.
      if (next?.type === 'role' && next.role.role === 'distinct') {
        this.#draft.distinct = true;
        this.#at += 1;
      }
      const target = this.#marks[this.#at + 1];
      if (target?.type !== 'element' || target.element.relations.length !== 1) throw this.#lost(target ?? this.#peek());
      const owner = target.element.relations[0]!;
      this.#subjects.push(owner);
      this.#at += 2;
      for (let index = start; index < this.#items.length; index += 1) {
        const item = this.#items[index]!;
        if (item.kind !== 'count' && item.kind !== 'metric' && item.owner === null)
          this.#items[index] = { ...item, owner };
      }
    }
  }

  #lost(mark: Mark | undefined): NotUnderstood {
    if (!mark) return new NotUnderstood('I do not understand what is asked for.');
    // A word that means nothing explains more than the grammar around it.
    const foreign = this.#marks.find(
      (each) => each.type === 'unknown' || each.type === 'proper' || each.type === 'quoted',
    );
    if (foreign) return new NotUnderstood(`I do not know what "${foreign.text}" means here.`);
    return new NotUnderstood(`I do not know what "${mark.text}" means here.`);
  }
}
