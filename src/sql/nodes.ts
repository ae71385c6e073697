/**
 * The query algebra: a closed set of node kinds for the SELECT language of MySQL, MariaDB and SQLite.
 *
 * What has no node here cannot be read, and so cannot run. The parser makes these nodes from text; `bind` replaces every
 * name by one of ours; the printer turns the tree into text again. Trees are immutable: every step returns a new one.
 * All walks are exhaustive over `kind` and do not compile when a kind is added and not handled.
 */

/** Byte-exact canonical numeral: digits, at most one point, at most one `e`; no sign, no leading zeros but a lone 0 before a point. */
export interface NumberLiteral {
  readonly kind: 'number';
  /** `integer` 12 · `decimal` 1.50 (exact on the MySQL family) · `float` 1.5e3. What the literal was, as it decides the result's type. */
  readonly form: 'integer' | 'decimal' | 'float';
  readonly text: string;
}

/** A character string, already unescaped. `national`/introducers are folded: the value is Unicode. */
export interface StringLiteral {
  readonly kind: 'string';
  readonly value: string;
}

/** `x'4D'`, `0x4D`, `b'101'`: `digits` are upper-case hexadecimal (even length) or binary. */
export interface BytesLiteral {
  readonly kind: 'bytes';
  readonly form: 'hex' | 'bit';
  readonly digits: string;
}

/** `DATE '2026-01-01'` and its like (MySQL family only). */
export interface TemporalLiteral {
  readonly kind: 'temporal';
  readonly type: 'DATE' | 'TIME' | 'TIMESTAMP';
  readonly value: string;
}

export interface BooleanLiteral {
  readonly kind: 'boolean';
  readonly value: boolean;
}

export interface NullLiteral {
  readonly kind: 'null';
}

/**
 * A bound value. From policy and verified texts: `:name`. After binding of literals: a literal that is sent apart from the text.
 * Prints as `?`; its value is appended to the parameters in print order.
 */
export interface Parameter {
  readonly kind: 'parameter';
  readonly origin: 'claim' | 'slot' | 'literal' | 'named';
  /** Name of the claim or slot (`named`: not yet known which); null for literals. */
  readonly name: string | null;
  /** Literals only; null otherwise. */
  readonly value: string | null;
}

/**
 * A column by name. As parsed: `qualifier` is what stood before the last point (`[]`, `[table]`, `[schema, table]`).
 * As bound: `qualifier` is one of our aliases (`t3`) and `name` one of our column names (`c7`), or, inside an enclosure
 * or a policy predicate, a base relation's alias and the catalog spelling.
 */
export interface ColumnReference {
  readonly kind: 'column';
  readonly qualifier: readonly string[];
  readonly name: string;
  /** Offset in the text it was read from; -1 where made. */
  readonly at: number;
}

/** After binding: a column of the select list by its output name (`c9`), as ORDER BY, GROUP BY and HAVING may say. Prints unqualified. */
export interface OutputReference {
  readonly kind: 'output';
  readonly name: string;
}

export const UNARY_OPERATORS = ['NOT', '-', '+', '~', 'BINARY'] as const;
export interface Unary {
  readonly kind: 'unary';
  /** `!` is read as NOT with its own precedence: the tree holds the grouping. */
  readonly operator: (typeof UNARY_OPERATORS)[number];
  readonly operand: Expression;
}

/**
 * Binary operators, spelled one way each: `&&` is read as AND and `<>` for `!=`; `%` and MOD are `%`; `||` is `OR` on the
 * MySQL family (PIPES_AS_CONCAT is off) and concatenation (`||`) on SQLite; `==` is `=`.
 * `IS`/`IS NOT` between any two operands are SQLite's; the MySQL family's own IS tests are {@link IsTest}.
 */
