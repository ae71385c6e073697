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
    expect((await createHealth([hanging], 20).readiness()).ready).toBe(false);
  });

  it('is not ready once it drains', async () => {
    const health = createHealth([good]);
    health.drain();
    expect(await health.readiness()).toEqual({ ready: false, checks: { gateway: 'stopping' } });
  });
});
