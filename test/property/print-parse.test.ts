import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIALECTS, type Dialect } from '../../src/domain/dialect.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { expressionKey } from '../../src/sql/expression-key.js';
import type {
  BinaryOperator,
  Expression,
  FunctionCall,
  OrderItem,
  Query,
  QueryBody,
  Select,
  TableExpression,
  WindowSpecification,
} from '../../src/sql/nodes.js';
import { parseExpression, parseQuery } from '../../src/sql/parser.js';
import { printExpression, printQuery } from '../../src/sql/printer.js';

/** Strings that a reader or printer could stumble over. */
const text = fc.oneof(
  fc.constantFrom('', "'", '"', '\\', '`', '--', '/*', '*/', '\\%', '\n', ']', '?', ';', 'é', '名', '😀', "\\'", '#'),
  fc.string({ unit: 'grapheme', maxLength: 6 }).filter((value) => !value.includes('\0')),
);
const name = fc.constantFrom('a', 'b', 'select', 'Order', 'a b', 'q"r', 'x`y', 'ünï', '1a', "it's", 'c]');

const SHARED: readonly BinaryOperator[] = [
  'OR',
  'AND',
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  '|',
  '&',
  '<<',
  '>>',
  '+',
  '-',
  '*',
  '/',
  '%',
];
const OPERATORS: Readonly<Record<Dialect, readonly BinaryOperator[]>> = {
  mysql: [...SHARED, 'XOR', '<=>', 'DIV', '^'],
  mariadb: [...SHARED, 'XOR', '<=>', 'DIV', '^'],
  sqlite: [...SHARED, 'IS', 'IS NOT', '||', '->', '->>'],
};

const FRAMES: readonly WindowSpecification['frame'][] = [
  null,
  { unit: 'ROWS', start: { type: 'UNBOUNDED PRECEDING' }, end: null, exclude: null },
  {
    unit: 'RANGE',
    start: { type: 'PRECEDING', offset: { kind: 'number', form: 'integer', text: '1' } },
    end: { type: 'CURRENT ROW' },
    exclude: null,
  },
];

/** One depth for all choices, so that trees stay small whatever they are made of. */
const DEPTH = { maxDepth: 4, depthIdentifier: fc.createDepthIdentifier() };

interface Trees {
  expression: Expression;
  query: Query;
}

interface Shapes extends Trees {
  table: TableExpression;
  select: Select;
  body: QueryBody;
}

