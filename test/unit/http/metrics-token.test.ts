import { describe, expect, it } from 'vitest';
import { isMetricsTokenOf } from '../../../src/http/metrics-token.js';

const TOKEN = 'metrics-token-0123456789-abcdefghij';

describe('the token of operators', () => {
  it('is taken as a bearer credential', () => {
    expect(isMetricsTokenOf(TOKEN)(`Bearer ${TOKEN}`)).toBe(true);
    expect(isMetricsTokenOf(TOKEN)(`bearer ${TOKEN}`)).toBe(true);
  });

  it.each([
    undefined,
    '',
    TOKEN,
    'Bearer ',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN} `,
  ])('is not %s', (header) => {
    expect(isMetricsTokenOf(TOKEN)(header)).toBe(false);
  });

  it('is none where none is set', () => {
    for (const header of [undefined, 'Bearer ', 'Bearer null']) expect(isMetricsTokenOf(null)(header)).toBe(false);
  });
});
