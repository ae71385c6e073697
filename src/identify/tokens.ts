import { z } from 'zod';
import type { Clock } from '../domain/ports.js';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import { readAccountId } from './account-id.js';
import { createSignedClaims } from './signed-claims.js';
import type { PublicJwk, SigningKeys } from './signing-keys.js';

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
  /** What others verify these tokens with; empty where secrets sign. */
  readonly publicKeys: readonly PublicJwk[];
  issue(token: Pick<AccessToken, 'kind' | 'accountId' | 'session'>): string;
  /** @throws SwaliError `AUTH_TOKEN_INVALID` for any token that none of the keys signed, that has expired or is of the future */
  verify(token: string): AccessToken;
}

const claimsSchema = z.strictObject({ sub: z.string(), kind: z.enum(PRINCIPAL_KINDS), sid: z.string().min(1) });

/**
 * Signs access tokens with one key and verifies those of the retired ones too, so that a key can be changed without
 * signing everybody out.
 *
 * @param options.keys see {@link SigningKeys}
 * @param options.ttlS life of a token, in seconds (`ACCESS_TOKEN_TTL_S`)
 * @param options.newId makes token ids
 */
export function createTokens(options: {
  readonly keys: SigningKeys;
  readonly ttlS: number;
  readonly clock: Clock;
  readonly newId: () => string;
}): Tokens {
  const { keys, ttlS, clock, newId } = options;
  const signed = createSignedClaims({ keys, type: 'JWT', audience: 'swali', schema: claimsSchema, clock, newId });
  // A key that is named twice is shown once.
  const verifying = new Map([...keys.retired, keys.signing].map((key) => [key.id, key]));

  return Object.freeze({
    ttlS,
    publicKeys: [...verifying.values()].flatMap(({ publicJwk }) => publicJwk ?? []),
    issue: ({ kind, accountId, session }) => signed.sign({ sub: `${kind}:${accountId}`, kind, sid: session }, ttlS),
    verify(token) {
      const { claims, id } = signed.verify(token);
      const { kind, sub, sid } = claims;
      return { subject: sub, kind, accountId: readSubject(kind, sub), session: sid, id };
    },
  } satisfies Tokens);
}

function readSubject(kind: PrincipalKind, subject: string): number {
  try {
    return readAccountId(kind, subject);
  } catch (error) {
    throw new SwaliError('AUTH_TOKEN_INVALID', { cause: error });
  }
}
