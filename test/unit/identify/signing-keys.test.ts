import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readSigningKeys } from '../../../src/identify/signing-keys.js';

const NONE = { secrets: [], publicKeys: [] };
const SECRET = 'a secret of more than thirty-two bytes';
const refusedBecause = (name: string) =>
  expect.objectContaining({ code: 'SETTINGS_INVALID', detail: expect.stringMatching(new RegExp(`^${name}: `)) });

const privatePem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicPem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });

describe('reading the keys of tokens', () => {
  it('names a public key by its RFC 7638 thumbprint: the example of §3.1', () => {
    const jwk = {
      kty: 'RSA',
      n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
      e: 'AQAB',
    };
    const pem = publicPem(createPublicKey({ key: jwk, format: 'jwk' }));
    const [key] = readSigningKeys({ secret: SECRET }, { secrets: [], publicKeys: [pem] }).retired;
    expect(key?.id).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
    expect(key?.publicJwk).toEqual({ ...jwk, kid: key?.id, alg: 'RS256', use: 'sig' });
  });

  it('shows the public part of a key over P-256 and nothing else of it', () => {
    const { privateKey, publicKey } = ec('P-256');
    const { signing } = readSigningKeys({ privateKey: privatePem(privateKey) }, NONE);
    const { x, y } = publicKey.export({ format: 'jwk' });
    expect(signing.publicJwk).toEqual({ kty: 'EC', crv: 'P-256', x, y, kid: signing.id, alg: 'ES256', use: 'sig' });
    expect(signing.verifies.type).toBe('public');
    const members = `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`;
    expect(signing.id).toBe(createHash('sha256').update(members).digest('base64url'));
  });

  it('names a key alike whether it signs or is retired, and in every spelling of PEM', () => {
    const { privateKey, publicKey } = ec('P-256');
    const spellings = [privatePem(privateKey), privateKey.export({ type: 'sec1', format: 'pem' }).toString()];
    const [retired] = readSigningKeys({ secret: SECRET }, { secrets: [], publicKeys: [publicPem(publicKey)] }).retired;
    for (const spelling of spellings) {
      expect(readSigningKeys({ privateKey: spelling }, NONE).signing.id).toBe(retired?.id);
    }
  });

  it('shows nothing of a secret', () => {
    const { signing, retired } = readSigningKeys({ secret: SECRET }, { secrets: [`${SECRET}2`], publicKeys: [] });
    for (const key of [signing, ...retired]) expect([key.algorithm, key.publicJwk]).toEqual(['HS256', null]);
  });

  const foreign: readonly [string, () => { privateKey: KeyObject; publicKey: KeyObject }][] = [
    ['of another curve', () => ec('P-384')],
    ['of the curve that looks like ours', () => ec('secp256k1')],
    ['of RSA with too few bits', () => rsa(1024)],
    ['of RSA for PSS alone', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 })],
    ['of Ed25519', () => generateKeyPairSync('ed25519')],
  ];

  it.each(foreign)('refuses a key %s, to sign and to verify', (_, make) => {
    const { privateKey, publicKey } = make();
    expect(() => readSigningKeys({ privateKey: privatePem(privateKey) }, NONE)).toThrow(
      refusedBecause('JWT_PRIVATE_KEY'),
    );
    const retired = { secrets: [], publicKeys: [publicPem(publicKey)] };
    expect(() => readSigningKeys({ secret: SECRET }, retired)).toThrow(refusedBecause('JWT_RETIRED_KEYS'));
  });

  it('refuses to sign with a public key, an encrypted one, broken text or nothing', () => {
    const { privateKey, publicKey } = ec('P-256');
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    const texts = [publicPem(publicKey), encrypted.toString(), privatePem(privateKey).slice(0, 80), 'text', ''];
    for (const text of texts) {
      expect(() => readSigningKeys({ privateKey: text }, NONE)).toThrow(refusedBecause('JWT_PRIVATE_KEY'));
    }
  });

  it('refuses a short secret, to sign and to verify, and does not repeat it', () => {
    const short = 'x'.repeat(31);
    expect(() => readSigningKeys({ secret: short }, NONE)).toThrow(refusedBecause('JWT_SECRET'));
    const retired = { secrets: [short], publicKeys: [] };
    expect(() => readSigningKeys({ secret: SECRET }, retired)).toThrow(refusedBecause('JWT_RETIRED_KEYS'));
    expect(() => readSigningKeys({ secret: short }, NONE)).not.toThrow(short);
  });
});
