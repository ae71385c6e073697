import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uniteTables } from '../../../src/identify/group-tables.js';
import { describeGroupsContract } from './groups-contract.js';
import { type Identity, openIdentity } from './identity-fixtures.js';

describe('groups of employees', () => {
  let identity: Identity;
  beforeAll(async () => {
    identity = await openIdentity();
  });
  afterAll(() => identity?.close());
  describeGroupsContract(() => identity);
});

describe('the list of an employee', () => {
  it('is in one order however the groups come, and names nothing twice', () => {
    const lists = [['c', 'a'], ['b', 'a'], []];
    expect(uniteTables(['z', 'a', 'z'], lists)).toEqual(['z', 'a', 'b', 'c']);
    expect(uniteTables(['z', 'a', 'z'], lists.toReversed())).toEqual(['z', 'a', 'b', 'c']);
    expect(uniteTables([], [])).toEqual([]);
  });
});
