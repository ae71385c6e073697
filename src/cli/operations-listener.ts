import { createServer } from 'node:http';
import type { Settings } from '../config/settings.js';
import { createOperationsApp, type OperationsAppDeps } from '../operations-app.js';
import { addressOf, listen } from './listen.js';

/** Longest wait for a whole request, in milliseconds: none of them has a body. */
const REQUEST_TIMEOUT_MS = 10_000;

/** The listener of OPERATIONS_PORT. */
export interface OperationsListener {
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Opens the operators' listener, where the settings want one.
 *
 * @returns null where they do not
 * @throws SwaliError `SETTINGS_INVALID` where its address cannot be had
 */
export async function openOperationsListener(
  { operations: place, metricsToken, rateLimit }: Settings,
  deps: Omit<OperationsAppDeps, 'metricsToken' | 'rateLimit'>,
): Promise<OperationsListener | null> {
  if (place === null) return null;
  const timeouts = { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  const server = createServer(timeouts, createOperationsApp({ ...deps, metricsToken, rateLimit }));
  await listen(server, place.port, place.host, 'OPERATIONS_HOST, OPERATIONS_PORT');
  return {
    address: addressOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
