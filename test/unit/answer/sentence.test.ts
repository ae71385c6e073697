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
    ['a count', [['COUNT(*)', 'integer']], [[1234]], 'The answer is 1,234 (number of rows).'],
    [
      'an exact decimal with its unit',
      [['total_amount', 'decimal', 'KES']],
      [['90071992547409931234.50']],
      'The answer is 90,071,992,547,409,931,234.50 KES (total amount).',
    ],
    ['a negative number', [['total', 'decimal', 'KES']], [['-1234.5']], 'The answer is -1,234.5 KES (total).'],
    [
      'a long fraction',
      [['AVG(total)', 'float', 'KES']],
      [[3670.9131578947367]],
      'The answer is 3,670.91 KES (average total).',
    ],
    ['a year', [['year', 'integer']], [[2025]], 'The answer is 2025 (year).'],
    ['text', [['name', 'text']], [['Amina']], 'The answer is Amina (name).'],
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
      '4 rows were found; the highest orders is 9 (D).',
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
      'The answer is x (name). This is only the first row; there are more.',
    );
  });

  it('shortens long texts and keeps to one line', () => {
    const text = sentence([['note', 'text']], [[`line\n${'🙂'.repeat(200)}`]]);
    expect([...text].length).toBeLessThan(120);
    expect(text).toContain('…');
    expect(text).not.toContain('\n');
  });
});
