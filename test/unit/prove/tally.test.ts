import { expect, it } from 'vitest';
import type { SealedStatement } from '../../../src/domain/sealed-statement.js';
import { ProofTally } from '../../../src/prove/tally.js';

it('counts as a case only what was sealed and compared', () => {
  const tally = new ProofTally();
  tally.add({ kind: 'refused', code: 'SEAL_UNSUPPORTED' }, []);
  tally.add({ kind: 'deadline' }, []);
  tally.add({ kind: 'proven', observed: 'rows', meaning: 'equal' }, []);
  tally.add({ kind: 'proven', observed: 'EXECUTE_FAILED', meaning: 'open, equal' }, ['limit']);
  const sealed = {} as SealedStatement;
  tally.add({ kind: 'violation', property: 'slice', difference: '1 and 2 rows', sealed }, []);
  expect(tally.proven).toBe(2);
  expect(tally.sealedShare).toBeCloseTo(3 / 4);
  expect(tally.lines().sort()).toEqual([
    'VIOLATION: slice 1',
    'left open by SQL: limit 1',
    'meaning: equal 1, open, equal 1',
    'not compared: deadline 1',
    'observed: rows 1, EXECUTE_FAILED 1',
    'refused: SEAL_UNSUPPORTED 1',
  ]);
});

it('takes over what another counted', () => {
  const [one, other] = [new ProofTally(), new ProofTally()];
  one.add({ kind: 'proven', observed: 'rows', meaning: 'equal' }, []);
  other.add({ kind: 'proven', observed: 'rows', meaning: 'equal' }, []);
  one.merge(other);
  expect(one.proven).toBe(2);
  expect(one.of('observed', 'rows')).toBe(2);
  expect(one.of('observed', 'no rows')).toBe(0);
});
