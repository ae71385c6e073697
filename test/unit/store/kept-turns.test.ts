import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateStore, openStore, type Store } from '../../../src/store/store.js';
import { createTurnIds } from '../../../src/store/turn-ids.js';
import { describeKeptTurnsContract } from './kept-turns-contract.js';

describe('kept questions on sqlite', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore('sqlite::memory:');
    await migrateStore(store);
  });
  afterAll(() => store.close());
  describeKeptTurnsContract(() => store);
});

describe('the ids of turns', () => {
  it('grow with time, within a millisecond too, and where the clock is set back', () => {
    const time = { now: 1_700_000_000_000 };
    const newId = createTurnIds(() => time.now);
    const ids: string[] = [];
    for (let each = 0; each < 70_000; each += 1) ids.push(newId());
    time.now -= 5_000;
    ids.push(newId());
    time.now += 60_000;
    ids.push(newId());
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
