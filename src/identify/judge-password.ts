import type { ZxcvbnFactory } from '@zxcvbn-ts/core';

/** zxcvbn's score that a new password must reach, of 0–4: 10^8 guesses at least ("safely unguessable" under throttling). */
const MIN_SCORE = 3;

/** Ways to read one password without its substituted letters; zxcvbn's own 100 take seconds for some passwords of 72 bytes. */
const MAX_SUBSTITUTIONS = 8;

/** Words about a person that are looked for at most, and characters of one. */
const MAX_WORDS = 16;
const MAX_WORD_CHARACTERS = 72;

/** Parts of an identifier that are shorter say nothing about a password. */
const MIN_PART_CHARACTERS = 3;

/** What everybody knows who signs in here. */
const SERVICE_WORD = 'swali';

/** What is looked at. */
export interface JudgedPassword {
  /** 72 bytes at most. */
  readonly password: string;
  /** The person's identifier, customer number and the like; their parts are looked for too. */
  readonly personal: readonly string[];
}

let loading: Promise<ZxcvbnFactory> | null = null;

/**
 * What makes a password easy to guess, by zxcvbn (Wheeler, USENIX Security 2016) over common passwords, English words
 * and names, and the words of this person and service (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 5 §6.2).
 *
 * Only for a worker thread: the dictionaries are loaded at the first call and stay (0.3 s, 70 MB), and a password made
 * for it takes up to 0.2 s.
 *
 * @returns zxcvbn's fixed sentences, which never hold the password; null where it is strong enough
 */
export async function judgePassword({ password, personal }: JudgedPassword): Promise<string | null> {
  loading ??= load();
  const { score, feedback } = (await loading).check(password, wordsOf(personal));
  if (score >= MIN_SCORE) return null;
  return [feedback.warning, ...feedback.suggestions].filter((sentence) => sentence !== null).join(' ');
}

async function load(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ]);
  return new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
    l33tMaxSubstitutions: MAX_SUBSTITUTIONS,
  });
}

/** Each given word and its parts: of `ada.low@example.org` also ada, low, example and org. */
function wordsOf(personal: readonly string[]): string[] {
  const parts = personal
    .flatMap((word) => word.split(/[^\p{L}\p{N}]+/u))
    .filter((part) => part.length >= MIN_PART_CHARACTERS);
  const words = [...new Set([SERVICE_WORD, ...personal, ...parts])].filter((word) => word !== '');
  return words.slice(0, MAX_WORDS).map((word) => word.slice(0, MAX_WORD_CHARACTERS));
}
