import { LRUCache } from 'lru-cache';
import type { Turn } from '../../domain/conversation.js';
import type { CompiledMetric } from '../../policy/compile-metric.js';
import type { PrincipalView } from '../../policy/view.js';
import { writeSchema } from '../write-schema.js';
import { closeOverJoins } from './close-over-joins.js';
import { type CountTokens, loadTokenCounter } from './count-tokens.js';
import { fillBudget } from './fill-budget.js';
import { type LinkedSchema, takeWhole } from './linked-schema.js';
import { rankRelations } from './rank-relations.js';
import { readTerms } from './read-terms.js';
import type { ValueIndex } from './value-index.js';
import { indexView, type ViewIndex } from './view-index.js';

/** What a question is linked by. */
export interface Linkable {
  /** Checked by `checkQuestion`. */
  readonly question: string;
  readonly turns: readonly Turn[];
  readonly view: PrincipalView;
  /** The figures that the view's principal may use. */
  readonly metrics: readonly CompiledMetric[];
  /** Values that this principal is known to see. */
  readonly values: ValueIndex;
}

/** Finds the part of a view that a question is about. */
export interface Linker {
  /** The part to show to a model; all of the view where the budget holds it. */
  link(asked: Linkable): Promise<LinkedSchema>;
  /** The view with at most so many relations, whole ones; the view itself where it has no more. */
  narrow(asked: Linkable, most: number): PrincipalView;
}

/** Columns of all views together whose indexes are kept, at 1.5 KB each; a view that has more is kept alone. */
const MAX_KEPT_COLUMNS = 50_000;

interface Kept {
  readonly relations: PrincipalView['relations'];
  readonly index: ViewIndex;
  /** Tokens of the whole view; null where nobody asked. */
  whole: number | null;
}

/**
 * Makes the schema linker. Nothing outside a view is ever linked: what is indexed is the view and nothing else, and an
 * index is used for no other view.
 *
 * @param options.tokens what the text of the schema may take
 * @remarks A question costs some milliseconds over a thousand relations; the first one over a view pays for its index.
 */
export function createLinker({ tokens }: { readonly tokens: number }): Linker {
  const indexes = new LRUCache<string, Kept>({
    maxSize: MAX_KEPT_COLUMNS,
    sizeCalculation: ({ index }) => Math.min(index.columns.length + 1, MAX_KEPT_COLUMNS),
  });

  function keptFor({ view, metrics }: Pick<Linkable, 'view' | 'metrics'>): Kept {
    const key = JSON.stringify([view.digest, view.policyVersion, metrics.map(({ name }) => name)]);
    const known = indexes.get(key);
    // The digest says what shapes a plan: not what the owner's words are, nor keys and types of the catalog.
    if (known && known.relations === view.relations) return known;
    const made = { relations: view.relations, index: indexView(view, metrics), whole: null };
    indexes.set(key, made);
    return made;
  }

  function isWithin(kept: Kept, view: PrincipalView, count: CountTokens): boolean {
    // Each column takes a token at the least.
    if (kept.index.columns.length > tokens) return false;
    kept.whole ??= count(writeSchema(takeWhole(view), new Map()));
    return kept.whole <= tokens;
  }

  const rank = (index: ViewIndex, { question, turns, values }: Linkable) =>
    rankRelations(index, readTerms(question, turns), values);

  return {
    async link(asked) {
      const count = await loadTokenCounter();
      const kept = keptFor(asked);
      if (isWithin(kept, asked.view, count)) return takeWhole(asked.view);
      return fillBudget(kept.index, rank(kept.index, asked), tokens, count);
    },
    narrow(asked, most) {
      const { view } = asked;
      if (view.relations.size <= most) return view;
      const { index } = keptFor(asked);
      const { order } = closeOverJoins(index, rank(index, asked));
      const chosen = new Set(order.slice(0, most).map((at) => index.relations[at]!));
      return { ...view, relations: new Map([...view.relations].filter(([, each]) => chosen.has(each))) };
    },
  };
}
