import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleQuestions } from '../../../src/eval/sample-questions.js';

const ten = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

describe('taking some of the questions', () => {
  it('spreads them evenly over the file', () => {
    expect(sampleQuestions(ten, 5, null)).toEqual([0, 2, 4, 6, 8]);
    expect(sampleQuestions(ten, 3, null)).toEqual([0, 3, 6]);
  });

  it('takes all where there is no limit, or one that is not reached', () => {
    expect(sampleQuestions(ten, null, null)).toEqual(ten);
    expect(sampleQuestions(ten, 11, 1)).toEqual(ten);
  });

  it('takes the same for the same seed, and others for another', () => {
    expect(sampleQuestions(ten, 4, 1)).toEqual(sampleQuestions(ten, 4, 1));
    const taken = Array.from({ length: 20 }, (_, seed) => sampleQuestions(ten, 4, seed).join());
    expect(new Set(taken).size).toBeGreaterThan(10);
  });

  it('takes as many as asked, each once and in their order', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(60), fc.option(fc.nat()), (length, limit, seed) => {
        const items = Array.from({ length }, (_, at) => at);
        const taken = sampleQuestions(items, limit, seed);
        expect(taken).toHaveLength(Math.min(limit, length));
        expect(taken).toEqual([...new Set(taken)].sort((left, right) => left - right));
      }),
    );
  });
});
