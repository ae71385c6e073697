import { describe, expect, it } from 'vitest';
import type { GuardRules } from '../../../src/domain/ports.js';
import { createGuards } from '../../../src/operate/guards.js';

class Away extends Error {}
class Busy extends Error {
  constructor(readonly waitMs: number) {
    super('busy');
  }
}
class Refused extends Error {
  constructor(readonly retryAfterS: number) {
    super('refused');
  }
}
class HungUp extends Error {}

const RULES: GuardRules = {
  judge: (error) =>
    error instanceof HungUp ? 'unknown' : error instanceof Away || error instanceof Busy ? 'away' : 'answered',
  refuse: (retryAfterS) => new Refused(retryAfterS),
  asksToWait: (error) => (error instanceof Busy ? error.waitMs : null),
};

const fail = (error: Error) => () => Promise.reject(error);

function open(rules = RULES) {
  const log: string[] = [];
  const write = (fields: object, message: string) => void log.push(`${message} ${JSON.stringify(fields)}`);
  const time = { ms: 1000 };
  const guards = createGuards({
    logger: { debug: write, info: write, warn: write, error: write },
    now: () => time.ms,
    random: () => 0,
  });
  const guard = guards.make('model', rules);
  const call = (work: () => Promise<unknown> = async () => 'done') => guard.run(work).catch((error: unknown) => error);
  const trip = async (times = 5) => {
    for (let each = 0; each < times; each += 1) await call(fail(new Away()));
  };
  return { guards, guard, call, trip, time, log };
}

describe('createGuards', () => {
  it('hands on what the work gives and what it throws', async () => {
    const { call } = open();
    const own = new RangeError('own');
    expect([await call(), await call(fail(own))]).toEqual(['done', own]);
  });

  it('opens after five calls in a row that found it away, and refuses the next without running it', async () => {
    const { guards, call, trip, log } = open();
    await trip(4);
    expect(guards.states()).toEqual({ model: 'closed' });
    await trip(1);
    expect(guards.states()).toEqual({ model: 'open' });
    let ran = false;
    const refusal = await call(async () => {
      ran = true;
    });
    expect([refusal, ran]).toEqual([expect.any(Refused), false]);
    expect((refusal as Refused).retryAfterS).toBe(1);
    expect(log.join()).toContain('"circuit":"model"');
  });

  it('begins anew to count after an answer, also one that is an error', async () => {
    const { guard, call, trip } = open();
    await trip(4);
    await call(fail(new RangeError('the caller’s own')));
    await trip(4);
    expect(guard.state()).toBe('closed');
  });

  it('does not count callers who hung up, however many', async () => {
    const { guard, call } = open();
    for (let each = 0; each < 20; each += 1) await call(fail(new HungUp()));
    expect(guard.state()).toBe('closed');
  });

  it('counts an error once that reaches many callers', async () => {
    const { guard, call } = open();
    const shared = new Away();
    guard.note(shared);
    for (let each = 0; each < 9; each += 1) await call(fail(shared));
    expect(guard.state()).toBe('closed');
  });

  it('counts failures that no caller waited for', async () => {
    const { guard } = open();
    for (let each = 0; each < 5; each += 1) guard.note(new Away());
    await Promise.resolve();
    await new Promise(setImmediate);
    expect(guard.state()).toBe('open');
  });

  it('lets one call through after the pause, and refuses the others while it runs', async () => {
    const { guard, call, trip, time } = open();
    await trip();
    time.ms += 249;
    expect(await call()).toBeInstanceOf(Refused);
    time.ms += 1;
    let answer: (value: string) => void = () => {};
    const probe = call(() => new Promise((resolve) => (answer = resolve)));
    expect(guard.state()).toBe('half-open');
    expect(await call()).toBeInstanceOf(Refused);
    answer('back');
    expect([await probe, guard.state(), await call()]).toEqual(['back', 'closed', 'done']);
  });

  it('opens again where the probe fails or its caller hangs up, each time for longer, up to a bound', async () => {
    const { guard, call, trip, time } = open({ ...RULES, longestPauseMs: 4000 });
    await trip();
    for (const pause of [250, 500, 1000, 2000, 2000]) {
      time.ms += pause - 1;
      expect(await call()).toBeInstanceOf(Refused);
      time.ms += 1;
      await call(fail(pause === 500 ? new HungUp() : new Away()));
      expect(guard.state()).toBe('open');
    }
  });

  it('is tried at once where it is known to be there again', async () => {
    const { guard, call, trip } = open();
    await trip();
    guard.retryNow();
    expect([await call(), guard.state()]).toEqual(['done', 'closed']);
  });

  it('opens at once, and for as long, where it asks to be left alone', async () => {
    const { guard, call, time } = open();
    await call(fail(new Busy(7000)));
    expect(guard.state()).toBe('open');
    time.ms += 6999;
    expect(await call()).toBeInstanceOf(Refused);
    time.ms += 1;
    expect(await call()).toBe('done');
  });

  it('says how many calls run', async () => {
    const { guard, call } = open();
    let answer: (value: string) => void = () => {};
    const call1 = call(() => new Promise((resolve) => (answer = resolve)));
    expect(guard.running()).toBe(1);
    answer('done');
    await call1;
    expect(guard.running()).toBe(0);
  });

  it('has one circuit for a name', () => {
    const { guards, guard } = open();
    expect(guards.make('model', RULES)).toBe(guard);
  });
});
