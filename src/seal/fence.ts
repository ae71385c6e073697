import type { CatalogColumn, CatalogRelation } from '../catalog/catalog.js';
import type { PrincipalView } from '../policy/view.js';
import { expressionKey } from '../sql/expression-key.js';
import { foldName } from '../sql/fold-name.js';
import type { Enclosure, Expression, Query, Select, TableExpression } from '../sql/nodes.js';
import { rewriteQuery } from '../sql/rewrite.js';

/** Constants that an IN list may have at most to be copied: enough for look-ups, too few to matter as a range. */
const MAX_COPIED_ITEMS = 16;

/** Splits a condition at its top-level ANDs. */
export function splitConjuncts(condition: Expression | null): Expression[] {
  if (!condition) return [];
  if (condition.kind === 'binary' && condition.operator === 'AND')
    return [...splitConjuncts(condition.left), ...splitConjuncts(condition.right)];
  return [condition];
}

function withoutRepeats(conjuncts: readonly Expression[]): readonly Expression[] {
  if (conjuncts.length < 2) return conjuncts;
  return [...new Map(conjuncts.map((conjunct) => [expressionKey(conjunct), conjunct])).values()];
}

/** A conjunct `column = constant` or `column IN (constants)`. */
interface KeyProbe {
  readonly alias: string;
  readonly column: string;
  readonly constants: readonly Expression[];
  readonly conjunct: Expression;
}

function isConstant(expression: Expression): boolean {
  return expression.kind === 'number' || expression.kind === 'string';
}

function readProbe(conjunct: Expression): KeyProbe | null {
  const make = (column: Expression, constants: readonly Expression[]): KeyProbe | null =>
    column.kind === 'column' && column.qualifier.length === 1 && constants.every(isConstant)
      ? { alias: column.qualifier[0] as string, column: column.name, constants, conjunct }
      : null;
  if (conjunct.kind === 'binary' && conjunct.operator === '=')
    return make(conjunct.left, [conjunct.right]) ?? make(conjunct.right, [conjunct.left]);
  if (
    conjunct.kind === 'in-list' &&
    !conjunct.negated &&
    conjunct.items.length <= MAX_COPIED_ITEMS &&
    conjunct.items.length > 0
  )
    return make(conjunct.operand, conjunct.items);
  return null;
}

/**
 * (c) the constant is of the column's family and canonical: then comparing cannot fail and converts nothing row by row.
 * (b) only families whose comparison with such a constant is a plain key comparison.
 */
function fitsColumn(constant: Expression, column: CatalogColumn): boolean {
  switch (column.family) {
    case 'integer':
      return constant.kind === 'number' && constant.form === 'integer' && constant.text.length <= 18;
    case 'decimal':
      return constant.kind === 'number' && constant.form !== 'float' && constant.text.length <= 30;
    case 'text':
      return constant.kind === 'string' && /^(char|varchar|text)\b/.test(column.declaredType);
    case 'date':
      return constant.kind === 'string' && /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(constant.value);
    case 'datetime':
      return (
        constant.kind === 'string' &&
        /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(constant.value)
      );
    default:
      return false;
  }
}

/** (b) whether values of a column compare as plain keys with values of its own type. */
export function isPlainKey(column: CatalogColumn): boolean {
  const { family } = column;
  if (family === 'text') return /^(char|varchar|text)\b/.test(column.declaredType);
  return family === 'integer' || family === 'decimal' || family === 'date' || family === 'datetime';
}

/** Keys of the relations that were asked for: a catalog does not change. */
const UNIQUE_KEYS = new WeakMap<CatalogRelation, readonly (readonly string[])[]>();

/** (a) the unique keys of a relation all of whose columns are declared NOT NULL. */
export function uniqueKeys(relation: CatalogRelation): readonly (readonly string[])[] {
  const known = UNIQUE_KEYS.get(relation);
  if (known) return known;
  const found = readUniqueKeys(relation);
  UNIQUE_KEYS.set(relation, found);
  return found;
}

