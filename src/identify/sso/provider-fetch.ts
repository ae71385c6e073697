import type { CustomFetch } from 'openid-client';

/** Longest wait for one answer of a provider, in seconds. */
export const PROVIDER_TIMEOUT_S = 5;

/** Longest answer of a provider that is read, in bytes: a key set of hundreds of keys. */
const MAX_BYTES = 256 * 1024;

/**
 * Makes the only way out to a provider: to the hosts that its entry names, over TLS but on this machine, without
 * following redirects, with a bound on time and length.
 *
 * @param hosts with their ports where they are not the usual ones
 * @param options.plainHttp whether http is spoken: where the issuer's own address is an http one
 */
export function createProviderFetch(hosts: ReadonlySet<string>, options: { readonly plainHttp: boolean }): CustomFetch {
  return async (address, { body, ...init }) => {
    const { host, protocol } = new URL(address);
    if (!hosts.has(host)) throw new Error(`${host} is not a host of this provider`);
    if (protocol !== 'https:' && !(options.plainHttp && protocol === 'http:'))
      throw new Error('the address is not https');
    const timeout = AbortSignal.timeout(PROVIDER_TIMEOUT_S * 1000);
    const response = await fetch(address, {
      ...init,
      ...(body === undefined || body === null ? {} : { body: body as NonNullable<RequestInit['body']> }),
      redirect: 'manual',
      signal: init.signal ? AbortSignal.any([init.signal, timeout]) : timeout,
    });
    return new Response(await readBounded(response), { status: response.status, headers: response.headers });
  };
}

/** @returns null where the answer has no body, as with a 204 */
async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (response.body === null) return null;
  const parts: Uint8Array[] = [];
  let length = 0;
  // The loop ends the download where it is left early.
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    length += part.byteLength;
    if (length > MAX_BYTES) throw new Error(`the answer is longer than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
