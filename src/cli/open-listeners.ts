import type { RequestListener, Server } from 'node:http';
import type { Settings } from '../config/settings.js';
import { createHttpsServer, createPlainServer, createRedirectServer } from '../http/create-servers.js';
import type { KeptCertificate } from '../operate/keep-certificate.js';
import { listen } from './listen.js';

/** Where callers come in. */
export interface Listeners {
  /** What is stopped in order: it has the requests. */
  readonly server: Server;
  /** Ends what is beside it, and it too where it still listens. */
  close(): Promise<void>;
}

/**
 * Listens: with a certificate by https, and beside it in plain where a port is named for that.
 *
 * @throws SwaliError `SETTINGS_INVALID` where a port is taken; then nothing listens
 */
export async function openListeners(
  settings: Settings,
  certificate: KeptCertificate | null,
  handler: RequestListener,
): Promise<Listeners> {
  const { host, port, trustProxy, httpRedirectPort, publicUrl } = settings;
  if (certificate === null) {
    const server = createPlainServer(handler, trustProxy);
    await listen(server, port, host, 'HOST, PORT');
    return { server, close: () => end(server) };
  }
  const server = createHttpsServer(handler, trustProxy, certificate.current.options);
  await listen(server, port, host, 'HOST, PORT');
  const stopWatching = certificate.watch(({ options }) => server.setSecureContext(options));
  const redirect = httpRedirectPort === 0 || publicUrl === null ? null : createRedirectServer(handler, publicUrl);
  try {
    if (redirect) await listen(redirect, httpRedirectPort, host, 'HOST, HTTP_REDIRECT_PORT');
  } catch (error) {
    stopWatching();
    await end(server);
    throw error;
  }
  return {
    server,
    async close() {
      stopWatching();
      if (redirect) await end(redirect);
      await end(server);
    },
  };
}

async function end(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
