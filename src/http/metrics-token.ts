import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Makes the function that says whether an `Authorization` header bears the operator's token. Digests are compared, in
 * constant time, so neither the token nor its length can be found by how long a refusal takes.
 *
 * @param token null where none is set: then no header does
 */
export function isMetricsTokenOf(token: string | null): (header: string | undefined) => boolean {
  if (token === null) return () => false;
  const expected = digest(token);
  return (header) => {
    const given = /^Bearer ([\w.~+/=-]{1,4096})$/i.exec(header ?? '')?.[1];
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