export const BINARY_OPERATORS = [
  'OR',
  'XOR',
  'AND',
  '=',
  '<=>',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'IS',
  'IS NOT',
  '|',
  '&',
  '<<',
  '>>',
  '+',
  '-',
  '*',
  '/',
  'DIV',
  '%',
  '^',
  '||',
  '->',
  '->>',
] as const;
export type BinaryOperator = (typeof BINARY_OPERATORS)[number];
export interface Binary {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** `x IS [NOT] NULL | TRUE | FALSE | UNKNOWN`; SQLite's `ISNULL`/`NOTNULL` too. */
export interface IsTest {
  readonly kind: 'is';
  readonly operand: Expression;
  readonly test: 'NULL' | 'TRUE' | 'FALSE' | 'UNKNOWN';
  readonly negated: boolean;
}

/** `LIKE`, `REGEXP` (RLIKE is the same), SQLite's `GLOB`. `escape` only with LIKE. */
export interface PatternMatch {
  readonly kind: 'match';
  readonly operator: 'LIKE' | 'REGEXP' | 'GLOB';
  readonly negated: boolean;
  readonly operand: Expression;
  readonly pattern: Expression;
  readonly escape: Expression | null;
}

export interface Between {
  readonly kind: 'between';
  readonly negated: boolean;
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
}

export interface InList {
  readonly kind: 'in-list';
  readonly negated: boolean;
  readonly operand: Expression;
  /** At least one, but on SQLite, where `IN ()` is false. */
  readonly items: readonly Expression[];
}

export interface InQuery {
  readonly kind: 'in-query';
  readonly negated: boolean;
  readonly operand: Expression;
  readonly query: Query;
}

export interface Exists {
  readonly kind: 'exists';
  readonly query: Query;
}

/** `x > ANY (…)`, `x = ALL (…)`. MySQL family only. SOME is read as ANY. */
export interface Quantified {
  readonly kind: 'quantified';
  readonly operator: '=' | '<>' | '<' | '<=' | '>' | '>=';
  readonly quantifier: 'ANY' | 'ALL';
  readonly operand: Expression;
  readonly query: Query;
}

export interface ScalarQuery {
  readonly kind: 'scalar-query';
  readonly query: Query;
}

/** `(a, b)` with at least two items; `ROW(a, b)` too. */
export interface RowValue {
  readonly kind: 'row';
  readonly items: readonly Expression[];
}

export interface Case {
  readonly kind: 'case';
  readonly operand: Expression | null;
  readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
  readonly otherwise: Expression | null;
}

/** Type names a CAST may name, upper case. MySQL family first, SQLite's (affinity words) after. `SIGNED` is also `SIGNED INTEGER`. */
export const CAST_TYPES = [
  'BINARY',
  'CHAR',
  'DATE',
  'DATETIME',
  'DECIMAL',
  'DOUBLE',
  'FLOAT',
  'JSON',
  'REAL',
  'SIGNED',
  'TIME',
  'UNSIGNED',
  'YEAR',
  'BLOB',
  'INTEGER',
  'NUMERIC',
  'TEXT',
  'VARCHAR',
  'INT',
  'BIGINT',
] as const;
export interface CastType {
  readonly name: (typeof CAST_TYPES)[number];
  /** Length or precision; null where not given. */
  readonly length: number | null;
  /** DECIMAL only. */
  readonly scale: number | null;
  /** `CHAR … CHARACTER SET x`, from a fixed list of character sets; else null. */
  readonly characterSet: string | null;
}

/** `CAST(x AS t)`; `CONVERT(x, t)` is read as this too. */
export interface Cast {
  readonly kind: 'cast';
  readonly operand: Expression;
  readonly type: CastType;
}

/** `CONVERT(x USING utf8mb4)`. */
export interface Transcode {
  readonly kind: 'transcode';
  readonly operand: Expression;
  readonly characterSet: string;
}

/** `x COLLATE name`; the name from a fixed list per dialect. */
export interface Collate {
  readonly kind: 'collate';
  readonly operand: Expression;
  readonly collation: string;
}

export const INTERVAL_UNITS = [
  'MICROSECOND',
  'SECOND',
  'MINUTE',
  'HOUR',
  'DAY',
  'WEEK',
  'MONTH',
  'QUARTER',
  'YEAR',
  'SECOND_MICROSECOND',
  'MINUTE_MICROSECOND',
  'MINUTE_SECOND',
  'HOUR_MICROSECOND',
  'HOUR_SECOND',
  'HOUR_MINUTE',
  'DAY_MICROSECOND',
  'DAY_SECOND',
  'DAY_MINUTE',
  'DAY_HOUR',
  'YEAR_MONTH',
] as const;
export type IntervalUnit = (typeof INTERVAL_UNITS)[number];

/** `INTERVAL n unit`: only as an operand of `+`/`-`, as the second argument of DATE_ADD/DATE_SUB/ADDDATE/SUBDATE, or as a RANGE frame bound. */
export interface Interval {
  readonly kind: 'interval';
  readonly value: Expression;
  readonly unit: IntervalUnit;
}

/** `EXTRACT(unit FROM x)`. */
export interface Extract {
  readonly kind: 'extract';
  readonly unit: IntervalUnit;
  readonly operand: Expression;
}

/** `TRIM([BOTH|LEADING|TRAILING] [remove] FROM x)`. A plain `TRIM(x)` is side BOTH, remove null; SQLite's TRIM(x, y) is an ordinary call. */
export interface Trim {
  readonly kind: 'trim';
  readonly side: 'BOTH' | 'LEADING' | 'TRAILING';
  readonly remove: Expression | null;
  readonly operand: Expression;
}

/** `TIMESTAMPADD(unit, n, x)`, `TIMESTAMPDIFF(unit, a, b)`. */
export interface TimestampArithmetic {
  readonly kind: 'timestamp-arithmetic';
  readonly name: 'TIMESTAMPADD' | 'TIMESTAMPDIFF';
  readonly unit: IntervalUnit;
  readonly left: Expression;
  readonly right: Expression;
}

/**
 * Any other call by an unqualified name: scalar, aggregate or window. Synonyms are kept as written, upper case.
 * `SUBSTRING(x FROM a FOR b)` is read as SUBSTRING(x, a, b), `POSITION(a IN b)` as LOCATE(a, b),
 * `CURRENT_DATE` and its like (with or without parentheses) as a call without arguments.
 */
export interface FunctionCall {
  readonly kind: 'call';
  readonly name: string;
  /** `COUNT(*)`: star, no arguments. */
  readonly star: boolean;
  readonly distinct: boolean;
  readonly arguments: readonly Expression[];
  /** Inside the parentheses of an aggregate (GROUP_CONCAT; any on SQLite). */
  readonly orderBy: readonly OrderItem[];
  /** GROUP_CONCAT on the MySQL family; null where not written. */
  readonly separator: string | null;
  /** Inside GROUP_CONCAT on MariaDB; null elsewhere. */
  readonly limit: Limit | null;
  /** `FILTER (WHERE …)`: SQLite only. */
  readonly filter: Expression | null;
  /** `OVER w` or `OVER (…)`. */
  readonly over: WindowSpecification | { readonly kind: 'window-name'; readonly name: string } | null;
  readonly at: number;
}

export interface WindowSpecification {
  readonly kind: 'window';
  /** A named window that this one refines; null where none. */
  readonly base: string | null;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  readonly frame: WindowFrame | null;
}

export interface WindowFrame {
  readonly unit: 'ROWS' | 'RANGE' | 'GROUPS';
  readonly start: FrameBound;
  /** Null where BETWEEN was not written. */
  readonly end: FrameBound | null;
  /** SQLite only. */
  readonly exclude: 'NO OTHERS' | 'CURRENT ROW' | 'GROUP' | 'TIES' | null;
}

export type FrameBound =
  | { readonly type: 'UNBOUNDED PRECEDING' | 'UNBOUNDED FOLLOWING' | 'CURRENT ROW' }
  | { readonly type: 'PRECEDING' | 'FOLLOWING'; readonly offset: Expression };

export type Expression =
  | NumberLiteral
  | StringLiteral
  | BytesLiteral
  | TemporalLiteral
  | BooleanLiteral
  | NullLiteral
  | Parameter
  | ColumnReference
  | OutputReference
  | Unary
  | Binary
  | IsTest
  | PatternMatch
  | Between
  | InList
  | InQuery
  | Exists
  | Quantified
  | ScalarQuery
  | RowValue
  | Case
  | Cast
  | Transcode
  | Collate
  | Interval
  | Extract
  | Trim
  | TimestampArithmetic
  | FunctionCall;

export interface OrderItem {
  readonly expression: Expression;
  /** Null where not written. */
  readonly direction: 'ASC' | 'DESC' | null;
  /** SQLite only. */
  readonly nulls: 'FIRST' | 'LAST' | null;
}

/**
 * Row bounds. On the MySQL family both are non-negative integer literals or parameters; on SQLite a negative count means no limit.
 * `LIMIT a, b` is read as count b, offset a.
 */
export interface Limit {
  readonly count: LimitValue;
  readonly offset: LimitValue | null;
}
export type LimitValue = { readonly kind: 'integer'; readonly value: bigint } | Parameter;

/** One query expression with its own WITH, ORDER BY and LIMIT. A parenthesised query is a Query again. */
export interface Query {
  readonly kind: 'query';
  readonly with: With | null;
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
}

export interface With {
  readonly recursive: boolean;
  readonly tables: readonly CommonTable[];
}

export interface CommonTable {
  readonly name: string;
  /** Column list; null where not written. After binding never null. */
  readonly columns: readonly string[] | null;
  readonly query: Query;
  /** SQLite only; null where not written. */
  readonly materialized: boolean | null;
}

export type QueryBody = Select | SetOperation | Values | Query;

/** `left op right`, grouped as the server groups: INTERSECT binds tighter on the MySQL family, all are equal on SQLite. */
export interface SetOperation {
  readonly kind: 'set-operation';
  readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT';
  readonly all: boolean;
  readonly left: QueryBody;
  readonly right: QueryBody;
}

/** `VALUES (…), (…)` (MySQL: `VALUES ROW(…), …`). */
export interface Values {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expression[])[];
}

