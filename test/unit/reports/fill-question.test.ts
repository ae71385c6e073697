import { expect, it } from 'vitest';
import { fillQuestion, namesInQuestion } from '../../../src/reports/fill-question.js';

it('finds the places of a question', () => {
  expect(namesInQuestion('How many {product} in { year } or {year}, and {}?')).toEqual(['product', 'year', 'year', '']);
});

it('fills every place once, whatever the values hold', () => {
  const values = new Map<string, string | number>([
    ['product', '{year} $& $1 tea'],
    ['year', 2026],
    ['rate', 0.0000001],
  ]);
  expect(fillQuestion('How many {product} in { year }, {year}, at {rate}?', values)).toBe(
    'How many {year} $& $1 tea in 2026, 2026, at 0.0000001?',
  );
});
