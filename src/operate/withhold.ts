/** What stands in the log instead of a secret. */
export const WITHHELD = '[withheld]';

/** How deep, how long and how wide a value of the log may be. */
const MOST_DEPTH = 6;
const MOST_ENTRIES = 200;
const MOST_CHARACTERS = 16_384;

/**
 * Names of fields whose values are secrets or rows, without case, `_` and `-`. Of those in the second list the name may
 * be a part of a longer one.
 */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'rows',
  'row',
  'parameters',
  'params',
  'values',
  'claims',
  'question',
  'prompt',
  'messages',
  'seed',
  'pin',
  'recoverycodes',
  'headers',
  'body',
  'key',
  'pem',
  'jwk',
  'otp',
  'totp',
]);
const SECRET_PARTS =
  /password|passwd|passphrase|secret|token(?!s$)|authorization|cookie|credential|apikey|privatekey|storekey|maskkey|signature|cardnumber|accountnumber/;

/**
 * Texts that are secrets wherever they stand: bearer credentials, tokens of three parts (JWT), our API keys, private keys,
 * passwords in addresses and in `name=value`. What stands before a mark is bounded, so that a long text takes no long time.
 */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, WITHHELD],
  [/\b(bearer|basic)\s{1,9}[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${WITHHELD}`],
  [/\beyJ[\w-]{5,4096}\.[\w-]*\.[\w-]*/g, WITHHELD],
  [/\bswali_[0-9a-f]{16}_[\w-]{16,}/g, WITHHELD],
  [/\b(?:sk|pk|ghp|xox[abp])[-_][\w-]{12,}/g, WITHHELD],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:@/]{0,200}):[^\s@]{1,500}@/gi, `$1:${WITHHELD}@`],
  [/((?:password|passwd|secret|token|api[-_]?key)\s{0,9}=\s{0,9})(?:"[^"]*"|'[^']*'|[^\s,;&]+)/gi, `$1${WITHHELD}`],
  [/("\w{0,50}(?:password|passwd|secret|token|api[-_]?key)"\s{0,9}:\s{0,9})"(?:[^"\\]|\\.)*"/gi, `$1"${WITHHELD}"`],
];

/** What could turn, hide or break a line where it is shown; JSON escapes the other control characters itself. */
const UNSHOWN = /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu;

/** A text for the log: without secrets of a known form, and nothing in it moves the cursor or turns the line round. */
export function withholdText(text: string): string {
  let shown = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  for (const [pattern, instead] of SECRET_TEXTS) shown = shown.replace(pattern, instead);
  return shown.replace(UNSHOWN, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/**
 * A copy of what is to be logged, with secrets withheld at any depth: by the name of the field, and by the form of the text.
 *
 * @param describe what becomes of an error
 */
export function withhold(value: unknown, describe: (error: Error) => unknown, depth = 0): unknown {
  if (typeof value === 'string') return withholdText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describe(value);
  if (depth >= MOST_DEPTH) return '…';
  if (value instanceof Date) return value.toJSON();
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  const deeper = (each: unknown) => withhold(each, describe, depth + 1);
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map(deeper);
  if (value instanceof Set) return [...value].slice(0, MOST_ENTRIES).map(deeper);
  const entries =
    value instanceof Map ? [...value].map(([name, each]) => [String(name), each] as const) : Object.entries(value);
  return Object.fromEntries(
    entries
      .slice(0, MOST_ENTRIES)
      .map(([name, each]) => [withholdText(name), isSecretName(name) && each !== null ? WITHHELD : deeper(each)]),
  );
}

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[-_\s]/g, '');
  return SECRET_NAMES.has(plain) || SECRET_PARTS.test(plain);
}
