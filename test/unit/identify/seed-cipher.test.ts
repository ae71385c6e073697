import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSeedCipher } from '../../../src/identify/seed-cipher.js';

const SEED = Buffer.from('12345678901234567890');
const OLD = 'o'.repeat(32);
const cipher = createSeedCipher({ storeKey: 'k'.repeat(32) });

/** As seeds were encrypted before there was a ring of keys: stores hold such texts. */
function encryptBefore(storeKey: string, subject: string): string {
  const key = Buffer.from(hkdfSync('sha256', storeKey, '', 'swali seed of a second factor', 32));
  const nonce = randomBytes(12);
  const made = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(Buffer.from(subject));
  return `v1.${Buffer.concat([nonce, made.update(SEED), made.final(), made.getAuthTag()]).toString('base64url')}`;
}

describe('seeds of before the ring', () => {
  it('open with the current key and with those that have retired, for their own account', () => {
    const rotated = createSeedCipher({ storeKey: 'k'.repeat(32), retiredKeys: ['x'.repeat(32), OLD] });
    for (const storeKey of ['k'.repeat(32), OLD]) {
      const text = encryptBefore(storeKey, 'admin:1');
      expect(rotated.decrypt(text, 'admin:1').equals(SEED)).toBe(true);
      expect(rotated.isCurrent(text)).toBe(false);
      expect(() => rotated.decrypt(text, 'admin:2')).toThrowError(expect.objectContaining({ code: 'INTERNAL' }));
    }
    expect(() => cipher.decrypt(encryptBefore(OLD, 'admin:1'), 'admin:1')).toThrowError(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  });

  it('that were changed in any place or cut do not open', () => {
    const text = encryptBefore('k'.repeat(32), 'admin:1');
    const bytes = Buffer.from(text.slice(3), 'base64url');
    const changed = [...bytes].map((byte, index) => {
      const copy = Buffer.from(bytes);
      copy[index] = byte ^ 1;
      return `v1.${copy.toString('base64url')}`;
    });
    expect(changed).toHaveLength(48);
    for (const each of [...changed, text.slice(0, -4), text.slice(0, 20), 'v1.'])
      expect(() => cipher.decrypt(each, 'admin:1')).toThrowError(expect.objectContaining({ code: 'INTERNAL' }));
  });
});

describe('encrypting seeds', () => {
  it('gives the seed back to its own account, and no text twice', () => {
    const [one, other] = [cipher.encrypt(SEED, 'admin:1'), cipher.encrypt(SEED, 'admin:1')];
    expect(one).toMatch(/^v2\.[\w-]{8}\.[\w-]{64}$/);
    expect(cipher.isCurrent(one)).toBe(true);
    expect(one).not.toBe(other);
    for (const text of [one, other]) expect(cipher.decrypt(text, 'admin:1').equals(SEED)).toBe(true);
    expect(Buffer.from(one.slice(12), 'base64url').includes(SEED)).toBe(false);
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
      expect(String((error as Error).cause)).toContain('second-factor-seed of admin:1 cannot be decrypted');
    }
  });

  it('refuses a text that was changed in any place, cut, or is of no known version', () => {
    const text = cipher.encrypt(SEED, 'admin:1');
    const bytes = Buffer.from(text.slice(12), 'base64url');
    const changed = [...bytes].map((byte, index) => {
      const copy = Buffer.from(bytes);
      copy[index] = byte ^ 1;
      return `${text.slice(0, 12)}${copy.toString('base64url')}`;
    });
    expect(changed).toHaveLength(48);
    for (const each of [...changed, text.slice(0, -4), text.slice(0, 20), 'v2.', '', text.replace('v2', 'v3')]) {
      expect(() => cipher.decrypt(each, 'admin:1')).toThrowError(expect.objectContaining({ code: 'INTERNAL' }));
    }
  });

  it('refuses a short key', () => {
    expect(() => createSeedCipher({ storeKey: 'k'.repeat(31) })).toThrowError(
      expect.objectContaining({ code: 'SETTINGS_INVALID' }),
    );
  });
});
