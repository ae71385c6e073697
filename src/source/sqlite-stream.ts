import { SwaliError } from '../errors/swali-error.js';
import type { OpenStream } from './open-stream.js';
import type { SourceStreamRequest } from './source.js';
import type { SqliteProcess } from './sqlite-process.js';
import type { SqliteReply } from './sqlite-protocol.js';
import { createStreamClock } from './stream-clock.js';

/** Longest wait for a child to give up what it reads, in milliseconds; then it is killed. */
const CLOSE_TIMEOUT_MS = 1000;

/**
 * Opens a statement in a child, which reads on only when it is asked to. The child is killed when the time of the statement or
 * of its reader is over, and when the caller leaves by the signal; a stream that is left gives it back as it was.
 *
 * @throws SwaliError as `Source.stream`
 */
export async function streamFromChild(
  child: SqliteProcess,
  request: SourceStreamRequest,
  signal?: AbortSignal,
): Promise<OpenStream> {
  if (signal?.aborted) throw new SwaliError('EXECUTE_CANCELLED');
  const { sql, parameters, maxRows, maxBytes } = request;
  let isBusy = false;
  let settled = false;
  let failure: SwaliError | null = null;
  let settle = (_failure: SwaliError | null): void => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    settle = (error) => {
      if (settled) return;
      settled = true;
      failure = error;
      clock.stop();
      signal?.removeEventListener('abort', onAbort);
      if (error) reject(error);
      else resolve();
    };
  });
  ended.catch(() => undefined);
  const kill = (code: 'EXECUTE_TIMEOUT' | 'EXECUTE_CANCELLED'): void => {
    if (settled) return;
    child.kill();
    settle(new SwaliError(code));
  };
  const clock = createStreamClock(request, () => kill('EXECUTE_TIMEOUT'));
  const onAbort = (): void => kill('EXECUTE_CANCELLED');
  signal?.addEventListener('abort', onAbort, { once: true });

  async function ask<Kind extends SqliteReply['kind']>(
    asked: Parameters<SqliteProcess['ask']>[0],
    kind: Kind,
  ): Promise<Extract<SqliteReply, { readonly kind: Kind }>> {
    clock.forSource();
    isBusy = true;
    try {
      const reply = await child.ask(asked, Math.ceil(clock.sourceLeftMs()), signal);
      if (reply.kind === kind) return reply as Extract<SqliteReply, { readonly kind: Kind }>;
      throw new SwaliError('INTERNAL', { cause: new Error(`a child answered ${reply.kind}`) });
    } catch (error) {
      const told = error instanceof SwaliError ? error : new SwaliError('INTERNAL', { cause: error });
      settle(told);
      // What ended it first says why.
      throw failure ?? told;
    } finally {
      isBusy = false;
      clock.forReader();
    }
  }

  const opened = await ask({ kind: 'open', sql, parameters, maxRows, maxBytes }, 'opened');
  return {
    types: opened.types,
    isTruncated: () => opened.truncated,
    ended,
    async next() {
      if (failure) throw failure;
      if (settled) return null;
      const { rows } = await ask({ kind: 'next' }, 'batch');
      if (rows === null) settle(null);
      return rows;
    },
    async leave() {
      if (isBusy) kill('EXECUTE_CANCELLED');
      if (settled) return;
      clock.stop();
      await child.ask({ kind: 'close' }, CLOSE_TIMEOUT_MS, signal).catch(() => child.kill());
      settle(null);
    },
  };
}
