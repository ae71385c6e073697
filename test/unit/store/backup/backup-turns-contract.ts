import { expect, it } from 'vitest';
import { createBackupTurns } from '../../../../src/store/backup/backup-turns.js';
import type { Store } from '../../../../src/store/store.js';

const MINUTE = 60_000;

/** What the turns of the daily backup must do, whichever engine is behind them. Called inside a `describe`. */
export function describeTurnsContract(open: () => Store): void {
  it('gives a time to one replica alone, and none that was made already', async () => {
    const store = open();
    const [a, b] = [createBackupTurns(store, 'a'), createBackupTurns(store, 'b')];
    const taken = await Promise.all([a.take(1000, 2000, MINUTE), b.take(1000, 2000, MINUTE)]);
    expect(taken.filter(Boolean)).toHaveLength(1);
    const [mine, other] = taken[0] ? [a, b] : [b, a];
    // The holder keeps it, again within the same moment too.
    expect([await mine.take(1000, 2500, MINUTE), await mine.take(1000, 2500, MINUTE)]).toEqual([true, true]);
    expect(await other.take(1000, 2500 + MINUTE - 1, MINUTE)).toBe(false);
    await mine.finish(1000);
    expect([await mine.take(1000, 9_000_000, MINUTE), await other.take(1000, 9_000_000, MINUTE)]).toEqual([
      false,
      false,
    ]);
    expect(await other.take(1001, 9_000_000, MINUTE)).toBe(true);
    await other.finish(1001);
  });

  it('passes the turn of a process that ended in the middle to another once it runs out', async () => {
    const [a, b] = [createBackupTurns(open(), 'a'), createBackupTurns(open(), 'b')];
    expect(await a.take(2000, 10_000_000, MINUTE)).toBe(true);
    expect(await b.take(2000, 10_000_000 + MINUTE - 1, MINUTE)).toBe(false);
    expect(await b.take(2000, 10_000_000 + MINUTE, MINUTE)).toBe(true);
    expect(await a.take(2000, 10_000_001 + MINUTE, MINUTE)).toBe(false);
    await b.finish(2000);
  });

  it('counts failures until a backup is there, and waits between them', async () => {
    const [a, b] = [createBackupTurns(open(), 'a'), createBackupTurns(open(), 'b')];
    expect(await a.take(3000, 20_000_000, MINUTE)).toBe(true);
    expect(await a.fail(20_900_000)).toBe(1);
    expect([await b.take(3000, 20_899_999, MINUTE), await a.take(3000, 20_899_999, MINUTE)]).toEqual([false, false]);
    expect(await b.take(3000, 20_900_000, MINUTE)).toBe(true);
    expect(await b.fail(21_900_000)).toBe(2);
    expect(await a.take(3000, 21_900_000, MINUTE)).toBe(true);
    await a.finish(3000);
    expect(await a.take(4000, 30_000_000, MINUTE)).toBe(true);
    expect(await a.fail(0)).toBe(1);
  });
}
