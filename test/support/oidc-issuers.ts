import type { IncomingMessage } from 'node:http';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { type LocalServer, openLocalServer } from './local-server.js';

/** The gateway's registration at every issuer here. */
export const CLIENT = { id: 'swali', secret: 'a secret of the tests, of more than 32 bytes' };

/** People of the real provider, by what they sign in with; tests change what it says of them. */
export type People = Map<string, Record<string, unknown>>;

/** The real provider: the npm package `oidc-provider` on loopback. */
export interface RealIssuer {
  readonly address: string;
  readonly people: People;
  close(): Promise<void>;
}

/**
 * Starts `oidc-provider`. Its development pages take any password; consent is given without a page.
 *
 * @param gateway address of the gateway
 * @param names of the gateway's providers, each with an address to come back to
 */
export async function openRealIssuer(gateway: string, names: readonly string[]): Promise<RealIssuer> {
  const local = await openLocalServer();
  const people: People = new Map();
  const provider: Provider = new Provider(local.address, {
    clients: names.map((name) => ({
      client_id: `${CLIENT.id}-${name}`,
      client_secret: CLIENT.secret,
      redirect_uris: [`${gateway}/v1/auth/sso/${name}/callback`],
      backchannel_logout_uri: `${gateway}/v1/auth/sso/${name}/backchannel-logout`,
      backchannel_logout_session_required: true,
    })),
    cookies: { keys: ['a key of the tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    // Claims stand in the ID token of who asks for them there, and at userinfo.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    findAccount: (_context, id) => {
      const claims = people.get(id);
      return claims ? { accountId: id, claims: async () => ({ sub: id, ...claims }) } : undefined;
    },
    async loadExistingGrant({ oidc }) {
      const { client, session } = oidc;
      if (!client || !session?.accountId) return undefined;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid email groups');
      await grant.save();
      return grant;
    },
    // Plain http on loopback, for the gateway's own address.
    fetch: (address, init) => {
      const { dispatcher: _, ...rest } = init as RequestInit & { dispatcher?: unknown };
      return fetch(address as string, rest);
    },
  });
  local.answerWith(provider.callback());
  return { address: local.address, people, close: () => local.close() };
}

/** How the ID token of one exchange is made, where it is not to be a good one. */
export interface Crafted {
  readonly claims?: JWTPayload;
  /** Claims that are left out. */
  readonly without?: readonly string[];
  /** `none`: without a signature; `foreign`: by a key that the issuer does not have, under the name of its own. */
  readonly signature?: 'none' | 'foreign' | 'secret';
}

/** An issuer that says what the test tells it to: good tokens, and every kind of bad ones. */
export interface CraftedIssuer {
  readonly address: string;
  /** What the next ID tokens are. */
  next: Crafted;
  /** Requests to the token endpoint, the latest last. */
  readonly exchanges: URLSearchParams[];
  /** Answers that replace those of a path, e.g. a redirect. */
  readonly replaced: Map<string, { status: number; headers?: Record<string, string>; body: string }>;
  /** Signs any token with the issuer's key. */
  sign(claims: JWTPayload, type?: string): Promise<string>;
  signForeign(claims: JWTPayload, type?: string): Promise<string>;
  close(): Promise<void>;
}

export async function openCraftedIssuer(): Promise<CraftedIssuer> {
  const local: LocalServer = await openLocalServer();
  const { address } = local;
  const [own, foreign] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const exchanges: URLSearchParams[] = [];
  const replaced: CraftedIssuer['replaced'] = new Map();
  const signWith = (key: Parameters<SignJWT['sign']>[0]) => (claims: JWTPayload, type?: string) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...(type && { typ: type }) }).sign(key);
  const issuer: CraftedIssuer = {
    address,
    next: {},
    exchanges,
    replaced,
    sign: signWith(own.privateKey),
    signForeign: signWith(foreign.privateKey),
    close: () => local.close(),
  };

  /** The code is taken for the nonce, so that sign-ins at the same time each get their own. */
  async function makeIdToken(code: string): Promise<string> {
    const { claims = {}, without = [], signature } = issuer.next;
    const nowS = Math.floor(Date.now() / 1000);
    const all: JWTPayload = { iss: address, aud: CLIENT.id, iat: nowS, exp: nowS + 60, nonce: code, ...claims };
    for (const name of without) delete all[name];
    if (signature === 'none') {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      return `${part({ alg: 'none' })}.${part(all)}.`;
    }
    if (signature === 'secret')
      return new SignJWT(all).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(CLIENT.secret));
    return signature === 'foreign' ? issuer.signForeign(all) : issuer.sign(all);
  }

  const metadata = {
    issuer: address,
    authorization_endpoint: `${address}/auth`,
    token_endpoint: `${address}/token`,
    jwks_uri: `${address}/jwks`,
    userinfo_endpoint: `${address}/userinfo`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
  local.answerWith(async (request, response) => {
    const path = new URL(request.url ?? '/', address).pathname;
    const other = replaced.get(path);
    if (other) return void response.writeHead(other.status, other.headers ?? {}).end(other.body);
    const json = (value: object) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (path === '/.well-known/openid-configuration') return json(metadata);
    if (path === '/jwks') return json({ keys: [jwk] });
    if (path === '/token') {
      const exchange = new URLSearchParams(await readBody(request));
      exchanges.push(exchange);
      return json({
        access_token: 'a',
        token_type: 'Bearer',
        expires_in: 60,
        id_token: await makeIdToken(exchange.get('code') ?? ''),
      });
    }
    response.writeHead(404).end();
  });
  return issuer;
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}
