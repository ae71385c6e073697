import { z } from 'zod';
import { PERMISSIONS } from '../../domain/principal.js';
import { type ApiKey, type ApiKeys, KEY_MAX_TTL_S } from '../../identify/api-keys.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

const KEY = z.strictObject({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(PERMISSIONS)).readonly(),
  origins: z.array(z.string()).readonly(),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  last_used_at: z.iso.datetime().nullable(),
});

const DEFAULT_TTL_S = 90 * 24 * 3600;

/** `/v1/auth/keys`: one's own keys for servers. Identify audits what is made and revoked. */
export function createKeyRoutes(keys: ApiKeys, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/auth/keys',
        access: { permission: null },
        input: z.strictObject({}),
        output: z.strictObject({ keys: z.array(KEY) }),
        limit: 'read',
        audit: null,
        handle: async ({ principal }) => ({ body: { keys: (await keys.list(principal)).map(printKey) } }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/keys',
        access: { permission: null },
        input: z.strictObject({
          name: z.string().min(1).max(100),
          scopes: z.array(z.enum(PERMISSIONS)).min(1).max(PERMISSIONS.length),
          /** With the scope `widget:issue`: of the pages that use its tokens. */
          origins: z.array(z.string().min(1).max(512)).max(50).default([]),
          expires_in: z.int().min(60).max(KEY_MAX_TTL_S).default(DEFAULT_TTL_S),
          /** A code of the second factor or a recovery code, where the account has one. */
          totp: z.string().min(1).max(64).optional(),
          /** The present password, where the account has no second factor. */
          password: z.string().min(1).max(512).optional(),
        }),
        output: KEY.extend({ key: z.string() }),
        limit: 'login',
        audit: 'api-key',
        handle: async ({ input, principal, context }) => {
          const { name, origins, expires_in: ttlS } = input;
          const wanted = { name, scopes: [...new Set(input.scopes)], origins, ttlS };
          const proof = { code: input.totp ?? null, password: input.password ?? null };
          const { key, apiKey } = await keys.create(principal, wanted, proof, context);
          return { status: 201 as const, body: { ...printKey(apiKey), key } };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'DELETE',
        path: '/v1/auth/keys/:id',
        access: { permission: null },
        input: z.strictObject({ id: z.string().regex(/^[0-9a-f]{16}$/, { error: 'expected the id of a key' }) }),
        output: z.strictObject({}),
        limit: 'session',
        audit: 'api-key',
        handle: async ({ input, principal, context }) => {
          await keys.revoke(principal, input.id, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
  ];
}

function printKey({ id, name, scopes, origins, createdAt, expiresAt, lastUsedAt }: ApiKey): z.input<typeof KEY> {
  const print = (at: number) => new Date(at).toISOString();
  return {
    id,
    name,
    scopes,
    origins,
    created_at: print(createdAt),
    expires_at: print(expiresAt),
    last_used_at: lastUsedAt === null ? null : print(lastUsedAt),
  };
}
