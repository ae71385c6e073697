import { type ChildProcess, fork } from 'node:child_process';
import { threadEntry } from '../domain/thread-entry.js';
import { SwaliError } from '../errors/swali-error.js';
import type { SqliteChildOptions, SqliteReply, SqliteRequest } from './sqlite-protocol.js';

/** Longest start of a child, in milliseconds; a start takes about 60. */
const START_TIMEOUT_MS = 10_000;
/** Heap of a child's JavaScript, in MiB. SQLite's own memory is watched by the child itself. */
const HEAP_MIB = 256;

/** A child that reads one database, one request at a time. */
export interface SqliteProcess {
  readonly serverVersion: string;
  /** False once the child has ended; it is never used again. */
  isAlive(): boolean;
  /**
   * @param timeoutMs the child is killed when this has passed
   * @throws SwaliError `EXECUTE_TIMEOUT`, `EXECUTE_CANCELLED`, `EXECUTE_FAILED`, `SOURCE_UNAVAILABLE`
   */
  ask(request: SqliteRequest, timeoutMs: number, signal?: AbortSignal): Promise<SqliteReply>;
  kill(): void;
}

/** Resolves with the child's next message; rejects when it ends, the time passes or the caller leaves. Then it is dead. */
function nextReply(child: ChildProcess, timeoutMs: number, signal?: AbortSignal): Promise<SqliteReply> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', onError);
      settle();
    };
    const stop = (code: 'EXECUTE_TIMEOUT' | 'EXECUTE_CANCELLED'): void => {
      child.kill('SIGKILL');
      finish(() => reject(new SwaliError(code)));
    };
    const onMessage = (reply: unknown): void => finish(() => resolve(reply as SqliteReply));
    const onExit = (code: number | null, by: NodeJS.Signals | null): void => {
      const cause = new Error(`the SQLite child ended by itself (${by ?? code})`);
      finish(() => reject(new SwaliError('EXECUTE_FAILED', { cause })));
    };
    const onError = (cause: Error): void => finish(() => reject(new SwaliError('EXECUTE_FAILED', { cause })));
    const onAbort = (): void => stop('EXECUTE_CANCELLED');
    const timer = setTimeout(() => stop('EXECUTE_TIMEOUT'), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    child.once('message', onMessage);
    child.once('exit', onExit);
    child.once('error', onError);
  });
}

function toError(reply: Extract<SqliteReply, { kind: 'fault' }>): SwaliError {
  // The log knows by the name whose words these are.
  const cause = Object.assign(new Error(reply.message), { name: 'SqliteError' });
  return new SwaliError(reply.fault === 'source' ? 'SOURCE_UNAVAILABLE' : 'EXECUTE_FAILED', { cause });
}

/**
 * Forks a child and waits until it has opened the database. The child gets no environment, so no secret of the gateway,
 * and runs the compiled JavaScript.
 *
 * @throws SwaliError `SOURCE_UNAVAILABLE` where the file cannot be opened as a database or the child does not start
 */
export async function startSqliteProcess(options: SqliteChildOptions): Promise<SqliteProcess> {
  const child = fork(threadEntry(import.meta.url, './sqlite-child.js'), [JSON.stringify(options)], {
    env: {},
    execArgv: [`--max-old-space-size=${HEAP_MIB}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let alive = true;
  child.once('exit', () => {
    alive = false;
  });
  // Without a listener a failed fork or a broken channel would end the gateway; the exit says the same.
  child.on('error', () => {
    alive = false;
  });
  // An idle child must not keep the gateway from ending.
  const setIdle = (): void => {
    child.unref();
    child.channel?.unref();
  };
  let ready: SqliteReply;
  try {
    ready = await nextReply(child, START_TIMEOUT_MS);
  } catch (cause) {
    throw new SwaliError('SOURCE_UNAVAILABLE', { cause });
  }
  if (ready.kind !== 'ready') {
    child.kill('SIGKILL');
    throw ready.kind === 'fault' ? toError(ready) : new SwaliError('SOURCE_UNAVAILABLE');
  }
  setIdle();
  return {
    serverVersion: ready.serverVersion,
    isAlive: () => alive && child.connected,
    kill: () => {
      alive = false;
      child.kill('SIGKILL');
    },
    async ask(request, timeoutMs, signal) {
      child.ref();
      child.channel?.ref();
      try {
        const reply = nextReply(child, timeoutMs, signal);
        child.send(request);
        const answer = await reply;
        if (answer.kind === 'fault') throw toError(answer);
        return answer;
      } catch (error) {
        if (error instanceof SwaliError && error.cause === undefined) alive = false;
        throw error;
      } finally {
        setIdle();
      }
    },
  };
}
