import { describe, expect, it } from 'vitest';
import { chooseChart, MAX_BARS, MAX_SLICES } from '../../../src/answer/chart.js';
import type { ResultSet, ResultType, ResultValue } from '../../../src/domain/result-set.js';

type Short = readonly [name: string, type: ResultType, unit?: string];

function chart(columns: readonly Short[], rows: readonly (readonly ResultValue[])[], truncated = false) {
  const result: ResultSet = { types: columns.map(([, type]) => type), rows, truncated };
  return chooseChart(
    columns.map(([name, , unit]) => ({ name, unit: unit ?? null, masked: false })),
    result,
  );
}

const categories = (count: number) => Array.from({ length: count }, (_, index) => [`c${index}`, index + 1] as const);

describe('chooseChart', () => {
  it('shows a single number as a number', () => {
    expect(chart([['total_amount', 'decimal', 'KES']], [['12.50']])).toEqual({
      type: 'number',
      x: null,
      y: [0],
      title: 'Total amount (KES)',
    });
    expect(chart([['name', 'text']], [['Amina']])).toBeNull();
    expect(chart([['total', 'decimal']], [[null]])).toBeNull();
  });

  it.each([
    ['dates', 'date', ['2025-01-01', '2025-01-02']],
    ['months as text', 'text', ['2025-01', '2025-02']],
    ['quarters as text', 'text', ['2025-Q1', '2025-Q2']],
    ['weeks as text', 'text', ['2025-W01', '2025-W02']],
  ] as const)('draws a line over %s', (_name, type, values) => {
    const found = chart(
      [
        ['period', type],
        ['total', 'decimal', 'KES'],
      ],
      values.map((value, index) => [value, String(index)]),
    );
    expect(found).toEqual({ type: 'line', x: 0, y: [1], title: 'Total (KES) by period' });
  });

  it('draws a line over whole years, wherever the column stands', () => {
    expect(
      chart(
        [
          ['count', 'integer'],
          ['year', 'integer'],
        ],
        [
          [3, 2024],
          [4, 2025],
        ],
      ),
    ).toMatchObject({ type: 'line', x: 1, y: [0] });
  });

  it('draws bars over categories, up to the limit', () => {
    const columns: readonly Short[] = [
      ['branch', 'text'],
      ['orders', 'integer'],
    ];
    expect(chart(columns, categories(MAX_BARS))).toMatchObject({ type: 'bar', x: 0, y: [1] });
    expect(chart(columns, categories(MAX_BARS + 1))).toBeNull();
  });

  it('cuts a pie only for shares of a whole, in few parts', () => {
    const columns: readonly Short[] = [
      ['method', 'text'],
      ['share', 'decimal'],
    ];
    expect(chart(columns, categories(MAX_SLICES))).toMatchObject({ type: 'pie' });
    expect(chart(columns, categories(MAX_SLICES + 1))).toMatchObject({ type: 'bar' });
    expect(
      chart(columns, [
        ['a', '-1'],
        ['b', '2'],
      ]),
    ).toMatchObject({ type: 'bar' });
    expect(chart(columns, categories(3), true)).toMatchObject({ type: 'bar' });
  });

  it.each([
    [
      'no rows',
      [
        ['branch', 'text'],
        ['orders', 'integer'],
      ],
      [],
    ],
    [
      'one row',
      [
        ['branch', 'text'],
        ['orders', 'integer'],
      ],
      [['a', 1]],
    ],
    [
      'repeated categories',
      [
        ['branch', 'text'],
        ['orders', 'integer'],
      ],
      [
        ['a', 1],
        ['a', 2],
      ],
    ],
    [
      'keys for measures',
      [
        ['name', 'text'],
        ['customer_number', 'integer'],
      ],
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    [
      'two categories',
      [
        ['a', 'text'],
        ['b', 'text'],
        ['n', 'integer'],
      ],
      [
        ['x', 'y', 1],
        ['z', 'y', 2],
      ],
    ],
    [
      'text alone',
      [
        ['a', 'text'],
        ['b', 'text'],
      ],
      [
        ['x', 'y'],
        ['z', 'y'],
      ],
    ],
    [
      'dates that come twice',
      [
        ['day', 'date'],
        ['n', 'integer'],
      ],
      [
        ['2025-01-01', 1],
        ['2025-01-01', 2],
      ],
    ],
  ] as const)('leaves %s to the table', (_name, columns, rows) => {
    expect(chart(columns, rows)).toBeNull();
  });
});
