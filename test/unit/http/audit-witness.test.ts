import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../src/audit/record.js';
import { createAuditWitness } from '../../../src/http/audit-witness.js';

const recordOf = (requestId: string, event: 'operator' = 'operator'): AuditEvent => ({
  event,
  requestId,
  address: 'test',
  userAgent: null,
  tenant: null,
  action: 'test',
  reasons: [],
});

describe('the witness of audit records', () => {
  it('notes what is durable, once for each record, and nothing that failed', async () => {
    let fails = false;
    const witness = createAuditWitness({
      append: async () => {
        if (fails) throw new Error('the disk is full');
      },
    });
    const request = witness.watch('r1');
    expect(request.take('operator')).toBe(false);
    await witness.log.append(recordOf('r1'));
    expect([request.take('login'), request.take('operator'), request.take('operator')]).toEqual([false, true, false]);
    fails = true;
    await expect(witness.log.append(recordOf('r1'))).rejects.toThrow('the disk is full');
    expect(request.take('operator')).toBe(false);
  });

  it('lets a record serve one of two requests of one name', async () => {
    const witness = createAuditWitness({ append: async () => {} });
    const [one, two] = [witness.watch('r1'), witness.watch('r1')];
    await witness.log.append(recordOf('r1'));
    expect([one.take('operator'), two.take('operator')]).toEqual([true, false]);
    one.close();
    await witness.log.append(recordOf('r1'));
    expect(two.take('operator')).toBe(true);
  });

  it('forgets what was not taken, and notes nothing before or after a request', async () => {
    const witness = createAuditWitness({ append: async () => {} });
    await witness.log.append(recordOf('r1'));
    const first = witness.watch('r1');
    expect(first.take('operator')).toBe(false);
    await witness.log.append(recordOf('r1'));
    first.close();
    await witness.log.append(recordOf('r1'));
    expect(witness.watch('r1').take('operator')).toBe(false);
  });
});
