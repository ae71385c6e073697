import { AsyncLocalStorage } from 'node:async_hooks';
import type { Request, RequestHandler } from 'express';
import type { RequestOrigin } from '../audit/alerts/observation.js';
import { contextOf } from './request-context.js';

/** What requests say of where they come from, for whoever watches what becomes of them. */
export interface RequestOrigins {
  /** Remembers it for all that is done for a request. Must run right behind the request's context. */
  readonly remember: RequestHandler;
  /** Of the request that this is done for; null where it is done for none. */
  readonly current: () => RequestOrigin | null;
}

/** One for the process: each that is made and used once slows every promise of the process, for as long as it lives. */
const origins = new AsyncLocalStorage<RequestOrigin>();

/**
 * Audit records name a caller's address and no more; alerts compare devices and countries too. The rest travels beside the
 * call (AsyncLocalStorage), so that no stage between has to know of it.
 *
 * @param options.countryHeader header in which the trusted proxy says the country; null where none does
 * @param options.trustProxy proxies in front; with none, a header is anybody's word and is not read
 */
export function createRequestOrigins(options: {
  readonly countryHeader: string | null;
  readonly trustProxy: number;
}): RequestOrigins {
  const header = options.trustProxy > 0 ? options.countryHeader : null;
  return {
    remember: (request, _response, next) => {
      const { userAgent } = contextOf(request);
      origins.run({ userAgent, country: header === null ? null : readCountry(request, header) }, next);
    },
    current: () => origins.getStore() ?? null,
  };
}

/** A header that came several times may be the caller's beside the proxy's: then none is believed. `XX` says unknown. */
function readCountry(request: Request, header: string): string | null {
  const [text, ...others] = request.headersDistinct[header] ?? [];
  if (text === undefined || others.length > 0) return null;
  const country = text.trim().toUpperCase();
  return /^(?:[A-Z]{2}|T1)$/.test(country) && country !== 'XX' ? country : null;
}
