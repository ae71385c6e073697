import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseRetiredKeys } from '../../../src/config/retired-keys.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const rsaPem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const secret = 'b0c1d2e3f4a5968778695a4b3c2d1e0f';
const frameless = (text: string) => text.split('\n').slice(1, -2).join('\n');

describe('keys that have signed', () => {
  it('are public keys and secrets, in any order', () => {
    const publicKeys = [pem.trim(), rsaPem.trim()];
    expect(parseRetiredKeys(`${secret}\n${pem}\n${rsaPem}${secret}2\r\n`)).toEqual({
      publicKeys,
      secrets: [secret, `${secret}2`],
    });
    expect(parseRetiredKeys('')).toEqual({ publicKeys: [], secrets: [] });
  });

  it.each([
    ['a short secret', `${secret}\nshort`],
    ['a private key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['a public key without its end', pem.slice(0, -30)],
    ['a public key without its beginning', pem.slice(30)],
    ['a public key whose line breaks are spelled out', pem.replaceAll('\n', '\\n')],
    ['the bare base64 of an EC key', frameless(pem)],
    ['the bare base64 of an RSA key', frameless(rsaPem)],
  ])('are refused as a whole where one is %s: it must not become a secret', (_, text) => {
    expect(parseRetiredKeys(text)).toBeNull();
  });
});
