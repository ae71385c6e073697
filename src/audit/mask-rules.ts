import { findCardNumbers, findIbans, type Span } from './find-numbers.js';

/** One kind of secret and how it is found in a text. */
export interface MaskRule {
  readonly name: string;
  /** What stands in its place. */
  readonly mask: string;
  /** @returns parts of the text that are secret, in order, none over another. Takes time in proportion to the text. */
  readonly find: (text: string) => readonly Span[];
}

/**
 * A rule by regular expression. Each one either begins where a word does and reads on to the end of the word or of the text, or
 * reads a bounded number of characters: so that no text makes it read the same characters again and again.
 *
 * @param pattern where it has a group `secret`, that alone is masked
 */
function byPattern(name: string, mask: string, pattern: RegExp, isSecret?: (text: string) => boolean): MaskRule {
  return {
    name,
    mask,
    find: (text) => {
      const spans: Span[] = [];
      for (const match of text.matchAll(pattern)) {
        const [start, end] = match.indices?.groups?.secret ?? match.indices?.[0] ?? [0, 0];
        if (!isSecret || isSecret(text.slice(start, end))) spans.push([start, end]);
      }
      return spans;
    },
  };
}

const hasDigit = (text: string) => /\d/.test(text);
const hasAllKinds = (text: string) => /[a-z]/.test(text) && /[A-Z]/.test(text) && hasDigit(text);
const looksRandom = (text: string) => /\d|[a-z][A-Z]/.test(text);
const countDigits = (text: string) => text.replace(/\D/g, '').length;

/** Between the name of a secret and the secret: `is`, `:`, `=`, `->`, with some spaces; or nothing but spaces. */
const TELLS = String.raw`["'\u201d]?\s{0,3}(?::=|=>|->|[:=](?!>)|is(?![\p{L}\p{N}])|ist(?![\p{L}\p{N}])|est(?![\p{L}\p{N}])|ni(?![\p{L}\p{N}]))\s{0,3}`;

/** What another rule has masked already. */
const MASKED = String.raw`\[(?:private key|second factor|token|cookie|password|api key|account number|card number|secret)\]`;

/** Text in quotes, up to the next line at most; or all up to a space. */
const VALUE = String.raw`(?<secret>"[^"\n]{1,256}"|'[^'\n]{1,256}'|\u201c[^\u201d\n]{1,256}\u201d|(?!${MASKED})\S+)`;

const SECRET_NAMES = [
  'pass[ _-]?words?',
  'passwd',
  'pwd',
  'pass[ _-]?phrases?',
  'pass[ _-]?codes?',
  'pin(?:[ _-]?code)?',
  'cvv2?',
  'cvc2?',
  'otp',
  'totp',
  'secret(?:[ _-]?key)?',
  'api[ _-]?keys?',
  'access[ _-]?keys?',
  'private[ _-]?keys?',
  '(?:access|refresh|bearer|auth|session|id|csrf)[ _-]?tokens?',
  'token',
  // German, French, Spanish, Portuguese, Afrikaans, Swahili.
  'passwort',
  'kennwort',
  'mot de passe',
  'contrase\u00f1a',
  'senha',
  'wagwoord',
  'nenosiri',
  'neno la siri',
].join('|');

/** What follows `the password is` where the password is not told. */
const PLAIN_WORDS = new Set(
  'a an the in it on of no not now null none too very wrong right correct incorrect valid invalid expired missing required needed optional empty set unset reset changed used known unknown weak strong stored kept masked visible hidden sent shown asked'.split(
    ' ',
  ),
);

/**
 * Every rule, in the order in which they are used: what is longer first, so that no rule finds a part of it. Each has cases in
 * `fixtures/cases/audit-masks.jsonl`.
 */