/** Trees as a reader makes them: what is read as something else (`x IS NULL` as IS with NULL) is left out. */
function arbitraryTrees(dialect: Dialect): { [K in keyof Trees]: fc.Arbitrary<Trees[K]> } {
  const sqlite = dialect === 'sqlite';
  const { expression, query } = fc.letrec<Shapes>((tie: fc.LetrecTypedTie<Shapes>) => {
    const one = tie('expression');
    const maybe: fc.Arbitrary<Expression | null> = fc.oneof(DEPTH, fc.constant(null), one);
    const few = fc.array(one, { minLength: 1, maxLength: 3 });
    const flag = fc.boolean();
    const column: fc.Arbitrary<Expression> = fc.record({
      kind: fc.constant('column' as const),
      qualifier: fc.array(name, { maxLength: 2 }),
      name,
      at: fc.constant(-1),
    });
    const leaf: fc.Arbitrary<Expression> = fc.oneof(
      column,
      fc.record({ kind: fc.constant('string' as const), value: text }),
      fc.constantFrom<Expression>(
        { kind: 'null' },
        { kind: 'boolean', value: true },
        { kind: 'number', form: 'integer', text: '0' },
        { kind: 'number', form: 'integer', text: '42' },
        { kind: 'number', form: 'decimal', text: '0.50' },
        { kind: 'number', form: 'float', text: '1.5e-3' },
        { kind: 'bytes', form: 'hex', digits: '4D27' },
      ),
    );
    const order: fc.Arbitrary<OrderItem> = fc.record({
      expression: one,
      direction: fc.constantFrom(null, 'ASC' as const, 'DESC' as const),
      nulls: sqlite ? fc.constantFrom(null, 'FIRST' as const, 'LAST' as const) : fc.constant(null),
    });
    const window: fc.Arbitrary<WindowSpecification> = fc.record({
      kind: fc.constant('window' as const),
      base: fc.constantFrom(null, 'w', 'x y'),
      partitionBy: fc.array(one, { maxLength: 2 }),
      orderBy: fc.array(order, { maxLength: 2 }),
      frame: fc.constantFrom(...FRAMES),
    });
    const call: fc.Arbitrary<FunctionCall> = fc.record({
      kind: fc.constant('call' as const),
      name: fc.constantFrom('F', 'SUM', 'COALESCE', 'LEFT_OF'),
      star: fc.constant(false),
      distinct: fc.constant(false),
      arguments: fc.array(one, { maxLength: 3 }),
      orderBy: fc.constant([]),
      separator: fc.constant(null),
      limit: fc.constant(null),
      filter: sqlite ? maybe : fc.constant(null),
      over: fc.oneof(
        { weight: 4, arbitrary: fc.constant(null) },
        window,
        fc.constant({ kind: 'window-name' as const, name: 'w' }),
      ),
      at: fc.constant(-1),
    });
    const compound: fc.Arbitrary<Expression>[] = [
      fc.record({
        kind: fc.constant('unary' as const),
        operator: fc.constantFrom('NOT' as const, '-' as const, '+' as const, '~' as const),
        operand: one,
      }),
      fc
        .record({
          kind: fc.constant('binary' as const),
          operator: fc.constantFrom(...OPERATORS[dialect]),
          left: one,
          right: one,
        })
        .filter(
          ({ operator, right }) => !operator.startsWith('IS') || (right.kind !== 'null' && right.kind !== 'boolean'),
        ),
      fc.record({
        kind: fc.constant('is' as const),
        operand: one,
        test: fc.constantFrom('NULL' as const, 'TRUE' as const, 'FALSE' as const),
        negated: flag,
      }),
      fc.record({
        kind: fc.constant('match' as const),
        operator: fc.constant('LIKE' as const),
        negated: flag,
        operand: one,
        pattern: one,
        escape: maybe,
      }),
      fc.record({
        kind: fc.constant('match' as const),
        operator: fc.constant(sqlite ? ('GLOB' as const) : ('REGEXP' as const)),
        negated: flag,
        operand: one,
        pattern: one,
        escape: fc.constant(null),
      }),
      fc.record({ kind: fc.constant('between' as const), negated: flag, operand: one, low: one, high: one }),
      fc
        .record({ kind: fc.constant('in-list' as const), negated: flag, operand: one, items: few })
        .filter(({ items }) => sqlite || items.length > 1 || items[0]!.kind !== 'scalar-query'),
      fc.record({ kind: fc.constant('in-query' as const), negated: flag, operand: one, query: tie('query') }),
      fc.record({ kind: fc.constant('exists' as const), query: tie('query') }),
      fc.record({ kind: fc.constant('scalar-query' as const), query: tie('query') }),
      fc.record({ kind: fc.constant('row' as const), items: fc.array(one, { minLength: 2, maxLength: 3 }) }),
      fc.record({
        kind: fc.constant('case' as const),
        operand: maybe,
        // biome-ignore lint/suspicious/noThenProperty: the node's own word; nobody awaits a branch.
        branches: fc.array(fc.record({ when: one, then: one }), { minLength: 1, maxLength: 2 }),
        otherwise: maybe,
      }),
      fc.record({
        kind: fc.constant('cast' as const),
        operand: one,
        type: fc.constant({
          name: sqlite ? ('TEXT' as const) : ('CHAR' as const),
          length: null,
          scale: null,
          characterSet: null,
        }),
      }),
      fc.record({
        kind: fc.constant('collate' as const),
        operand: one,
        collation: fc.constant(sqlite ? 'NOCASE' : 'utf8mb4_bin'),
      }),
      call,
    ];
    if (!sqlite) {
      const interval = fc.record({
        kind: fc.constant('interval' as const),
        // A row after INTERVAL would be the function of that name.
        value: one.filter((value) => value.kind !== 'row'),
        unit: fc.constantFrom('DAY' as const, 'YEAR_MONTH' as const),
      });
      compound.push(
        fc.record({
          kind: fc.constant('binary' as const),
          operator: fc.constantFrom('+' as const, '-' as const),
          left: one,
          right: interval,
        }),
        fc.record({
          kind: fc.constant('quantified' as const),
          operator: fc.constantFrom('=' as const, '>' as const),
          quantifier: fc.constantFrom('ANY' as const, 'ALL' as const),
          operand: one,
          query: tie('query'),
        }),
        fc.record({ kind: fc.constant('extract' as const), unit: fc.constant('MONTH' as const), operand: one }),
        fc.record({
          kind: fc.constant('trim' as const),
          side: fc.constantFrom('LEADING' as const, 'TRAILING' as const),
          remove: maybe,
          operand: one,
        }),
        fc.record({ kind: fc.constant('transcode' as const), operand: one, characterSet: fc.constant('utf8mb4') }),
        fc.record({ kind: fc.constant('unary' as const), operator: fc.constant('BINARY' as const), operand: one }),
        fc.record({
          kind: fc.constant('timestamp-arithmetic' as const),
          name: fc.constant('TIMESTAMPADD' as const),
          unit: fc.constant('DAY' as const),
          left: one,
          right: one,
        }),
      );
    }
    const table: fc.Arbitrary<TableExpression> = fc.oneof(
      DEPTH,
      fc.record({
        kind: fc.constant('relation' as const),
        schema: fc.option(name),
        name,
        alias: fc.option(name),
        at: fc.constant(-1),
      }),
      fc.record({
        kind: fc.constant('derived' as const),
        query: tie('query'),
        alias: name,
        columns: fc.constant(null),
        lateral: fc.constant(false),
      }),
      fc.record({
        kind: fc.constant('join' as const),
        type: fc.constantFrom('INNER' as const, 'LEFT' as const, 'RIGHT' as const),
        natural: fc.constant(false),
        left: tie('table'),
        right: tie('table'),
        on: one,
        using: fc.constant(null),
      }),
    );
    const select: fc.Arbitrary<Select> = fc.record({
      kind: fc.constant('select' as const),
      distinct: flag,
      straight: fc.constant(false),
      items: fc.array(
        fc.record({ kind: fc.constant('expression' as const), expression: one, alias: name, text: fc.constant('') }),
        { minLength: 1, maxLength: 2 },
      ),
      from: fc.array(tie('table'), { minLength: 1, maxLength: sqlite ? 1 : 2 }),
      where: maybe,
      groupBy: fc.array(one, { maxLength: 2 }),
      rollup: fc.constant(false),
      having: maybe,
      windows: fc.array(fc.record({ name, window }), { maxLength: 1 }),
    });
    const set = fc
      .record({
        kind: fc.constant('set-operation' as const),
        operator: fc.constantFrom('UNION' as const, 'INTERSECT' as const, 'EXCEPT' as const),
        all: flag,
        left: tie('body'),
        right: sqlite ? tie('select') : tie('body'),
      })
      .map((operation) => (sqlite && operation.operator !== 'UNION' ? { ...operation, all: false } : operation));
    return {
      expression: fc.oneof(DEPTH, leaf, ...compound),
      table,
      select,
      body: fc.oneof(DEPTH, tie('select'), set),
      query: fc.record({
        kind: fc.constant('query' as const),
        with: fc.oneof(
          { weight: 4, arbitrary: fc.constant(null) },
          fc.record({
            recursive: flag,
            tables: fc.array(
              fc.record({
                name,
                columns: fc.constantFrom(null, ['a', 'b']),
                query: tie('query'),
                materialized: fc.constant(null),
              }),
              { minLength: 1, maxLength: 1 },
            ),
          }),
        ),
        body: tie('body'),
        orderBy: fc.array(order, { maxLength: 2 }),
        limit: fc.constantFrom(null, { count: { kind: 'integer' as const, value: 7n }, offset: null }),
      }),
    };
  });
  return { expression, query };
}

