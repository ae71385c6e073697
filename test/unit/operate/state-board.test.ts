import { describe, expect, it } from 'vitest';
import { createMetrics, UNREAD_METRICS } from '../../../src/operate/metrics.js';
import { createStateBoard } from '../../../src/operate/state-board.js';

describe('the board of states', () => {
  it('notes breakers and waiting records where metrics are off', () => {
    const board = createStateBoard(UNREAD_METRICS);
    board.metrics.breakerState('model', 'open');
    board.metrics.breakerState('model', 'half-open');
    board.metrics.breakerState('store', 'closed');
    const end = board.metrics.auditAppend();
    board.metrics.auditAppend();
    end();
    expect(board.breakers()).toEqual({ model: 'half-open', store: 'closed' });
    expect(board.auditWaiting()).toBe(1);
  });

  it('counts on', async () => {
    const metrics = createMetrics({ swali: '0', node: '20' });
    const board = createStateBoard(metrics);
    board.metrics.breakerState('model', 'open');
    board.metrics.auditAppend();
    const text = await metrics.scrape();
    expect(text).toContain('swali_breaker_state{breaker="model"} 2');
    expect(text).toContain('swali_audit_waiting 1');
  });
});
