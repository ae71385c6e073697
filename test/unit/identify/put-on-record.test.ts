import { describe, expect, it } from 'vitest';
import type { AccessEvent } from '../../../src/domain/access-event.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { putOnRecord } from '../../../src/identify/put-on-record.js';

const ATTEMPT = {
  event: 'session',
  requestId: 'r1',
  address: '192.0.2.1',
  userAgent: null,
  tenant: null,
  subject: 'customer:1',
  kind: 'customer',
  action: 'end',
} as const;

describe('putting an act on record', () => {
  it('writes what came of it before the result leaves', async () => {
    const events: AccessEvent[] = [];
    const audit = { append: async (event: AccessEvent) => void events.push(event) };
    expect(await putOnRecord(audit, ATTEMPT, async () => 7)).toBe(7);
    const refused = putOnRecord(audit, ATTEMPT, () => Promise.reject(new SwaliError('AUTH_SESSION_UNKNOWN')));
    await expect(refused).rejects.toMatchObject({ code: 'AUTH_SESSION_UNKNOWN' });
    expect(events).toEqual([
      { ...ATTEMPT, decision: 'accepted', code: null },
      { ...ATTEMPT, decision: 'refused', code: 'AUTH_SESSION_UNKNOWN' },
    ]);
  });

  it('does not begin while nothing can be put on record', async () => {
    let done = 0;
    const audit = {
      append: async () => {},
      assertWritable: () => Promise.reject(new SwaliError('AUDIT_UNAVAILABLE')),
    };
    const act = putOnRecord(audit, ATTEMPT, async () => {
      done += 1;
    });
    await expect(act).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(done).toBe(0);
  });
});
