import type { CompiledMetric } from '../../policy/compile-metric.js';
import type { PrincipalView, RelationObligation, VisibleColumn } from '../../policy/view.js';
import { foldName } from '../../sql/fold-name.js';
import { foldWord, singular, splitIdentifier, splitWords, type Word } from '../words.js';
import {
  columnWords,
  FIRST_NAMES,
  keyColumn,
  LAST_NAMES,
  labelColumns,
  writeOut,
  writeOutOwn,
} from './describe-relation.js';
import { createSpeller } from './speller.js';

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
  /** True where the phrase is only a part of a column's name: any other meaning of it comes first. */
  readonly partial?: boolean;
  readonly relations: readonly RelationObligation[];
  readonly columns: readonly ColumnOf[];
  /** Columns of which the phrase is a part of the name, for where it is said whose they are. */
  readonly parts?: readonly ColumnOf[];
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
  const parts: Parts = new Map();
  const slot = (key: string) => {
    const found = strong.get(key) ?? { relations: new Set<RelationObligation>(), columns: [], metrics: [] };
    strong.set(key, found);
    return found;
  };
  for (const relation of view.relations.values()) {
    const called = relationWords(relation);
    const names = [called, ...relation.synonyms.map(phraseWords)];
    slot(writeOut(called).join('')).relations.add(relation);
    slot(splitIdentifier(relation.relation.name).join('')).relations.add(relation);
    for (const name of names) slot(name.join('')).relations.add(relation);
    const own = names[0]!;
    const last = own.length > 1 ? [own[own.length - 1]!] : [];
    for (const word of new Set([...last, ...keyWord(relation, own), withoutTail(own).join('')]))
      weak.set(word, (weak.get(word) ?? new Set()).add(relation));
    for (const column of relation.columns.values()) addColumn(slot, relation, names, column);
    for (const column of relation.columns.values()) addParts(parts, relation, column);
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
      return {
        relations: [...found.relations],
        columns: found.columns,
        metrics: found.metrics,
        ...(parts.has(key) ? { parts: parts.get(key)! } : {}),
      };
    const last = weak.get(key);
    if (last?.size === 1) return { relations: [...last], columns: [], metrics: [] };
    const part = parts.get(key);
    if (part) return { relations: [], columns: part, metrics: [], partial: true };
    const everyday = (EVERYDAY.get(key) ?? []).flatMap((word) => [...(strong.get(word)?.relations ?? [])]);
    return everyday.length === 1 ? { relations: everyday, columns: [], metrics: [] } : null;
  };
  const spell = createSpeller(view);
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
        const keys = span.map((word) => (word.kind === 'word' ? splitIdentifier(word.folded).join('') : word.folded));
        const element = lookupAny(keys, lookup) ?? lookupSpelled(keys, lookup, spell);
        if (element) return { element, length };
      }
      return null;
    },
  };
}

/** "Counties" of `county_public_safety`, whose key is a county's. */
function keyWord(relation: RelationObligation, own: readonly string[]): readonly string[] {
  const key = keyColumn(relation);
  const words = key ? splitIdentifier(key.column.name) : [];
  return words.length === 2 && words[0] === own[0] && own.length > 1 ? [own[0]!] : [];
}

/** Words before a relation's name that say what kind of table it is: `ref_colors`, `tbl_users`. */
const TABLE_WORDS: ReadonlySet<string> = new Set(['ref', 'tbl', 'dim', 'fact', 'lkp']);

/** Words at the end of a relation's name that say no more: `festival_detail`, `useracct`. */
const TAILS = ['detail', 'data', 'table', 'list', 'acct', 'master'];

function withoutTail(words: readonly string[]): readonly string[] {
  const last = words.at(-1)!;
  if (words.length > 1) return TAILS.includes(last) ? words.slice(0, -1) : words;
  const tail = TAILS.find((each) => last.endsWith(each) && last.length >= each.length + 4);
  return tail === undefined ? words : [last.slice(0, -tail.length)];
}

function relationWords(relation: RelationObligation): readonly string[] {
  const words = splitIdentifier(relation.relation.name);
  return words.length > 1 && TABLE_WORDS.has(words[0]!) ? words.slice(1) : words;
}

type Lookup = (key: string) => Element | null;

function lookupAny(keys: readonly string[], lookup: Lookup): Element | null {
  return lookup(keys.join('')) ?? lookupTurned(keys, lookup) ?? lookupShort(keys, lookup);
}

