import { afterAll, beforeAll, describe } from 'vitest';
import { migrateStore, openStore, type Store } from '../../../src/store/store.js';
import { describeReportsContract } from './reports-contract.js';

describe('reports on sqlite', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore('sqlite::memory:');
    await migrateStore(store);
  });
  afterAll(() => store.close());
  describeReportsContract(() => store);
});
