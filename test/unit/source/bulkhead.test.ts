import { describe, expect, it } from 'vitest';
import { type BulkheadOptions, createBulkhead, mostOfKind } from '../../../src/source/bulkhead.js';

const make = (changes: Partial<BulkheadOptions> = {}) =>
  createBulkhead({ size: 4, mostOfKind: 3, queueLimit: 2, now: () => 0, ...changes });
const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('createBulkhead', () => {
  it('keeps a place for the others, whichever kind presses', async () => {
    for (const [pressing, other] of [
      ['customer', 'admin'],
      ['admin', 'customer'],
    ] as const) {
      const bulkhead = make();
      for (let each = 0; each < 3; each += 1) await bulkhead.enter(pressing, 1000);
      const caller = new AbortController();
      let entered = false;
      const waiting = bulkhead.enter(pressing, 1000, caller.signal).then(() => (entered = true));
      await bulkhead.enter(other, 1000);
      await soon();
      expect(entered).toBe(false);
      caller.abort();
      await expect(waiting).rejects.toMatchObject({ code: 'EXECUTE_CANCELLED' });
    }
  });

  it('never runs more than there are places', async () => {
    const bulkhead = make();
    for (const kind of ['customer', 'customer', 'customer', 'admin'] as const) await bulkhead.enter(kind, 1000);
    await expect(bulkhead.enter('employee', 10)).rejects.toMatchObject({ code: 'EXECUTE_BUSY', retryAfterS: 1 });
  });

  it('refuses what is too much in one queue at once, and leaves the other queues open', async () => {
    const bulkhead = make({ size: 1, mostOfKind: 1 });
    const leave = await bulkhead.enter('customer', 1000);
    const waiting = [bulkhead.enter('customer', 1000), bulkhead.enter('customer', 1000)];
    await expect(bulkhead.enter('customer', 1000)).rejects.toMatchObject({ code: 'EXECUTE_BUSY' });
    const admin = bulkhead.enter('admin', 1000);
    leave();
    (await waiting[0])?.();
    (await admin)();
    (await waiting[1])?.();
  });

  it('lets the kinds take turns, however many of one wait', async () => {
    const order: string[] = [];
    const bulkhead = make({ size: 1, mostOfKind: 1, queueLimit: 9 });
    const leave = await bulkhead.enter('customer', 1000);
    const queue = (['customer', 'customer', 'customer', 'admin', 'employee'] as const).map(async (kind) => {
      const done = await bulkhead.enter(kind, 1000);
      order.push(kind);
      done();
    });
    leave();
    await Promise.all(queue);
    expect(order.slice(0, 3).sort()).toEqual(['admin', 'customer', 'employee']);
  });

  it('forgets who hangs up while they wait, and gives a place back once', async () => {
    const bulkhead = make({ size: 1, mostOfKind: 1 });
    const leave = await bulkhead.enter('customer', 1000);
    const caller = new AbortController();
    const gone = bulkhead.enter('customer', 1000, caller.signal);
    caller.abort();
    await expect(gone).rejects.toMatchObject({ code: 'EXECUTE_CANCELLED' });
    leave();
    leave();
    await bulkhead.enter('admin', 1000);
    await expect(bulkhead.enter('admin', 10)).rejects.toMatchObject({ code: 'EXECUTE_BUSY' });
  });

  it('tells how long each waited', async () => {
    const time = { ms: 0 };
    const waits: number[] = [];
    const bulkhead = make({ size: 1, mostOfKind: 1, now: () => time.ms, onWait: (ms) => waits.push(ms) });
    const leave = await bulkhead.enter('customer', 1000);
    const next = bulkhead.enter('customer', 1000);
    time.ms = 40;
    leave();
    await next;
    expect(waits).toEqual([0, 40]);
  });
});

it('gives one kind about three places in four', () => {
  expect([1, 2, 3, 4, 8, 20].map(mostOfKind)).toEqual([1, 2, 2, 3, 6, 15]);
});
