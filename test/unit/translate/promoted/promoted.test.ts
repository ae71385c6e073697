import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateStore, openStore, type Store } from '../../../../src/store/store.js';
import { createPromotedBook } from '../../../../src/translate/promoted/promoted-book.js';
import { insertPromoted } from '../../../../src/translate/promoted/promoted-rows.js';
import { policyOf } from '../../policy/policy-fixtures.js';
import { describePromotedContract } from './promoted-contract.js';

describe('promoted questions on sqlite', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore('sqlite::memory:');
    await migrateStore(store);
  });
  afterAll(() => store.close());
  describePromotedContract(() => store);

  it('are read anew where something was promoted while they were being read', async () => {
    const policy = policyOf('orders:\n  open_to: [employee]\n  columns: { id: {} }\n');
    let reads = 0;
    const slow: Store = {
      ...store,
      run: async (work) => {
        const result = await store.run(work);
        reads += 1;
        if (reads > 1) return result;
        const entry = { question: 'Orders?', sql: 'SELECT id FROM orders', open_to: ['employee' as const] };
        const row = { tenant: 'slow', entry, createdBy: 'admin:1', createdAt: 0, policyVersion: '' };
        await store.run((db) => insertPromoted(db, row));
        book.forget('slow');
        return result;
      },
    };
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const book = createPromotedBook({ store: slow, policy, clock: () => 0, logger: silent });
    await Promise.all([book.refresh('slow'), book.refresh('slow')]);
    expect([reads, book.of('slow').map(({ question }) => question)]).toEqual([2, ['Orders?']]);
  });
});
