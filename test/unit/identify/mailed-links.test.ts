import { afterAll, beforeAll, describe } from 'vitest';
import { type Identity, openIdentity } from './identity-fixtures.js';
import { describeMailedLinksContract } from './mailed-links-contract.js';

describe('mailed links', () => {
  let identity: Identity;
  beforeAll(async () => {
    identity = await openIdentity();
  });
  afterAll(() => identity.close());
  describeMailedLinksContract(() => identity);
});
