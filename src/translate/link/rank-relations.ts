import type { QuestionTerms } from './read-terms.js';
import type { ValueIndex } from './value-index.js';
import type { ViewIndex } from './view-index.js';

/** How much a question speaks for each relation and column of an index, by their places. */
export interface Ranking {
  /** Places of the relations, the likeliest first; equals by name. */
  readonly order: readonly number[];
  /** By relation; 0 where nothing speaks for it. */
  readonly scores: Float64Array;
  /** The same without what the relations next to it have. */
  readonly own: Float64Array;
  /** By column. */
  readonly columns: Float64Array;
}

/** What a word that a joined relation has is worth, against having it oneself; a relation further on, its square. */
const NEXT_DOOR = 0.5;
/** What a value of the question, found among the values of a column, is worth against the column's name. */
const VALUE_WEIGHT = 1;

/**
 * Ranks the relations of a view by what the words of a question say of them: each word counts once, by the best place it has
 * in the relation (name, synonym, column, description, value) or, for less, in the relations that join to it; rare words
 * count for more.
 *
 * @param values known to the asker: a value that the question names speaks for the columns that hold it
 */
export function rankRelations(index: ViewIndex, { terms, phrases }: QuestionTerms, values: ValueIndex): Ranking {
  const size = index.relations.length;
  const columns = new Float64Array(index.columns.length);
  const evidence: Float64Array[] = [];
  for (const term of terms) {
    const found = new Float64Array(size);
    const inColumns = new Map<number, number>();
    for (const { postings, weight } of index.vocabulary.match(term)) {
      for (const { relation, column, weight: place } of postings) {
        const worth = term.weight * weight * place;
        if (worth > found[relation]!) found[relation] = worth;
        if (column >= 0 && worth > (inColumns.get(column) ?? 0)) inColumns.set(column, worth);
      }
    }
    for (const [column, worth] of inColumns) columns[column]! += worth;
    evidence.push(found);
  }
  evidence.push(findValues(index, phrases, values, columns));

  const own = new Float64Array(size);
  const scores = new Float64Array(size);
  for (const found of evidence) {
    const spread = spreadOnce(index, spreadOnce(index, found));
    for (let at = 0; at < size; at += 1) {
      own[at]! += found[at]!;
      scores[at]! += spread[at]!;
    }
  }
  const names = index.relations.map((each) => each.relation.name);
  const order = names
    .map((_, at) => at)
    .sort(
      (a, b) =>
        scores[b]! - scores[a]! || index.graph[b]!.length - index.graph[a]!.length || (names[a]! < names[b]! ? -1 : 1),
    );
  return { order, scores, own, columns };
}

function findValues(
  index: ViewIndex,
  phrases: QuestionTerms['phrases'],
  values: ValueIndex,
  columns: Float64Array,
): Float64Array {
  const found = new Float64Array(index.relations.length);
  for (const [phrase, strength] of phrases) {
    const places = [...values.find(phrase), ...index.enumerated.find(phrase)].flatMap(
      (key) => index.columnPlace.get(key) ?? [],
    );
    const worth = VALUE_WEIGHT * strength * Math.log(1 + index.relations.length / Math.max(1, places.length));
    for (const column of new Set(places)) {
      const { relation, visible } = index.columns[column]!;
      if (!visible.shareValues || visible.mask !== null) continue;
      columns[column]! += worth;
      if (worth > found[relation]!) found[relation] = worth;
    }
  }
  return found;
}

/** What each relation has, or a relation next to it for less. */
function spreadOnce({ graph }: ViewIndex, found: Float64Array): Float64Array {
  const spread = Float64Array.from(found);
  graph.forEach((edges, at) => {
    const given = found[at]! * NEXT_DOOR;
    if (given === 0) return;
    for (const { to } of edges) if (given > spread[to]!) spread[to] = given;
  });
  return spread;
}
