import { afterAll, beforeAll, describe } from 'vitest';
import { type Identity, openIdentity } from './identity-fixtures.js';
import { describeMailedTokensContract } from './mailed-tokens-contract.js';

describe('mailed tokens', () => {
  let identity: Identity;
  beforeAll(async () => {
    identity = await openIdentity();
  });
  afterAll(() => identity.close());
  describeMailedTokensContract(() => identity);
});
