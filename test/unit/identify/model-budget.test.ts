import { afterAll, beforeAll, describe } from 'vitest';
import { migrateStore, openStore, type Store } from '../../../src/store/store.js';
import { describeModelBudgetContract } from './model-budget-contract.js';

describe('the budget of the model on sqlite', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore('sqlite::memory:');
    await migrateStore(store);
  });
  afterAll(() => store.close());
  describeModelBudgetContract(() => store);
});
