import type { IncrementResponse, Options } from 'express-rate-limit';
import { describe, expect, it } from 'vitest';
import { createWindowStore } from '../../../src/http/window-store.js';

function open() {
  const clock = { now: 5000 };
  const store = createWindowStore(() => clock.now);
  store.init?.({ windowMs: 1000 } as Options);
  const hit = (key: string): number => (store.increment(key) as IncrementResponse).totalHits;
  return { clock, store, hit };
}

describe('a window of requests', () => {
  it('begins with the first and ends after its length, however many come', () => {
    const { clock, hit } = open();
    expect([hit('a'), hit('a')]).toEqual([1, 2]);
    clock.now += 999;
    expect(hit('a')).toBe(3);
    clock.now += 1;
    expect(hit('a')).toBe(1);
  });

  it('is each caller’s own', () => {
    const { hit } = open();
    expect([hit('a'), hit('b'), hit('a')]).toEqual([1, 1, 2]);
  });

  it('says when it ends by the time of day, whose jumps do not move it', () => {
    const { clock, store } = open();
    const before = Date.now();
    const { resetTime } = store.increment('a') as IncrementResponse;
    expect(resetTime!.getTime() - before).toBeGreaterThanOrEqual(1000);
    clock.now += 600;
    const later = store.increment('a') as IncrementResponse;
    expect(later.resetTime!.getTime() - Date.now()).toBeLessThanOrEqual(400);
  });

  it('takes a request back, and forgets a caller when told to', async () => {
    const { store, hit } = open();
    expect([hit('a'), hit('a')]).toEqual([1, 2]);
    await store.decrement('a');
    expect(hit('a')).toBe(2);
    await store.resetKey('a');
    expect(hit('a')).toBe(1);
  });
});
