import type { CompiledMetric } from '../../policy/compile-metric.js';
import type { PrincipalView, RelationObligation, VisibleColumn } from '../../policy/view.js';
import { foldName } from '../../sql/fold-name.js';
import { enumValues } from '../enum-values.js';
import { splitIdentifier } from '../words.js';
import { buildJoinGraph, type JoinGraph } from './join-graph.js';
import { wordsOf } from './read-terms.js';
import { indexValues, type ValueIndex } from './value-index.js';
import { createVocabulary, type Posting, splitGlued, type Vocabulary } from './vocabulary.js';

/** A visible column in the index. */
export interface IndexedColumn {
  /** Place of its relation. */
  readonly relation: number;
  readonly visible: VisibleColumn;
  /** True for columns of the primary key and of foreign keys. */
  readonly isKey: boolean;
  /** True where rows are called by it: what is asked for where a question names no column. */
  readonly isLabel: boolean;
}

/** A view prepared for look-ups. Relations and columns are known by their places in the view's own order. */
export interface ViewIndex {
  readonly relations: readonly RelationObligation[];
  readonly columns: readonly IndexedColumn[];
  /** Places of a relation's columns: from, and the first behind them. */
  readonly spans: readonly (readonly [number, number])[];
  readonly place: ReadonlyMap<string, number>;
  /** Place of a column by `relation.column` in catalog spelling. */
  readonly columnPlace: ReadonlyMap<string, number>;
  readonly graph: JoinGraph;
  readonly vocabulary: Vocabulary;
  /** The values of shared enumerations, which need not be read. */
  readonly enumerated: ValueIndex;
}

/** What a word says by where it stands. */
const WEIGHTS = {
  relation: 1,
  synonym: 0.95,
  metric: 0.9,
  column: 0.55,
  unit: 0.2,
  relationText: 0.35,
  columnText: 0.3,
} as const;
/** Share of a name's weight that one of its words has whatever the others are. */
const PART = 0.5;

/**
 * Prepares a view: its words, joins and enumerations.
 *
 * @param metrics those that the view's principal may use
 */
export function indexView(view: PrincipalView, metrics: readonly CompiledMetric[]): ViewIndex {
  const relations = [...view.relations.values()];
  const place = new Map([...view.relations.keys()].map((fold, at) => [fold, at]));
  const columns = relations.flatMap(indexColumns);
  const columnAt = new Map(columns.map(({ visible }, at) => [visible, at]));
  const columnPlace = new Map(
    columns.map(({ relation, visible }, at) => [`${relations[relation]!.relation.name}.${visible.column.name}`, at]),
  );
  let end = 0;
  const spans = relations.map((each): readonly [number, number] => {
    end += each.columns.size;
    return [end - each.columns.size, end];
  });
  const postings = collectPostings(relations, columns);
  for (const metric of metrics) addMetric(postings, metric, place, columnPlace);
  return {
    relations,
    columns,
    spans,
    place,
    columnPlace,
    graph: buildJoinGraph(view, place, columnAt),
    vocabulary: createVocabulary(postings, relations.length),
    enumerated: indexValues(collectEnumerated(relations, columns)),
  };
}

/** Words of columns by which rows are called. */
const LABELS = new Set(['name', 'title']);

function indexColumns({ relation, columns }: RelationObligation, place: number): readonly IndexedColumn[] {
  const keys = new Set([...relation.primaryKey, ...relation.foreignKeys.flatMap((key) => key.columns)].map(foldName));
  return [...columns].map(([fold, visible]) => ({
    relation: place,
    visible,
    isKey: keys.has(fold),
    isLabel: splitIdentifier(visible.column.name).some((word) => LABELS.has(word)),
  }));
}

type Postings = Map<string, Posting[]>;

function addName(
  postings: Postings,
  words: readonly string[],
  at: Pick<Posting, 'relation' | 'column'>,
  weight: number,
): void {
  for (const word of words) {
    const found = postings.get(word) ?? [];
    postings.set(word, found);
    found.push({ ...at, weight: weight * (PART + (1 - PART) / words.length) });
  }
}

function collectPostings(relations: readonly RelationObligation[], columns: readonly IndexedColumn[]): Postings {
  const names = [
    ...relations.map((each) => splitIdentifier(each.relation.name)),
    ...columns.map(({ visible }) => splitIdentifier(visible.column.name)),
  ];
  const occurs = new Map<string, number>();
  for (const word of names.flat()) occurs.set(word, (occurs.get(word) ?? 0) + 1);
  const isKnown = (word: string) => (occurs.get(word) ?? 0) >= 2;
  const postings: Postings = new Map();
  const addIdentifier = (words: readonly string[], at: Pick<Posting, 'relation' | 'column'>, weight: number) => {
    const glued = words.flatMap((word) => splitGlued(word, isKnown) ?? []);
    addName(postings, words, at, weight);
    addName(postings, glued, at, weight);
    // What is written as one word in the question: `order_items` as "orderitems".
    if (words.length === 2) addName(postings, [words.join('')], at, weight);
  };
  relations.forEach(({ description, synonyms }, relation) => {
    const at = { relation, column: -1 };
    addIdentifier(names[relation]!, at, WEIGHTS.relation);
    for (const synonym of synonyms) addIdentifier(wordsOf(synonym), at, WEIGHTS.synonym);
    addText(postings, description, at, WEIGHTS.relationText);
  });
  columns.forEach(({ relation, visible: { description, unit } }, column) => {
    const at = { relation, column };
    addIdentifier(names[relations.length + column]!, at, WEIGHTS.column);
    addText(postings, description, at, WEIGHTS.columnText);
    addText(postings, unit, at, WEIGHTS.unit);
  });
  return postings;
}

/** Each word of a text by itself: it is no name of which a question must say the whole. */
function addText(
  postings: Postings,
  text: string | null,
  at: Pick<Posting, 'relation' | 'column'>,
  weight: number,
): void {
  for (const word of new Set(text === null ? [] : wordsOf(text))) addName(postings, [word], at, weight);
}

function addMetric(
  postings: Postings,
  metric: CompiledMetric,
  place: ReadonlyMap<string, number>,
  columnPlace: ReadonlyMap<string, number>,
): void {
  const relation = place.get(foldName(metric.relation));
  if (relation === undefined) return;
  const read = metric.columns.flatMap((name) => columnPlace.get(`${metric.relation}.${name}`) ?? []);
  for (const name of [splitIdentifier(metric.name), ...metric.synonyms.map(wordsOf)]) {
    for (const column of [-1, ...read]) addName(postings, name, { relation, column }, WEIGHTS.metric);
  }
  addText(postings, metric.description, { relation, column: -1 }, WEIGHTS.relationText);
}

function collectEnumerated(
  relations: readonly RelationObligation[],
  columns: readonly IndexedColumn[],
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    columns
      .filter(({ visible }) => visible.shareValues && visible.mask === null)
      .map(({ relation, visible: { column } }) => [
        `${relations[relation]!.relation.name}.${column.name}`,
        enumValues(column.declaredType),
      ]),
  );
}