export interface Select {
  readonly kind: 'select';
  readonly distinct: boolean;
  /** After binding and ordering: print STRAIGHT_JOIN after SELECT (MySQL family), so that the join order is the written one. Also read. */
  readonly straight: boolean;
  readonly items: readonly SelectItem[];
  /** Comma list; empty where there is no FROM (`FROM DUAL` too). */
  readonly from: readonly TableExpression[];
  readonly where: Expression | null;
  readonly groupBy: readonly Expression[];
  /** `WITH ROLLUP` (MySQL: also `GROUP BY ROLLUP (…)`). */
  readonly rollup: boolean;
  readonly having: Expression | null;
  readonly windows: readonly { readonly name: string; readonly window: WindowSpecification }[];
}

export type SelectItem =
  | {
      readonly kind: 'star' /** `[]`, `[table]` or `[schema, table]` */;
      readonly qualifier: readonly string[];
      readonly at: number;
    }
  | {
      readonly kind: 'expression';
      readonly expression: Expression;
      /** As written, or, after binding, our own (`c4`). */
      readonly alias: string | null;
      /** The source text of the expression, white space folded: the output name where there is no alias and it is no plain column. Empty where made. */
      readonly text: string;
    };

export type TableExpression = RelationReference | DerivedTable | Join | JsonRows | Enclosure;

