import { describe, expect, it } from 'vitest';
import { createKeyRing } from '../../../src/store/key-ring.js';
import { codeOf } from '../../support/seal-steps.js';

const OLD = 'o'.repeat(16) + '0123456789abcdef';
const NEW = 'n'.repeat(16) + '0123456789abcdef';
const text = Buffer.from('JBSWY3DPEHPK3PXP');

describe('createKeyRing', () => {
  it('opens what it sealed, and seals the same never alike', () => {
    const ring = createKeyRing({ current: NEW });
    const sealed = [1, 2].map(() => ring.seal(text, 'kept-secret', 'openai'));
    expect(sealed[0]).not.toBe(sealed[1]);
    for (const each of sealed) {
      expect(each).toMatch(/^v2\.[\w-]{8}\.[\w-]+$/);
      expect(each).not.toContain('JBSWY3DP');
      expect(ring.open(each, 'kept-secret', 'openai')).toEqual(text);
    }
  });

  it('opens with a retired key, and says that the text is to be sealed anew', () => {
    const before = createKeyRing({ current: OLD }).seal(text, 'kept-secret', 'openai');
    const ring = createKeyRing({ current: NEW, retired: [OLD] });
    expect(ring.open(before, 'kept-secret', 'openai')).toEqual(text);
    expect(ring.isCurrent(before)).toBe(false);
    expect(ring.isCurrent(ring.seal(text, 'kept-secret', 'openai'))).toBe(true);
  });

  it('opens nothing for another context, another purpose, without its key, changed or of another version', () => {
    const ring = createKeyRing({ current: NEW });
    const sealed = ring.seal(text, 'kept-secret', 'openai');
    const changed = `${sealed.slice(0, 20)}${sealed[20] === 'A' ? 'B' : 'A'}${sealed.slice(21)}`;
    const cut = sealed.slice(0, 16);
    const refused = [
      () => ring.open(sealed, 'kept-secret', 'other'),
      () => ring.open(sealed, 'audit-subject-key', 'openai'),
      () => createKeyRing({ current: OLD }).open(sealed, 'kept-secret', 'openai'),
      () => ring.open(changed, 'kept-secret', 'openai'),
      () => ring.open(cut, 'kept-secret', 'openai'),
      () => ring.open(sealed.replace('v2', 'v1'), 'kept-secret', 'openai'),
      () => ring.open(`${sealed}.x`, 'kept-secret', 'openai'),
      () => ring.open('', 'kept-secret', 'openai'),
    ];
    expect(refused.map((open) => codeOf(open))).toEqual(refused.map(() => 'INTERNAL'));
  });

  it('refuses a short secret, current or retired', () => {
    expect(codeOf(() => createKeyRing({ current: 'short' }))).toBe('SETTINGS_INVALID');
    expect(codeOf(() => createKeyRing({ current: NEW, retired: ['short'] }))).toBe('SETTINGS_INVALID');
  });
});
