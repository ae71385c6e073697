import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MASK_RULES } from '../../../src/audit/mask-rules.js';
import { maskEvent, maskText, RECORDED_QUESTION_CHARACTERS } from '../../../src/audit/mask-secrets.js';
import { CATALOGUE } from '../../../src/errors/catalogue.js';
import { loginEvent, questionEvent } from './audit-fixtures.js';

interface MaskCase {
  readonly rule: string;
  readonly text: string;
  readonly masked: string;
  readonly why?: string;
}

const CASES = readFileSync(new URL('../../../fixtures/cases/audit-masks.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as MaskCase);

describe('the rules of masking', () => {
  it('have more than a hundred cases, and each rule some that it masks and some that it leaves', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(100);
    for (const { name } of MASK_RULES) {
      const own = CASES.filter(({ rule }) => rule === name);
      expect(own.filter(({ text, masked }) => text !== masked).length, name).toBeGreaterThanOrEqual(2);
      expect(own.filter(({ text, masked }) => text === masked).length, name).toBeGreaterThanOrEqual(1);
    }
    const names = new Set(['none', ...MASK_RULES.map(({ name }) => name)]);
    expect(CASES.filter(({ rule }) => !names.has(rule))).toEqual([]);
  });

  it.each(CASES)('$rule: $text', ({ rule, text, masked }) => {
    expect(maskText(text)).toBe(masked);
    expect(maskText(maskText(text))).toBe(masked);
    // What is masked is masked by the rule that the case is about, not by another one that hides its absence.
    if (text === masked) return;
    expect(MASK_RULES.find(({ name }) => name === rule)?.find(text)).not.toEqual([]);
  });

  it.each(Object.entries(CATALOGUE))('leave the sentence of %s as it is', (_code, { sentence }) => {
    expect(maskText(sentence)).toBe(sentence);
  });

  it('find a card in any text around it that is no part of a number', () => {
    const around = fc.stringMatching(/^[a-z ,.;:?!()]{0,20}$/).filter((text) => !/[0-9]/.test(text));
    fc.assert(
      fc.property(around, around, fc.constantFrom('4111111111111111', '5500 0055 5555 5559'), (left, right, card) => {
        expect(maskText(`${left} ${card} ${right}`)).not.toContain(card.slice(-4));
      }),
    );
  });
});

/** Texts that make a careless rule read the same characters again and again, of any length. */
const HOSTILE: Readonly<Record<string, (length: number) => string>> = {
  digits: (n) => '4'.repeat(n),
  'digits and spaces': (n) => '4 '.repeat(n / 2),
  'groups of digits': (n) => '4111 '.repeat(n / 5),
  letters: (n) => 'a'.repeat(n),
  capitals: (n) => 'A2'.repeat(n / 2),
  'spaces after a name': (n) => `password${' '.repeat(n)}`,
  names: (n) => 'password '.repeat(n / 9),
  'names and quotes': (n) => 'password="'.repeat(n / 10),
  'beginnings of tokens': (n) => 'eyJ'.repeat(n / 3),
  'tokens and dots': (n) => 'eyJaaaaaa.'.repeat(n / 10),
  'beginnings of keys': (n) => '-----BEGIN PRIVATE KEY-----'.repeat(n / 27),
  'beginnings of addresses': (n) => 'ab://a:'.repeat(n / 7),
  'one long address': (n) => `ab://a:${'b:'.repeat(n / 2)}`,
  'a long scheme': (n) => 'a+'.repeat(n / 2),
  'groups of four': (n) => 'a2a2 '.repeat(n / 5),
  'groups with dashes': (n) => 'a2a2-'.repeat(n / 5),
  'beginnings of IBANs': (n) => 'DE89 '.repeat(n / 5),
  'one long IBAN': (n) => `DE89${'3'.repeat(n)}`,
  'account numbers': (n) => 'account 1 '.repeat(n / 10),
  'account and digits': (n) => `account ${'1 '.repeat(n / 2)}`,
  'dashes and underscores': (n) => '-_'.repeat(n / 2),
  bearers: (n) => 'bearer '.repeat(n / 7),
  cookies: (n) => 'cookie: '.repeat(n / 8),
};

/** Microseconds of this process's own work: what else the machine does counts for nothing. */
function workOf(text: string): number {
  const { user: before } = process.cpuUsage();
  maskText(text);
  return process.cpuUsage().user - before;
}

describe('masking hostile text', () => {
  it.each(Object.entries(HOSTILE))('of %s takes time in proportion to its length', (_name, make) => {
    const least = (length: number) => Math.min(...Array.from({ length: 5 }, () => workOf(make(length))));
    least(2000);
    // Sixteen times the text: a square would take 256 times the work. What lies between is the machine's, so the best try counts.
    const growths = Array.from({ length: 4 }, () => least(64_000) / Math.max(least(4000), 50));
    expect(Math.min(...growths)).toBeLessThan(100);
  });
});

describe('masking an event', () => {
  it('reaches every text that somebody may have written, and leaves what records are found by', () => {
    const secret = 'password: hunter2';
    const asked = { ...questionEvent(`why ${secret}`), userAgent: secret, reasons: [secret], code: 'AUTH_REQUIRED' };
    expect(maskEvent(asked)).toMatchObject({
      question: 'why password: [secret]',
      userAgent: 'password: [secret]',
      reasons: ['password: [secret]'],
      code: 'AUTH_REQUIRED',
      sqlDigest: 'sha256:00',
      subject: 'customer:1',
    });
    expect(maskEvent(loginEvent(7))).toEqual(loginEvent(7));
  });

  it('masks what an admin changed by the names of fields, whatever stands in them', () => {
    const before = { tier: 'free', apiKey: 'x', claims: { account_number: 12, pin: 'y', shop: 'z' }, model_tokens: 5 };
    const { event: _, ...from } = loginEvent(1);
    const event = {
      ...from,
      event: 'account',
      action: 'change',
      target: 'customer:2',
      before,
      after: { password: null, isTokenUser: true, list: [{ iban: 'q' }] },
      subject: 'admin:1',
      kind: 'admin',
    } as const;
    expect(maskEvent(event as never)).toMatchObject({
      before: {
        tier: 'free',
        apiKey: '[secret]',
        claims: { account_number: '[secret]', pin: '[secret]', shop: 'z' },
        model_tokens: 5,
      },
      after: { password: null, isTokenUser: true, list: [{ iban: '[secret]' }] },
    });
  });

  it('cuts a question after masking it, so that no part of a secret is left at its end', () => {
    const start = 'x'.repeat(RECORDED_QUESTION_CHARACTERS - 9);
    const masked = maskEvent(questionEvent(`${start} 4111111111111111 and more`));
    expect(masked).toMatchObject({ question: `${start} [card nu` });
  });
});
