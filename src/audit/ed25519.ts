import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { SwaliError } from '../errors/swali-error.js';

/** A public key as JSON (RFC 8037), for `GET /v1/receipts/keys`. */
export interface Ed25519Jwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

/** Says whether a signature is one of the keys that it knows. */
export interface Verifier {
  /** The keys, the one that signs now first. */
  readonly publicJwks: readonly Ed25519Jwk[];
  /** @param signature base64url. False for a key that is not known, too. */
  verify(keyId: string, text: string, signature: string): boolean;
}

/** Signs, and verifies what it and the keys before it signed. */
export interface Signer extends Verifier {
  /** RFC 7638 thumbprint of the key that signs. */
  readonly keyId: string;
  /** @returns base64url, 86 characters */
  sign(text: string): string;
}

/** What an Ed25519 key in PKCS #8 begins with (RFC 8410 §7); its 32 bytes follow. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Reads the key that signs (Ed25519, RFC 8032) and those that did.
 *
 * @param setting name of the setting, for faults
 * @param privateKey PEM, or 64 hexadecimal characters, which are the key's own 32 bytes
 * @param retired public keys as PEM that still verify
 * @throws SwaliError `SETTINGS_INVALID` for what is no such key; the detail never holds it
 */
export function readSigner(setting: string, privateKey: string, retired: readonly string[] = []): Signer {
  const key = readKey(setting, 'an Ed25519 private key as PEM', 'private', () =>
    /^[0-9a-f]{64}$/i.test(privateKey.trim())
      ? createPrivateKey({
          key: Buffer.concat([PKCS8_PREFIX, Buffer.from(privateKey.trim(), 'hex')]),
          format: 'der',
          type: 'pkcs8',
        })
      : createPrivateKey(privateKey),
  );
  const own = createPublicKey(key);
  const keyId = toJwk(own).kid;
  const verifier = verifierOf([own, ...retired.map((each) => readPublic(setting, each))]);
  return Object.freeze({
    ...verifier,
    keyId,
    sign: (text: string) => sign(null, Buffer.from(text), key).toString('base64url'),
  });
}

/**
 * Reads public keys alone, as whoever checks from outside has them.
 *
 * @param publicKeys PEM, or JSON Web Keys as objects
 * @throws SwaliError `SETTINGS_INVALID` for what is no Ed25519 key
 */
export function readVerifier(setting: string, publicKeys: readonly (string | Ed25519Jwk)[]): Verifier {
  return Object.freeze(verifierOf(publicKeys.map((each) => readPublic(setting, each))));
}

function verifierOf(keys: readonly KeyObject[]): Verifier {
  const byId = new Map(keys.map((key) => [toJwk(key).kid, key]));
  return {
    publicJwks: [...byId.values()].map(toJwk),
    verify(keyId, text, signature) {
      const key = byId.get(keyId);
      // One spelling of a signature: base64url of 64 bytes, with nothing that a lenient reader would pass over.
      if (!key || !/^[\w-]{86}$/.test(signature)) return false;
      const bytes = Buffer.from(signature, 'base64url');
      return bytes.toString('base64url') === signature && verify(null, Buffer.from(text), key, bytes);
    },
  };
}

function readPublic(setting: string, key: string | Ed25519Jwk): KeyObject {
  return readKey(setting, 'an Ed25519 public key', 'public', () => {
    if (typeof key !== 'string') return createPublicKey({ key: { ...key }, format: 'jwk' });
    // A private key would be read as its public half; one that is shown around is to be replaced, not used.
    if (key.includes('PRIVATE KEY')) throw new Error('a private key');
    return createPublicKey(key);
  });
}

function readKey(setting: string, expected: string, type: 'private' | 'public', read: () => KeyObject): KeyObject {
  let key: KeyObject | null = null;
  try {
    key = read();
  } catch {
    // What OpenSSL says of it may quote it.
  }
  if (key?.type === type && key.asymmetricKeyType === 'ed25519') return key;
  throw new SwaliError('SETTINGS_INVALID', { detail: `${setting}: is no usable key, expected ${expected}` });
}

function toJwk(key: KeyObject): Ed25519Jwk {
  const { x = '' } = key.export({ format: 'jwk' });
  // RFC 7638 §3.2 with RFC 8037 §2: the required members, in this order.
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
  return { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' };
}
