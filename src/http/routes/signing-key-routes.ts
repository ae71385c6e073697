import { z } from 'zod';
import type { PublicJwk } from '../../identify/signing-keys.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

const SHARED = { kid: z.string(), use: z.literal('sig') };

/** Strict, so that no private part of a key can ever leave. */
const JWK = z.discriminatedUnion('kty', [
  z.strictObject({
    ...SHARED,
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: z.string(),
    y: z.string(),
    alg: z.literal('ES256'),
  }),
  z.strictObject({ ...SHARED, kty: z.literal('RSA'), n: z.string(), e: z.string(), alg: z.literal('RS256') }),
]);

/** `GET /.well-known/jwks.json`: the public keys that access tokens verify with; none where a secret signs. */
export function createSigningKeyRoutes(keys: readonly PublicJwk[], ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/.well-known/jwks.json',
        access: 'public',
        input: z.looseObject({}),
        output: z.strictObject({ keys: z.array(JWK) }),
        limit: 'probe',
        audit: null,
        handle: async () => ({ body: { keys: [...keys] } }),
      },
      ports,
    ),
  ];
}
