import { afterAll, beforeAll, describe } from 'vitest';
import { type Identity, openIdentity } from '../identity-fixtures.js';
import { describeSsoStoreContract } from './sso-store-contract.js';

describe('single sign-on on SQLite', () => {
  let identity: Identity;
  beforeAll(async () => {
    identity = await openIdentity();
  });
  afterAll(() => identity.close());
  describeSsoStoreContract(() => identity);
});
