import { describe, expect, it } from 'vitest';
import { createSeedCipher } from '../../../src/identify/seed-cipher.js';

const SEED = Buffer.from('12345678901234567890');
const cipher = createSeedCipher({ storeKey: 'k'.repeat(32) });

describe('encrypting seeds', () => {
  it('gives the seed back to its own account, and no text twice', () => {
    const [one, other] = [cipher.encrypt(SEED, 'admin:1'), cipher.encrypt(SEED, 'admin:1')];
    expect(one).toMatch(/^v1\.[\w-]{64}$/);
    expect(one).not.toBe(other);
    for (const text of [one, other]) expect(cipher.decrypt(text, 'admin:1').equals(SEED)).toBe(true);
    expect(Buffer.from(one.slice(3), 'base64url').includes(SEED)).toBe(false);
  });

  it('refuses a text of another account', () => {
    const text = cipher.encrypt(SEED, 'admin:1');
    for (const subject of ['admin:11', 'admin:2', 'employee:1', '']) {
      expect(() => cipher.decrypt(text, subject)).toThrowError(expect.objectContaining({ code: 'INTERNAL' }));
    }
  });

  it('refuses another key, and says in private what may have happened', () => {
    const other = createSeedCipher({ storeKey: 'l'.repeat(32) });
    const text = other.encrypt(SEED, 'admin:1');
    try {
      cipher.decrypt(text, 'admin:1');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'INTERNAL', detail: null });
      expect(String((error as Error).cause)).toContain('admin:1: the seed of its second factor cannot be decrypted');
    }
  });

  it('refuses a text that was changed in any place, cut, or is of no known version', () => {
    const text = cipher.encrypt(SEED, 'admin:1');
    const bytes = Buffer.from(text.slice(3), 'base64url');
    const changed = [...bytes].map((byte, index) => {
      const copy = Buffer.from(bytes);
      copy[index] = byte ^ 1;
      return `v1.${copy.toString('base64url')}`;
    });
    expect(changed).toHaveLength(48);
    for (const each of [...changed, text.slice(0, -4), text.slice(0, 20), 'v1.', '', text.replace('v1', 'v2')]) {
      expect(() => cipher.decrypt(each, 'admin:1')).toThrowError(expect.objectContaining({ code: 'INTERNAL' }));
    }
  });

  it('refuses a short key', () => {
    expect(() => createSeedCipher({ storeKey: 'k'.repeat(31) })).toThrowError(
      expect.objectContaining({ code: 'SETTINGS_INVALID' }),
    );
  });
});
