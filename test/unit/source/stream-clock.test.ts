import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStreamClock } from '../../../src/source/stream-clock.js';

const LIMITS = { timeoutMs: 100, idleMs: 40, readerMs: 70 };

/** A clock by fake time, and whose time was over. */
function started() {
  const over: string[] = [];
  return {
    clock: createStreamClock(
      LIMITS,
      (whose) => over.push(whose),
      () => Date.now(),
    ),
    over,
  };
}

describe('the clock of a stream', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('counts for the source first', () => {
    const { over } = started();
    vi.advanceTimersByTime(99);
    expect(over).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(over).toEqual(['source']);
  });

  it('does not count the reader’s time as the source’s', () => {
    const { clock, over } = started();
    vi.advanceTimersByTime(60);
    clock.forReader();
    vi.advanceTimersByTime(35);
    clock.forSource();
    expect(clock.sourceLeftMs()).toBe(40);
    vi.advanceTimersByTime(39);
    expect([over, clock.sourceLeftMs()]).toEqual([[], 1]);
    vi.advanceTimersByTime(1);
    expect(over).toEqual(['source']);
  });

  it('bounds one wait for the reader, and all of them together', () => {
    const idle = started();
    idle.clock.forReader();
    vi.advanceTimersByTime(40);
    expect(idle.over).toEqual(['reader']);
    const slow = started();
    for (let turn = 0; turn < 2; turn += 1) {
      slow.clock.forReader();
      vi.advanceTimersByTime(30);
      slow.clock.forSource();
    }
    slow.clock.forReader();
    vi.advanceTimersByTime(9);
    expect(slow.over).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(slow.over).toEqual(['reader']);
  });

  it('says nothing once it is stopped', () => {
    const { clock, over } = started();
    clock.stop();
    clock.forReader();
    vi.advanceTimersByTime(1000);
    expect(over).toEqual([]);
  });
});
