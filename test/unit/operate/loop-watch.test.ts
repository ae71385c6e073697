import { describe, expect, it } from 'vitest';
import { createLoopWatch } from '../../../src/operate/loop-watch.js';

/** A watch whose time and heartbeat are the test's. */
function watchBy() {
  let now = 0;
  let beat: () => void = () => {};
  let stopped = false;
  const watch = createLoopWatch({
    now: () => now,
    every: (_ms, work) => {
      beat = work;
      return () => {
        stopped = true;
      };
    },
  });
  const pass = (ms: number, beats = true) => {
    now += ms;
    if (beats) beat();
  };
  return { watch, pass, isStopped: () => stopped };
}

describe('the watch of the event loop', () => {
  it('finds nothing late where the heartbeat comes in time', () => {
    const { watch, pass } = watchBy();
    for (let n = 0; n < 20; n += 1) pass(100);
    expect(watch.lateMs()).toBe(0);
  });

  it('says how late one came, for some seconds', () => {
    const { watch, pass } = watchBy();
    pass(3100);
    expect(watch.lateMs()).toBe(3000);
    for (let n = 0; n < 40; n += 1) pass(100);
    expect(watch.lateMs()).toBe(3000);
    for (let n = 0; n < 20; n += 1) pass(100);
    expect(watch.lateMs()).toBe(0);
  });

  it('counts the one that is late still', () => {
    const { watch, pass } = watchBy();
    pass(7100, false);
    expect(watch.lateMs()).toBe(7000);
  });

  it('stops', () => {
    const { watch, isStopped } = watchBy();
    watch.stop();
    expect(isStopped()).toBe(true);
  });

  it('sees the real loop held', async () => {
    const watch = createLoopWatch();
    try {
      const end = performance.now() + 400;
      while (performance.now() < end);
      expect(watch.lateMs()).toBeGreaterThan(200);
    } finally {
      watch.stop();
    }
  });
});
