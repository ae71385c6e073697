import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { SwaliError } from '../errors/swali-error.js';
import { isReachedInPlain, type Reach } from './reached-in-plain.js';

/** What whoever watches over the process asks for, from beside it. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz']);

/** Browsers send these by https alone; others’ cookies come along wherever a neighbour of the domain set some. */
const OWN_COOKIE = /(?:^|[; ])(?:__\w+-)?swali-/;

/** Whether a request is a probe, which says nothing of anybody and is answered in plain as well. */
export function isProbe({ url = '' }: Pick<IncomingMessage, 'url'>): boolean {
  return PROBES.has(url.split('?', 1)[0] ?? '');
}

/**
 * Where a request that came over plain http may go on to: a page that a person opened, at the public address. What carries
 * credentials, what changes anything and what programs call is not led on: its sender would never notice that it speaks in
 * plain (OWASP ASVS 5, 4.1.2).
 *
 * @param publicUrl https, from the settings: the `Host` of the request has no say
 * @returns null where the request must be refused
 */
export function readHttpsAddress(
  request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  publicUrl: string,
): string | null {
  const { method, url = '/', headers } = request;
  if (method !== 'GET' && method !== 'HEAD') return null;
  if (headers.authorization !== undefined || OWN_COOKIE.test(headers.cookie ?? '')) return null;
  if (!URL.canParse(url, publicUrl)) return null;
  const { pathname, search } = new URL(url.startsWith('//') ? `.${url}` : url, publicUrl);
  if (/^\/+v1(?:\/|$)/i.test(pathname)) return null;
  return `${new URL(publicUrl).origin}${pathname}${search}`;
}

/**
 * Answers what came over plain http where people should come by https: pages with the way there (308), probes as ever,
 * anything else with a refusal.
 *
 * @param publicUrl null where it is not https, and nothing is demanded
 * @throws SwaliError `TLS_REQUIRED`
 */
export function demandHttps(publicUrl: string | null, reach: Reach): RequestHandler {
  return (request, response, next) => {
    if (publicUrl === null || !isReachedInPlain(request, reach) || isProbe(request)) return next();
    const address = readHttpsAddress(request, publicUrl);
    if (address === null) throw new SwaliError('TLS_REQUIRED');
    response.setHeader('Location', address);
    response.status(308).end();
  };
}
