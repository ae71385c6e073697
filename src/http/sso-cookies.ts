/** What one browser holds of a sign-in over a provider; null where it holds nothing. */
export interface SsoCookies {
  readonly browser: string | null;
  readonly ticket: string | null;
}

/** Writes and reads the two cookies of single sign-on. */
export interface SsoCookieJar {
  read(cookies: ReadonlyMap<string, string>): SsoCookies;
  /** `Set-Cookie` of who began; a ticket of before ends. */
  setBrowser(browser: string): readonly string[];
  /** `Set-Cookie` of who brought the answer. */
  setTicket(ticket: string): readonly string[];
  /** `Set-Cookie` that ends both. */
  clear(): readonly string[];
}

/** Longer than any step may take; what counts is the store's own end. */
const MAX_AGE_S = 900;

/**
 * @param https whether browsers reach the gateway by https: then the names have the prefix `__Host-`, with which no other
 *   host of the domain can write them
 * @remarks The first is `SameSite=Lax`: the provider's redirect must bring it. The second is `Strict`: only the gateway's own
 *   page sends it. Neither has to come with a form that a foreign page posts, so neither needs `SameSite=None`.
 */
export function createSsoCookieJar(https: boolean): SsoCookieJar {
  const name = https ? '__Host-swali-sso' : 'swali-sso';
  const ticketName = `${name}-ticket`;
  const print = (cookie: string, value: string, sameSite: 'Lax' | 'Strict', maxAgeS: number): string =>
    `${cookie}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=${sameSite}${https ? '; Secure' : ''}`;
  const end = (cookie: string, sameSite: 'Lax' | 'Strict'): string => print(cookie, '', sameSite, 0);
  return Object.freeze({
    read: (cookies) => ({ browser: cookies.get(name) || null, ticket: cookies.get(ticketName) || null }),
    setBrowser: (browser) => [print(name, browser, 'Lax', MAX_AGE_S), end(ticketName, 'Strict')],
    setTicket: (ticket) => [print(ticketName, ticket, 'Strict', MAX_AGE_S)],
    clear: () => [end(name, 'Lax'), end(ticketName, 'Strict')],
  } satisfies SsoCookieJar);
}
