import type { CatalogColumn, CatalogRelation, ForeignKey } from '../catalog/catalog.js';
import type { Dialect } from '../domain/dialect.js';
import type { PrincipalView } from '../policy/view.js';
import { hasFallible } from '../sql/fallible.js';
import { foldName } from '../sql/fold-name.js';
import { isAggregated, itemExpressions, mapLevel } from '../sql/levels.js';
import type { ColumnReference, Enclosure, Expression, Query, Select, TableExpression } from '../sql/nodes.js';
import { rewriteQuery } from '../sql/rewrite.js';
import { innerPart, isPlainKey, sameType, shownColumn, splitConjuncts, uniqueKeys } from './fence.js';
import { readParentRule } from './parent-rule.js';

/** `inner = outer`: a column of an enclosure in a subquery, and one of an enclosure around it. */
interface Link {
  readonly conjunct: Expression;
  readonly inner: CatalogColumn;
  readonly outer: CatalogColumn;
  readonly reference: ColumnReference;
  readonly source: Enclosure;
}

function enclosuresOf(tables: readonly TableExpression[]): Enclosure[] {
  return tables.flatMap((table) => {
    if (table.kind === 'join') return enclosuresOf([table.left, table.right]);
    return table.kind === 'enclosure' ? [table] : [];
  });
}

/** Reads one conjunct as a link of `enclosure` to one of `around`; both columns stored, unmasked and of one type (b, e). */
function readLink(
  conjunct: Expression,
  enclosure: Enclosure,
  around: readonly Enclosure[],
  view: PrincipalView,
): Link[] {
  if (conjunct.kind !== 'binary' || conjunct.operator !== '=') return [];
  const { left, right } = conjunct;
  if (left.kind !== 'column' || right.kind !== 'column') return [];
  const [near, far] = left.qualifier[0] === enclosure.alias ? [left, right] : [right, left];
  const source = around.find((candidate) => candidate.alias === far.qualifier[0]);
  if (near.qualifier[0] !== enclosure.alias || !source) return [];
  const inner = shownColumn([enclosure], enclosure.alias, near.name, view);
  const outer = shownColumn([source], source.alias, far.name, view);
  if (!inner || !outer || inner.generated !== 'no' || !isPlainKey(inner) || !sameType(inner, outer)) return [];
  return [{ conjunct, inner, outer, reference: far, source }];
}

/** For links to one source: whether every value of its columns is, by the database's own word, a key that exists in `relation`. */
function refersTo(links: readonly Link[], relation: CatalogRelation, view: PrincipalView): boolean {
  const source = (links[0] as Link).source;
  const from = view.relations.get(foldName(source.relation))?.relation;
  if (!from) return false;
  const isItself = from.name === relation.name && links.every((link) => link.inner.name === link.outer.name);
  const names = (link: Link, key: ForeignKey) =>
    key.referenced[key.columns.indexOf(link.outer.name)] === link.inner.name;
  if (isItself) return true;
  return from.foreignKeys.some(
    (key) =>
      foldName(key.relation) === foldName(relation.name) &&
      key.columns.length === links.length &&
      links.every((link) => names(link, key)),
  );
}

/** The links of one enclosure that may be probed for each outer row; see {@link correlate}. */
function chooseLinks(enclosure: Enclosure, links: readonly Link[], view: PrincipalView): readonly Link[] {
  const obligation = view.relations.get(foldName(enclosure.relation));
  if (obligation?.relation.kind !== 'table') return [];
  for (const source of new Set(links.map((link) => link.source))) {
    const own = links.filter((link) => link.source === source);
    for (const key of uniqueKeys(obligation.relation)) {
      const covering = key.map((column) => own.find((link) => link.inner.name === column));
      if (covering.every((link) => link !== undefined) && refersTo(covering, obligation.relation, view))
        return covering;
    }
  }
  const rule = readParentRule(obligation, view);
  const toParent = links.find(
    (link) =>
      link.inner.name === rule?.column && link.outer.name === rule.key && link.source.relation === rule.relation,
  );
  return toParent ? [toParent] : [];
}

function copyInside(enclosure: Enclosure, links: readonly Link[]): Enclosure {
  const copied = links.map(
    ({ inner, reference }): Expression => ({
      kind: 'binary',
      operator: '=',
      left: { kind: 'column', qualifier: [enclosure.inner], name: inner.name, at: -1 },
      right: reference,
    }),
  );
  return { ...enclosure, copied };
}

const ORDERED_FAMILIES: ReadonlySet<string> = new Set(['integer', 'decimal', 'date', 'datetime']);

/** One column of the enclosure as it is, or its COUNT, MIN or MAX, which pick nothing among equal values. */
function isBareItem(item: Expression, enclosure: Enclosure, view: PrincipalView): boolean {
  const columnOf = (node: Expression | undefined): CatalogColumn | null =>
    node?.kind === 'column' && node.qualifier[0] === enclosure.alias
      ? shownColumn([enclosure], enclosure.alias, node.name, view)
      : null;
  if (item.kind !== 'call') return columnOf(item) !== null;
  if (item.distinct || item.filter || item.over || item.orderBy.length > 0 || item.arguments.length > 1) return false;
  if (item.name === 'COUNT') return item.star || columnOf(item.arguments[0]) !== null;
  const family = columnOf(item.arguments[0])?.family;
  return (item.name === 'MIN' || item.name === 'MAX') && family !== undefined && ORDERED_FAMILIES.has(family);
}

