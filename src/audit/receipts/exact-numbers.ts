/** A string, which is passed over, or a number of a JSON text. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Whether every number of a JSON text is told by its value to the last digit. Readers take the nearest double, so
 * `10000000000000001` is read as `10000000000000000`: a changed digit that no digest of values would see.
 *
 * @param json text that `JSON.parse` takes
 */
export function hasExactNumbers(json: string): boolean {
  return [...json.matchAll(TOKENS)].every(
    ([token]) => token.startsWith('"') || normalise(token) === normalise(String(Number(token))),
  );
}

/** Digits without zeros at either end, and the power of ten that they are to be taken times. */
function normalise(token: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token);
  if (!parts) return token;
  const [, sign = '', whole = '', fraction = '', power = '0'] = parts;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const trimmed = digits.replace(/0+$/, '');
  if (trimmed === '') return '0';
  return `${sign}${trimmed}e${Number(power) - fraction.length + digits.length - trimmed.length}`;
}
