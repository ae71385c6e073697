import type { PrincipalView, RelationObligation, VisibleColumn } from '../../policy/view.js';
import { foldName } from '../../sql/fold-name.js';
import { splitIdentifier } from '../words.js';

/** A way from a relation to another, whichever of them holds the key. Relations and columns are places in the index. */
export interface Edge {
  readonly to: number;
  /** Columns of both sides that the join is over. */
  readonly columns: readonly number[];
}

/** Every relation's edges, by its place. */
export type JoinGraph = readonly (readonly Edge[])[];

/** A key that more relations than this could hold says nothing of where it leads. */
const MOST_TARGETS = 3;
/** Keys of these names are everybody's. */
const BARE = new Set(['id', 'name', 'code', 'key', 'no', 'number', 'type', 'date']);

/**
 * The ways to join visible relations over visible columns: the declared foreign keys, and for a relation that neither
 * declares one nor is referred to, columns that have the name and type of another's one-column primary key.
 *
 * @param place of a relation in the index, by folded name
 * @param columnPlace of a visible column in the index
 */
export function buildJoinGraph(
  view: PrincipalView,
  place: ReadonlyMap<string, number>,
  columnPlace: ReadonlyMap<VisibleColumn, number>,
): JoinGraph {
  const graph: Edge[][] = [...view.relations].map(() => []);
  const connect = (from: number, to: number, columns: readonly number[]) => {
    if (from === to) return;
    graph[from]!.push({ to, columns });
    graph[to]!.push({ to: from, columns });
  };
  const placesOf = (relation: RelationObligation, names: readonly string[]) =>
    names.flatMap((name) => {
      const column = relation.columns.get(foldName(name));
      return column ? [columnPlace.get(column)!] : [];
    });
  for (const [fold, from] of view.relations) {
    for (const key of from.relation.foreignKeys) {
      const to = view.relations.get(foldName(key.relation));
      if (!to) continue;
      const columns = [...placesOf(from, key.columns), ...placesOf(to, key.referenced)];
      if (columns.length === key.columns.length + key.referenced.length) {
        connect(place.get(fold)!, place.get(foldName(key.relation))!, columns);
      }
    }
  }
  inferEdges(view, place, columnPlace, graph, connect);
  return graph;
}

function inferEdges(
  view: PrincipalView,
  place: ReadonlyMap<string, number>,
  columnPlace: ReadonlyMap<VisibleColumn, number>,
  graph: JoinGraph,
  connect: (from: number, to: number, columns: readonly number[]) => void,
): void {
  const keys = new Map<string, { readonly at: number; readonly column: VisibleColumn }[]>();
  for (const [fold, { relation, columns }] of view.relations) {
    const [name, second] = relation.primaryKey;
    const column = name === undefined || second !== undefined ? undefined : columns.get(foldName(name));
    if (!column) continue;
    const own = splitIdentifier(column.column.name).join('');
    const full = [...splitIdentifier(relation.name), own].join('');
    for (const called of new Set(BARE.has(own) ? [full] : [own, full])) {
      keys.set(called, [...(keys.get(called) ?? []), { at: place.get(fold)!, column }]);
    }
  }
  const isAlone = graph.map((edges) => edges.length === 0);
  for (const [fold, { relation, columns }] of view.relations) {
    const from = place.get(fold)!;
    for (const column of columns.values()) {
      const targets = (keys.get(splitIdentifier(column.column.name).join('')) ?? []).filter(
        (key) =>
          key.at !== from &&
          (isAlone[from] || isAlone[key.at]) &&
          key.column.column.family === column.column.family &&
          !relation.primaryKey.includes(column.column.name),
      );
      if (targets.length > MOST_TARGETS) continue;
      for (const { at, column: key } of targets) connect(from, at, [columnPlace.get(column)!, columnPlace.get(key)!]);
    }
  }
}

/**
 * A shortest way from one relation to another (breadth first; of equals the one whose relations come first).
 *
 * @param most edges
 * @returns its edges in order; null where there is none
 */
export function findWay(graph: JoinGraph, from: number, to: number, most: number): readonly Edge[] | null {
  const cameBy = new Map<number, { readonly edge: Edge; readonly before: number }>();
  let border = [from];
  for (let length = 0; length < most && border.length > 0; length += 1) {
    const next: number[] = [];
    for (const before of border) {
      for (const edge of graph[before]!) {
        if (edge.to === from || cameBy.has(edge.to)) continue;
        cameBy.set(edge.to, { edge, before });
        if (edge.to === to) return traceBack(cameBy, from, to);
        next.push(edge.to);
      }
    }
    border = next;
  }
  return null;
}

function traceBack(
  cameBy: ReadonlyMap<number, { readonly edge: Edge; readonly before: number }>,
  from: number,
  to: number,
): readonly Edge[] {
  const way: Edge[] = [];
  for (let at = to; at !== from; ) {
    const { edge, before } = cameBy.get(at)!;
    way.unshift(edge);
    at = before;
  }
  return way;
}
