import { expect, it } from 'vitest';
import { loadTokenCounter } from '../../../../src/translate/link/count-tokens.js';

it('counts as the tokenizer does, and takes what spells a control token for text', async () => {
  const count = await loadTokenCounter();
  expect(count('')).toBe(0);
  expect(count('orders(id int key)')).toBe(5);
  expect(count('<|endoftext|>')).toBeGreaterThan(1);
});