/** Whether a subquery is nothing but the probe of one enclosure: only then it may do without a fence on MariaDB. */
function isBareProbe(query: Query, select: Select, enclosure: Enclosure, view: PrincipalView): boolean {
  const isOnlySource = select.from.length === 1 && select.from[0] === enclosure;
  const isFlat = select.groupBy.length === 0 && !select.having && select.windows.length === 0 && !select.distinct;
  const items = itemExpressions(select);
  return (
    isOnlySource &&
    isFlat &&
    query.orderBy.length === 0 &&
    items.length === 1 &&
    isBareItem(items[0] as Expression, enclosure, view) &&
    !hasFallible(query, 'mariadb')
  );
}

/** Narrows the enclosures of one scalar subquery by what it says of the sources around it. */
function narrow(query: Query, around: readonly Enclosure[], view: PrincipalView, dialect: Dialect): Query {
  const { body } = query;
  if (body.kind !== 'select' || query.with || query.limit) return query;
  const { enclosures, conditions } = innerPart(body.from);
  const conjuncts = [body.where, ...conditions].flatMap(splitConjuncts);
  const change = (enclosure: Enclosure): Enclosure => {
    if (!enclosures.includes(enclosure) || !enclosure.fenced || enclosure.copied.length > 0) return enclosure;
    const links = conjuncts.flatMap((conjunct) => readLink(conjunct, enclosure, around, view));
    const chosen = links.length === 0 ? [] : chooseLinks(enclosure, links, view);
    if (chosen.length === 0) return enclosure;
    if (dialect !== 'mariadb') return copyInside(enclosure, chosen);
    const isWhole = conjuncts.every((conjunct) => chosen.some((link) => link.conjunct === conjunct));
    return isWhole && isBareProbe(query, body, enclosure, view) ? { ...enclosure, fenced: false } : enclosure;
  };
  const place = (table: TableExpression): TableExpression => {
    if (table.kind === 'join') return { ...table, left: place(table.left), right: place(table.right) };
    return table.kind === 'enclosure' ? change(table) : table;
  };
  return { ...query, body: { ...body, from: body.from.map(place) } };
}

/** What {@link correlate} makes of one select all of whose subqueries are fenced. */
export function correlateSelect(node: Select, view: PrincipalView, dialect: Dialect): Select {
  const around = enclosuresOf(node.from);
  // Of a grouped row the outer columns stand for many rows.
  if (around.length === 0 || isAggregated(node, [], dialect)) return node;
  const map = (expression: Expression) =>
    mapLevel(expression, (part) =>
      part.kind === 'scalar-query' ? { ...part, query: narrow(part.query, around, view, dialect) } : part,
    );
  return {
    ...node,
    items: node.items.map((item) => (item.kind === 'star' ? item : { ...item, expression: map(item.expression) })),
    where: node.where && map(node.where),
  };
}

/**
 * Lets a scalar subquery look up by `inner = outer` instead of reading the whole slice, where that tells nothing.
 *
 * On MySQL and SQLite the equality is copied behind the row rule, as look-ups by constants are, and the original stays
 * outside. What holds for constants holds for it:
 *
 * - it cannot fail: both columns are stored, unmasked and of one plain type, so no value is converted (b, c, e);
 * - what it is compared with is a value of a row that the caller has before them: around the subquery there are only
 *   enclosures, and what leaves an enclosure is of the slice;
 * - nothing but the subquery's own WHERE or inner ON says it, so a row that it rejects reaches nothing (d).
 *
 * How many rows of others it touches is the question that is left (a), as the number of probes follows the caller's rows
 * and so may be large: what a single probe hides in its noise, a million could show. Two forms touch none that matter:
 *
 * - *a reference*: the inner columns are a unique NOT NULL key and the outer columns a declared foreign key to it, or the
 *   key itself. Each value exists then, seen or not, and the probe finds exactly one row whatever others hold: its time is
 *   the same. A value that may not exist would tell by time whether it does, so without a foreign key nothing is copied.
 * - *a child of one's own*: the inner relation's rule is that its parent's row is the caller's, the outer enclosure is that
 *   parent under that very rule, and the equality is that of the rule. Every row that the probe finds is of the slice, so
 *   no key needs to be unique.
 *
 * MariaDB has no outer references in derived tables. There the enclosure of such a subquery goes without its fence, if the
 * subquery is nothing but the probe: one enclosure, no condition but these equalities, one output that is a column or a
 * COUNT, MIN or MAX, and no expression that can fail anywhere in it. Without a fence the server may merge the enclosure,
 * that is, take the rule and the equalities in any order. Then nothing of the caller's is computed on a hidden row but an
 * equality that cannot fail; there is no other condition that it could seek by, so it seeks by the key or by the rule; a
 * scalar subquery is never turned into a join, so nothing from around it comes in; and there is no LIMIT, order, group or
 * spelling of equal texts to choose. What it gives is one value, which the rule and the equalities fix.
 *
 * EXISTS and IN stay as they are: the server may join them with what is around them, and one reading of the slice serves
 * all rows there.
 *
 * @param query fenced
 */
export function correlate(query: Query, view: PrincipalView, dialect: Dialect): Query {
  return rewriteQuery(query, { select: (node) => correlateSelect(node, view, dialect) });
}
