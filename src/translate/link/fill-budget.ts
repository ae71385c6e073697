import { writeAbout, writeBriefColumn, writeColumn, writeName, writeSchema } from '../write-schema.js';
import { chooseColumns } from './choose-columns.js';
import { closeOverJoins } from './close-over-joins.js';
import type { CountTokens } from './count-tokens.js';
import type { LinkedRelation, LinkedSchema } from './linked-schema.js';
import type { Ranking } from './rank-relations.js';
import type { ViewIndex } from './view-index.js';

/** Share of the budget for relations with all that is known of them; the rest are shown by names alone. */
const DETAILED_SHARE = 0.5;
/** Share that is kept for shared values, where the relations that are shown in detail have any. */
const VALUE_SHARE = 0.12;
/** Columns beyond the needed ones that a relation gets before the next one has its turn. */
const OTHERS_AT_FIRST = { detailed: 16, brief: 8 } as const;

const NO_VALUES: ReadonlyMap<string, readonly string[]> = new Map();

interface Entry {
  readonly at: number;
  readonly isBrief: boolean;
  readonly columns: number[];
  /** Not shown yet. */
  readonly waiting: number[];
}

/**
 * Fills a budget of tokens with the relations of a ranking, the best ones in detail and further ones by names: first the
 * columns that a statement is likely to need, then others while the budget lasts.
 *
 * @returns never more than `tokens`, shared values not counted; the same for the same question
 */
export function fillBudget(index: ViewIndex, ranking: Ranking, tokens: number, count: CountTokens): LinkedSchema {
  const closure = closeOverJoins(index, ranking);
  const costs = createCosts(index, count);
  const best = ranking.scores[ranking.order[0] ?? 0] ?? 0;
  const entries: Entry[] = [];
  let left = tokens;
  let forDetails = tokens * DETAILED_SHARE;
  let hasReserve = false;
  for (const at of closure.order) {
    // Where nothing speaks for anything, the relations that others join to are the best guess.
    if (best > 0 && ranking.scores[at] === 0) break;
    const { needed, others } = chooseColumns(index, at, ranking, closure);
    const isBrief = forDetails <= 0;
    if (!isBrief && !hasReserve && sharesValues(index, at)) {
      hasReserve = true;
      left -= tokens * VALUE_SHARE;
    }
    const wanted = [...needed, ...others.slice(0, OTHERS_AT_FIRST[isBrief ? 'brief' : 'detailed'])];
    let room = left - costs.head(at, isBrief);
    const columns: number[] = [];
    for (const column of wanted) {
      const cost = costs.column(column, isBrief);
      if (cost > room) break;
      columns.push(column);
      room -= cost;
    }
    if (columns.length === 0) {
      if (isBrief && left < costs.least) break;
      continue;
    }
    forDetails -= left - room;
    left = room;
    entries.push({ at, isBrief, columns, waiting: [...needed, ...others].slice(columns.length) });
  }
  for (const { isBrief, columns, waiting } of entries) {
    for (const column of waiting) {
      const cost = costs.column(column, isBrief);
      if (cost > left) break;
      columns.push(column);
      left -= cost;
    }
  }
  return trimTo(tokens, toSchema(index, entries), count);
}

function sharesValues(index: ViewIndex, at: number): boolean {
  const [from, behind] = index.spans[at]!;
  return index.columns.slice(from, behind).some(({ visible }) => visible.shareValues && visible.mask === null);
}

function toSchema(index: ViewIndex, entries: readonly Entry[]): LinkedSchema {
  const relations = entries.map(({ at, isBrief, columns }) => ({
    obligation: index.relations[at]!,
    columns: [...columns].sort((a, b) => a - b).map((column) => index.columns[column]!.visible),
    ...(isBrief ? { isBrief } : {}),
  }));
  return { relations, isWhole: false };
}

/** The pieces were counted one by one; put together they may be cut into tokens otherwise. */
function trimTo(tokens: number, schema: LinkedSchema, count: CountTokens): LinkedSchema {
  let relations: readonly LinkedRelation[] = schema.relations;
  while (relations.length > 0 && count(writeSchema({ relations, isWhole: false }, NO_VALUES)) > tokens) {
    const last = relations.at(-1)!;
    const shorter = last.columns.slice(0, -1);
    relations = [...relations.slice(0, -1), ...(shorter.length > 0 ? [{ ...last, columns: shorter }] : [])];
  }
  return { relations, isWhole: false };
}

interface Costs {
  head(at: number, isBrief: boolean): number;
  column(column: number, isBrief: boolean): number;
  /** Less than the smallest relation takes. */
  readonly least: number;
}

/** What each piece was counted to, by its place; filled as it is asked for. */
const KEPT = new WeakMap<ViewIndex, Map<string, number>>();

function createCosts(index: ViewIndex, count: CountTokens): Costs {
  const kept = KEPT.get(index) ?? new Map<string, number>();
  KEPT.set(index, kept);
  const keep = (key: string, text: () => string): number => {
    const known = kept.get(key) ?? count(text());
    kept.set(key, known);
    return known;
  };
  return {
    least: 4,
    head: (at, isBrief) =>
      keep(`${isBrief ? 'r' : 'R'}${at}`, () => {
        const obligation = index.relations[at]!;
        const name = writeName(obligation.relation.name);
        return isBrief ? `\n${name}:` : `\n${name}()${writeAbout(obligation)}`;
      }),
    column: (column, isBrief) =>
      keep(`${isBrief ? 'c' : 'C'}${column}`, () => {
        const { relation, visible } = index.columns[column]!;
        const obligation = index.relations[relation]!;
        return isBrief
          ? writeBriefColumn(visible)
          : `, ${writeColumn(obligation, visible, obligation.relation.foreignKeys, undefined)}`;
      }),
  };
}
