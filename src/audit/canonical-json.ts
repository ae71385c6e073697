/**
 * The one spelling of a value as JSON: keys in code-unit order, no white space, numbers and strings as ECMAScript
 * prints them (RFC 8785). Equal values give equal text, so a digest of it is a digest of the value.
 *
 * @param value null, booleans, finite numbers, strings, and arrays and plain objects of these
 * @throws TypeError for anything else, `undefined` included: what cannot be written down cannot be vouched for
 */
export function printCanonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('a number that is not finite has no JSON');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(printCanonicalJson).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) {
    const members = Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${printCanonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`a value of type ${typeof value} has no canonical JSON`);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
