/** What a browser that is signed in holds; none of it can be read by scripts of a page. */
export interface SessionCookies {
  /** As the browser sends them. */
  readonly names: { readonly access: string; readonly refresh: string; readonly csrf: string };
  /** `Set-Cookie` values that sign a browser in, and take the place of what it held before. */
  set(tokens: { readonly accessToken: string; readonly refreshToken: string }): readonly string[];
  /** `Set-Cookie` value of the signed half of a CSRF token. */
  setCsrf(token: string): string;
  /** `Set-Cookie` values that take everything away. */
  clear(): readonly string[];
  /** `Set-Cookie` value that takes the access token alone away: the refresh token may still be good. */
  clearAccess(): string;
  /** What the browser sent; null where it sent none, or several of that name. */
  accessOf(cookies: ReadonlyMap<string, string>): string | null;
  refreshOf(cookies: ReadonlyMap<string, string>): string | null;
}

/** The refresh token goes to the few endpoints that look at it, and to nothing else. */
const REFRESH_PATH = '/v1/auth';

/** By https. `__Host-`: browsers take such a cookie from this very host alone, never from a neighbour of its domain. */
export const HTTPS_NAMES = {
  access: '__Host-swali-access',
  // `__Host-` would demand Path=/.
  refresh: '__Secure-swali-refresh',
  csrf: '__Host-swali-csrf',
} as const;

/** By plain http browsers refuse these prefixes, and `Secure`: this is for one's own machine. */
const HTTP_NAMES = { access: 'swali-access', refresh: 'swali-refresh', csrf: 'swali-csrf' } as const;

/**
 * Makes the cookies of a browser's session: HttpOnly, SameSite=Strict and, by https, Secure. None has a Max-Age: the
 * browser forgets them when it is closed, as on a computer that others use it should. How long a session lives is the
 * server's to say (`SESSION_IDLE_TTL_S`, `SESSION_MAX_TTL_S`), for browsers that bring their cookies back, too.
 *
 * @param https whether people reach the gateway by https
 */
export function createSessionCookies(https: boolean): SessionCookies {
  const names = https ? HTTPS_NAMES : HTTP_NAMES;
  const attributes = https ? 'HttpOnly; Secure; SameSite=Strict' : 'HttpOnly; SameSite=Strict';
  const print = (name: string, value: string, path: string): string => `${name}=${value}; Path=${path}; ${attributes}`;
  const drop = (name: string, path: string): string => `${print(name, '', path)}; Max-Age=0`;
  return Object.freeze({
    names,
    set: ({ accessToken, refreshToken }) => [
      print(names.access, accessToken, '/'),
      print(names.refresh, refreshToken, REFRESH_PATH),
    ],
    setCsrf: (token) => print(names.csrf, token, '/'),
    clear: () => [drop(names.access, '/'), drop(names.refresh, REFRESH_PATH), drop(names.csrf, '/')],
    clearAccess: () => drop(names.access, '/'),
    accessOf: (cookies) => cookies.get(names.access) ?? null,
    refreshOf: (cookies) => cookies.get(names.refresh) ?? null,
  } satisfies SessionCookies);
}