/** Right operands of the same level are set operations in parentheses, which are read as queries; the text is the same. */
const quoted = { strings: 'quoted' } as const;
const runs = { numRuns: Number(process.env.FC_RUNS ?? 600), seed: 20_261_122 };

describe.each(DIALECTS)('print and read on %s', (dialect) => {
  const trees = arbitraryTrees(dialect);

  it('gives the same expression back', () => {
    fc.assert(
      fc.property(trees.expression, (expression) => {
        const sql = printExpression(expression, dialect, quoted).sql;
        const again = parseExpression(sql, dialect);
        expect(printExpression(again, dialect, quoted).sql).toBe(sql);
        if (!/ (?:UNION|INTERSECT|EXCEPT) /.test(sql))
          expect(expressionKey(again), sql).toBe(expressionKey(expression));
      }),
      runs,
    );
  }, 60_000);

  it('gives the same query back', () => {
    fc.assert(
      fc.property(trees.query, (query) => {
        const sql = printQuery(query, dialect, quoted).sql;
        const again = parseQuery(sql, dialect);
        expect(printQuery(again, dialect, quoted).sql).toBe(sql);
        if (!/ (?:UNION|INTERSECT|EXCEPT) /.test(sql)) expect(expressionKey(again), sql).toBe(expressionKey(query));
      }),
      runs,
    );
  }, 60_000);

  it('leaves no quote and no comment in the text for a server, and one parameter for each question mark', () => {
    fc.assert(
      fc.property(trees.query, (query) => {
        const { sql, parameters } = printQuery(query, dialect);
        const bare = dialect === 'sqlite' ? sql.replace(/"(?:[^"]|"")*"/g, 'n') : sql.replace(/`(?:[^`]|``)*`/g, 'n');
        expect(bare).not.toMatch(/['"`#;@\\]|--|\/\*/);
        expect(bare.split('?').length - 1).toBe(parameters.length);
      }),
      runs,
    );
  }, 60_000);

  it('reads any text or refuses it with a code', () => {
    const words = fc.constantFrom(
      'SELECT',
      'FROM',
      'WHERE',
      '(',
      ')',
      ',',
      'a',
      '1',
      "'x'",
      '.',
      '*',
      'JOIN',
      'ON',
      'AND',
      'NOT',
      'IN',
      'UNION',
      'CASE',
      'END',
      'INTERVAL',
      'DAY',
      '-',
      '"',
      '`',
      '/*',
      '--',
      '\\',
      ';',
      'AS',
      'OVER',
      'BETWEEN',
      'IS',
      'LIKE',
      '@',
      ':b',
      '0x',
      'é',
      '\u0000',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 14 }), fc.string({ maxLength: 12 }), (parts, tail) => {
        try {
          parseQuery(`SELECT ${parts.join(' ')}${tail}`, dialect);
        } catch (error) {
          expect(error).toBeInstanceOf(SwaliError);
          expect((error as SwaliError).code).not.toBe('INTERNAL');
        }
      }),
      { ...runs, numRuns: 5 * runs.numRuns },
    );
  }, 60_000);
});