function lookupSpelled(keys: readonly string[], lookup: Lookup, spell: (word: string) => string): Element | null {
  const spelled = keys.map(spell);
  return spelled.some((key, at) => key !== keys[at]) ? lookupAny(spelled, lookup) : null;
}

/** "date of birth" is a birth date, "type of bed" a bed type: where a column is called so. */
function lookupTurned(keys: readonly string[], lookup: Lookup): Element | null {
  const of = keys.indexOf('of');
  if (of < 1 || of !== keys.lastIndexOf('of') || of === keys.length - 1) return null;
  const tail = keys.slice(of + 1);
  // "names of accounts" are of the rows of a table, which the question names so.
  if ((lookup(tail.join(''))?.relations.length ?? 0) > 0) return null;
  const found = lookup([...tail, ...keys.slice(0, of)].join(''));
  return found && found.relations.length === 0 ? found : null;
}

/** "phone number", "city name": a last word that says what kind of thing a column holds. */
function lookupShort(keys: readonly string[], lookup: Lookup): Element | null {
  if (keys.length < 2 || !KIND_WORDS.has(keys.at(-1)!)) return null;
  const found = lookup(keys.slice(0, -1).join(''));
  return found && found.relations.length === 0 && found.columns.length > 0 ? found : null;
}

/** Words at the end of a column's name, or of what people call it, that say what kind of thing it holds. */
const KIND_WORDS: ReadonlySet<string> = new Set([
  'number',
  'code',
  'name',
  'address',
  'value',
  'text',
  'detail',
  'score',
  'percentage',
  'level',
]);

/** Columns by a part of their names, for phrases that name nothing else. */
type Parts = Map<string, ColumnOf[]>;

const PREPOSITIONS: ReadonlySet<string> = new Set(['in', 'of', 'at', 'on', 'by', 'from', 'to', 'for', 'with']);

/** Parts of names that stand for more than a column. */
const NO_NAMES: ReadonlySet<string> = new Set(['id', 'first', 'last']);

/** `customer_type_code` may be called "customer type" or "type code", `email_address` "email"; `active_from_date` "active date". */
function addParts(parts: Parts, relation: RelationObligation, column: VisibleColumn): void {
  const words = writeOut(columnWords(relation, column.column.name));
  const keys = new Set<string>();
  for (let cut = 1; cut < words.length; cut += 1) {
    keys.add(words.slice(cut).join(''));
    // `product_in_event_id`: nobody calls it "product in".
    if (!PREPOSITIONS.has(words.at(-cut - 1)!)) keys.add(words.slice(0, -cut).join(''));
  }
  if (words.length > 2) keys.add(words[0]! + words.at(-1)!);
  for (const key of keys) {
    if ((KIND_WORDS.has(key) && key !== 'detail') || NO_NAMES.has(key)) continue;
    parts.set(key, [...(parts.get(key) ?? []), { relation, column }]);
  }
}

type Slot = (key: string) => { readonly relations: Set<RelationObligation>; readonly columns: ColumnOf[] };

function addColumn(
  slot: Slot,
  relation: RelationObligation,
  names: readonly (readonly string[])[],
  column: VisibleColumn,
): void {
  const words = splitIdentifier(column.column.name);
  const own = columnWords(relation, column.column.name);
  const keys = new Set([words, own, writeOut(own), writeOutOwn(relation, words)].map((each) => each.join('')));
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
    [...relation.columns.values()].map((column) => [columnWords(relation, column.column.name).join(''), column]),
  );
  const oneOf = (keys: readonly string[]) => keys.flatMap((key) => words.get(key) ?? []).slice(0, 1);
  const labels = labelColumns(relation);
  const usual: readonly (readonly [string, readonly VisibleColumn[]])[] = [
    ['id', idColumns(relation)],
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

/** The key; where that is a name, the one column that is called an id. */
function idColumns(relation: RelationObligation): readonly VisibleColumn[] {
  const key = keyColumn(relation);
  const called = [...relation.columns.values()].filter(({ column }) => splitIdentifier(column.name).at(-1) === 'id');
  if (key && splitIdentifier(key.column.name).at(-1) === 'name' && called.length === 1) return called;
  return key ? [key] : [];
}

function phraseWords(phrase: string): readonly string[] {
  return splitWords(phrase).words.map((word) => singular(foldWord(word.text)));
}
