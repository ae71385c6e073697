import type { Server } from 'node:http';
import type { Logger } from '../domain/ports.js';
import type { Health } from './health.js';

/** Longest wait for requests in flight, in milliseconds; then their connections are cut. */
const DRAIN_TIMEOUT_MS = 10_000;

/**
 * Makes the function that stops the gateway in order: readiness fails, no new connection is taken, requests in flight
 * end (or are cut after the wait), then what they used is closed. Calling it again returns the same promise.
 *
 * @param parts.close closes source, store and workers; runs after the last request, so every audit record is written
 */
export function createShutdown(parts: {
  readonly server: Server;
  readonly health: Health;
  readonly close: () => Promise<void>;
  readonly logger: Logger;
  readonly drainTimeoutMs?: number;
}): (reason: string) => Promise<void> {
  let stopping: Promise<void> | null = null;
  return (reason) => {
    stopping ??= stop(parts, reason);
    return stopping;
  };
}

async function stop(parts: Parameters<typeof createShutdown>[0], reason: string): Promise<void> {
  parts.logger.info({ reason }, 'stopping');
  parts.health.drain();
  const closed = new Promise<void>((resolve) => parts.server.close(() => resolve()));
  parts.server.closeIdleConnections();
  const cut = setTimeout(() => parts.server.closeAllConnections(), parts.drainTimeoutMs ?? DRAIN_TIMEOUT_MS);
  await closed;
  clearTimeout(cut);
  await parts.close();
  parts.logger.info({}, 'stopped');
}
