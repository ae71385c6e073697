/** Bytes of a completion that are read: some 40 times what the longest answer that is asked for comes to. */
const MOST_BYTES = 1024 * 1024;

/** Bytes of an error document that are read; the rest is left. */
const MOST_ERROR_BYTES = 64 * 1024;

/** Characters of an error document of unknown form that are looked at. */
const MOST_ERROR_CHARACTERS = 2000;

/** Headers of ours that go to a provider; the client would add what system it runs on. */
const SENT_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'authorization',
  'content-type',
  'traceparent',
  'tracestate',
  'user-agent',
]);

/** A body that cannot be read to its end, or is no text. What it answers may have been paid for. */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody';
}

/**
 * Makes the way to a provider: `fetch` that follows no redirect, sends no header that is not listed in
 * `docs/security/where-data-goes.md`, and reads the body whole before it hands it on, up to a bound after decompression.
 *
 * @param options.mostBytes of a body
 * @param options.fetchFrom what carries the request
 * @returns a function that rejects as `fetch` does, and with {@link UnreadableBody} where an answer is too long, breaks off or
 *   is no UTF-8. An error document in any form is handed on in OpenAI's, cut where it is long.
 */
export function createBoundedFetch(
  options: { readonly mostBytes?: number; readonly fetchFrom?: typeof fetch } = {},
): typeof fetch {
  const { mostBytes = MOST_BYTES, fetchFrom = fetch } = options;
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    for (const name of [...headers.keys()]) if (!SENT_HEADERS.has(name)) headers.delete(name);
    const response = await fetchFrom(input, { ...init, headers, redirect: 'error' });
    const text = response.ok ? await readWhole(response, mostBytes, init?.signal) : await readError(response);
    const isBare = response.status === 204 || response.status === 205 || response.status === 304;
    return new Response(isBare ? null : text, {
      status: response.status,
      headers: response.ok ? response.headers : asJson(response.headers),
    });
  };
}

async function readWhole(response: Response, mostBytes: number, signal?: AbortSignal | null): Promise<string> {
  try {
    const { bytes, isCut } = await readBytes(response, mostBytes);
    if (isCut) throw new UnreadableBody(`longer than ${mostBytes} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    // Whoever gave up knows why.
    if (error instanceof UnreadableBody || signal?.aborted) throw error;
    throw new UnreadableBody('breaks off or is no UTF-8', { cause: error });
  }
}

/** What is wrong, so that the client finds it in its place: many servers say it in another. */
async function readError(response: Response): Promise<string> {
  const { bytes } = await readBytes(response, MOST_ERROR_BYTES);
  const text = new TextDecoder().decode(bytes);
  return isOpenAiError(text) ? text : JSON.stringify({ error: { message: text.slice(0, MOST_ERROR_CHARACTERS) } });
}

function isOpenAiError(text: string): boolean {
  try {
    const error = (JSON.parse(text) as { readonly error?: unknown } | null)?.error;
    return typeof error === 'object' && error !== null;
  } catch {
    return false;
  }
}

function asJson(headers: Headers): Headers {
  const changed = new Headers(headers);
  changed.set('content-type', 'application/json');
  return changed;
}

/** Leaves off, and closes the connection, at the bound. */
async function readBytes(
  { body }: Response,
  most: number,
): Promise<{ readonly bytes: Uint8Array; readonly isCut: boolean }> {
  const parts: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early cancels the stream.
  for await (const part of body ?? []) {
    const left = most - length;
    parts.push(part.subarray(0, left));
    length += part.length;
    if (part.length > left) return { bytes: Buffer.concat(parts), isCut: true };
  }
  return { bytes: Buffer.concat(parts), isCut: false };
}
