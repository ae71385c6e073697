import { DatabaseSync } from '@photostructure/sqlite';
import { createConnection } from 'mysql2/promise';
import { describe, expect, it } from 'vitest';
import { DIALECTS, type Dialect } from '../../src/domain/dialect.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import type { Expression } from '../../src/sql/nodes.js';
import { parseExpression } from '../../src/sql/parser.js';
import { PrintContext } from '../../src/sql/print-context.js';
import { printExpressionNode } from '../../src/sql/print-expression.js';
import { printQueryNode } from '../../src/sql/print-query.js';
import { printTable } from '../../src/sql/print-table.js';
import { printExpression } from '../../src/sql/printer.js';
import { engineUrl } from '../engines/engines.js';

/** Prints every operand in parentheses, so that a server cannot group in its own way. */
function printGrouped(expression: Expression, dialect: Dialect): string {
  const print: PrintContext = new PrintContext(
    dialect,
    {
      expression: (context, node) => {
        const text = printExpressionNode(context, node);
        return node.kind === 'number' || node.kind === 'null' || node.kind === 'row' ? text : `(${text})`;
      },
      query: printQueryNode,
      table: printTable,
    },
    { strings: 'quoted' },
  );
  return print.expression(expression);
}

/** A repeatable stream of choices (mulberry32). */
function makeChooser(seed: number): <T>(items: readonly T[]) => T {
  let state = seed;
  return (items) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return items[((mixed ^ (mixed >>> 14)) >>> 0) % items.length]!;
  };
}

const OPERANDS = ['0', '1', '2', '3', '5', '7', '11', 'NULL'];
const SHARED = [
  'OR',
  'AND',
  '=',
  '<>',
  '!=',
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
  'LIKE',
  'NOT LIKE',
];
const BINARIES: Readonly<Record<Dialect, readonly string[]>> = {
  mysql: [...SHARED, '||', '&&', 'XOR', '<=>', 'DIV', 'MOD', '^', 'REGEXP', 'RLIKE'],
  mariadb: [...SHARED, '||', '&&', 'XOR', '<=>', 'DIV', 'MOD', '^', 'REGEXP', 'RLIKE'],
  sqlite: [...SHARED, '||', '==', 'IS', 'IS NOT', 'IS DISTINCT FROM', 'GLOB'],
};
const PREFIXES = ['', '', '', '', '', '', '- ', '~ ', '+ ', 'NOT ', '! '];
const SUFFIXES: Readonly<Record<Dialect, readonly string[]>> = {
  mysql: ['', '', '', '', '', ' IS NULL', ' IS NOT NULL', ' IS TRUE', ' IS NOT FALSE', ' IN (1, 2)', ' NOT IN (3)'],
  mariadb: ['', '', '', '', '', ' IS NULL', ' IS NOT NULL', ' IS TRUE', ' IS NOT FALSE', ' IN (1, 2)', ' NOT IN (3)'],
  sqlite: [
    '',
    '',
    '',
    '',
    '',
    ' IS NULL',
    ' ISNULL',
    ' NOT NULL',
    ' IS TRUE',
    ' IN (1, 2)',
    ' NOT IN (3)',
    ' COLLATE NOCASE',
  ],
};

/** A flat text of operators without parentheses. */
function writeChain(choose: ReturnType<typeof makeChooser>, dialect: Dialect): string {
  const prefixes = dialect === 'sqlite' ? PREFIXES.filter((prefix) => prefix !== '! ') : PREFIXES;
  const operand = (): string => choose(prefixes) + choose(OPERANDS);
  let text = operand();
  const length = choose([1, 2, 3, 4]);
  for (let count = 0; count < length; count++) {
    text += choose(SUFFIXES[dialect]);
    if (choose([1, 2, 3, 4, 5, 6]) === 1) text += `${choose([' ', ' NOT '])}BETWEEN ${operand()} AND ${operand()}`;
    text += ` ${choose(BINARIES[dialect])} ${operand()}`;
  }
  return text + choose(SUFFIXES[dialect]);
}

type Evaluate = (expression: string) => Promise<string | null>;

const CHAINS = 6_000;

describe.each(DIALECTS)('precedence on %s', (dialect) => {
  const url = dialect === 'sqlite' ? null : engineUrl(dialect);

  it.skipIf(dialect !== 'sqlite' && url === null)(
    'groups chains of operators as the server does',
    { timeout: 120_000 },
    async () => {
      const { evaluate, close } = await openEvaluator(dialect, url);
      const choose = makeChooser(20_261_122);
      let compared = 0;
      const wrong: string[] = [];
      const unread = new Map<string, number>();
      for (let count = 0; count < CHAINS; count++) {
        const text = writeChain(choose, dialect);
        const expected = await evaluate(text);
        let expression: Expression;
        try {
          expression = parseExpression(text, dialect);
        } catch (error) {
          if (!(error instanceof SwaliError)) throw error;
          if (expected !== null) unread.set(error.code, (unread.get(error.code) ?? 0) + 1);
          if (expected !== null && error.code !== 'SEAL_UNSUPPORTED') wrong.push(`refused: ${text}`);
          continue;
        }
        if (expected === null) {
          wrong.push(`read, and the server refuses: ${text}`);
          continue;
        }
        const results = [await evaluate(printGrouped(expression, dialect))];
        results.push(await evaluate(printExpression(expression, dialect).sql));
        compared++;
        if (results.some((result) => result !== expected))
          wrong.push(`${text} = ${expected}, ${printGrouped(expression, dialect)} = ${results.join(' / ')}`);
      }
      await close();
      console.log(`${dialect}: ${compared} chains compared; read by the server only:`, Object.fromEntries(unread));
      expect(wrong).toEqual([]);
      expect(compared).toBeGreaterThan(CHAINS / 4);
    },
  );
});

async function openEvaluator(
  dialect: Dialect,
  url: string | null,
): Promise<{ evaluate: Evaluate; close(): Promise<void> }> {
  if (dialect === 'sqlite') {
    const database = new DatabaseSync(':memory:');
    const evaluate: Evaluate = async (expression) => {
      try {
        return JSON.stringify(Object.values(database.prepare(`SELECT ${expression}`).get() as object));
      } catch (error) {
        return /syntax|near/.test(String(error)) ? null : 'fails';
      }
    };
    return { evaluate, close: async () => database.close() };
  }
  const connection = await createConnection({
    uri: (url as string).replace(/^mariadb:/, 'mysql:'),
    rowsAsArray: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  const evaluate: Evaluate = async (expression) => {
    try {
      return JSON.stringify((await connection.query(`SELECT ${expression}`))[0]);
    } catch (error) {
      // 1064 is a syntax error; others depend on values, and the order of evaluation.
      return (error as { errno?: number }).errno === 1064 ? null : `fails ${(error as { errno?: number }).errno}`;
    }
  };
  return { evaluate, close: () => connection.end() };
}
