import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** Through what callers reach the process. */
export interface Reach {
  /** Whether the process itself speaks https. */
  readonly tls: boolean;
  /** Reverse proxies in front that are believed. */
  readonly trustProxy: number;
}

/**
 * Whether a request is known to have come over plain http. The word of a proxy counts where one is trusted; where there is
 * none, and the process speaks http itself, nothing is known.
 *
 * @remarks The first word of `X-Forwarded-Proto` is that of the proxy that the caller speaks to; a caller who can put one
 *   before it can only spoil a protection of their own.
 */
export function isReachedInPlain(request: IncomingMessage, { tls, trustProxy }: Reach): boolean {
  if (trustProxy > 0) {
    const words = request.headers['x-forwarded-proto'];
    const [first = ''] = String(words ?? '').split(',');
    if (first.trim() !== '') return first.trim().toLowerCase() !== 'https';
  }
  return tls && (request.socket as Partial<TLSSocket>).encrypted !== true;
}
