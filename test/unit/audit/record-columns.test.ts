import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../../src/audit/record-columns.js';
import { loginEvent, questionEvent } from './audit-fixtures.js';

describe('columnsOf', () => {
  it('gives what records are looked for by, and null for what an event does not say', () => {
    expect(columnsOf(questionEvent('why'))).toEqual({
      subject: 'customer:1',
      target: null,
      kind: 'customer',
      decision: 'answered',
      code: null,
      request_id: 'q',
    });
    const { requestId, address, userAgent, tenant } = questionEvent('why');
    const operator = {
      event: 'operator',
      requestId,
      address,
      userAgent,
      tenant,
      action: 'start',
      reasons: [],
    } as const;
    expect(columnsOf(operator)).toMatchObject({ subject: null, decision: null, request_id: 'q' });
  });

  it('is never longer than its column, so that one event fails no batch', () => {
    const long = { ...loginEvent(1), subject: 'x'.repeat(500), code: 'y'.repeat(500) };
    expect(columnsOf(long)).toMatchObject({ subject: 'x'.repeat(64), code: 'y'.repeat(64) });
  });
});
