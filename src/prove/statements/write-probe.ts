import type { Expression, Query } from '../../sql/nodes.js';
import { parseQuery } from '../../sql/parser.js';
import { printExpression } from '../../sql/printer.js';
import type { Vocabulary, VocabularyColumn, VocabularyRelation } from '../vocabulary.js';
import type { Choices } from './choices.js';
import { constantFor } from './constants.js';
import { kindOf, type Leaf } from './place.js';

/** Fails where the condition holds, and is true elsewhere. */
const FAILING = {
  sqlite: [
    (c: string) => `ABS(CASE WHEN ${c} THEN -9223372036854775807 - 1 ELSE 1 END) > 0`,
    (c: string) => `${c} AND ABS(-9223372036854775807 - 1) > 0`,
    (c: string) => `JSON_TYPE(CASE WHEN ${c} THEN '[' ELSE '[1]' END) = 'array'`,
    (c: string) =>
      `(SELECT SUM(v) FROM (SELECT 9223372036854775807 AS v UNION ALL SELECT CASE WHEN ${c} THEN 1 ELSE -1 END) AS s) > 0`,
  ],
  server: [
    (c: string) => `EXP(IF(${c}, 710, 1)) > 0`,
    (c: string) => `IF(${c}, 9223372036854775807, 1) + 1 > 0`,
    (c: string) => `ABS(IF(${c}, -9223372036854775807 - 1, 1)) > 0`,
    (c: string) => `'a' REGEXP IF(${c}, '(', 'a')`,
    (c: string) => `COALESCE(JSON_EXTRACT(IF(${c}, '[', '[1]'), '$[0]'), 1) = 1`,
    (c: string) => `(SELECT u.n FROM (SELECT 1 AS n UNION ALL SELECT 2) u WHERE u.n = 1 OR ${c}) > 0`,
  ],
} as const;

/** Where a caller can put it: `r` is a relation, `q` the one that is probed, `c` the condition, `p` the failing predicate, `k` a column. */
const SHAPES: readonly ((r: string, c: string, p: string, k: string) => string)[] = [
  (r, _c, p) => `SELECT COUNT(*) FROM ${r} AS q WHERE ${p}`,
  (r, c, p) => `SELECT COUNT(*) FROM ${r} AS q WHERE ${c} AND ${p}`,
  (r, c, p) => `SELECT COUNT(*) FROM ${r} AS q WHERE ${p} AND ${c}`,
  (r, c, p, k) => `SELECT q.${k} FROM ${r} AS q WHERE ${c} OR NOT (${p})`,
  (r, c, p) => `WITH z AS (SELECT * FROM ${r}) SELECT COUNT(*) FROM z AS q WHERE ${c} AND ${p}`,
  (r, c, p) => `SELECT COUNT(*) FROM (SELECT * FROM ${r}) AS q WHERE ${c} AND ${p}`,
  (r, c, p, k) => `SELECT DISTINCT q.${k} FROM ${r} AS q WHERE ${c} AND ${p}`,
  (r, _c, p, k) =>
    `SELECT q.${k}, COUNT(*) FROM ${r} AS q GROUP BY q.${k} HAVING MAX(CASE WHEN ${p} THEN 1 ELSE 0 END) = 1`,
  (r, _c, p, k) => `SELECT COUNT(*) FROM ${r} AS o JOIN ${r} AS q ON q.${k} = o.${k} AND ${p}`,
  (r, c, p, k) => `SELECT COUNT(*) FROM ${r} AS o LEFT JOIN ${r} AS q ON q.${k} = o.${k} AND ${c} AND ${p}`,
  (r, c, p) => `SELECT COUNT(*) FROM ${r} AS o LEFT JOIN ${r} AS q ON ${c} WHERE ${p}`,
  (r, c, _p, k) => `SELECT COUNT(*), COUNT(q.${k}) FROM ${r} AS o LEFT JOIN ${r} AS q ON ${c}`,
  (r, c, _p, k) => `SELECT o.${k} FROM ${r} AS o LEFT JOIN ${r} AS q ON q.${k} = o.${k} AND ${c} WHERE q.${k} IS NULL`,
  (r, c, p, k) =>
    `SELECT COUNT(*) FROM ${r} AS o WHERE EXISTS (SELECT 1 FROM ${r} AS q WHERE q.${k} = o.${k} AND ${c} AND ${p})`,
  (r, c, p) => `SELECT COUNT(*) FROM ${r} AS o WHERE NOT EXISTS (SELECT 1 FROM ${r} AS q WHERE ${c} AND ${p})`,
  (r, c, p, k) => `SELECT COUNT(*) FROM ${r} AS o WHERE o.${k} IN (SELECT q.${k} FROM ${r} AS q WHERE ${c} AND ${p})`,
  (r, c, p, k) => `SELECT (SELECT COUNT(*) FROM ${r} AS q WHERE q.${k} = o.${k} AND ${c} AND ${p}) AS n FROM ${r} AS o`,
  (r, c, p, k) => `SELECT q.${k} FROM ${r} AS q WHERE ${c} AND ${p} UNION ALL SELECT q.${k} FROM ${r} AS q WHERE ${p}`,
  (r, c, p, k) =>
    `SELECT SUM(CASE WHEN ${p} THEN 1 ELSE 0 END) OVER (PARTITION BY q.${k}) AS n FROM ${r} AS q WHERE ${c}`,
];

function quote(name: string, { dialect }: Vocabulary): string {
  return printExpression({ kind: 'column', qualifier: [], name, at: -1 }, dialect).sql;
}

function writeCondition(choices: Choices, column: VocabularyColumn, vocabulary: Vocabulary): string {
  const operand: Expression = { kind: 'column', qualifier: ['q'], name: column.name, at: -1 };
  const leaf: Leaf = { expression: operand, kind: kindOf(column), column };
  const constant = () => constantFor(choices, leaf);
  const operator = choices.pick(['=', '=', '=', '>', '<', '>=', '<>'] as const);
  const condition: Expression = choices.weighted<Expression>([
    [8, () => ({ kind: 'binary', operator, left: operand, right: constant() })],
    [2, () => ({ kind: 'in-list', negated: false, operand, items: [constant(), constant()] })],
    [1, () => ({ kind: 'between', negated: false, operand, low: constant(), high: constant() })],
  ]);
  return printExpression(condition, vocabulary.dialect, { strings: 'quoted' }).sql;
}

/** The relations that are worth a probe: those whose rows are filtered, where there are any. */
function probed(vocabulary: Vocabulary): readonly VocabularyRelation[] {
  const filtered = vocabulary.relations.filter((relation) => relation.filtered);
  return filtered.length > 0 ? filtered : vocabulary.relations;
}

/**
 * A short statement whose only purpose is to fail where a row that the caller may not see has a value that the caller
 * guessed: the shapes that are known to leak where nothing keeps expressions off filtered rows.
 */
export function writeProbe(choices: Choices, vocabulary: Vocabulary): Query {
  const relation = choices.pick(probed(vocabulary));
  const column = choices.pick(relation.columns);
  const key = choices.chance(70) ? (relation.keys[0]?.[0] ?? column.name) : choices.pick(relation.columns).name;
  const condition = writeCondition(choices, choices.chance(40) ? (relation.columns[0] ?? column) : column, vocabulary);
  const failing = choices.pick(FAILING[vocabulary.dialect === 'sqlite' ? 'sqlite' : 'server'])(`(${condition})`);
  const shape = choices.pick(SHAPES);
  const text = shape(quote(relation.name, vocabulary), `(${condition})`, `(${failing})`, quote(key, vocabulary));
  return parseQuery(text, vocabulary.dialect);
}