/** A name in FROM: a base relation or a common table. After binding only common tables are left as this. */
export interface RelationReference {
  readonly kind: 'relation';
  /** Database name as written; null where not. */
  readonly schema: string | null;
  readonly name: string;
  readonly alias: string | null;
  readonly at: number;
}

export interface DerivedTable {
  readonly kind: 'derived';
  readonly query: Query;
  /** SQLite lets it be absent; after binding never null. */
  readonly alias: string | null;
  /** `AS t (a, b)`; null where not written. Not SQLite. */
  readonly columns: readonly string[] | null;
  /** MySQL only. */
  readonly lateral: boolean;
}

/** A join; parenthesised joins are nested joins on either side. */
export interface Join {
  readonly kind: 'join';
  readonly type: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS' | 'STRAIGHT';
  readonly natural: boolean;
  readonly left: TableExpression;
  readonly right: TableExpression;
  readonly on: Expression | null;
  /** After binding null: USING and NATURAL become ON. */
  readonly using: readonly string[] | null;
}

/** Column types that JSON_TABLE may give, upper case. */
export const JSON_COLUMN_TYPES = [
  'TINYINT',
  'SMALLINT',
  'INT',
  'BIGINT',
  'DECIMAL',
  'DOUBLE',
  'FLOAT',
  'CHAR',
  'VARCHAR',
  'TEXT',
  'DATE',
  'TIME',
  'DATETIME',
  'JSON',
] as const;