function readUniqueKeys(relation: CatalogRelation): readonly (readonly string[])[] {
  const nullable = new Set(relation.columns.filter((column) => column.nullable).map((column) => column.name));
  const keys = [relation.primaryKey, ...relation.indexes.filter((index) => index.unique).map((index) => index.columns)];
  return keys.filter((key) => key.length > 0 && key.every((column) => !nullable.has(column)));
}

/**
 * (d) Enclosures of a FROM over which no outer side lies: a row of them that a top-level conjunct rejects reaches nothing.
 * Also gives the ON conditions of inner joins among them, whose conjuncts act as WHERE's do.
 */
export function innerPart(from: readonly TableExpression[]): { enclosures: Enclosure[]; conditions: Expression[] } {
  const enclosures: Enclosure[] = [];
  const conditions: Expression[] = [];
  const walk = (table: TableExpression): void => {
    if (table.kind === 'enclosure') enclosures.push(table);
    if (table.kind !== 'join' || table.type === 'FULL') return;
    if (table.type !== 'RIGHT') walk(table.left);
    if (table.type !== 'LEFT') walk(table.right);
    if (table.on && table.type !== 'LEFT' && table.type !== 'RIGHT') conditions.push(table.on);
  };
  from.forEach(walk);
  return { enclosures, conditions };
}

function moveInside(probe: KeyProbe, enclosure: Enclosure, column: CatalogColumn): Expression {
  const inside: Expression = { kind: 'column', qualifier: [enclosure.inner], name: column.name, at: -1 };
  const [first] = probe.constants;
  return probe.conjunct.kind === 'in-list'
    ? { kind: 'in-list', negated: false, operand: inside, items: probe.constants }
    : { kind: 'binary', operator: '=', left: inside, right: first as Expression };
}

/** The conjuncts to copy into one enclosure: those that together cover a unique key, or none. */
function chooseCopies(
  enclosure: Enclosure,
  probes: readonly KeyProbe[],
  relation: CatalogRelation,
  isMasked: (column: string) => boolean,
): readonly Expression[] {
  const isMeant = ({ alias }: KeyProbe) => alias === enclosure.alias;
  // Where nothing is filtered there is nothing to stand behind, also in an enclosure that is fenced for another reason.
  if (!enclosure.fenced || enclosure.filter === null || relation.kind !== 'table' || !probes.some(isMeant)) return [];
  const byName = new Map(enclosure.columns.map((column) => [column.name, column.expression]));
  const usable = probes.flatMap((probe) => {
    const shown = isMeant(probe) ? byName.get(probe.column) : undefined;
    if (shown?.kind !== 'column' || isMasked(shown.name)) return [];
    const column = relation.columns.find((candidate) => candidate.name === shown.name);
    const fits =
      column && column.generated === 'no' && probe.constants.every((constant) => fitsColumn(constant, column));
    return fits ? [{ probe, column }] : [];
  });
  const covered = new Set(usable.map((entry) => entry.column.name));
  const key = uniqueKeys(relation).find((columns) => columns.every((column) => covered.has(column)));
  if (!key) return [];
  const copies = usable
    .filter((entry) => key.includes(entry.column.name))
    .map((entry) => moveInside(entry.probe, enclosure, entry.column));
  // `a = b` said n times carries each `a = 1` over n times.
  return withoutRepeats(copies);
}

/** The catalog column behind `alias`.`name`, where an enclosure shows it as it is. */
export function shownColumn(
  enclosures: readonly Enclosure[],
  alias: string,
  name: string,
  view: PrincipalView,
): CatalogColumn | null {
  const enclosure = enclosures.find((candidate) => candidate.alias === alias);
  const shown = enclosure?.columns.find((column) => column.name === name)?.expression;
  if (!enclosure || shown?.kind !== 'column') return null;
  const visible = view.relations.get(foldName(enclosure.relation))?.columns.get(foldName(shown.name));
  return visible && !visible.mask ? visible.column : null;
}

/** (e) equal values stay equal bytes only between columns of one type, character set and collation. */
export function sameType(left: CatalogColumn, right: CatalogColumn): boolean {
  return (
    left.declaredType === right.declaredType &&
    left.characterSet === right.characterSet &&
    left.collation === right.collation
  );
}

