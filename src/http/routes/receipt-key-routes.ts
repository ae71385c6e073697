import { z } from 'zod';
import type { Ed25519Jwk } from '../../audit/ed25519.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

/** Strict, so that no private part of a key can ever leave. */
const JWK = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string(),
  alg: z.literal('EdDSA'),
  use: z.literal('sig'),
});

/** Keys change seldom, and a new one should be known soon. */
const CACHE_S = 300;

/** `GET /v1/receipts/keys`: the public keys that receipts verify with, the one that signs now first. */
export function createReceiptKeyRoutes(keys: readonly Ed25519Jwk[], ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/receipts/keys',
        access: 'public',
        input: z.looseObject({}),
        output: z.strictObject({ keys: z.array(JWK) }),
        limit: 'probe',
        audit: null,
        handle: async () => ({
          body: { keys: [...keys] },
          headers: { 'Cache-Control': `public, max-age=${CACHE_S}` },
        }),
      },
      ports,
    ),
  ];
}
