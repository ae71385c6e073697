import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { CATALOGUE } from '../errors/catalogue.js';
import { isProbe, readHttpsAddress } from './demand-https.js';

/** Longest wait for the headers of a request, for the whole of it, and for the agreement on TLS, in milliseconds. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 30_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Between two looks at what takes too long, in milliseconds. */
const TIMEOUT_LOOK_MS = 5000;

/** How long a connection without a request is kept, in milliseconds. */
const IDLE_TIMEOUT_MS = 5000;

/**
 * The same behind a proxy. Longer than proxies keep theirs (nginx and the balancers of the clouds: 60 s), so that none sends
 * a request into a connection that is being closed.
 */
const IDLE_BEHIND_PROXY_MS = 75_000;

/** Longest headers of a request, in bytes. */
const HEADERS_MAX_BYTES = 16 * 1024;

/** Requests of one connection at most. */
const REQUESTS_PER_CONNECTION = 10_000;

function printOptions(trustProxy: number): ServerOptions {
  return {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_LOOK_MS,
    keepAliveTimeout: trustProxy > 0 ? IDLE_BEHIND_PROXY_MS : IDLE_TIMEOUT_MS,
    maxHeaderSize: HEADERS_MAX_BYTES,
    // Stated, so that no option of the command line reads what two servers could read in two ways.
    insecureHTTPParser: false,
    requireHostHeader: true,
  };
}

/** Makes the server of http, for a proxy in front or this machine. Listens to nothing. */
export function createPlainServer(handler: RequestListener, trustProxy: number): Server {
  const server = createServer(printOptions(trustProxy), handler);
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION;
  return server;
}

/** Makes the server of https. Listens to nothing; takes another certificate by `setSecureContext`. */
export function createHttpsServer(
  handler: RequestListener,
  trustProxy: number,
  context: SecureContextOptions,
): TlsServer {
  const server = createTlsServer(
    { ...printOptions(trustProxy), ...context, handshakeTimeout: HANDSHAKE_TIMEOUT_MS },
    handler,
  );
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION;
  server.on('secureConnection', (socket) => {
    // Of TLS 1.2; 1.3 knows none.
    socket.disableRenegotiation();
    socket.on('error', () => socket.destroy());
  });
  return server;
}

/**
 * Makes the server of plain http beside https: it leads pages on to the public address, hands probes to the gateway, and
 * refuses the rest. Keeps no connection.
 *
 * @param publicUrl https, from the settings
 */
export function createRedirectServer(handler: RequestListener, publicUrl: string): Server {
  return createServer(printOptions(0), (request, response) => {
    response.setHeader('Connection', 'close');
    if (isProbe(request)) return handler(request, response);
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
    const address = readHttpsAddress(request, publicUrl);
    if (address !== null) {
      response.writeHead(308, { location: address }).end();
      return;
    }
    const { status, sentence: title } = CATALOGUE.TLS_REQUIRED;
    response.writeHead(status, { 'content-type': 'application/problem+json; charset=utf-8' });
    response.end(JSON.stringify({ type: '/docs/errors#TLS_REQUIRED', title, status, code: 'TLS_REQUIRED' }));
  });
}