export const MASK_RULES: readonly MaskRule[] = [
  byPattern(
    'private-key',
    '[private key]',
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|[\s\S]*)/dg,
  ),
  byPattern('otpauth', '[second factor]', /otpauth(?:-migration)?:\/\/\S*/dgi),
  byPattern(
    'authorization',
    '[token]',
    /(?<![\p{L}\p{N}])(?:bearer|basic)\s{1,3}(?<secret>[\w.~+/=-]{8,})/dgiu,
    looksRandom,
  ),
  byPattern('cookie', '[cookie]', /(?<![\p{L}\p{N}-])(?:set-)?cookie\s{0,3}:\s{0,3}(?<secret>[^\n]+)/dgiu),
  byPattern(
    'url-password',
    '[password]',
    /(?<![\w+.-])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/?#]{0,128}:(?<secret>[^\s/?#]+)@/dgi,
  ),
  byPattern('jwt', '[token]', /(?<![\w-])eyJ[\w-]{6,}(?:\.[\w-]*){1,4}/dg),
  byPattern('swali-key', '[api key]', /(?<![\w-])swali_[\w-]{6,}/dg),
  byPattern(
    'vendor-key',
    '[api key]',
    /(?<![\w-])(?:sk-|sk_live_|sk_test_|rk_live_|gh[opsur]_|github_pat_|glpat-|xox[abposr]-|AKIA|ASIA|AIza|SG\.|hf_|npm_|whsec_)[\w.-]{12,}/dg,
  ),
  byPattern(
    'recovery-code',
    '[second factor]',
    /(?<![\w-])[0-9a-hjkmnp-tv-z]{4}(?:-[0-9a-hjkmnp-tv-z]{4}){5}(?![\w-])/dgi,
    hasDigit,
  ),
  byPattern(
    'totp-seed',
    '[second factor]',
    /(?<![A-Za-z0-9])[A-Z2-7]{16,}(?![A-Za-z0-9])/dg,
    (text) => countDigits(text) >= 2,
  ),
  byPattern(
    'totp-seed-in-groups',
    '[second factor]',
    /(?<![\p{L}\p{N}])[a-z2-7]{4}(?:[ -][a-z2-7]{4}){3,31}(?![\p{L}\p{N}])/dgiu,
    (text) => countDigits(text) >= 2 && /[a-z]\d|\d[a-z]/i.test(text),
  ),
  // What is random in base64: refresh tokens, tokens of mailed links. Digests are hexadecimal and stay.
  byPattern('random-token', '[token]', /(?<![\w-])[\w-]{32,}(?![\w-])/dg, hasAllKinds),
  { name: 'iban', mask: '[account number]', find: findIbans },
  { name: 'card', mask: '[card number]', find: findCardNumbers },
  byPattern(
    'bank-account',
    '[account number]',
    /(?<![\p{L}\p{N}])(?:bank\s{1,3})?(?:account|acct|acc|a\/c|konto|kontonummer|routing|sort[ -]?code|iban|bic[ -]?account|akaunti)(?:\s{1,3}(?:number|num|no|nr|nummer))?[.:#=]{0,2}\s{0,3}(?:is\s{1,3})?(?<secret>\d(?:[ -]?\d){5,19})(?!\d)/dgiu,
  ),
  byPattern(
    'named-secret',
    '[secret]',
    // eslint-disable-next-line security/detect-non-literal-regexp -- made of this table alone
    new RegExp(String.raw`(?<![\p{L}\p{N}])(?:${SECRET_NAMES})${TELLS}${VALUE}`, 'dgiu'),
    (value) => !PLAIN_WORDS.has(value.toLowerCase().replace(/[^\p{L}]+$/u, '')),
  ),
];

/** Names of fields whose value is masked whatever it is: before and after of what admins change. */
export const SECRET_FIELD =
  /pass_?word|passwd|pass_?phrase|passcode|secret|token(?!s)|seed|totp|otp|(?:^|_)pin$|cvv|cvc|private_?key|api_?key|authorization|cookie|card_?(?:number|no)|pan$|iban|account_?(?:number|no)$|recovery_?code/i;
