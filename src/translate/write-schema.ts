import type { CatalogColumn, ColumnFamily, ForeignKey } from '../catalog/catalog.js';
import type { PrincipalView, RelationObligation, VisibleColumn } from '../policy/view.js';
import { foldName } from '../sql/fold-name.js';
import type { LinkedRelation, LinkedSchema } from './link/linked-schema.js';

/** How the text of {@link writeSchema} is to be read; stands once before it. */
export const SCHEMA_NOTATION =
  "Each line is a table: name(column type, …) -- about it. Behind a column: `key` of the primary key, `-> t.c` what it refers to, : 'a'|'b' the values that occur, [notes]. Lines of the form name: column column … are tables less likely meant, with names alone.";

/** Values by `relation.column` in catalog spelling. */
export type SharedValues = ReadonlyMap<string, readonly string[]>;

/** The longest value that is shown, in characters: what is longer is text, not a code to filter by. */
const MAX_VALUE_LENGTH = 60;

/** Types in a word. An enum or a set lists its values in its declared type; those are shown only where the owner shares them. */
const SHORT_TYPES: Readonly<Record<Exclude<ColumnFamily, 'unknown'>, string>> = {
  integer: 'int',
  decimal: 'decimal',
  float: 'float',
  text: 'text',
  binary: 'binary',
  date: 'date',
  datetime: 'datetime',
  time: 'time',
  year: 'year',
  boolean: 'bool',
  json: 'json',
  enum: 'text',
  set: 'set',
  bit: 'bit',
  spatial: 'geometry',
};

/**
 * The schema as a model reads it: one line a relation, as the principal sees it.
 *
 * @param values only of columns whose owner shares them; those of other columns are not written
 * @remarks Names, types, keys, descriptions, synonyms and units. What a description, a name or a value holds cannot begin
 *   a line of its own. No claim and no filter goes in.
 */
export function writeSchema(schema: LinkedSchema, values: SharedValues): string {
  const shown = new Map(schema.relations.map((each) => [foldName(each.obligation.relation.name), each.obligation]));
  return schema.relations.map((each) => writeRelation(each, shown, values)).join('\n');
}

function writeRelation(
  { obligation, columns, isBrief = false }: LinkedRelation,
  shown: PrincipalView['relations'],
  values: SharedValues,
): string {
  const { relation } = obligation;
  if (isBrief) return `${writeName(relation.name)}:${columns.map(writeBriefColumn).join('')}`;
  const names = new Set(columns.map(({ column }) => column.name));
  const keys = relation.foreignKeys.filter(
    (key) => key.columns.every((name) => names.has(name)) && isVisible(key, shown),
  );
  const parts = columns.map((column) =>
    writeColumn(obligation, column, keys, values.get(`${relation.name}.${column.column.name}`)),
  );
  for (const { columns: from, relation: to, referenced } of keys.filter((key) => key.columns.length > 1)) {
    parts.push(`(${from.map(writeName).join(', ')}) -> ${writeName(to)}(${referenced.map(writeName).join(', ')})`);
  }
  return `${writeName(relation.name)}(${parts.join(', ')})${writeAbout(obligation)}`;
}

/** What the owner says of a relation, with what leads to it; empty where nothing is said. */
export function writeAbout({ description, synonyms }: RelationObligation): string {
  const about = [description, synonyms.length > 0 ? `also called ${synonyms.join(', ')}` : null].filter(
    (part) => part !== null,
  );
  return about.length > 0 ? ` -- ${oneLine(about.join('; '))}` : '';
}

/** A column behind its relation's name and colon, with the blank before it. */
export function writeBriefColumn({ column, mask }: VisibleColumn): string {
  return ` ${writeName(column.name)}${mask ? '[masked]' : ''}`;
}

/**
 * A column with all that is known of it.
 *
 * @param keys the relation's foreign keys that may be shown
 */
export function writeColumn(
  { relation }: RelationObligation,
  visible: VisibleColumn,
  keys: readonly ForeignKey[],
  values: readonly string[] | undefined,
): string {
  const { column, mask, unit, description } = visible;
  const refers = keys
    .filter((key) => key.columns.length === 1 && key.columns[0] === column.name)
    .map((key) => ` -> ${writeName(key.relation)}.${writeName(key.referenced[0]!)}`);
  const notes = [unit, description, mask ? 'masked: shown in part only, do not filter by it' : null].filter(
    (part) => part !== null,
  );
  return [
    `${writeName(column.name)} ${writeType(column)}`,
    relation.primaryKey.includes(column.name) ? ' key' : '',
    ...refers,
    writeValues(visible, values),
    notes.length > 0 ? ` [${oneLine(notes.join('; '))}]` : '',
  ].join('');
}

/** The shared values of a column as they are written; empty where there are none to show. */
export function writeValues({ shareValues, mask }: VisibleColumn, values: readonly string[] = []): string {
  if (!shareValues || mask !== null || values.length === 0) return '';
  if (values.some((value) => value.length > MAX_VALUE_LENGTH)) return '';
  return `: ${values.map((value) => `'${oneLine(value).replaceAll("'", "''")}'`).join('|')}`;
}

function writeType({ family, declaredType }: CatalogColumn): string {
  return family === 'unknown' ? oneLine(declaredType.replace(/\(.*/su, '')) || 'unknown' : SHORT_TYPES[family];
}

/** A name as it is; in double quotes where it could be taken for anything but one name. */
export function writeName(name: string): string {
  return /^[\p{L}_][\p{L}\p{M}\p{N}_$]*$/u.test(name) ? name : JSON.stringify(oneLine(name));
}

function isVisible({ relation, referenced }: ForeignKey, shown: PrincipalView['relations']): boolean {
  const target = shown.get(foldName(relation));
  return target !== undefined && referenced.every((name) => target.columns.has(foldName(name)));
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
