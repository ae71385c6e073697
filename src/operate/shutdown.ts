import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Logger } from '../domain/ports.js';
import type { Health } from './health.js';

/** How long idle connections are kept once nothing new is taken, in milliseconds: a request may be on its way on them. */
const LINGER_MS = 200;

/** How a stop went. */
export interface Ending {
  /** e.g. `signal`. */
  readonly reason: string;
  /** False where requests in flight were cut off. */
  readonly clean: boolean;
}

/** The part of the whole time that is kept for closing stores and pools after the last request. */
const CLOSING_SHARE = 0.25;

/** What is stopped, and in what time. */
export interface ShutdownParts {
  readonly server: Server;
  readonly health: Health;
  /**
   * Ends late work and writes the last record, then closes stores, pools and workers. Runs after the last request, so that
   * every record of an answer is written; is told how it went.
   */
  readonly close: (ending: Ending) => Promise<void>;
  readonly logger: Logger;
  /** How long requests are still taken while readiness fails already, so that load balancers notice, in milliseconds. */
  readonly delayMs: number;
  /** Longest stop, the delay included, in milliseconds; then what still runs is cut off. */
  readonly timeoutMs: number;
}

/**
 * Makes the function that stops the gateway in order: readiness fails; after the delay no new connection is taken, and every
 * answer closes its connection; requests in flight end, or are cut off when the time is over; then what they used is closed.
 * Calling it again returns the same promise.
 *
 * @returns a function that resolves true where everything ended by itself, false where something was cut off or failed; it
 *   never rejects
 */
export function createShutdown(parts: ShutdownParts): (reason: string) => Promise<boolean> {
  const answers = watchAnswers(parts.server);
  let stopping: Promise<boolean> | null = null;
  return (reason) => {
    stopping ??= stop(parts, answers, reason);
    return stopping;
  };
}

/** The answers that are not sent yet. */
interface Answers {
  readonly open: ReadonlySet<ServerResponse>;
  /** Ends what waits for nothing: connections between two requests, and those that have sent nothing yet. */
  endIdle(): void;
  /** From now on every answer says that its connection ends with it. */
  closeConnections(): void;
}

function watchAnswers(server: Server): Answers {
  const open = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let isClosing = false;
  // Before the program's own listener, which may answer at once.
  server.prependListener('request', (_request, response: ServerResponse) => {
    open.add(response);
    if (isClosing) response.setHeader('Connection', 'close');
    response.once('close', () => {
      open.delete(response);
      // One whose headers had gone before is kept alive by Node.
      if (isClosing) setImmediate(() => server.closeIdleConnections());
    });
  });
  return {
    open,
    endIdle() {
      server.closeIdleConnections();
      // Node counts these as busy.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    },
    closeConnections() {
      isClosing = true;
      for (const response of open) if (!response.headersSent) response.setHeader('Connection', 'close');
    },
  };
}

async function stop(parts: ShutdownParts, answers: Answers, reason: string): Promise<boolean> {
  const { server, health, logger, delayMs, timeoutMs } = parts;
  const endsAt = performance.now() + timeoutMs;
  const closingMs = timeoutMs * CLOSING_SHARE;
  logger.info({ reason, requests: answers.open.size }, 'stopping');
  health.drain();
  answers.closeConnections();
  await pause(delayMs);
  const drained = await drain(server, answers, Math.max(0, endsAt - closingMs - performance.now()));
  if (!drained) logger.error({ requests: answers.open.size }, 'stopping: requests took too long and were cut off');
  const closed = await endsWithin(
    () => parts.close({ reason, clean: drained }),
    Math.max(0, endsAt - performance.now()),
    logger,
  );
  logger.info({ clean: drained && closed }, 'stopped');
  return drained && closed;
}

/** Takes nothing new and waits for what runs. @returns false where connections were cut off */
async function drain(server: Server, answers: Answers, waitMs: number): Promise<boolean> {
  // What has connected already is taken first.
  await new Promise((resolve) => setImmediate(resolve));
  // Not the HTTP server's own close: that ends idle connections at once, and with them requests on their way.
  const ended = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  const linger = setTimeout(() => answers.endIdle(), Math.min(LINGER_MS, waitMs));
  let inTime = true;
  const cut = setTimeout(() => {
    inTime = answers.open.size === 0;
    server.closeAllConnections();
  }, waitMs);
  await ended;
  clearTimeout(linger);
  clearTimeout(cut);
  return inTime;
}

async function endsWithin(work: () => Promise<void>, ms: number, logger: Logger): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      logger.error({}, 'stopping: not everything could be closed in time');
      resolve(false);
    }, ms);
  });
  const done = work().then(
    () => true,
    (error: unknown) => {
      logger.error({ error }, 'stopping: not everything could be closed');
      return false;
    },
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
