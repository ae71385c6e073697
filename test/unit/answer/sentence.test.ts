import { describe, expect, it } from 'vitest';
import { chooseChart } from '../../../src/answer/chart.js';
import { writeSentence } from '../../../src/answer/sentence.js';
import type { ResultSet, ResultType, ResultValue } from '../../../src/domain/result-set.js';

type Short = readonly [name: string, type: ResultType, unit?: string];

function sentence(short: readonly Short[], rows: readonly (readonly ResultValue[])[], truncated = false): string {
  const columns = short.map(([name, , unit]) => ({ name, unit: unit ?? null, masked: false }));
  const result: ResultSet = { types: short.map(([, type]) => type), rows, truncated };
  return writeSentence(columns, result, chooseChart(columns, result));
}

describe('writeSentence', () => {
  it.each([
    ['a count', [['COUNT(*)', 'integer']], [[1234]], 'There are 1,234 rows.'],
    ['a count of something', [['number_of_orders', 'integer']], [[27]], 'There are 27 orders.'],
    ['a count of one', [['number_of_orders', 'integer']], [[1]], 'The number of orders is 1.'],
    ['a count of nothing', [['number_of_orders', 'integer']], [[0]], 'There are 0 orders.'],
    ['a count of what has no plural', [['number_of_status', 'integer']], [[5]], 'The number of status is 5.'],
    ['what is called like a count', [['orders', 'integer']], [[27]], '27 orders.'],
    ['one of what is called like a count', [['orders', 'integer']], [[1]], 'Orders: 1.'],
    ['an amount with a plural name', [['sales', 'decimal', 'KES']], [['27.00']], 'Sales: 27.00 KES.'],
    ['an expression without a name', [['SUM(a * b)', 'integer']], [[27]], 'The answer is 27 (SUM(a * b)).'],
    [
      'an exact decimal with its unit',
      [['total_amount', 'decimal', 'KES']],
      [['90071992547409931234.50']],
      'The total amount is 90,071,992,547,409,931,234.50 KES.',
    ],
    ['a negative number', [['total', 'decimal', 'KES']], [['-1234.5']], 'The total is -1,234.5 KES.'],
    ['a long fraction', [['AVG(total)', 'float', 'KES']], [[3670.9131578947367]], 'The average total is 3,670.91 KES.'],
    ['a long exact fraction', [['total', 'decimal', 'KES']], [['-99.9950']], 'The total is -100.00 KES.'],
    ['a fraction without a unit', [['rate', 'decimal']], [['0.123456']], 'The rate is 0.123456.'],
    ['an average without a unit', [['average_rating', 'decimal']], [['3.6667']], 'The average rating is 3.67.'],
    ['a small price', [['price', 'decimal', 'KES']], [['0.0040']], 'The price is 0.0040 KES.'],
    ['a small floating price', [['price', 'float', 'KES']], [[0.004]], 'The price is 0.004 KES.'],
    ['a year', [['year', 'integer']], [[2025]], 'The year is 2025.'],
    ['text', [['name', 'text']], [['Amina']], 'The name is Amina.'],
    ['a value that is not there', [['total', 'decimal']], [[null]], 'There is no value for total: no row has one.'],
    ['nothing', [['name', 'text']], [], 'Nothing was found.'],
    [
      'one row',
      [
        ['name', 'text'],
        ['total', 'decimal', 'KES'],
      ],
      [['Amina', '5.00']],
      'One row was found: name Amina, total 5.00 KES.',
    ],
    [
      'several rows',
      [
        ['a', 'text'],
        ['b', 'text'],
      ],
      [
        ['x', 'y'],
        ['x', 'y'],
      ],
      '2 rows were found.',
    ],
    [
      'rows with a highest',
      [
        ['branch', 'text'],
        ['orders', 'integer'],
      ],
      [
        ['A', 2],
        ['B', 7],
        ['C', 7],
        ['D', 9],
      ],
      'Of 4 rows, D has the highest orders: 9.',
    ],
    [
      'groups with a highest',
      [
        ['name', 'text'],
        ['total_amount', 'decimal', 'KES'],
      ],
      [
        ['A', '2.50'],
        ['B', '1234.5678'],
      ],
      'Of 2 groups, B has the highest total amount: 1,234.57 KES.',
    ],
    [
      'groups of what is highest itself',
      [
        ['name', 'text'],
        ['highest_price', 'integer'],
      ],
      [
        ['A', 2],
        ['B', 1],
      ],
      'Of 2 groups, A has the highest price: 2.',
    ],
    [
      'rows with two highest',
      [
        ['branch', 'text'],
        ['orders', 'integer'],
      ],
      [
        ['A', 9],
        ['B', 9],
      ],
      '2 rows were found.',
    ],
  ] as const)('says %s', (_name, columns, rows, expected) => {
    expect(sentence(columns, rows)).toBe(expected);
  });

  it('says where the result was cut, and names no highest of a part', () => {
    const rows = Array.from({ length: 1000 }, (_, index) => [`c${index}`, index] as const);
    expect(
      sentence(
        [
          ['branch', 'text'],
          ['orders', 'integer'],
        ],
        rows,
        true,
      ),
    ).toBe('The first 1,000 rows are shown; there are more.');
    expect(sentence([['name', 'text']], [['x']], true)).toBe(
      'The name is x. This is only the first row; there are more.',
    );
  });

  it('shortens long texts and keeps to one line', () => {
    const text = sentence([['note', 'text']], [[`line\n${'🙂'.repeat(200)}`]]);
    expect([...text].length).toBeLessThan(120);
    expect(text).toContain('…');
    expect(text).not.toContain('\n');
  });
});
