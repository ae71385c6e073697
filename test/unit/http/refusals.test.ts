import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../src/audit/record.js';
import { createRefusals, type Refusal } from '../../../src/http/refusals.js';

const REFUSAL: Refusal = {
  requestId: 'r1',
  address: '192.0.2.1',
  userAgent: 'curl/8',
  tenant: null,
  subject: null,
  kind: null,
  endpoint: 'GET /v1/audit',
  code: 'RATE_LIMITED',
};

function open() {
  const records: AuditEvent[] = [];
  const errors: unknown[] = [];
  const state = { now: 1_000_000, down: false };
  const refusals = createRefusals({
    audit: {
      async append(event) {
        await Promise.resolve();
        if (state.down) throw new Error('no room');
        records.push(event);
      },
    },
    clock: () => state.now,
    key: 'k',
    logger: { debug() {}, info() {}, warn() {}, error: (fields) => void errors.push(fields) },
  });
  const counts = () => records.map((record) => ('count' in record ? record.count : 0));
  return { records, errors, state, refusals, counts };
}

describe('refusals at the door', () => {
  it('are on record at once, with what is known of the caller', async () => {
    const { records, refusals } = open();
    await refusals.note({ ...REFUSAL, subject: 'customer:1', kind: 'customer', tenant: 'acme' });
    expect(records).toEqual([
      {
        ...REFUSAL,
        event: 'refusal',
        subject: 'customer:1',
        kind: 'customer',
        tenant: 'acme',
        decision: 'refused',
        count: 1,
        callers: 'one',
      },
    ]);
  });

  it('of one caller and code are one record a minute, and each is counted once', async () => {
    const { state, refusals, counts } = open();
    for (let each = 0; each < 500; each += 1) {
      await Promise.all([refusals.note(REFUSAL), refusals.note(REFUSAL)]);
      state.now += 240;
    }
    // Two minutes: at 0 s, at 60 s, and what is left at the end.
    await refusals.close();
    expect(counts()).toHaveLength(3);
    expect(counts().reduce((sum, count) => sum + count)).toBe(1000);
  });

  it('of other callers and codes do not wait for it', async () => {
    const { refusals, counts } = open();
    await refusals.note(REFUSAL);
    await refusals.note({ ...REFUSAL, code: 'AUTH_REQUIRED' });
    await refusals.note({ ...REFUSAL, address: '192.0.2.2' });
    await refusals.note({ ...REFUSAL, subject: 'customer:1' });
    await refusals.note({ ...REFUSAL, subject: 'customer:1', address: '192.0.2.9' });
    expect(counts()).toEqual([1, 1, 1, 1]);
  });

  it('of many addresses write no more than some hundred records a minute, and count all', async () => {
    const { records, refusals, counts } = open();
    for (let each = 0; each < 5000; each += 1) {
      await refusals.note({ ...REFUSAL, address: `198.51.${each >> 8}.${each & 255}` });
    }
    expect(records.length).toBeLessThanOrEqual(310);
    expect(records.at(-1)).toMatchObject({ callers: 'several', subject: null });
    await refusals.close();
    expect(counts().reduce((sum, count) => sum + count)).toBe(5000);
  });

  it('of one house count together, whichever of its IPv6 addresses they come from', async () => {
    const { refusals, counts } = open();
    for (const end of ['1', '2', 'ffff']) await refusals.note({ ...REFUSAL, address: `2001:db8::${end}` });
    expect(counts()).toEqual([1]);
  });

  it('stay counted while they cannot be written, and refuse all the same', async () => {
    const { state, errors, refusals, counts } = open();
    state.down = true;
    await refusals.note(REFUSAL);
    await refusals.note(REFUSAL);
    expect([errors.length, counts()]).toEqual([1, []]);
    state.down = false;
    state.now += 60_001;
    await refusals.note({ ...REFUSAL, address: '192.0.2.7' });
    expect(counts()).toEqual([2, 1]);
  });

  it('wait no longer than a minute where the clock is set back', async () => {
    const { state, refusals, counts } = open();
    await refusals.note(REFUSAL);
    state.now -= 86_400_000;
    await refusals.note(REFUSAL);
    expect(counts()).toEqual([1, 1]);
  });
});
