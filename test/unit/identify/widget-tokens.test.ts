import { afterAll, beforeAll, describe } from 'vitest';
import { type Identity, openIdentity } from './identity-fixtures.js';
import { describeWidgetContract } from './widget-contract.js';

describe('tokens of widgets', () => {
  let identity: Identity;
  beforeAll(async () => {
    identity = await openIdentity();
  });
  afterAll(() => identity?.close());
  describeWidgetContract(() => identity);
});
