import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readSigner, readVerifier } from '../../../src/audit/ed25519.js';
import { codeOf } from '../../support/seal-steps.js';

const makePair = () =>
  generateKeyPairSync('ed25519', {
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
    publicKeyEncoding: { format: 'pem', type: 'spki' },
  });

/** RFC 8032 §7.1, test 2. */
const RFC_SEED = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb';
const RFC_SIGNATURE =
  '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00';

describe('readSigner', () => {
  it('signs as RFC 8032 does, from the bytes of a key', () => {
    const signer = readSigner('KEY', RFC_SEED);
    expect(Buffer.from(signer.sign('r'), 'base64url').toString('hex')).toBe(RFC_SIGNATURE);
  });

  it('names the key as RFC 8037 appendix A.3 does', () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } as const;
    const verifier = readVerifier('KEY', [{ ...jwk, kid: '', alg: 'EdDSA', use: 'sig' }]);
    expect(verifier.publicJwks[0]?.kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('verifies what it and the keys before it signed, and nothing else', () => {
    const [old, now, foreign] = [makePair(), makePair(), makePair()];
    const before = readSigner('KEY', old.privateKey);
    const signer = readSigner('KEY', now.privateKey, [old.publicKey]);
    expect(signer.publicJwks.map((jwk) => jwk.kid)).toEqual([signer.keyId, before.keyId]);
    for (const each of [before, signer]) {
      const signature = each.sign('text');
      expect(signer.verify(each.keyId, 'text', signature)).toBe(true);
      expect(signer.verify(each.keyId, 'texT', signature)).toBe(false);
      expect(signer.verify(each.keyId, 'text', `${signature}=`)).toBe(false);
      expect(signer.verify(each.keyId, 'text', '')).toBe(false);
    }
    const other = readSigner('KEY', foreign.privateKey);
    expect(signer.verify(other.keyId, 'text', other.sign('text'))).toBe(false);
    expect(signer.verify(signer.keyId, 'text', other.sign('text'))).toBe(false);
  });

  it('refuses a signature in a second spelling', () => {
    const signer = readSigner('KEY', RFC_SEED);
    const signature = signer.sign('text');
    // The last of 86 characters carries two bits only: three others decode to the same bytes.
    const last = signature.at(-1) ?? '';
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twin = signature.slice(0, -1) + letters[letters.indexOf(last) + 1];
    expect(Buffer.from(twin, 'base64url')).toEqual(Buffer.from(signature, 'base64url'));
    expect(signer.verify(signer.keyId, 'text', twin)).toBe(false);
  });

  it('refuses keys of other kinds, without showing them', () => {
    const rsa = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
      publicKeyEncoding: { format: 'pem', type: 'spki' },
    });
    const { privateKey, publicKey } = makePair();
    const refused = [
      () => readSigner('KEY', rsa.privateKey),
      () => readSigner('KEY', publicKey),
      () => readSigner('KEY', 'hello'),
      () => readSigner('KEY', RFC_SEED.slice(1)),
      () => readSigner('KEY', privateKey, [rsa.publicKey]),
      () => readSigner('KEY', privateKey, [privateKey]),
      () => readVerifier('KEY', [privateKey]),
      () => readVerifier('KEY', ['hello']),
    ];
    expect(refused.map((read) => codeOf(read))).toEqual(refused.map(() => 'SETTINGS_INVALID'));
    expect(() => readSigner('KEY', RFC_SEED.slice(1))).not.toThrow(RFC_SEED.slice(1));
  });
});
