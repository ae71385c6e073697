import { isLoopback } from '../domain/loopback.js';
import type { Clock } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';

/** Origins of one key at most: they stand in each of its tokens. */
const ORIGINS_MAX = 10;

/** Characters of an origin at most. */
const ORIGIN_MAX_CHARACTERS = 200;

/** How long the origins of all keys are remembered for preflights, in milliseconds. */
const LISTED_FOR_MS = 1000;

/**
 * Reads the origins of a site's pages, each once, spelled as browsers spell them in `Origin`.
 *
 * @param texts e.g. `https://shop.example.com` or `https://shop.example.com:8443/`
 * @param allowLoopbackHttp whether pages of this machine may come by http, for development
 * @throws SwaliError `IDENTITY_INPUT_INVALID` for anything with a path, a query, a user or a wildcard, for another scheme
 *   than https, and for too many
 */
export function readOrigins(texts: readonly string[], allowLoopbackHttp: boolean): readonly string[] {
  if (texts.length > ORIGINS_MAX)
    throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: `${ORIGINS_MAX} origins at most` });
  return [...new Set(texts.map((text) => readOrigin(text, allowLoopbackHttp)))];
}

function readOrigin(text: string, allowLoopbackHttp: boolean): string {
  const invalid = (): never => {
    throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: 'an origin is like https://shop.example.com' });
  };
  // Nothing but scheme, host and port is there to be dropped; a browser's address bar takes more.
  if (text.length > ORIGIN_MAX_CHARACTERS || !/^https?:\/\/[^\s/\\?#@*]+\/?$/i.test(text)) return invalid();
  if (!URL.canParse(text)) return invalid();
  const { protocol, hostname, origin } = new URL(text);
  const isOpen = protocol === 'https:' || (allowLoopbackHttp && isOwnMachine(hostname));
  return isOpen ? origin : invalid();
}

/** @param stored JSON list, or null where a key serves no pages */
export function parseStoredOrigins(stored: string | null): readonly string[] {
  const origins: unknown = stored === null ? [] : JSON.parse(stored);
  return Array.isArray(origins) ? origins.filter((each): each is string => typeof each === 'string') : [];
}

/** Browsers take every name below `localhost` for this machine, too, and ask no resolver. */
function isOwnMachine(hostname: string): boolean {
  return isLoopback(hostname) || hostname.endsWith('.localhost');
}

/**
 * Makes the function that says whether any living key lists an origin. It decides about preflights alone, which carry no
 * token: what a page may do is decided again at the request that follows. Up to a second behind.
 *
 * @returns a function that throws SwaliError `STORE_UNAVAILABLE`
 */
export function createIsListedOrigin(deps: {
  readonly store: Store;
  readonly clock: Clock;
}): (origin: string) => Promise<boolean> {
  const { store, clock } = deps;
  let known: { readonly at: number; readonly origins: Promise<ReadonlySet<string>> } | null = null;

  async function readListed(now: number): Promise<ReadonlySet<string>> {
    const rows = await store.run((db) =>
      db
        .selectFrom('api_keys')
        .select('origins')
        .where('origins', 'is not', null)
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', now)
        .execute(),
    );
    return new Set(rows.flatMap((row) => parseStoredOrigins(row.origins)));
  }

  return async (origin) => {
    const now = clock();
    if (known === null || now - known.at >= LISTED_FOR_MS || now < known.at)
      known = { at: now, origins: readListed(now) };
    const { origins } = known;
    try {
      return (await origins).has(origin);
    } catch (error) {
      // The next one asks anew.
      if (known?.origins === origins) known = null;
      throw error;
    }
  };
}
