import { afterAll, beforeAll } from 'vitest';
import { migrateStore, openStore, type Store } from '../../../src/store/store.js';
import { describeListing } from './list-records-contract.js';

let store: Store;
beforeAll(async () => {
  store = await openStore('sqlite::memory:');
  await migrateStore(store);
});
afterAll(() => store.close());

describeListing(() => store);
