import type { CompiledMetric } from '../../policy/compile-metric.js';
import type { PrincipalView, RelationObligation, VisibleColumn } from '../../policy/view.js';
import { foldName } from '../../sql/fold-name.js';
import { foldWord, singular, splitIdentifier, splitWords, type Word } from '../words.js';
import { FIRST_NAMES, keyColumn, LAST_NAMES, labelColumns } from './describe-relation.js';

/** A visible column and the relation that it belongs to. */
export interface ColumnOf {
  readonly relation: RelationObligation;
  readonly column: VisibleColumn;
}

/** A metric and the relation that it is over. */
export interface MetricOf {
  readonly relation: RelationObligation;
  readonly metric: CompiledMetric;
}

/** What a phrase may mean: relations, columns, metrics, or several of them. */
export interface Element {
  readonly relations: readonly RelationObligation[];
  readonly columns: readonly ColumnOf[];
  readonly metrics: readonly MetricOf[];
}

/** Names of the visible schema, by phrase. */
export interface Lexicon {
  /** The longest phrase at `words[at]` that names something; null where none does. */
  find(words: readonly Word[], at: number): { readonly element: Element; readonly length: number } | null;
}

/** Longest phrase looked up, in words. */
const MAX_PHRASE = 6;

/** Everyday words for common table names, used only where no visible name, synonym or column is called so. */
const EVERYDAY: ReadonlyMap<string, readonly string[]> = new Map([
  ['client', ['customer']],
  ['buyer', ['customer']],
  ['purchase', ['order']],
  ['worker', ['employee', 'staff']],
  ['staff', ['employee']],
  ['employee', ['staff']],
  ['shop', ['branch', 'store']],
  ['store', ['branch', 'shop']],
  ['ticket', ['supportticket']],
  ['item', ['product', 'orderitem']],
  ['bill', ['invoice']],
]);

/**
 * Collects every name by which the visible relations and columns may be called: their own names word by word (singular,
 * folded, so that `customerName`, `customer_name` and "customer names" are the same), the policy's synonyms, columns
 * without or with their relation's name in front, the last word of longer relation names where that is unique, and the
 * metrics by name and synonyms.
 *
 * @param metrics those that the principal of the view may use
 */
export function buildLexicon(view: PrincipalView, metrics: readonly CompiledMetric[]): Lexicon {
  const strong = new Map<string, { relations: Set<RelationObligation>; columns: ColumnOf[]; metrics: MetricOf[] }>();
  const weak = new Map<string, Set<RelationObligation>>();
  const slot = (key: string) => {
    const found = strong.get(key) ?? { relations: new Set<RelationObligation>(), columns: [], metrics: [] };
    strong.set(key, found);
    return found;
  };
  for (const relation of view.relations.values()) {
    const names = [splitIdentifier(relation.relation.name), ...relation.synonyms.map(phraseWords)];
    for (const name of names) slot(name.join('')).relations.add(relation);
    const own = names[0]!;
    if (own.length > 1) {
      const last = own[own.length - 1]!;
      weak.set(last, (weak.get(last) ?? new Set()).add(relation));
    }
    for (const column of relation.columns.values()) addColumn(slot, relation, names, column);
  }
  for (const relation of view.relations.values()) addUsualNames(slot, relation);
  for (const metric of metrics) {
    const relation = view.relations.get(foldName(metric.relation));
    if (!relation) continue;
    const keys = new Set(
      [splitIdentifier(metric.name), ...metric.synonyms.map(phraseWords)].map((key) => key.join('')),
    );
    for (const key of keys) slot(key).metrics.push({ relation, metric });
  }
  const lookup = (key: string): Element | null => {
    const found = strong.get(key);
    if (found && found.relations.size + found.columns.length + found.metrics.length > 0)
      return { relations: [...found.relations], columns: found.columns, metrics: found.metrics };
    const last = weak.get(key);
    if (last?.size === 1) return { relations: [...last], columns: [], metrics: [] };
    const everyday = (EVERYDAY.get(key) ?? []).flatMap((word) => [...(strong.get(word)?.relations ?? [])]);
    return everyday.length === 1 ? { relations: everyday, columns: [], metrics: [] } : null;
  };
  return {
    find(words, at) {
      for (let length = Math.min(MAX_PHRASE, words.length - at); length > 0; length -= 1) {
        const span = words.slice(at, at + length);
        if (
          span.some(
            (word, index) =>
              word.kind === 'quoted' || (index > 0 && word.afterComma) || (index === 0 && word.kind === 'number'),
          )
        )
          continue;
        const element = lookup(
          span.map((word) => (word.kind === 'word' ? splitIdentifier(word.folded).join('') : word.folded)).join(''),
        );
        if (element) return { element, length };
      }
      return null;
    },
  };
}

type Slot = (key: string) => { readonly relations: Set<RelationObligation>; readonly columns: ColumnOf[] };

function addColumn(
  slot: Slot,
  relation: RelationObligation,
  names: readonly (readonly string[])[],
  column: VisibleColumn,
): void {
  const words = splitIdentifier(column.column.name);
  const keys = new Set([words.join('')]);
  for (const name of names) {
    // `customer_name` of customers is its "name"; `total` of orders is the "order total".
    const starts = name.length < words.length && name.every((word, index) => word === words[index]);
    const last = name[name.length - 1]!;
    if (starts) keys.add(words.slice(name.length).join(''));
    else if (words.length > 1 && words[0] === last) keys.add(words.slice(1).join(''));
    keys.add([...name, ...words].join(''));
    if (name.length > 1) keys.add([last, ...words].join(''));
  }
  for (const key of keys) {
    const { columns } = slot(key);
    if (!columns.some((each) => each.column === column)) columns.push({ relation, column });
  }
}

/** "id", "name", "first name" and "last name" mean a relation's key and label also where the columns are called otherwise. */
function addUsualNames(slot: Slot, relation: RelationObligation): void {
  const words = new Map(
    [...relation.columns.values()].map((column) => [splitIdentifier(column.column.name).join(''), column]),
  );
  const oneOf = (keys: readonly string[]) => keys.flatMap((key) => words.get(key) ?? []).slice(0, 1);
  const labels = labelColumns(relation);
  const usual: readonly (readonly [string, readonly VisibleColumn[]])[] = [
    ['id', [keyColumn(relation)].flatMap((column) => column ?? [])],
    ['name', labels.length === 1 ? labels : []],
    ['firstname', oneOf(FIRST_NAMES)],
    ['lastname', oneOf(LAST_NAMES)],
  ];
  for (const [key, columns] of usual) {
    const entry = slot(key).columns;
    if (entry.some((each) => each.relation === relation)) continue;
    for (const column of columns) entry.push({ relation, column });
  }
}

function phraseWords(phrase: string): readonly string[] {
  return splitWords(phrase).words.map((word) => singular(foldWord(word.text)));
}
