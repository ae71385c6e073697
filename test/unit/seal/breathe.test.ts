import { describe, expect, it } from 'vitest';
import { createBreather } from '../../../src/seal/breathe.js';

/** Whether others had their turn while the breather was awaited. */
async function letsOthers(breathe: () => Promise<void>): Promise<boolean> {
  let others = false;
  const immediate = setImmediate(() => {
    others = true;
  });
  await breathe();
  clearImmediate(immediate);
  return others;
}

describe('a breather', () => {
  it('goes on at once while the work since the last turn is short', async () => {
    let now = 0;
    const breathe = createBreather(() => now);
    now = 1;
    expect(await letsOthers(breathe)).toBe(false);
  });

  it('lets others go first where it is long, and counts anew from there', async () => {
    let now = 100;
    const breathe = createBreather(() => now);
    now = 102;
    expect(await letsOthers(breathe)).toBe(true);
    now = 103;
    expect(await letsOthers(breathe)).toBe(false);
  });
});
