import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { migrateStore, openStore, type Store } from '../../../../src/store/store.js';
import { describeTurnsContract } from './backup-turns-contract.js';

describe('turns of the daily backup on SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'swali-turns-'));
  let store: Store;
  beforeAll(async () => {
    store = await openStore(`sqlite:${join(folder, 'store.sqlite')}`);
    await migrateStore(store);
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  describeTurnsContract(() => store);
});
