import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { z } from 'zod';
import type { Clock } from '../domain/ports.js';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import { readAccountId } from './account-id.js';

/** The only algorithm that is made or read. */
const ALGORITHM = 'HS256';

/** Bytes of a secret at least: those of the digest (RFC 7518 §3.2). */
const SECRET_MIN_BYTES = 32;

/** Characters of a token at most; ours have about 400. */
const TOKEN_MAX_CHARACTERS = 4096;

const ISSUER = 'swali';
const AUDIENCE = 'swali';

/** What a valid access token says. Rights are not in it: they are read from the store at each request. */
export interface AccessToken {
  /** `customer:17`. */
  readonly subject: string;
  readonly kind: PrincipalKind;
  /** Id of the account in the table of its kind. */
  readonly accountId: number;
  /** Session that the sign-in began. */
  readonly session: string;
  /** Id of this token. */
  readonly id: string;
}

/** Makes and reads access tokens. */
export interface Tokens {
  readonly ttlS: number;
  issue(token: Pick<AccessToken, 'kind' | 'accountId' | 'session'>): string;
  /** @throws SwaliError `AUTH_TOKEN_INVALID` for any token that this key did not sign or that has expired */
  verify(token: string): AccessToken;
}

const payloadSchema = z.strictObject({
  iss: z.literal(ISSUER),
  aud: z.literal(AUDIENCE),
  sub: z.string(),
  kind: z.enum(PRINCIPAL_KINDS),
  sid: z.string().min(1),
  jti: z.string().min(1),
  iat: z.int(),
  exp: z.int(),
});

interface SigningKey {
  readonly id: string;
  readonly key: KeyObject;
}

/**
 * Signs and verifies access tokens with HS256.
 *
 * @param options.secret signs; 32 bytes at least
 * @param options.retiredSecrets still verify, so that a secret can be changed without signing everybody out
 * @param options.ttlS life of a token, in seconds (`ACCESS_TOKEN_TTL_S`)
 * @param options.newId makes token ids
 * @throws SwaliError `SETTINGS_INVALID` for a short secret
 * @remarks The key object is made once: with a text secret, verifying costs a hundred times as much (MEASURED.md §6).
 *   The first part of a token must be, character for character, the header that this key writes, so another algorithm,
 *   `none`, a foreign key id or a key inside the header is refused before anything is decoded.
 */
export function createTokens(options: {
  readonly secret: string;
  readonly retiredSecrets?: readonly string[];
  readonly ttlS: number;
  readonly clock: Clock;
  readonly newId: () => string;
}): Tokens {
  const nowS = (): number => Math.floor(options.clock() / 1000);
  const signing = makeKey(options.secret);
  const keys = new Map<string, SigningKey>();
  for (const key of [signing, ...(options.retiredSecrets ?? []).map(makeKey)]) keys.set(headerOf(key), key);

  return Object.freeze({
    ttlS: options.ttlS,
    issue({ kind, accountId, session }) {
      const iat = nowS();
      const payload = {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: `${kind}:${accountId}`,
        kind,
        sid: session,
        jti: options.newId(),
        iat,
        exp: iat + options.ttlS,
      };
      return sign(payload, signing);
    },
    verify(token) {
      try {
        if (token.length > TOKEN_MAX_CHARACTERS) throw new Error('the token is too long');
        const key = keys.get(token.slice(0, token.indexOf('.')));
        if (!key) throw new Error('the header is not ours');
        const payload = payloadSchema.parse(
          jsonwebtoken.verify(token, key.key, {
            algorithms: [ALGORITHM],
            issuer: ISSUER,
            audience: AUDIENCE,
            clockTimestamp: nowS(),
          }),
        );
        const { kind, sub } = payload;
        return { subject: sub, kind, accountId: readAccountId(kind, sub), session: payload.sid, id: payload.jti };
      } catch (error) {
        throw new SwaliError('AUTH_TOKEN_INVALID', { cause: error });
      }
    },
  } satisfies Tokens);
}

/** The key id is derived from the secret, so that every replica names it alike; it tells nothing about the secret. */
function makeKey(secret: string): SigningKey {
  if (Buffer.byteLength(secret) < SECRET_MIN_BYTES) {
    throw new SwaliError('SETTINGS_INVALID', { detail: `JWT_SECRET must have ${SECRET_MIN_BYTES} bytes at least` });
  }
  const id = createHmac('sha256', secret).update('swali key id').digest('hex').slice(0, 16);
  return { id, key: createSecretKey(secret, 'utf8') };
}

function sign(payload: object, key: SigningKey): string {
  return jsonwebtoken.sign(payload, key.key, { algorithm: ALGORITHM, keyid: key.id });
}

/** The first part of every token that a key signs. */
function headerOf(key: SigningKey): string {
  const token = sign({}, key);
  return token.slice(0, token.indexOf('.'));
}