function isEqualityOfColumns(conjunct: Expression): boolean {
  if (conjunct.kind !== 'binary' || conjunct.operator !== '=') return false;
  return conjunct.left.kind === 'column' && conjunct.right.kind === 'column';
}

/** `a = b` and `a = constant` give `b = constant`, over inner joins only; one step is enough for a key shared by two relations. */
function carryOver(
  probes: readonly KeyProbe[],
  conjuncts: readonly Expression[],
  enclosures: readonly Enclosure[],
  view: PrincipalView,
): KeyProbe[] {
  return conjuncts.flatMap((conjunct) => {
    if (conjunct.kind !== 'binary' || conjunct.operator !== '=') return [];
    const { left, right } = conjunct;
    if (left.kind !== 'column' || right.kind !== 'column') return [];
    const ends = [left, right].map((end) => shownColumn(enclosures, end.qualifier[0] ?? '', end.name, view));
    if (!ends[0] || !ends[1] || !sameType(ends[0], ends[1])) return [];
    return probes.flatMap((probe) => {
      const is = (end: typeof left) => probe.alias === end.qualifier[0] && probe.column === end.name;
      const other = is(left) ? right : is(right) ? left : null;
      return other ? [{ ...probe, alias: other.qualifier[0] as string, column: other.name }] : [];
    });
  });
}

/**
 * MySQL merges an unfenced enclosure and then refuses its columns as the document of JSON_TABLE (error 1210, seen on 9.7);
 * a fence keeps it apart.
 */
function fenceForDocuments(node: Select): Select {
  const hasRows = (table: TableExpression): boolean =>
    table.kind === 'json-rows' || (table.kind === 'join' && (hasRows(table.left) || hasRows(table.right)));
  const place = (table: TableExpression): TableExpression => {
    if (table.kind === 'join') return { ...table, left: place(table.left), right: place(table.right) };
    return table.kind === 'enclosure' ? { ...table, fenced: true } : table;
  };
  return node.from.some(hasRows) ? { ...node, from: node.from.map(place) } : node;
}

function copyProbes(node: Select, view: PrincipalView): Select {
  const { enclosures, conditions } = innerPart(node.from);
  const conjuncts = [node.where, ...conditions].flatMap(splitConjuncts);
  const read = conjuncts.map(readProbe).filter((probe) => probe !== null);
  if (read.length === 0) return node;
  const probing = new Set(withoutRepeats(read.map(({ conjunct }) => conjunct)));
  const written = read.filter(({ conjunct }) => probing.has(conjunct));
  const equalities = withoutRepeats(conjuncts.filter(isEqualityOfColumns));
  const probes = [...written, ...carryOver(written, equalities, enclosures, view)];
  const reachable = new Set(enclosures.map((enclosure) => enclosure.alias));
  const place = (table: TableExpression): TableExpression => {
    if (table.kind === 'join') return { ...table, left: place(table.left), right: place(table.right) };
    if (table.kind !== 'enclosure' || !reachable.has(table.alias)) return table;
    const obligation = view.relations.get(foldName(table.relation));
    if (!obligation) return table;
    const isMasked = (column: string) => obligation.columns.get(foldName(column))?.mask !== null;
    const copied = chooseCopies(table, probes, obligation.relation, isMasked);
    return copied.length === 0 ? table : { ...table, copied };
  };
  return { ...node, from: node.from.map(place) };
}

/**
 * Copies look-ups by unique key behind the filter of a fenced enclosure; the original stays outside. Without the copy the
 * server would read the whole slice for one row.
 *
 * It gives nothing away: behind the filter, a unique-key probe touches at most one row for each constant, so its time does
 * not tell how many hidden rows match, and comparing a stored column with a canonical constant of its own family cannot fail.
 * Ranges and LIKE are never copied: their time would tell (DESIGN §2.2 step 4).
 */
export function fence(query: Query, view: PrincipalView): Query {
  return rewriteQuery(query, { select: (node) => fenceSelect(node, view) });
}

/** What {@link fence} makes of one select whose tables are enclosed. */
export function fenceSelect(node: Select, view: PrincipalView): Select {
  return copyProbes(fenceForDocuments(node), view);
}
