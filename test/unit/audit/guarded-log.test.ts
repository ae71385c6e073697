import { describe, expect, it } from 'vitest';
import { createGuardedLog } from '../../../src/audit/guarded-log.js';
import { createQuestionDigest } from '../../../src/audit/hide-question.js';
import type { AuditEvent } from '../../../src/audit/record.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { loginEvent, questionEvent } from './audit-fixtures.js';

/** A log that keeps what it is given, and fails while it is told to. */
function openLog() {
  const events: AuditEvent[] = [];
  const state = { down: false };
  const log = {
    async append(event: AuditEvent) {
      await Promise.resolve();
      if (state.down) throw new SwaliError('AUDIT_UNAVAILABLE');
      events.push(event);
    },
    verify: async () => Promise.reject(new Error('not asked for')),
    list: async () => [],
    checkpoint: async () => null,
    drain: async () => {},
  };
  return { events, state, log };
}

const KEY = 'k'.repeat(40);

describe('the gate before the audit log', () => {
  it('lets no event by unmasked', async () => {
    const { events, log } = openLog();
    await createGuardedLog(log, { digestQuestion: null }).append(questionEvent('pay 4111 1111 1111 1111'));
    expect(events).toMatchObject([{ question: 'pay [card number]' }]);
  });

  it('keeps questions as keyed digests where it is told to: equal for equal ones, other under another key', async () => {
    const { events, log } = openLog();
    const guarded = createGuardedLog(log, { digestQuestion: createQuestionDigest(KEY) });
    for (const question of ['How many orders?', 'How many orders?', 'how many orders?']) {
      await guarded.append(questionEvent(question));
    }
    const [one, two, three] = events.map((event) => ('question' in event ? event.question : null));
    expect(one).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
    expect([two === one, three === one]).toEqual([true, false]);
    expect(createQuestionDigest('l'.repeat(40))('How many orders?')).not.toBe(one);
  });

  it('keeps no reason that could quote a question or a statement then, and all others', async () => {
    const { events, log } = openLog();
    const guarded = createGuardedLog(log, { digestQuestion: createQuestionDigest(KEY) });
    const { message } = new SwaliError('TRANSLATE_QUESTION_INVALID', { detail: 'the word secretive' });
    const reasons = ['orders.rows.customer', 'sent back to the model: SEAL_GROUPING', message, 'asked for secretive'];
    const asked = { ...questionEvent('x'), decision: 'refused', code: 'TRANSLATE_QUESTION_INVALID', reasons } as const;
    await guarded.append(asked);
    await guarded.append({ ...asked, event: 'sql', question: null });
    for (const event of events) {
      expect(JSON.stringify(event)).not.toContain('secretive');
      expect(event).toMatchObject({
        reasons: [
          'orders.rows.customer',
          'sent back to the model: SEAL_GROUPING',
          new SwaliError('TRANSLATE_QUESTION_INVALID').message,
          expect.stringMatching(/^hmac-sha256:/),
        ],
      });
    }
    await guarded.append(loginEvent(1));
    expect(events.at(-1)).toEqual(loginEvent(1));
  });

  it('refuses what is to be put on record while nothing can be, and tells of the gap before it lets anything by', async () => {
    const { events, state, log } = openLog();
    const guarded = createGuardedLog(log, { digestQuestion: null });
    await guarded.assertWritable();
    state.down = true;
    for (const n of [1, 2])
      await expect(guarded.append(loginEvent(n))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    await expect(guarded.assertWritable()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    state.down = false;
    await Promise.all([guarded.assertWritable(), guarded.assertWritable()]);
    await guarded.assertWritable();
    expect(events).toMatchObject([{ event: 'gateway', action: 'gap', missing: 2, decision: 'failed' }]);
  });
});
