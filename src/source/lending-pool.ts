import type { PoolUse } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';

/** What a pool lends: something that can die by itself and can be ended. */
export interface Lendable {
  /** False once it must not be used again. */
  isAlive(): boolean;
  /** Ends it at once; may be called twice. */
  kill(): void;
}

export interface LendingPoolOptions<T extends Lendable> {
  /** Makes a member. A rejection is handed to those who wait where no member is left. */
  start(): Promise<T>;
  /** Members at most. */
  readonly size: number;
  /** Callers that may wait; one more is refused. */
  readonly queueLimit: number;
  /** Whether a member that died is replaced at once or when somebody needs it. */
  readonly replaceAtOnce: boolean;
}

/** Lends each member to one caller at a time. */
export interface LendingPool<T extends Lendable> {
  /**
   * @param waitMs longest wait for a member
   * @throws SwaliError `EXECUTE_BUSY` where the queue is full or the wait too long, `EXECUTE_CANCELLED`,
   *   `SOURCE_UNAVAILABLE` after close, and what `start` threw
   */
  acquire(waitMs: number, signal?: AbortSignal): Promise<T>;
  /** A member that nobody uses now, without waiting and before nobody who waits; null where there is none. */
  takeIdle(): T | null;
  /** Gives a member back; a dead one is dropped. */
  release(member: T): void;
  /** Starts members until the pool is full; failures show at the next acquire. */
  fill(): Promise<void>;
  use(): Omit<PoolUse, 'name'>;
  close(): void;
}

interface Waiter<T> {
  readonly give: (member: T) => void;
  readonly refuse: (error: unknown) => void;
}

/** Makes a pool; nothing is started before the first acquire or fill. */
export function createLendingPool<T extends Lendable>(options: LendingPoolOptions<T>): LendingPool<T> {
  const idle: T[] = [];
  const all = new Set<T>();
  const waiting: Waiter<T>[] = [];
  let starting = 0;
  let closed = false;

  const retire = (member: T): void => {
    member.kill();
    all.delete(member);
    if (options.replaceAtOnce || waiting.length > 0) void spawn();
  };
  const offer = (member: T): void => {
    if (closed || !member.isAlive()) {
      retire(member);
      return;
    }
    const waiter = waiting.shift();
    if (waiter) waiter.give(member);
    else idle.push(member);
  };
  const spawn = async (): Promise<void> => {
    if (closed || all.size + starting >= options.size) return;
    starting += 1;
    let member: T;
    try {
      member = await options.start();
    } catch (error) {
      starting -= 1;
      // With no member left nobody would ever be served: whoever waits is told, and the next caller tries again.
      if (all.size === 0 && starting === 0) for (const waiter of waiting.splice(0)) waiter.refuse(error);
      return;
    }
    starting -= 1;
    all.add(member);
    offer(member);
  };
  const takeIdle = (): T | undefined => {
    for (let found = idle.pop(); found; found = idle.pop()) {
      if (found.isAlive()) return found;
      retire(found);
    }
    return undefined;
  };
  const wait = (waitMs: number, signal?: AbortSignal): Promise<T> =>
    new Promise((resolve, reject) => {
      const leave = (settle: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        const at = waiting.indexOf(waiter);
        if (at >= 0) waiting.splice(at, 1);
        settle();
      };
      const waiter: Waiter<T> = {
        give: (member) => leave(() => resolve(member)),
        refuse: (error) => leave(() => reject(error)),
      };
      const onAbort = (): void => waiter.refuse(new SwaliError('EXECUTE_CANCELLED'));
      const timer = setTimeout(() => waiter.refuse(new SwaliError('EXECUTE_BUSY', { retryAfterS: 1 })), waitMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.push(waiter);
      void spawn();
    });

  return {
    async acquire(waitMs, signal) {
      if (closed) throw new SwaliError('SOURCE_UNAVAILABLE');
      if (signal?.aborted) throw new SwaliError('EXECUTE_CANCELLED');
      const found = takeIdle();
      if (found) return found;
      if (waiting.length >= options.queueLimit) throw new SwaliError('EXECUTE_BUSY', { retryAfterS: 1 });
      return wait(waitMs, signal);
    },
    takeIdle: () => (closed || waiting.length > 0 ? null : (takeIdle() ?? null)),
    release: offer,
    async fill() {
      await Promise.all(Array.from({ length: options.size }, spawn));
    },
    use: () => ({ size: all.size, busy: all.size - idle.length, waiting: waiting.length }),
    close() {
      closed = true;
      for (const member of all) member.kill();
      for (const waiter of waiting.splice(0)) waiter.refuse(new SwaliError('SOURCE_UNAVAILABLE'));
    },
  };
}
