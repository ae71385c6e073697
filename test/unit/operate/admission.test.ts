import { describe, expect, it } from 'vitest';
import { type AdmissionDeps, createAdmission } from '../../../src/operate/admission.js';
import { fixedLimit } from '../../../src/operate/in-flight-limit.js';
import { createStatementTimes } from '../../../src/operate/statement-times.js';
import { createRandom, p99, simulate } from './simulated-source.js';

/** A door with two places, timers that are fired by hand, and a clock. */
function open(changes: Partial<AdmissionDeps> = {}) {
  const time = { ms: 0 };
  const timers: { readonly at: number; readonly work: () => void; off: boolean }[] = [];
  const door = createAdmission({
    limit: fixedLimit(2),
    times: createStatementTimes(),
    parked: () => 0,
    fixed: { 'sign-in': 1, other: 2 },
    now: () => time.ms,
    later: (ms, work) => {
      const timer = { at: time.ms + ms, work, off: false };
      timers.push(timer);
      return () => {
        timer.off = true;
      };
    },
    ...changes,
  });
  const pass = (ms: number) => {
    time.ms += ms;
    for (const timer of timers.splice(0)) {
      if (timer.off) continue;
      if (timer.at <= time.ms) timer.work();
      else timers.push(timer);
    }
  };
  /** Whoever comes, and what has become of them. */
  const come = () => {
    const guest = { leave: null as (() => void) | null, state: 'waiting' };
    const settle = (leave: (() => void) | null) => Object.assign(guest, { leave, state: leave ? 'in' : 'refused' });
    const entered = door.enter('ask');
    if (entered instanceof Promise) void entered.then(settle);
    else settle(entered);
    return guest;
  };
  return { door, pass, come };
}
const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('createAdmission', () => {
  it('lets in as many as there are places, and the next when one leaves', async () => {
    const { come } = open();
    const [one, two, three] = [come(), come(), come()];
    expect([one.state, two.state, three.state]).toEqual(['in', 'in', 'waiting']);
    one.leave?.();
    one.leave?.();
    await soon();
    expect(three.state).toBe('in');
    expect(come().state).toBe('waiting');
  });

  it('refuses who waited for a moment in vain', async () => {
    const { come, pass, door } = open();
    for (let each = 0; each < 2; each += 1) come();
    const third = come();
    pass(99);
    await soon();
    expect(third.state).toBe('waiting');
    pass(1);
    await soon();
    expect([third.state, door.refused()]).toEqual(['refused', 1]);
  });

  it('lets the first go first in a short crowd, and the last in a standing one, where nobody waits long', async () => {
    const { come, pass } = open();
    const inside = [come(), come()];
    const [first, second] = [come(), come()];
    inside[0]?.leave?.();
    await soon();
    expect([first.state, second.state]).toEqual(['in', 'waiting']);
    pass(100);
    const [third, fourth] = [come(), come()];
    inside[1]?.leave?.();
    await soon();
    expect([second.state, third.state, fourth.state]).toEqual(['refused', 'waiting', 'in']);
    pass(5);
    await soon();
    expect(third.state).toBe('refused');
  });

  it('never holds more than 64 at the door', async () => {
    const { come } = open();
    for (let each = 0; each < 2; each += 1) come();
    const waiting = Array.from({ length: 65 }, come);
    await soon();
    expect(waiting.map(({ state }) => state)).toEqual(['refused', ...Array(64).fill('waiting')]);
  });

  it('gives sign-ins and all else places of their own', () => {
    const { come, door } = open();
    for (let each = 0; each < 5; each += 1) come();
    const leave = door.enter('sign-in');
    expect([typeof leave, door.enter('sign-in'), typeof door.enter('other')]).toEqual(['function', null, 'function']);
    (leave as () => void)();
    expect(typeof door.enter('sign-in')).toBe('function');
    expect(open().come().state).toBe('in');
  });

  it('counts no place for requests that wait for the model', () => {
    let parked = 0;
    const { come } = open({ parked: () => parked });
    come();
    parked = 1;
    expect([come().state, come().state, come().state]).toEqual(['in', 'in', 'waiting']);
  });
});

describe('the door under ten times the capacity, in simulated time', () => {
  it.each([
    ['one statement at 100 a second', 100, 5, ['one']],
    ['one statement at 1000 a second', 1000, 5, ['one']],
    ['statements of very different size', 100, 5, ['small', 'middle', 'large']],
    ['a source that is far away', 100, 80, ['one']],
  ] as const)(
    'answers about as fast as alone, and as many as can be: %s',
    async (_name, perSecond, base, statements) => {
      const own: Readonly<Record<string, number>> = { one: base, small: base, middle: 4 * base, large: 20 * base };
      const random = createRandom(7);
      const world = simulate({ perSecond: () => perSecond, ownMs: (each) => own[each] ?? base, random });
      const alone = await world.run(perSecond / 10, 20, statements);
      expect(alone.refused).toBe(0);
      const loaded = await world.run(perSecond * 10, 20, statements);
      expect(p99(loaded.answered)).toBeLessThan(2 * p99(alone.answered));
      expect(loaded.answered.length / 20).toBeGreaterThan(0.6 * perSecond);
      await world.run(perSecond / 4, 2, statements);
      const after = await world.run(perSecond / 4, 3, statements);
      expect(after.refused).toBe(0);
      expect(p99(after.answered)).toBeLessThan(2 * p99(alone.answered));
    },
  );

  it('finds the new limit where the source becomes slower for good, and then faster', async () => {
    let perSecond = 1000;
    const world = simulate({ perSecond: () => perSecond, ownMs: () => 5, random: createRandom(3) });
    await world.run(100, 10);
    perSecond = 50;
    await world.run(30, 60);
    const slow = await world.run(500, 20);
    expect(slow.answered.length / 20).toBeGreaterThan(30);
    expect(world.limit.limit()).toBeLessThan(8);
    perSecond = 1000;
    await world.run(1000, 10);
    const fast = await world.run(5000, 10);
    expect(fast.answered.length / 10).toBeGreaterThan(600);
  });
});
