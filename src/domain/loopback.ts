/**
 * Whether a host is this machine, by what is written there: a name that only a resolver takes for loopback is none.
 *
 * @param host as `URL.hostname` gives it, an IPv6 address with its brackets or without
 */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/.test(host);
}
