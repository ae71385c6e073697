import { afterAll, beforeAll, describe } from 'vitest';
import { migrateStore, openStore, type Store } from '../../../../src/store/store.js';
import { describeAlertStateContract } from './alert-state-contract.js';

describe('the state of alerts on sqlite', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore('sqlite::memory:');
    await migrateStore(store);
  });
  afterAll(() => store.close());
  describeAlertStateContract(() => store);
});
