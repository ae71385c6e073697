import { describe, expect, it } from 'vitest';
import type { ReportParameter, ReportParameterType } from '../../../src/domain/report.js';
import type { SwaliError } from '../../../src/errors/swali-error.js';
import {
  assertNoClaim,
  checkParameters,
  printNumber,
  readValues,
  sampleValues,
} from '../../../src/reports/parameters.js';

const one = (type: ReportParameterType, change: Partial<ReportParameter> = {}): ReportParameter => ({
  name: 'x',
  type,
  label: '',
  default: null,
  ...change,
});

/** The error of something that is to be refused. */
function refusal(work: () => unknown): { readonly code: string; readonly detail: string | null } {
  try {
    return { code: `not refused: ${JSON.stringify(work())}`, detail: null };
  } catch (error) {
    const { code, detail } = error as SwaliError;
    return { code, detail };
  }
}

describe('a value', () => {
  it.each([
    ['integer', 7, 7],
    ['integer', '2026', 2026],
    ['integer', '-15', -15],
    ['integer', '-0', 0],
    ['integer', '007', 7],
    ['integer', '999999999999999', 999_999_999_999_999],
    ['decimal', '12.50', 12.5],
    ['decimal', -0.0000001, -1e-7],
    ['decimal', '123456789012.345', 123_456_789_012.345],
    ['text', '', ''],
    ['text', "' OR 1=1 -- 漢 🜁\n", "' OR 1=1 -- 漢 🜁\n"],
    ['date', '2024-02-29', '2024-02-29'],
  ] as const)('of type %s is taken from %j', (type, given, value) => {
    expect(readValues([one(type)], { x: given })).toEqual(new Map([['x', value]]));
  });

  it.each([
    ['integer', '1e3'],
    ['integer', ''],
    ['integer', ' 1'],
    ['integer', '+1'],
    ['integer', '1.0'],
    ['integer', 1.5],
    ['integer', '1000000000000000'],
    ['integer', Number.MAX_SAFE_INTEGER],
    ['integer', Number.NaN],
    ['integer', '٣'],
    ['integer', '1 OR 1=1'],
    ['decimal', '1,5'],
    ['decimal', '.5'],
    ['decimal', '1234567890123.456'],
    ['decimal', Number.POSITIVE_INFINITY],
    ['text', 7],
    ['text', 'a\0b'],
    ['text', '\ud800'],
    ['text', 'x'.repeat(1001)],
    ['date', '2023-02-29'],
    ['date', '2024-13-01'],
    ['date', '2024-1-1'],
    ['date', "2024-01-01' OR 1=1"],
    ['date', 20240101],
  ] as const)('of type %s is not taken from %j', (type, given) => {
    const { code, detail } = refusal(() => readValues([one(type)], { x: given }));
    expect([code, detail?.startsWith('x: expected ')]).toEqual(['REPORT_PARAMETER_INVALID', true]);
    expect(refusal(() => checkParameters([one(type, { default: given })], new Set())).code).toBe('REPORT_INVALID');
  });

  it('is the default where none is given, and must be given where there is none', () => {
    const declared = [one('integer', { default: 7 }), one('text', { name: 'y' })];
    expect(readValues(declared, { y: 'a' })).toEqual(
      new Map<string, string | number>([
        ['x', 7],
        ['y', 'a'],
      ]),
    );
    expect(refusal(() => readValues(declared, {}))).toEqual({
      code: 'REPORT_PARAMETER_INVALID',
      detail: 'y: is missing',
    });
  });

  it('that is not asked for is refused, names of prototypes too, and never repeated', () => {
    for (const name of ['z', 'X', 'constructor', '__proto__', 'toString']) {
      const { code, detail } = refusal(() =>
        readValues([one('text')], { x: 'a', ...Object.fromEntries([[name, 'b']]) }),
      );
      expect([name, code, detail]).toEqual([name, 'REPORT_PARAMETER_INVALID', expect.not.stringContaining(`${name}:`)]);
    }
  });

  it('to try a statement with is of its type', () => {
    const types = ['integer', 'decimal', 'text', 'date'] as const;
    const samples = sampleValues(types.map((type) => one(type, { name: type })));
    for (const type of types) expect(readValues([one(type)], { x: samples.get(type) ?? '' }).size).toBe(1);
    expect(sampleValues([one('integer', { default: 42 })])).toEqual(new Map([['x', 42]]));
  });
});

describe('a parameter', () => {
  it('may not have the name of a claim, in whichever case, nor of the tenant', () => {
    const claims = new Set(['customer_number', 'region']);
    for (const name of ['customer_number', 'Customer_Number', 'REGION', 'tenant', 'TENANT']) {
      expect(refusal(() => checkParameters([one('text', { name })], claims)).code).toBe('REPORT_INVALID');
      expect(refusal(() => assertNoClaim(name, claims)).code).toBe('REPORT_INVALID');
    }
    expect(checkParameters([one('text', { name: 'customer' })], claims)).toHaveLength(1);
  });

  it.each([
    ['a name that no text can say', [one('text', { name: 'a-b' })]],
    ['an empty name', [one('text', { name: '' })]],
    ['a name of 64 characters', [one('text', { name: 'a'.repeat(64) })]],
    ['a name that differs in case alone', [one('text'), one('text', { name: 'X' })]],
    ['an invisible label', [one('text', { label: 'a\u202eb' })]],
    ['a long label', [one('text', { label: 'x'.repeat(101) })]],
    ['twenty others', Array.from({ length: 21 }, (_, at) => one('text', { name: `p${at}` }))],
  ])('is refused with %s', (_what, declared) => {
    expect(refusal(() => checkParameters(declared, new Set())).code).toBe('REPORT_INVALID');
  });
});

it('prints numbers without an exponent', () => {
  expect([0.0000001, 1234567.5, -3, 999_999_999_999_999].map(printNumber)).toEqual([
    '0.0000001',
    '1234567.5',
    '-3',
    '999999999999999',
  ]);
});
