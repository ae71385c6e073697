import jsonwebtoken from 'jsonwebtoken';
import { z } from 'zod';
import type { Clock } from '../domain/ports.js';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../domain/principal.js';
import type { Tenant } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import { readAccountId } from './account-id.js';
import type { PublicJwk, SigningKeys } from './signing-keys.js';

/** Characters of a token at most; ours have about 400, with RSA about 700. */
const TOKEN_MAX_CHARACTERS = 4096;

/** How far the clock of another replica may be ahead, in seconds. */
const CLOCK_SKEW_S = 60;

const ISSUER = 'swali';
const AUDIENCE = 'swali';

/**
 * What a valid access token says. Rights are not taken from it: role, list of tables and status are read from the store at
 * each request. The role is there for others who verify these tokens.
 */
export interface AccessToken {
  /** `customer:17`. */
  readonly subject: string;
  readonly kind: PrincipalKind;
  /** Employees, as it was at the sign-in; null for the others. */
  readonly role: string | null;
  readonly tenant: Tenant;
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
  /** What others verify these tokens with; empty where secrets sign. */
  readonly publicKeys: readonly PublicJwk[];
  issue(token: Pick<AccessToken, 'kind' | 'role' | 'tenant' | 'accountId' | 'session'>): string;
  /** @throws SwaliError `AUTH_TOKEN_INVALID` for any token that none of the keys signed, that has expired or is of the future */
  verify(token: string): AccessToken;
}

const payloadSchema = z.strictObject({
  iss: z.literal(ISSUER),
  aud: z.literal(AUDIENCE),
  sub: z.string(),
  kind: z.enum(PRINCIPAL_KINDS),
  role: z.string().nullable(),
  tenant: z.string().min(1).nullable(),
  sid: z.string().min(1),
  jti: z.string().min(1),
  iat: z.int(),
  exp: z.int(),
});

/**
 * Signs access tokens with one key and verifies those of the retired ones too, so that a key can be changed without
 * signing everybody out.
 *
 * @param options.keys see {@link SigningKeys}
 * @param options.ttlS life of a token, in seconds (`ACCESS_TOKEN_TTL_S`)
 * @param options.newId makes token ids
 * @remarks Key objects are made once: with a text secret, verifying costs a hundred times as much (MEASURED.md §6).
 *   The first part of a token must be, character for character, the header that one of the keys writes, so another
 *   algorithm, `none`, a foreign key id or a key inside the header is refused before anything is decoded. The header
 *   finds the key, and the key says the algorithm: a public key is never taken for a secret.
 */
export function createTokens(options: {
  readonly keys: SigningKeys;
  readonly ttlS: number;
  readonly clock: Clock;
  readonly newId: () => string;
}): Tokens {
  const nowS = (): number => Math.floor(options.clock() / 1000);
  const { signing, retired } = options.keys;
  const keys = new Map([...retired, signing].map((key) => [key.header, key]));

  return Object.freeze({
    ttlS: options.ttlS,
    publicKeys: [...keys.values()].flatMap(({ publicJwk }) => publicJwk ?? []),
    issue({ kind, role, tenant, accountId, session }) {
      const iat = nowS();
      const payload = {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: `${kind}:${accountId}`,
        kind,
        role,
        tenant,
        sid: session,
        jti: options.newId(),
        iat,
        exp: iat + options.ttlS,
      };
      return jsonwebtoken.sign(payload, signing.signs, { algorithm: signing.algorithm, keyid: signing.id });
    },
    verify(token) {
      try {
        if (token.length > TOKEN_MAX_CHARACTERS) throw new Error('the token is too long');
        const key = keys.get(token.slice(0, token.indexOf('.')));
        if (!key) throw new Error('the header is not ours');
        const payload = payloadSchema.parse(
          // The schema says issuer and audience again, and the header the algorithm: either alone would do.
          jsonwebtoken.verify(token, key.verifies, {
            algorithms: [key.algorithm],
            issuer: ISSUER,
            audience: AUDIENCE,
            clockTimestamp: nowS(),
          }),
        );
        if (payload.iat > nowS() + CLOCK_SKEW_S) throw new Error('the token is of the future');
        const { kind, role, tenant, sub, sid, jti } = payload;
        return { subject: sub, kind, role, tenant, accountId: readAccountId(kind, sub), session: sid, id: jti };
      } catch (error) {
        throw new SwaliError('AUTH_TOKEN_INVALID', { cause: error });
      }
    },
  } satisfies Tokens);
}
