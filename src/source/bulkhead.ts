import type { PrincipalKind } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';

/** How the places of one pool are shared out. */
export interface BulkheadOptions {
  /** Statements that run at the same time. */
  readonly size: number;
  /** Statements of one kind that run at the same time at most. */
  readonly mostOfKind: number;
  /** Statements of one kind that may wait; one more is refused. */
  readonly queueLimit: number;
  /** Told how long each statement waited for its place, in milliseconds. */
  readonly onWait?: (ms: number) => void;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

/** Keeps one kind of principal from taking all the places of a pool that several share. */
export interface Bulkhead {
  /**
   * Takes a place.
   *
   * @param waitMs longest wait
   * @returns gives the place back; once
   * @throws SwaliError `EXECUTE_BUSY` where too many of the kind wait or the wait was too long, `EXECUTE_CANCELLED`
   */
  enter(kind: PrincipalKind, waitMs: number, signal?: AbortSignal): Promise<Leave>;
}

/**
 * The most places that one kind may have of a pool that others share: about three in four. The rest is there for the other
 * kinds at once; a pool of one or two has nothing to keep back, and there the kinds take turns alone.
 */
export function mostOfKind(size: number): number {
  return size <= 2 ? size : size - Math.ceil(size / 4);
}

/** Gives a place back. */
type Leave = () => void;

interface Waiter {
  readonly kind: PrincipalKind;
  readonly give: () => void;
}

/** Makes a bulkhead: a queue for each kind, first come first served in it, and the kinds in turn. */
export function createBulkhead(options: BulkheadOptions): Bulkhead {
  const { size, queueLimit, now } = options;
  const running = new Map<PrincipalKind, number>();
  /** In the order in which the kinds have their turn. */
  const queues = new Map<PrincipalKind, Waiter[]>();
  let total = 0;

  const runningOf = (kind: PrincipalKind): number => running.get(kind) ?? 0;
  const hasPlace = (kind: PrincipalKind): boolean => total < size && runningOf(kind) < options.mostOfKind;
  const leave = (kind: PrincipalKind): void => {
    total -= 1;
    running.set(kind, runningOf(kind) - 1);
    callNext();
  };
  const take = (kind: PrincipalKind): Leave => {
    total += 1;
    running.set(kind, runningOf(kind) + 1);
    let isLeft = false;
    return () => {
      if (!isLeft) leave(kind);
      isLeft = true;
    };
  };
  const callNext = (): void => {
    for (const [kind, queue] of queues) {
      if (queue.length === 0 || !hasPlace(kind)) continue;
      // Whoever had a turn is the last in turn.
      queues.delete(kind);
      queues.set(kind, queue);
      queue.shift()?.give();
      callNext();
      return;
    }
  };
  const wait = (kind: PrincipalKind, queue: Waiter[], waitMs: number, signal?: AbortSignal): Promise<Leave> =>
    new Promise((resolve, reject) => {
      const since = now();
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        const at = queue.indexOf(waiter);
        if (at >= 0) queue.splice(at, 1);
        options.onWait?.(now() - since);
      };
      const waiter: Waiter = {
        kind,
        give: () => {
          end();
          resolve(take(kind));
        },
      };
      const refuse = (error: SwaliError): void => {
        end();
        reject(error);
      };
      const onAbort = (): void => refuse(new SwaliError('EXECUTE_CANCELLED'));
      const timer = setTimeout(() => refuse(new SwaliError('EXECUTE_BUSY', { retryAfterS: 1 })), waitMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      queue.push(waiter);
    });

  return {
    async enter(kind, waitMs, signal) {
      if (signal?.aborted) throw new SwaliError('EXECUTE_CANCELLED');
      const queue = queues.get(kind) ?? [];
      queues.set(kind, queue);
      if (queue.length === 0 && hasPlace(kind)) {
        options.onWait?.(0);
        return take(kind);
      }
      if (queue.length >= queueLimit) throw new SwaliError('EXECUTE_BUSY', { retryAfterS: 1 });
      return wait(kind, queue, waitMs, signal);
    },
  };
}
