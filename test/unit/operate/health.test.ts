import { describe, expect, it } from 'vitest';
import { createHealth } from '../../../src/operate/health.js';

const good = { name: 'store', run: async () => {} };

describe('createHealth', () => {
  it('shows what it can do without, and is ready all the same', async () => {
    const away = { name: 'redis', isOptional: true, run: () => Promise.reject(new Error('gone')) };
    const good = { name: 'store', run: () => Promise.resolve() };
    expect(await createHealth([away, good]).readiness()).toEqual({
      ready: true,
      checks: { redis: 'failing', store: 'ok' },
    });
  });

  it('is ready where every check passes', async () => {
    expect(await createHealth([good]).readiness()).toEqual({ ready: true, checks: { store: 'ok' } });
  });

  it('names what fails and says nothing of why', async () => {
    const bad = { name: 'source', run: async () => Promise.reject(new Error('password wrong')) };
    expect(await createHealth([good, bad]).readiness()).toEqual({
      ready: false,
      checks: { store: 'ok', source: 'failing' },
    });
  });

  it('counts a check that hangs as failing', async () => {
    const hanging = { name: 'source', run: () => new Promise<void>(() => {}) };
    expect((await createHealth([hanging], { timeoutMs: 20 }).readiness()).ready).toBe(false);
  });

  it('is not ready once it drains', async () => {
    const health = createHealth([good]);
    health.drain();
    expect(await health.readiness()).toEqual({ ready: false, checks: { gateway: 'stopping' } });
  });

  it('tells operators how long each check took, and goes on while it drains', async () => {
    let now = 0;
    const slow = {
      name: 'source',
      run: async () => {
        now += 7;
      },
    };
    const health = createHealth([slow], { now: () => now });
    health.drain();
    expect(health.isStopping()).toBe(true);
    expect(await health.measure()).toEqual([{ name: 'source', ok: true, isOptional: false, latencyMs: 7 }]);
  });

  it('checks once for all who ask within a second, whatever comes of it', async () => {
    let now = 0;
    let made = 0;
    const counted = {
      name: 'store',
      run: async () => {
        made += 1;
        throw new Error('gone');
      },
    };
    const health = createHealth([counted], { now: () => now });
    await Promise.all(Array.from({ length: 1000 }, () => health.readiness()));
    await health.readiness();
    expect(made).toBe(1);
    now += 999;
    expect((await health.readiness()).ready).toBe(false);
    expect(made).toBe(1);
    now += 1;
    await health.readiness();
    expect(made).toBe(2);
  });

  it('is alive until the event loop runs too late', () => {
    let lateMs = 500;
    const health = createHealth([], { loop: { lateMs: () => lateMs, mostMs: 500 } });
    expect(health.isAlive()).toBe(true);
    lateMs = 501;
    expect(health.isAlive()).toBe(false);
  });
});
