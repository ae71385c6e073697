import type { ResultValue } from '../domain/result-set.js';
import type { Source } from '../source/source.js';
import type { CatalogColumn, CatalogIndex, CatalogRelation, ColumnFamily, ForeignKey } from './catalog.js';

type Row = Readonly<Record<string, ResultValue>>;

const FAMILIES: ReadonlyMap<string, ColumnFamily> = new Map(
  (
    [
      ['integer', 'tinyint smallint mediumint int integer bigint'],
      ['decimal', 'decimal numeric'],
      ['float', 'float double real'],
      ['text', 'char varchar tinytext text mediumtext longtext'],
      ['binary', 'binary varbinary tinyblob blob mediumblob longblob'],
      ['date', 'date'],
      ['datetime', 'datetime timestamp'],
      ['time', 'time'],
      ['year', 'year'],
      ['json', 'json'],
      ['enum', 'enum'],
      ['set', 'set'],
      ['bit', 'bit'],
      [
        'spatial',
        'geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection geomcollection',
      ],
    ] as const
  ).flatMap(([family, words]) => words.split(' ').map((word) => [word, family] as const)),
);

/** Index kinds that serve look-ups by a value. */
const LOOKUP_KINDS: ReadonlySet<ResultValue> = new Set(['BTREE', 'HASH']);

function groupBy(rows: readonly Row[], key: string): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = String(row[key]);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}

const textOrNull = (value: ResultValue | undefined): string | null =>
  value === null || value === undefined ? null : String(value);

function toColumn(row: Row): CatalogColumn {
  const extra = String(row.extra).toUpperCase();
  const declaredType = String(row.declared).toLowerCase();
  const isGenerated = extra.includes('GENERATED') && !extra.startsWith('DEFAULT_GENERATED');
  return {
    name: String(row.name),
    family: FAMILIES.get(String(row.type).toLowerCase()) ?? 'unknown',
    declaredType,
    unsigned: /\bunsigned\b/.test(declaredType),
    nullable: row.nullable !== 'NO',
    generated: isGenerated ? (extra.includes('VIRTUAL') ? 'virtual' : 'stored') : 'no',
    collation: textOrNull(row.collation),
    characterSet: textOrNull(row.charset),
  };
}

/** `names` are the columns of the catalog: an index over a hidden one ends before it. */
function toIndexes(rows: readonly Row[], names: ReadonlySet<string>): readonly CatalogIndex[] {
  const indexes: CatalogIndex[] = [];
  for (const [name, parts] of groupBy(rows, 'index_name')) {
    if (parts.some((part) => !LOOKUP_KINDS.has(part.kind ?? null) || part.hidden === 'YES')) continue;
    // An expression has no column, a prefix does not hold the whole value.
    const isWhole = (part: Row): boolean => part.part === null && part.name !== null && names.has(String(part.name));
    const firstOther = parts.findIndex((part) => !isWhole(part));
    const leading = parts.slice(0, firstOther < 0 ? parts.length : firstOther);
    if (leading.length > 0)
      indexes.push({
        name,
        unique: firstOther < 0 && Number(parts[0]!.non_unique) === 0,
        columns: leading.map((part) => String(part.name)),
      });
  }
  return indexes;
}

function toForeignKeys(rows: readonly Row[], names: ReadonlySet<string>): readonly ForeignKey[] {
  return [...groupBy(rows, 'key_name').values()].flatMap((parts) =>
    parts.every((part) => names.has(String(part.name)))
      ? [
          {
            columns: parts.map((part) => String(part.name)),
            relation: String(parts[0]!.target),
            referenced: parts.map((part) => String(part.referenced)),
          },
        ]
      : [],
  );
}

/**
 * Reads the tables and views of the current database of a MySQL or MariaDB server, as far as the account may see them.
 * Left out: sequences, invisible columns, and what belongs to other databases.
 *
 * @param source of dialect `mysql` or `mariadb`
 * @throws SwaliError of {@link Source.inspect}
 * @remarks MariaDB's JSON is text with a check, and reads as `text`. A foreign key into another database is left out.
 */
export async function readServerRelations(source: Source): Promise<readonly CatalogRelation[]> {
  const relations = await source.inspect(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')`,
  );
  const columns = groupBy(
    await source.inspect(
      `SELECT TABLE_NAME AS relation, COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS declared, IS_NULLABLE AS nullable,
              EXTRA AS extra, COLLATION_NAME AS collation, CHARACTER_SET_NAME AS charset
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    ),
    'relation',
  );
  // An index that the optimiser may not use is as good as none.
  const hidden = source.dialect === 'mysql' ? "CASE IS_VISIBLE WHEN 'NO' THEN 'YES' ELSE 'NO' END" : 'IGNORED';
  const indexes = groupBy(
    await source.inspect(
      `SELECT TABLE_NAME AS relation, INDEX_NAME AS index_name, NON_UNIQUE AS non_unique, COLUMN_NAME AS name, SUB_PART AS part,
              INDEX_TYPE AS kind, ${hidden} AS hidden
         FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
    ),
    'relation',
  );
  const foreignKeys = groupBy(
    await source.inspect(
      `SELECT TABLE_NAME AS relation, CONSTRAINT_NAME AS key_name, COLUMN_NAME AS name, REFERENCED_TABLE_NAME AS target,
              REFERENCED_COLUMN_NAME AS referenced
         FROM information_schema.KEY_COLUMN_USAGE
        WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE()
        ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`,
    ),
    'relation',
  );
  return relations.flatMap((relation) => {
    const name = String(relation.name);
    const isView = relation.type === 'VIEW';
    const visible = (columns.get(name) ?? []).filter((row) => !/\bINVISIBLE\b/i.test(String(row.extra)));
    if (visible.length === 0) return [];
    const names = new Set(visible.map((row) => String(row.name)));
    const parts = isView ? [] : (indexes.get(name) ?? []);
    const key = parts.filter((part) => part.index_name === 'PRIMARY').map((part) => String(part.name));
    return [
      {
        name,
        kind: isView ? 'view' : 'table',
        columns: visible.map(toColumn),
        primaryKey: key.every((column) => names.has(column)) ? key : [],
        indexes: toIndexes(parts, names),
        foreignKeys: isView ? [] : toForeignKeys(foreignKeys.get(name) ?? [], names),
      } satisfies CatalogRelation,
    ];
  });
}
