import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
} from 'node:crypto';
import { SwaliError } from '../errors/swali-error.js';

/** The only algorithms that are made or read: one for each type of key. */
export type KeyAlgorithm = 'HS256' | 'ES256' | 'RS256';

/** A public key as `/.well-known/jwks.json` shows it (RFC 7517): never a private or a secret part. */
export type PublicJwk =
  | {
      readonly kty: 'EC';
      readonly crv: 'P-256';
      readonly x: string;
      readonly y: string;
      readonly kid: string;
      readonly alg: 'ES256';
      readonly use: 'sig';
    }
  | {
      readonly kty: 'RSA';
      readonly n: string;
      readonly e: string;
      readonly kid: string;
      readonly alg: 'RS256';
      readonly use: 'sig';
    };

/** A key whose tokens are accepted. */
export interface VerifyingKey {
  /** In the header of each of its tokens. */
  readonly id: string;
  readonly algorithm: KeyAlgorithm;
  readonly verifies: KeyObject;
  /** Null for a secret, which has no public part. */
  readonly publicJwk: PublicJwk | null;
}

/** The key that signs. */
export interface SigningKey extends VerifyingKey {
  readonly signs: KeyObject;
}

/** The key that signs, and those that did: their tokens are accepted until they run out. */
export interface SigningKeys {
  readonly signing: SigningKey;
  readonly retired: readonly VerifyingKey[];
}

/** Bytes of a secret at least: those of the digest (RFC 7518 §3.2). */
const SECRET_MIN_BYTES = 32;

/** Bits of an RSA key at least (RFC 7518 §3.3). */
const RSA_MIN_BITS = 2048;

/**
 * Reads the keys. Secrets sign with HS256, keys over P-256 with ES256, RSA keys with RS256: what a key is decides the
 * algorithm, and no token does.
 *
 * @param signing a secret of 32 bytes at least, or a private key as PEM, unencrypted
 * @param retired secrets and public keys (PEM, SubjectPublicKeyInfo) that still verify
 * @throws SwaliError `SETTINGS_INVALID` for a short secret, text that is no such key, another curve or type, and an RSA
 *   key of less than 2048 bits; the detail never holds the key
 */
export function readSigningKeys(
  signing: { readonly secret: string } | { readonly privateKey: string },
  retired: { readonly secrets: readonly string[]; readonly publicKeys: readonly string[] },
): SigningKeys {
  return {
    signing: 'secret' in signing ? readSecret('JWT_SECRET', signing.secret) : readPrivateKey(signing.privateKey),
    retired: [
      ...retired.secrets.map((secret) => readSecret('JWT_RETIRED_KEYS', secret)),
      ...retired.publicKeys.map(readPublicKey),
    ],
  };
}

/** The key id is derived from the secret, so that every replica names it alike; it tells nothing about the secret. */
function readSecret(setting: string, secret: string): SigningKey {
  if (Buffer.byteLength(secret) < SECRET_MIN_BYTES) {
    throw invalid(setting, `a secret is too short, expected ${SECRET_MIN_BYTES} bytes at least`);
  }
  const id = createHmac('sha256', secret).update('swali key id').digest('hex').slice(0, 16);
  const key = createSecretKey(secret, 'utf8');
  return { id, algorithm: 'HS256', signs: key, verifies: key, publicJwk: null };
}

function readPrivateKey(pem: string): SigningKey {
  try {
    const key = createPrivateKey(pem);
    return { ...describePublic(createPublicKey(key)), signs: key };
  } catch (cause) {
    throw invalid(
      'JWT_PRIVATE_KEY',
      'is not usable, expected an unencrypted PEM private key, EC P-256 or RSA of 2048 bits or more',
      cause,
    );
  }
}

function readPublicKey(pem: string): VerifyingKey {
  try {
    return describePublic(createPublicKey(pem));
  } catch (cause) {
    throw invalid(
      'JWT_RETIRED_KEYS',
      'a public key is not usable, expected EC P-256 or RSA of 2048 bits or more',
      cause,
    );
  }
}

/** @throws Error for a key that no algorithm of ours takes */
function describePublic(key: KeyObject): VerifyingKey {
  const { kty, crv, x, y, n, e } = key.export({ format: 'jwk' });
  if (key.asymmetricKeyType === 'ec' && crv === 'P-256' && x !== undefined && y !== undefined) {
    const id = thumbprint({ crv, kty: 'EC', x, y });
    const publicJwk = { kty: 'EC', crv, x, y, kid: id, alg: 'ES256', use: 'sig' } as const;
    return { id, algorithm: 'ES256', verifies: key, publicJwk };
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType === 'rsa' && bits >= RSA_MIN_BITS && n !== undefined && e !== undefined) {
    const id = thumbprint({ e, kty: 'RSA', n });
    const publicJwk = { kty: 'RSA', n, e, kid: id, alg: 'RS256', use: 'sig' } as const;
    return { id, algorithm: 'RS256', verifies: key, publicJwk };
  }
  throw new Error(`a key of type ${kty} that no algorithm takes`);
}

/** RFC 7638: sha256 of the members that make the key, in alphabetical order. */
function thumbprint(members: Readonly<Record<string, string>>): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

function invalid(setting: string, what: string, cause?: unknown): SwaliError {
  return new SwaliError('SETTINGS_INVALID', { detail: `${setting}: ${what}`, cause });
}
