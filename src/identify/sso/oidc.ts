import { createRemoteJWKSet, customFetch as joseFetch, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { z } from 'zod';
import type { Clock } from '../../domain/ports.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { BegunFlow } from './flows.js';
import { textsOf } from './mapping.js';
import type { ProvenIdentity } from './proven-identity.js';
import type { OidcProvider } from './provider.js';
import { createProviderFetch, PROVIDER_TIMEOUT_S } from './provider-fetch.js';

/** What a provider says of itself is read again after this time. */
const METADATA_TTL_MS = 3_600_000;

/** Clocks may differ by so much, in seconds. */
const CLOCK_SKEW_S = 30;

/** Oldest logout token that is taken, in seconds. */
const LOGOUT_MAX_AGE_S = 300;

/** Algorithms of logout tokens: signatures with a private key, as nothing else proves who wrote it. */
const SIGNATURES = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Of OpenID Connect Back-Channel Logout 1.0 §2.4, beside what the signature's check looks at. */
const logoutSchema = z.looseObject({
  jti: z.string().min(1).max(255),
  iat: z.int(),
  sub: z.string().min(1).max(255).optional(),
  sid: z.string().min(1).max(255).optional(),
  events: z.looseObject({ [LOGOUT_EVENT]: z.looseObject({}) }),
  nonce: z.undefined().optional(),
});

/** Whom a logout token is about: an identity, a session of the provider, or both. */
export interface LogoutNotice {
  readonly id: string;
  readonly subject: string | null;
  readonly session: string | null;
}

/** Speaks OpenID Connect with one provider. */
export interface OidcClient {
  /** @returns where the browser goes. @throws SwaliError `AUTH_SSO_UNAVAILABLE` */
  begin(flow: BegunFlow): Promise<string>;
  /**
   * Exchanges the code and judges the ID token: signature, issuer, audience, times, nonce.
   *
   * @param parameters that the browser brought back
   * @throws SwaliError `AUTH_SSO_REFUSED`, `AUTH_SSO_UNAVAILABLE`
   */
  verify(flow: BegunFlow, parameters: Readonly<Record<string, string>>): Promise<ProvenIdentity>;
  /** @throws SwaliError `AUTH_SSO_LOGOUT_INVALID`, `AUTH_SSO_UNAVAILABLE` */
  verifyLogout(token: string): Promise<LogoutNotice>;
}

interface Connection {
  readonly config: client.Configuration;
  readonly keys: ReturnType<typeof createRemoteJWKSet>;
  readonly readAt: number;
}

/** The provider's metadata is read at the first use, so that a provider that is down stops no start. */
export function createOidcClient(provider: OidcProvider, { clock }: { readonly clock: Clock }): OidcClient {
  const plainHttp = new URL(provider.issuer).protocol === 'http:';
  const fetch = createProviderFetch(provider.hosts, { plainHttp });
  let connection: Promise<Connection> | null = null;
  let connectedAt = Number.NEGATIVE_INFINITY;

  async function discover(): Promise<Connection> {
    const metadata = { [client.clockTolerance]: CLOCK_SKEW_S };
    const config = await client.discovery(
      new URL(provider.issuer),
      provider.clientId,
      metadata,
      client.ClientSecretBasic(provider.clientSecret),
      {
        timeout: PROVIDER_TIMEOUT_S,
        [client.customFetch]: fetch,
        execute: [
          // Without it the ID token would be believed for the connection that it came by, and its signature not looked at.
          client.enableNonRepudiationChecks,
          ...(plainHttp ? [client.allowInsecureRequests] : []),
        ],
      },
    );
    const { issuer, jwks_uri: keysAt, authorization_endpoint: signInAt } = config.serverMetadata();
    // The client makes exceptions for some providers that stand for many issuers; here it is the one in the file.
    if (issuer !== provider.issuer) throw new Error('the provider calls itself by another issuer');
    if (keysAt === undefined || signInAt === undefined)
      throw new Error('the provider names no keys or no sign-in page');
    if (!provider.hosts.has(new URL(signInAt).host)) throw new Error('the sign-in page is on a host that is not named');
    const keys = createRemoteJWKSet(new URL(keysAt), {
      [joseFetch]: fetch as never,
      timeoutDuration: PROVIDER_TIMEOUT_S * 1000,
    });
    return { config, keys, readAt: clock() };
  }

  /** @throws SwaliError `AUTH_SSO_UNAVAILABLE` */
  async function connect(): Promise<Connection> {
    if (!connection || clock() - connectedAt >= METADATA_TTL_MS) {
      connectedAt = clock();
      connection = discover();
    }
    const mine = connection;
    return mine.catch((cause: unknown) => {
      // The next one tries again.
      if (connection === mine) connection = null;
      throw new SwaliError('AUTH_SSO_UNAVAILABLE', { cause, retryAfterS: 30 });
    });
  }

  return Object.freeze({
    async begin({ id, nonce, verifier }) {
      const { config } = await connect();
      return client.buildAuthorizationUrl(config, {
        redirect_uri: provider.returnAddress,
        scope: provider.scopes.join(' '),
        state: id,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }).href;
    },

    async verify({ id, nonce, verifier }, parameters) {
      const { config } = await connect();
      const returned = new URL(provider.returnAddress);
      returned.search = new URLSearchParams(parameters).toString();
      try {
        const tokens = await client.authorizationCodeGrant(config, returned, {
          expectedState: id,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) throw new Error('the provider gave no ID token');
        const told =
          provider.claimsFrom === 'userinfo' ? await client.fetchUserInfo(config, tokens.access_token, claims.sub) : {};
        return describe({ ...told, ...claims });
      } catch (error) {
        throw isOutage(error)
          ? new SwaliError('AUTH_SSO_UNAVAILABLE', { cause: error, retryAfterS: 30 })
          : new SwaliError('AUTH_SSO_REFUSED', { cause: error });
      }
    },

    async verifyLogout(token) {
      const { keys } = await connect();
      try {
        const { payload, protectedHeader } = await jwtVerify(token, keys, {
          issuer: provider.issuer,
          audience: provider.clientId,
          algorithms: SIGNATURES,
          maxTokenAge: LOGOUT_MAX_AGE_S,
          clockTolerance: CLOCK_SKEW_S,
          currentDate: new Date(clock()),
        });
        // An ID token or access token of the same issuer is none (§2.6); providers that name no type send JWT.
        const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, '') ?? 'jwt';
        if (type !== 'logout+jwt' && type !== 'jwt') throw new Error('the token is of another type');
        const { jti, sub, sid } = logoutSchema.parse(payload);
        if (sub === undefined && sid === undefined) throw new Error('the token names neither subject nor session');
        return { id: jti, subject: sub ?? null, session: sid ?? null };
      } catch (error) {
        if (isOutage(error)) throw new SwaliError('AUTH_SSO_UNAVAILABLE', { cause: error, retryAfterS: 30 });
        throw new SwaliError('AUTH_SSO_LOGOUT_INVALID', { cause: error });
      }
    },
  } satisfies OidcClient);

  function describe(claims: Readonly<Record<string, unknown>> & { readonly sub: string }): ProvenIdentity {
    const email = claims[provider.emailClaim];
    // Nothing but the word itself: some providers write "false" as a text.
    const isVerified = claims.email_verified === true && typeof email === 'string';
    return {
      subject: claims.sub,
      verifiedEmail: isVerified ? email : null,
      statements: claims,
      session: typeof claims.sid === 'string' ? claims.sid : null,
      factors: [...textsOf(claims, 'amr'), ...textsOf(claims, 'acr')],
    };
  }
}

/** Whether the provider could not be reached, rather than said something that is not accepted. */
function isOutage(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const code = 'code' in each ? each.code : null;
    if (each.name === 'TimeoutError' || code === 'ERR_JWKS_TIMEOUT' || code === 'OAUTH_TIMEOUT') return true;
    if (each instanceof TypeError && each.message === 'fetch failed') return true;
  }
  return false;
}
