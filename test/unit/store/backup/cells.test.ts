import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cell, parseRow, printRow } from '../../../../src/store/backup/cells.js';

describe('rows of a backup', () => {
  it('come back exactly, with their types', () => {
    const cell = fc.oneof(
      fc.constant(null),
      fc.string({ unit: 'binary' }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(cell), (cells: Cell[]) => {
        const line = printRow(cells);
        expect(line).not.toContain('\n');
        expect(parseRow(line)).toEqual(cells);
      }),
      { numRuns: 2000 },
    );
  });

  it('keep whole numbers apart from floating point, and text from both', () => {
    expect(printRow([5n, 5, '5', 9007199254740993n, -0])).toBe('[5,{"r":"5"},"5",{"i":"9007199254740993"},{"r":"-0"}]');
  });

  it.each([
    '{}',
    '"x"',
    '[1.5]',
    '[true]',
    '[{"x":"1"}]',
    '[{"i":"1","r":"1"}]',
    '[{"i":"1e3"}]',
    '[{"r":"x"}]',
    '[[1]]',
    '[',
    '[1e300]',
  ])('are nothing else: %s', (line) => {
    expect(() => parseRow(line)).toThrow();
  });

  it('refuse a number that has no text', () => {
    expect(() => printRow([Number.NaN])).toThrow();
  });
});
