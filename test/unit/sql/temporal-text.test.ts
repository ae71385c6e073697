import { expect, it } from 'vitest';
import { isTemporalText } from '../../../src/sql/temporal-text.js';

it.each([
  ['DATE', '2026-01-31'],
  ['DATE', '2024-02-29'],
  ['DATE', '2000-02-29'],
  ['DATE', '0001-01-01'],
  ['DATE', '9999-12-31'],
  ['DATE', '2026-04-30'],
  ['DATE', '2026-11-30'],
  ['TIME', '00:00:00'],
  ['TIME', '19:59:59'],
  ['TIME', '23:59:59.123456'],
  ['TIME', '12:00:00.1'],
  ['TIMESTAMP', '2026-01-31 12:00:00'],
  ['TIMESTAMP', '2024-02-29 23:59:59.5'],
] as const)('takes the %s %s', (type, text) => {
  expect(isTemporalText(type, text)).toBe(true);
});

it.each([
  ['DATE', '2026-02-29'],
  ['DATE', '1900-02-29'],
  ['DATE', '2026-04-31'],
  ['DATE', '2026-06-31'],
  ['DATE', '2026-09-31'],
  ['DATE', '2026-11-31'],
  ['DATE', '2026-01-32'],
  ['DATE', '2026-00-10'],
  ['DATE', '2026-13-10'],
  ['DATE', '2026-01-00'],
  ['DATE', '0000-01-01'],
  ['DATE', '2026-1-31'],
  ['DATE', '20260131'],
  ['DATE', ' 2026-01-31'],
  ['DATE', '2026-01-31 '],
  ['DATE', '12026-01-31'],
  ['DATE', '12:00:00'],
  ['DATE', ''],
  ['TIME', '24:00:00'],
  ['TIME', '2:00:00'],
  ['TIME', '12:60:00'],
  ['TIME', '12:00:60'],
  ['TIME', '12:00'],
  ['TIME', '12:00:00.'],
  ['TIME', '12:00:00.1234567'],
  ['TIME', 'x12:00:00'],
  ['TIME', '12:00:00x'],
  ['TIME', '2026-01-31'],
  ['TIMESTAMP', '2026-01-31'],
  ['TIMESTAMP', '2026-01-31T12:00:00'],
  ['TIMESTAMP', '2026-02-31 12:00:00'],
  ['TIMESTAMP', '2026-01-31 25:00:00'],
  ['TIMESTAMP', '2026-01-31  12:00:00'],
] as const)('does not take the %s %s', (type, text) => {
  expect(isTemporalText(type, text)).toBe(false);
});
