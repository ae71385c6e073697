import type { Response } from 'express';
import { SwaliError } from '../errors/swali-error.js';

/** Sends an answer in parts, no faster than its reader takes them. */
export interface Outflow {
  /**
   * Resolves when more can be taken.
   *
   * @throws SwaliError `EXECUTE_CANCELLED` where the reader has gone, or took too long and was cut off
   */
  write(part: string): Promise<void>;
  /** Resolves when everything has been taken, or the reader is gone. */
  end(): Promise<void>;
}

/** @param idleMs longest wait for the reader to take what was sent; then the connection is cut */
export function createOutflow(response: Response, idleMs: number): Outflow {
  return {
    async write(part) {
      if (response.destroyed || response.writableEnded) throw gone();
      if (response.write(part)) return;
      if (!(await happens(response, 'drain', idleMs))) throw gone();
    },
    async end() {
      if (response.destroyed) return;
      response.end();
      await happens(response, 'finish', idleMs);
    },
  };
}

function gone(): SwaliError {
  return new SwaliError('EXECUTE_CANCELLED');
}

/** Resolves false where the answer is closed first; it is closed here once the time is over. */
function happens(response: Response, event: 'drain' | 'finish', withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (happened: boolean): void => {
      clearTimeout(timer);
      response.off(event, onEvent);
      response.off('close', onClose);
      resolve(happened);
    };
    const onEvent = (): void => settle(true);
    const onClose = (): void => settle(response.writableFinished);
    const timer = setTimeout(() => response.destroy(), withinMs);
    response.once(event, onEvent);
    response.once('close', onClose);
  });
}
