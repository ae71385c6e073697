/**
 * What was wrong with the TLS of a server of MySQL or MariaDB, in words that may be public.
 *
 * @param error of the driver
 * @returns null where it is about something else
 */
export function readTlsFault(error: unknown): string | null {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') return 'the server offers no TLS, and off loopback nothing else will do';
  if (code !== 'HANDSHAKE_SSL_ERROR') return null;
  // The driver has put its own code over that of node, whose words stay.
  const words = String(message);
  if (words.includes('altnames')) return 'the server’s certificate is not that of the host of the URL';
  if (words.includes('expired')) return 'the server’s certificate has expired';
  if (/certificate|issuer/.test(words)) return 'no known authority vouches for the server’s certificate';
  return 'no TLS could be agreed on with the server';
}
