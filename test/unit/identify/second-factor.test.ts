import { afterAll, beforeAll, describe } from 'vitest';
import { type Identity, openIdentity } from './identity-fixtures.js';
import { describeSecondFactorContract } from './second-factor-contract.js';

let identity: Identity;
beforeAll(async () => {
  identity = await openIdentity();
});
afterAll(() => identity.close());

// MariaDB and MySQL have their run of it in test/engine/store.contract.test.ts.
describe('second factors on SQLite', () => describeSecondFactorContract(() => identity));
