import { expect, it } from 'vitest';
import { createValueMemory } from '../../../../src/translate/link/value-memory.js';
import { customer } from '../../../support/principals.js';
import { shopView } from '../short-view.js';

it('remembers what an asker was shown, and tells no other asker', () => {
  const memory = createValueMemory();
  const view = shopView(true);
  const [one, other] = [103, 104].map((number) => ({ principal: customer(number), view }));
  memory.remember(one!, new Map([['orders.status', ['Shipped', '2024']]]));
  memory.remember(one!, new Map([['branches.city', ['Nairobi West']]]));
  expect([...memory.recall(one!).find('shipped')]).toEqual(['orders.status']);
  expect([...memory.recall(one!).find('nairobi west')]).toEqual(['branches.city']);
  expect(memory.recall(one!).find('2024').size).toBe(0);
  expect(memory.recall(other!).size).toBe(0);
  expect(memory.recall({ ...one!, view: { ...view, policyVersion: 'sha256:next' } }).size).toBe(0);
});

it('forgets values that are gone, and gives the same index where nothing is new', () => {
  const memory = createValueMemory();
  const asker = { principal: customer(103), view: shopView() };
  const first = memory.remember(asker, new Map([['orders.status', ['open']]]));
  expect(memory.remember(asker, new Map([['orders.status', ['open']]]))).toBe(first);
  memory.remember(asker, new Map([['orders.status', ['paid']]]));
  expect(memory.recall(asker).find('open').size).toBe(0);
  expect(memory.recall(asker).find('paid').size).toBe(1);
});
