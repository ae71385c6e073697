import { z } from 'zod';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import { describeApi } from '../open-api.js';

/** `GET /openapi.json`: the endpoints given and this one, as they state themselves. Public; it names no data. */
export function createOpenApiRoutes(others: readonly ApiRoute[], ports: ApiPorts): readonly ApiRoute[] {
  const own: ApiRoute = createApiHandler(
    {
      method: 'GET',
      path: '/openapi.json',
      access: 'public',
      input: z.looseObject({}),
      output: z.looseObject({ openapi: z.string() }),
      limit: 'read',
      audit: null,
      handle: async () => ({ body: document }),
    },
    ports,
  );
  const document = { ...describeApi([...others, own]), openapi: '3.1.0' };
  return [own];
}
