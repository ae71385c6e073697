import jsonwebtoken from 'jsonwebtoken';
import { z } from 'zod';
import type { Clock } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { SigningKeys, VerifyingKey } from './signing-keys.js';

/** Characters of a token at most; access tokens have about 400, with RSA about 700. */
const TOKEN_MAX_CHARACTERS = 4096;

/** How far the clock of another replica may be ahead, in seconds. */
const CLOCK_SKEW_S = 60;

const ISSUER = 'swali';

/** Signs and verifies tokens of one kind. */
export interface SignedClaims<Claims> {
  /** Whether a text begins as these tokens do. Says which kind it would be, and not that it is one. */
  isOne(token: string): boolean;
  /** @param ttlS life in seconds */
  sign(claims: Claims, ttlS: number): string;
  /**
   * @returns the claims with the token's own id
   * @throws SwaliError `AUTH_TOKEN_INVALID` for any token that none of the keys signed, that is of another kind, has
   *   expired or is of the future
   */
  verify(token: string): { readonly claims: Claims; readonly id: string };
}

/**
 * Makes one kind of token over the signing keys. Kinds differ in their header's `typ` and in their audience (RFC 8725
 * §3.8, §3.11), so that either alone keeps a token of one kind from passing as one of another.
 *
 * @param options.type `typ` of the header
 * @param options.schema of the claims beside `iss`, `aud`, `jti`, `iat` and `exp`; strict
 * @remarks Key objects are made once: with a text secret, verifying costs a hundred times as much (MEASURED.md §6).
 *   The first part of a token must be, character for character, the header that one of the keys writes, so another
 *   algorithm, `none`, a foreign key id or a key inside the header is refused before anything is decoded. The header
 *   finds the key, and the key says the algorithm: a public key is never taken for a secret.
 */
export function createSignedClaims<Claims extends object>(options: {
  readonly keys: SigningKeys;
  readonly type: string;
  readonly audience: string;
  readonly schema: z.ZodType<Claims>;
  readonly clock: Clock;
  readonly newId: () => string;
}): SignedClaims<Claims> {
  const { audience, schema, type } = options;
  const nowS = (): number => Math.floor(options.clock() / 1000);
  const { signing, retired } = options.keys;
  const keys = new Map([...retired, signing].map((key) => [spellHeader(key, type), key]));
  const keyOf = (token: string) => keys.get(token.slice(0, token.indexOf('.')));
  const envelope = z.looseObject({
    iss: z.literal(ISSUER),
    aud: z.literal(audience),
    jti: z.string().min(1),
    iat: z.int(),
    exp: z.int(),
  });

  return Object.freeze({
    isOne: (token) => keyOf(token) !== undefined,
    sign(claims, ttlS) {
      const iat = nowS();
      const payload = { ...claims, iss: ISSUER, aud: audience, jti: options.newId(), iat, exp: iat + ttlS };
      const { algorithm, id } = signing;
      return jsonwebtoken.sign(payload, signing.signs, {
        algorithm,
        keyid: id,
        header: { alg: algorithm, typ: type },
      });
    },
    verify(token) {
      try {
        if (token.length > TOKEN_MAX_CHARACTERS) throw new Error('the token is too long');
        const key = keyOf(token);
        if (!key) throw new Error('the header is not ours');
        const {
          iss: _iss,
          aud: _aud,
          exp: _exp,
          jti,
          iat,
          ...claims
        } = envelope.parse(
          // The schema says issuer and audience again, and the header the algorithm: either alone would do.
          jsonwebtoken.verify(token, key.verifies, {
            algorithms: [key.algorithm],
            issuer: ISSUER,
            audience,
            clockTimestamp: nowS(),
          }),
        );
        if (iat > nowS() + CLOCK_SKEW_S) throw new Error('the token is of the future');
        return { claims: schema.parse(claims), id: jti };
      } catch (error) {
        throw new SwaliError('AUTH_TOKEN_INVALID', { cause: error });
      }
    },
  } satisfies SignedClaims<Claims>);
}

/** The first part of a key's tokens, as jsonwebtoken spells it. */
function spellHeader({ algorithm, id }: VerifyingKey, type: string): string {
  return Buffer.from(JSON.stringify({ alg: algorithm, typ: type, kid: id })).toString('base64url');
}
