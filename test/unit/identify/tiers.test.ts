import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { readTiers } from '../../../src/identify/tiers.js';

const LIMITS = {
  requests_per_minute: 5,
  requests_per_day: 50,
  model_tokens_per_day: 0,
  over_budget: 'refuse',
  concurrency: 2,
  rows: 10,
  export_rows: 20,
  export_bytes: 1024,
};
const READ = {
  requestsPerMinute: 5,
  requestsPerDay: 50,
  modelTokensPerDay: 0,
  modelMoneyPerDay: null,
  overBudget: 'refuse',
  concurrency: 2,
  rows: 10,
  exportRows: 20,
  exportBytes: 1024,
};

const NUMBERS = [
  'requestsPerMinute',
  'requestsPerDay',
  'modelTokensPerDay',
  'concurrency',
  'rows',
  'exportRows',
  'exportBytes',
] as const;

describe('tiers', () => {
  it('are built in, each allowing at least what the one below does', () => {
    const tiers = ['free', 'standard', 'professional', 'enterprise'].map((name) => readTiers(null).of(name));
    expect(tiers[0]).toMatchObject({ requestsPerMinute: 20, requestsPerDay: 100, concurrency: 1, rows: 200 });
    expect(tiers[0]).toMatchObject({ modelTokensPerDay: 100_000, overBudget: 'offline', exportRows: 1_000 });
    for (const [at, tier] of tiers.entries())
      for (const key of NUMBERS)
        if (at > 0) expect(tier[key], key).toBeGreaterThanOrEqual(tiers[at - 1]?.[key] ?? Number.POSITIVE_INFINITY);
  });

  it('of a file come beside the others and in their place', () => {
    const tiers = readTiers(JSON.stringify({ partner: { ...LIMITS, rows: 5_000 }, free: LIMITS }));
    expect(tiers.of('partner')).toEqual({ ...READ, rows: 5_000 });
    expect(tiers.of('free').requestsPerMinute).toBe(5);
    expect(tiers.of('enterprise')).toEqual(readTiers(null).of('enterprise'));
  });

  it('of an unknown name allow the least of all', () => {
    const tiers = readTiers(JSON.stringify({ odd: { ...LIMITS, concurrency: 9, rows: 9 } }));
    for (const name of ['', 'gold', '__proto__', 'constructor'])
      expect(tiers.of(name)).toEqual({ ...READ, concurrency: 1, rows: 9 });
  });

  it.each([
    ['"2.50"', '"2.50"', 2_500_000],
    ['0.000001', '0.000001', 1],
    ['0.1', '0.1', 100_000],
    ['0', '0', 0],
    ['null', 'null', null],
  ])('take an amount of money as it is written: %s', (_name, json, expected) => {
    const text = JSON.stringify({ odd: LIMITS }).replace('"requests', `"model_money_per_day":${json},"requests`);
    expect(readTiers(text).of('odd').modelMoneyPerDay).toBe(expected);
  });

  it('of an unknown name have the least money of those that have a limit', () => {
    const tiers = readTiers(JSON.stringify({ odd: { ...LIMITS, model_money_per_day: '3' } }));
    expect([tiers.of('gold').modelMoneyPerDay, tiers.of('free').modelMoneyPerDay]).toEqual([3_000_000, null]);
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a name that is none', JSON.stringify({ 'A B': LIMITS })],
    ['a limit of nothing', JSON.stringify({ odd: { ...LIMITS, rows: 0 } })],
    ['a limit too much', JSON.stringify({ odd: { ...LIMITS, more: 1 } })],
    ['a limit too few', JSON.stringify({ odd: { rows: 1 } })],
    ['no such thing to do without tokens', JSON.stringify({ odd: { ...LIMITS, over_budget: 'queue' } })],
    ['money that is none', JSON.stringify({ odd: { ...LIMITS, model_money_per_day: '-1' } })],
    ['money with an exponent', JSON.stringify({ odd: { ...LIMITS, model_money_per_day: 1e-7 } })],
    ['money below a millionth', JSON.stringify({ odd: { ...LIMITS, model_money_per_day: '1.2345678' } })],
    ['a limit in words', JSON.stringify({ odd: { ...LIMITS, rows: '10' } })],
  ])('are refused for %s', (_name, text) => {
    const read = () => readTiers(text);
    expect(read).toThrow(SwaliError);
    expect(read).toThrow(/TIERS_FILE/);
  });
});
