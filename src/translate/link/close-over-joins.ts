import { findWay } from './join-graph.js';
import type { Ranking } from './rank-relations.js';
import type { ViewIndex } from './view-index.js';

/** A ranking's order with the relations that join its best ones put right behind them. */
export interface Closure {
  readonly order: readonly number[];
  /** Columns that the joins between the best relations are over, by their places. */
  readonly joinColumns: ReadonlySet<number>;
}

/** Most relations that are joined with each other. */
const MOST_CORE = 8;
/** Share of the best score that a relation of the core has. */
const CORE_SHARE = 0.5;
/** Longest way between two of them, in joins. */
const LONGEST_WAY = 4;

/**
 * Closes the best relations of a ranking over their joins: whatever stands on a shortest way between two of them is needed
 * to put them into one statement.
 */
export function closeOverJoins(index: ViewIndex, { order, scores, own }: Ranking): Closure {
  const best = scores[order[0] ?? 0] ?? 0;
  const core = order.slice(0, MOST_CORE).filter((at) => own[at]! > 0 && scores[at]! >= best * CORE_SHARE);
  const bridges = new Set<number>();
  const joinColumns = new Set<number>();
  core.forEach((from, rank) => {
    for (const to of core.slice(rank + 1)) {
      for (const edge of findWay(index.graph, from, to, LONGEST_WAY) ?? []) {
        if (!core.includes(edge.to)) bridges.add(edge.to);
        for (const column of edge.columns) joinColumns.add(column);
      }
    }
  });
  const first = new Set([...core, ...bridges]);
  return { order: [...first, ...order.filter((at) => !first.has(at))], joinColumns };
}
