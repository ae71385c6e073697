import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecondFactors } from '../../../src/identify/second-factor.js';
import { createSeedCipher } from '../../../src/identify/seed-cipher.js';
import { type Identity, openIdentity } from './identity-fixtures.js';
import { codeAt, describeSecondFactorContract } from './second-factor-contract.js';

let identity: Identity;
beforeAll(async () => {
  identity = await openIdentity();
});
afterAll(() => identity.close());

// MariaDB and MySQL have their run of it in test/engine/store.contract.test.ts.
describe('second factors on SQLite', () => describeSecondFactorContract(() => identity));

describe('confirming', () => {
  it('puts no seed in force whose place another took between the check of the code and the change', async () => {
    const owner = { tenant: null, kind: 'admin', id: 1, subject: 'admin:1', identifier: 'root@example.org' } as const;
    const { store, clock, secondFactors } = identity;
    const slow = createSecondFactors({
      store: {
        ...store,
        async transaction(work) {
          await secondFactors.enrol(owner, false);
          return store.transaction(work);
        },
      },
      clock: () => clock.now,
      cipher: createSeedCipher({ storeKey: 'k'.repeat(40) }),
    });
    const { secret } = await secondFactors.enrol(owner, false);
    expect(await slow.confirm(owner, codeAt(secret, clock.now))).toBeNull();
    expect(await secondFactors.readStatus(owner)).toEqual({ confirmed: false, recoveryCodesLeft: 0 });
  });
});
