import { buildCatalog } from '../../src/catalog/build-catalog.js';
import type { Catalog, CatalogColumn, CatalogRelation, ColumnFamily } from '../../src/catalog/catalog.js';
import type { Dialect } from '../../src/domain/dialect.js';
import type { ParameterValue } from '../../src/domain/sealed-statement.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { BASE_ALIAS, type PrincipalView, type RelationObligation } from '../../src/policy/view.js';
import { bindPredicate } from '../../src/sql/bind.js';
import { foldName } from '../../src/sql/fold-name.js';
import { functionRule } from '../../src/sql/functions.js';
import type { Expression } from '../../src/sql/nodes.js';
import { parseExpression } from '../../src/sql/parser.js';
import { printExpression } from '../../src/sql/printer.js';
import { openWholeCatalog } from './open-view.js';

const FAMILIES: Readonly<Record<string, ColumnFamily>> = {
  int: 'integer',
  integer: 'integer',
  bigint: 'integer',
  decimal: 'decimal',
  double: 'float',
  char: 'text',
  varchar: 'text',
  text: 'text',
  longtext: 'text',
  date: 'date',
  datetime: 'datetime',
  json: 'json',
  enum: 'enum',
  varbinary: 'binary',
};

/**
 * A column from words: its declared type, then any of `null`, `unsigned`, `stored`, `virtual`, `latin1`, a collation.
 * `varchar(20) null virtual`
 */
export function makeColumn(name: string, words: string, dialect: Dialect): CatalogColumn {
  const [declaredType = '', ...rest] = words.split(' ');
  const family = FAMILIES[declaredType.replace(/\(.*/, '')] ?? 'unknown';
  const isText = family === 'text' || family === 'enum';
  const server = rest.includes('latin1') ? 'latin1_swedish_ci' : 'utf8mb4_general_ci';
  const stated = rest.find((word) => /_(ci|bin)$|^NOCASE$|^RTRIM$/.test(word));
  return {
    name,
    family,
    declaredType,
    unsigned: rest.includes('unsigned'),
    nullable: rest.includes('null'),
    generated: rest.includes('virtual') ? 'virtual' : rest.includes('stored') ? 'stored' : 'no',
    collation: isText ? (stated ?? (dialect === 'sqlite' ? 'BINARY' : server)) : null,
    characterSet: isText && dialect !== 'sqlite' ? (rest.includes('latin1') ? 'latin1' : 'utf8mb4') : null,
  };
}

/** A table: columns by name in declared order, the primary key the first column unless said otherwise. */
export function makeRelation(
  dialect: Dialect,
  name: string,
  columns: Readonly<Record<string, string>>,
  more: Partial<CatalogRelation> & { readonly unique?: readonly (readonly string[])[] } = {},
): CatalogRelation {
  const { unique = [], ...rest } = more;
  return {
    name,
    kind: 'table',
    columns: Object.entries(columns).map(([key, words]) => makeColumn(key, words, dialect)),
    primaryKey: Object.keys(columns).slice(0, 1),
    indexes: unique.map((key) => ({ name: `u_${key.join('_')}`, unique: true, columns: key })),
    foreignKeys: [],
    ...rest,
  };
}

/** A catalog of relations made by {@link makeRelation}. */
export function makeCatalog(dialect: Dialect, relations: readonly CatalogRelation[], database = 'shop'): Catalog {
  return buildCatalog(dialect, '1', dialect === 'sqlite' ? 'main' : database, relations);
}

/** What a hand-made view says of one relation. */
export interface RelationRules {
  /** Row predicate in the dialect's SQL; claims as `:name`. */
  readonly rows?: string;
  readonly hidden?: readonly string[];
  /** Column → expression over its relation. */
  readonly masks?: Readonly<Record<string, string>>;
  readonly units?: Readonly<Record<string, string>>;
  readonly closed?: boolean;
}

/** Binds a rule's text over one relation, as the policy does. */
export function bindRule(text: string, relation: CatalogRelation, catalog: Catalog): Expression {
  const describe = (found: CatalogRelation) => ({ name: found.name, columns: found.columns.map((one) => one.name) });
  return bindPredicate(
    parseExpression(text, catalog.dialect, { allowNamedParameters: true }),
    describe(relation),
    BASE_ALIAS,
    {
      dialect: catalog.dialect,
      relation: (name) => {
        const found = catalog.relations.get(foldName(name));
        return found && describe(found);
      },
      functionRule: (name) => functionRule(catalog.dialect, name),
      isClaim: () => true,
    },
  );
}

/**
 * A view over a catalog with rules per relation; what no rule names is open and unfiltered.
 *
 * @param claims values of the claims that the row predicates name
 */
export function makeView(
  catalog: Catalog,
  rules: Readonly<Record<string, RelationRules>>,
  claims: Readonly<Record<string, ParameterValue>> = {},
  limits: Partial<PrincipalView['limits']> = {},
): PrincipalView {
  const open = openWholeCatalog(catalog);
  const relations = new Map<string, RelationObligation>();
  for (const [fold, obligation] of open.relations) {
    const { relation } = obligation;
    const rule = rules[relation.name] ?? {};
    if (rule.closed) continue;
    const filter = rule.rows === undefined ? null : bindRule(rule.rows, relation, catalog);
    const columns = new Map(
      [...obligation.columns]
        .filter(([, { column }]) => !rule.hidden?.includes(column.name))
        .map(([key, visible]) => {
          const mask = rule.masks?.[visible.column.name];
          const unit = rule.units?.[visible.column.name] ?? null;
          return [key, { ...visible, unit, mask: mask === undefined ? null : bindRule(mask, relation, catalog) }];
        }),
    );
    relations.set(fold, {
      ...obligation,
      columns,
      filter,
      filterSql: filter && printExpression(filter, catalog.dialect).sql,
      policies: filter ? [`${relation.name}.rows`] : [],
    });
  }
  const shape = JSON.stringify([rules, limits]);
  return {
    ...open,
    relations,
    limits: { ...open.limits, ...limits },
    digest: `${open.digest}:${shape}`,
    claim: (name) => {
      const value = claims[name];
      if (value === undefined) throw new SwaliError('SEAL_CLAIM_MISSING');
      return value;
    },
  };
}
