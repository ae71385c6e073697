import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { createLendingPool, type Lendable } from '../../../src/source/lending-pool.js';

interface Member extends Lendable {
  readonly id: number;
}

function makePool(size: number, queueLimit = 10, start?: () => Promise<Member>) {
  const started: Member[] = [];
  const killed: number[] = [];
  const pool = createLendingPool<Member>({
    size,
    queueLimit,
    replaceAtOnce: false,
    start:
      start ??
      (async () => {
        const id = started.length;
        const member = { id, isAlive: () => !killed.includes(id), kill: () => void killed.push(id) };
        started.push(member);
        return member;
      }),
  });
  return { pool, started, killed };
}

describe('a lending pool', () => {
  it('lends each member to one caller at a time and starts no more than its size', async () => {
    const { pool, started } = makePool(2);
    const [a, b] = await Promise.all([pool.acquire(1000), pool.acquire(1000)]);
    expect(a).not.toBe(b);
    const third = pool.acquire(1000);
    pool.release(b);
    expect(await third).toBe(b);
    expect(started).toHaveLength(2);
  });

  it('says what it lends out, and gives an idle member to whoever may not wait', async () => {
    const { pool } = makePool(2);
    expect(pool.takeIdle()).toBeNull();
    expect(pool.use()).toEqual({ size: 0, busy: 0, waiting: 0 });
    const [a, b] = await Promise.all([pool.acquire(1000), pool.acquire(1000)]);
    const third = pool.acquire(1000);
    expect(pool.use()).toEqual({ size: 2, busy: 2, waiting: 1 });
    expect(pool.takeIdle()).toBeNull();
    pool.release(a);
    expect(await third).toBe(a);
    pool.release(b);
    expect(pool.use()).toEqual({ size: 2, busy: 1, waiting: 0 });
    expect(pool.takeIdle()).toBe(b);
    expect(pool.use().busy).toBe(2);
    pool.release(b);
    pool.close();
    expect(pool.takeIdle()).toBeNull();
  });

  it('serves those who wait in their order', async () => {
    const { pool } = makePool(1);
    const held = await pool.acquire(1000);
    const order: number[] = [];
    const waits = [1, 2, 3].map((n) =>
      pool.acquire(1000).then((member) => {
        order.push(n);
        pool.release(member);
      }),
    );
    pool.release(held);
    await Promise.all(waits);
    expect(order).toEqual([1, 2, 3]);
  });

  it('replaces a dead member for whoever waits', async () => {
    const { pool } = makePool(1);
    const first = await pool.acquire(1000);
    const waiting = pool.acquire(1000);
    first.kill();
    pool.release(first);
    expect((await waiting).id).toBe(1);
  });

  it('does not lend an idle member that died', async () => {
    const { pool, killed } = makePool(1);
    const first = await pool.acquire(1000);
    pool.release(first);
    killed.push(first.id);
    expect((await pool.acquire(1000)).id).toBe(1);
  });

  it('refuses when the queue is full, the wait is over, the caller leaves, or it is closed', async () => {
    const { pool } = makePool(1, 1);
    await pool.acquire(1000);
    const leaving = new AbortController();
    const waiting = pool.acquire(5000, leaving.signal);
    await expect(pool.acquire(1000)).rejects.toMatchObject({ code: 'EXECUTE_BUSY', retryAfterS: 1 });
    leaving.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'EXECUTE_CANCELLED' });
    await expect(pool.acquire(10)).rejects.toMatchObject({ code: 'EXECUTE_BUSY' });
    await expect(pool.acquire(10, AbortSignal.abort())).rejects.toMatchObject({ code: 'EXECUTE_CANCELLED' });
    const last = pool.acquire(5000);
    pool.close();
    await expect(last).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    await expect(pool.acquire(10)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  it('tells whoever waits why no member can be started, and tries again for the next', async () => {
    let fails = true;
    const { pool } = makePool(1, 10, async () => {
      if (fails) throw new SwaliError('SOURCE_UNAVAILABLE');
      return { id: 9, isAlive: () => true, kill: () => undefined };
    });
    await expect(pool.acquire(5000)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    fails = false;
    expect((await pool.acquire(5000)).id).toBe(9);
  });

  it('ends a member that was still starting when it was closed', async () => {
    const { pool, started, killed } = makePool(1);
    const waiting = pool.acquire(1000).catch((error: unknown) => error);
    pool.close();
    expect(await waiting).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    await Promise.resolve();
    expect(killed).toEqual(started.map((member) => member.id));
  });
});
