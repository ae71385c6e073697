import type { Request } from 'express';

/**
 * Whether a browser says that a page of another origin sent the request (Fetch Metadata, and RFC 6454 `Origin`). Programs
 * send neither header, and no page can send others than its own.
 *
 * @param publicOrigin of the address that people use; null where none is set: then it is the host that was called. That
 *   is enough on one's own machine, as a host that was renamed to lead here holds no cookies of this one
 */
export function isFromForeignPage(request: Request, publicOrigin: string | null): boolean {
  const site = request.get('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const origin = request.get('origin');
  return origin !== undefined && origin !== (publicOrigin ?? `http://${request.get('host')}`);
}