/** `name type PATH '$.a'`, `name type EXISTS PATH '$.a'`, or `name FOR ORDINALITY` (type null). NULL ON EMPTY and ON ERROR, as by default. */
export interface JsonColumn {
  readonly name: string;
  readonly type: {
    readonly name: (typeof JSON_COLUMN_TYPES)[number];
    readonly length: number | null;
    readonly scale: number | null;
  } | null;
  readonly exists: boolean;
  /** By {@link JSON_PATH}; null for FOR ORDINALITY. */
  readonly path: string | null;
}

/** The paths that JSON_TABLE may say: the servers take them only as string literals, so nothing else may stand between the quotes. */
export const JSON_PATH = /^\$(?:\.[A-Za-z_][A-Za-z0-9_]*|\.\*|\[(?:\d+|\*)\])*$/;

/**
 * Rows made from one JSON document: `JSON_TABLE(document, '$.a[*]' COLUMNS (…)) AS t` on the MySQL family, `json_each(document, path)`
 * and `json_tree` on SQLite. The document may name tables to its left and may not hold a query.
 */
export interface JsonRows {
  readonly kind: 'json-rows';
  readonly function: 'JSON_TABLE' | 'JSON_EACH' | 'JSON_TREE';
  readonly document: Expression;
  /** JSON_TABLE: always, by {@link JSON_PATH}. */
  readonly path: string | null;
  /** JSON_EACH and JSON_TREE: any expression; null where not written. */
  readonly root: Expression | null;
  /** JSON_TABLE only; SQLite's functions have fixed columns. */
  readonly columns: readonly JsonColumn[];
  /** SQLite lets it be absent; after binding never null. */
  readonly alias: string | null;
}

/** The columns of json_each and json_tree. */
export const SQLITE_JSON_COLUMNS = ['key', 'value', 'type', 'atom', 'id', 'parent', 'fullkey', 'path'] as const;

/**
 * The only form in which a base relation is printed. Exactly:
 * `(SELECT e AS c … FROM relation AS b [WHERE filter [AND copied]…] [ORDER BY key] [LIMIT fence]) AS t`.
 */
export interface Enclosure {
  readonly kind: 'enclosure';
  /** Catalog spelling. */
  readonly relation: string;
  /** Alias of the base relation inside, `b1`; the filter's and the columns' qualifier. */
  readonly inner: string;
  /** Alias outside, `t1`. */
  readonly alias: string;
  /** Only the columns that the statement uses; at least one (a constant where none is used). Expressions over `inner`: a column, or a mask. */
  readonly columns: readonly { readonly name: string; readonly expression: Expression }[];
  /** Row filter of the policy; null where all rows are open. */
  readonly filter: Expression | null;
  /** Conjuncts of the caller copied behind the filter (DESIGN §2.2 step 4). */
  readonly copied: readonly Expression[];
  /** Order in which the rows are given, over `inner`; only with the fence. */
  readonly orderBy: readonly OrderItem[];
  /** True where the filter stands: prints the LIMIT that never bites. */
  readonly fenced: boolean;
}

/** The kinds of node, for exhaustive tables. */
export type ExpressionKind = Expression['kind'];
export type TableExpressionKind = TableExpression['kind'];
