import { describe, expect, it } from 'vitest';
import { createBatchQueue } from '../../../src/source/batch-queue.js';
import { BATCH_BYTES, BATCH_ROWS } from '../../../src/source/open-stream.js';

/** A queue, and what its source was told. */
function opened() {
  const told: string[] = [];
  return { queue: createBatchQueue({ hold: () => told.push('hold'), goOn: () => told.push('go on') }), told };
}

describe('the queue between a source and a reader', () => {
  it('hands over a full batch, or what is left at the end, then null', async () => {
    const { queue } = opened();
    const first = queue.next();
    for (let n = 0; n <= BATCH_ROWS; n += 1) queue.push([n], 3);
    expect((await first)?.length).toBeGreaterThanOrEqual(BATCH_ROWS);
    queue.push([-1], 3);
    queue.end();
    expect((await queue.next())?.at(-1)).toEqual([-1]);
    expect([await queue.next(), await queue.next()]).toEqual([null, null]);
  });

  it('holds its source while a batch waits, by rows or by bytes, and lets it go on when it is taken', async () => {
    const { queue, told } = opened();
    for (let n = 0; n < BATCH_ROWS - 1; n += 1) queue.push([n], 3);
    expect(told).toEqual([]);
    queue.push([0], 3);
    queue.push([0], 3);
    expect(told).toEqual(['hold']);
    await queue.next();
    expect(told).toEqual(['hold', 'go on']);
    queue.push(['wide'], BATCH_BYTES);
    expect(told).toEqual(['hold', 'go on', 'hold']);
    expect(await queue.next()).toEqual([['wide']]);
  });

  it('waits for a full batch', async () => {
    const { queue } = opened();
    let isThere = false;
    const batch = queue.next().then((rows) => {
      isThere = true;
      return rows;
    });
    queue.push([1], 3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isThere).toBe(false);
    queue.end();
    expect(await batch).toEqual([[1]]);
  });

  it('drops what waits where it fails', async () => {
    const { queue } = opened();
    queue.push([1], 3);
    queue.fail(new Error('gone'));
    await expect(queue.next()).rejects.toThrow('gone');
    const waiting = opened();
    const batch = waiting.queue.next();
    waiting.queue.fail(new Error('gone'));
    await expect(batch).rejects.toThrow('gone');
  });
});
