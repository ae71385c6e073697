import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ResultValue } from '../../../src/domain/result-set.js';
import { compareRows, type Difference } from '../../../src/eval/compare-rows.js';

interface Case {
  readonly name: string;
  readonly gold: ResultValue[][];
  readonly answer: ResultValue[][];
  readonly goldColumns?: number;
  readonly answerColumns?: number;
  readonly ordered?: boolean;
  readonly difference: Difference | null;
}

const cases = readFileSync(new URL('../../../fixtures/cases/eval-compare.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Case);

describe('comparing an answer with the gold', () => {
  it('has its cases', () => expect(cases.length).toBeGreaterThanOrEqual(42));

  it.each(cases)('$name', ({ gold, answer, ordered = false, difference, ...columns }) => {
    const compared = (rows: ResultValue[][], width = rows[0]?.length ?? 0) => ({ columns: width, rows });
    const [left, right] = [compared(gold, columns.goldColumns), compared(answer, columns.answerColumns)];
    expect(compareRows(left, right, ordered)).toBe(difference);
    // What is the same is so both ways.
    expect(compareRows(right, left, ordered) === null).toBe(difference === null);
  });

  it('ends where many columns hold the same values', () => {
    const wide = Array.from({ length: 40 }, (_, row) => Array.from({ length: 20 }, (_, column) => (row + column) % 2));
    const turned = wide.map((row) => row.map((value, index) => (index === 19 ? 1 - value : value)));
    expect(compareRows({ columns: 20, rows: wide }, { columns: 20, rows: turned }, false)).toBe('values');
  });

  it('compares tens of thousands of rows that differ throughout', () => {
    const rows = (add: number) => Array.from({ length: 50_000 }, (_, row) => [row + add, `name ${row}`]);
    expect(compareRows({ columns: 2, rows: rows(0) }, { columns: 2, rows: rows(0.5) }, false)).toBe('values');
    expect(compareRows({ columns: 2, rows: rows(0) }, { columns: 2, rows: rows(0).reverse() }, false)).toBeNull();
  });
});
