import { z } from 'zod';
import type { Clock } from '../domain/ports.js';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../domain/principal.js';
import type { Tenant } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import { readAccountId } from './account-id.js';
import { createSignedClaims } from './signed-claims.js';
import type { PublicJwk, SigningKeys } from './signing-keys.js';

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

const claimsSchema = z.strictObject({
  sub: z.string(),
  kind: z.enum(PRINCIPAL_KINDS),
  role: z.string().nullable(),
  tenant: z.string().min(1).nullable(),
  sid: z.string().min(1),
});

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
    issue: ({ kind, role, tenant, accountId, session }) =>
      signed.sign({ sub: `${kind}:${accountId}`, kind, role, tenant, sid: session }, ttlS),
    verify(token) {
      const { claims, id } = signed.verify(token);
      const { kind, role, tenant, sub, sid } = claims;
      return { subject: sub, kind, role, tenant, accountId: readSubject(kind, sub), session: sid, id };
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
