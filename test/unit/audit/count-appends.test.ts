import { describe, expect, it } from 'vitest';
import { countAppends } from '../../../src/audit/count-appends.js';
import type { AuditEvent } from '../../../src/audit/record.js';

const EVENT: AuditEvent = {
  event: 'operator',
  requestId: 'r',
  address: 'cli',
  userAgent: null,
  tenant: null,
  action: 'x',
  reasons: [],
};

describe('records that wait', () => {
  it('are counted until they are durable, or have failed', async () => {
    let waiting = 0;
    const settle: ((failed: boolean) => void)[] = [];
    const log = countAppends(
      {
        append: () =>
          new Promise((resolve, reject) => settle.push((failed) => (failed ? reject(new Error('full')) : resolve()))),
      },
      {
        auditAppend: () => {
          waiting += 1;
          return () => {
            waiting -= 1;
          };
        },
      },
    );
    const appended = [log.append(EVENT), log.append(EVENT)];
    expect(waiting).toBe(2);
    settle[0]?.(false);
    await appended[0];
    expect(waiting).toBe(1);
    settle[1]?.(true);
    await expect(appended[1]).rejects.toThrow('full');
    expect(waiting).toBe(0);
  });
});
