import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../../src/errors/swali-error.js';
import { createFlights } from '../../../../src/translate/cache/share-flights.js';

/** Work that ends when it is told to. */
function openWork() {
  const begun: { readonly signal: AbortSignal; end(value: string): void; fail(error: unknown): void }[] = [];
  const work = (signal: AbortSignal) =>
    new Promise<string>((end, fail) => {
      begun.push({ signal, end, fail });
    });
  return { begun, work };
}

const never = () => new AbortController().signal;
const flightsOf = () => createFlights<string>((error) => error instanceof SwaliError && error.code === 'RATE_LIMITED');

describe('work that several callers ask for at the same time', () => {
  it('is done once, for all of them', async () => {
    const { begun, work } = openWork();
    const flights = flightsOf();
    const landed = Promise.all([1, 2, 3].map(() => flights.run('k', never(), work)));
    expect(begun).toHaveLength(1);
    begun[0]!.end('done');
    expect(await landed).toEqual([
      { value: 'done', isLeader: true },
      { value: 'done', isLeader: false },
      { value: 'done', isLeader: false },
    ]);
    expect(flights.size()).toBe(0);
  });

  it('is done anew for who comes later, and for another key', async () => {
    const { begun, work } = openWork();
    const flights = flightsOf();
    const first = flights.run('k', never(), work);
    const other = flights.run('l', never(), work);
    expect(begun).toHaveLength(2);
    for (const each of begun) each.end('done');
    await Promise.all([first, other]);
    const later = flights.run('k', never(), work);
    expect(begun).toHaveLength(3);
    begun[2]!.end('again');
    expect(await later).toEqual({ value: 'again', isLeader: true });
  });

  it('goes on where the caller for whom it was begun hangs up', async () => {
    const { begun, work } = openWork();
    const flights = flightsOf();
    const leaving = new AbortController();
    const first = flights.run('k', leaving.signal, work);
    const second = flights.run('k', never(), work);
    leaving.abort();
    await expect(first).rejects.toMatchObject({ code: 'EXECUTE_CANCELLED' });
    expect(begun[0]!.signal.aborted).toBe(false);
    begun[0]!.end('done');
    expect(await second).toEqual({ value: 'done', isLeader: false });
  });

  it('is stopped when the last caller has hung up, and nobody joins it then', async () => {
    const { begun, work } = openWork();
    const flights = flightsOf();
    const leaving = [new AbortController(), new AbortController()];
    const all = leaving.map(({ signal }) => flights.run('k', signal, work));
    for (const each of leaving) each.abort();
    for (const each of all) await expect(each).rejects.toMatchObject({ code: 'EXECUTE_CANCELLED' });
    expect(begun[0]!.signal.aborted).toBe(true);
    const late = flights.run('k', never(), work);
    expect(begun).toHaveLength(2);
    begun[0]!.fail(new Error('stopped'));
    begun[1]!.end('fresh');
    expect(await late).toEqual({ value: 'fresh', isLeader: true });
  });

  it('is not begun for who has hung up already', async () => {
    const { begun, work } = openWork();
    const gone = AbortSignal.abort();
    await expect(flightsOf().run('k', gone, work)).rejects.toMatchObject({ code: 'EXECUTE_CANCELLED' });
    expect(begun.every(({ signal }) => signal.aborted)).toBe(true);
  });

  it('fails for all where it fails', async () => {
    const { begun, work } = openWork();
    const flights = flightsOf();
    const all = [1, 2].map(() => flights.run('k', never(), work));
    begun[0]!.fail(new SwaliError('TRANSLATE_MODEL_UNAVAILABLE'));
    for (const each of all) await expect(each).rejects.toMatchObject({ code: 'TRANSLATE_MODEL_UNAVAILABLE' });
    expect(begun).toHaveLength(1);
  });

  it('is begun anew by the next where it fails for a reason of the first alone', async () => {
    const { begun, work } = openWork();
    const flights = flightsOf();
    const [first, ...others] = [1, 2, 3].map(() => flights.run('k', never(), work));
    begun[0]!.fail(new SwaliError('RATE_LIMITED'));
    await expect(first).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await expect.poll(() => begun.length).toBe(2);
    begun[1]!.end('paid by another');
    expect((await Promise.all(others)).map(({ value, isLeader }) => [value, isLeader])).toEqual([
      ['paid by another', true],
      ['paid by another', false],
    ]);
  });
});
