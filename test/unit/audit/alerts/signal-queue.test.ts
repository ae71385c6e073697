import { expect, it } from 'vitest';
import type { RuleOf } from '../../../../src/audit/alerts/alert-file.js';
import type { Signal } from '../../../../src/audit/alerts/signal.js';
import { createSignalQueue } from '../../../../src/audit/alerts/signal-queue.js';

const shared = { severity: 'info', cool_down: 1000, window: 1000 } as const;
const VOLUME: RuleOf<'sudden-volume'> = {
  ...{ ...shared, name: 'rows', kind: 'sudden-volume', measure: 'rows', minimum: 1, factor: 1, baseline: 2000 },
};
const STREAK: RuleOf<'refusals-in-a-row'> = { ...shared, name: 'row', kind: 'refusals-in-a-row', threshold: 3 };
const about = (subject: string, at: number) => ({
  ...{ key: ['', subject], at, tenant: null, subject, address: null, requestId: `r${at}` },
});
const volume = (subject: string, amount: number, at = 1): Signal => ({
  ...{ type: 'volume', rule: VOLUME, amount, ...about(subject, at) },
});
const streak = (broken: boolean, at = 1): Signal => ({ type: 'streak', rule: STREAK, broken, ...about('a', at) });

it('adds up the volumes of each principal, with the latest request', () => {
  const queue = createSignalQueue(2);
  for (let n = 1; n <= 1000; n += 1)
    for (const subject of ['a', 'b']) expect(queue.add(volume(subject, 2, n))).toBe(true);
  expect(queue.size).toBe(2);
  expect(queue.take(10)).toEqual([volume('a', 2000, 1000), volume('b', 2000, 1000)]);
});

it('keeps the order of refusals and answers, and each refusal', () => {
  const queue = createSignalQueue(100);
  for (const broken of [true, true, false, false, true, true, true, false]) queue.add(streak(broken));
  const taken = queue.take(100).map((signal) => signal.type === 'streak' && signal.broken);
  expect(taken).toEqual([true, false, false, true, false]);
});

it('has so many places, and what was taken is changed no more', () => {
  const queue = createSignalQueue(2);
  expect([queue.add(volume('a', 1)), queue.add(volume('b', 1)), queue.add(volume('c', 1))]).toEqual([
    true,
    true,
    false,
  ]);
  const taken = queue.take(1);
  expect(queue.add(volume('a', 5))).toBe(true);
  expect(taken).toEqual([volume('a', 1)]);
  expect(queue.take(5)).toEqual([volume('b', 1), volume('a', 5)]);
});
