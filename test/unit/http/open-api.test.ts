import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CATALOGUE } from '../../../src/errors/catalogue.js';
import { createAuditWitness } from '../../../src/http/audit-witness.js';
import { type ApiPorts, createApiHandler, isApiHandler, type Method } from '../../../src/http/create-api-handler.js';
import { createLimits } from '../../../src/http/limits.js';
import { describeApi } from '../../../src/http/open-api.js';
import { readTiers } from '../../../src/identify/tiers.js';
import { createBareApp, readMountedRoutes } from '../../support/bare-app.js';
import { createBrowserPorts } from '../../support/browser-ports.js';

/** Pages that hold no data of anybody and take no input. */
const PAGES = [
  'GET /',
  'GET /console.css',
  ...['answer', 'api', 'console', 'mailed-links', 'page', 'second-factor', 'single-sign-on'].map(
    (name) => `GET /console/${name}.js`,
  ),
  'GET /docs/errors',
];

const ports: ApiPorts = {
  tenancy: false,
  ...createBrowserPorts(),
  authenticate: () => Promise.reject(new Error('nobody')),
  limits: createLimits({ enabled: false, tiers: readTiers(null), redis: null, key: 'k' }),
  witness: createAuditWitness({ append: async () => {} }),
};

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: object }[];
  readonly requestBody?: { readonly content: { 'application/json': { schema: object } } };
  readonly security: readonly object[];
  readonly responses: Readonly<Record<string, object>>;
  readonly 'x-permission': string | null;
  readonly 'x-limit': string;
  readonly 'x-audit': string | null;
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

describe('the routes of the app', () => {
  const routes = readMountedRoutes(createBareApp());

  it('are all made by createApiHandler, but for the pages', () => {
    const others = routes.filter(({ handlers }) => handlers.length === 0 || !handlers.every(isApiHandler));
    expect(others.map(({ name }) => name).sort()).toEqual(PAGES);
    expect(routes.length).toBeGreaterThan(PAGES.length + 9);
  });

  it('would be seen if one were made otherwise', () => {
    const app = createBareApp();
    app.get('/v1/around', (_request, response) => void response.json({}));
    const found = readMountedRoutes(app).find(({ name }) => name === 'GET /v1/around');
    expect(found?.handlers.every(isApiHandler)).toBe(false);
  });

  it('are those of /openapi.json', async () => {
    const { status, body } = await request(createBareApp()).get('/openapi.json');
    expect([status, body.openapi]).toEqual([200, '3.1.0']);
    const described = Object.entries(body.paths as Paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    const mounted = routes.map(({ name }) => name).filter((name) => !PAGES.includes(name));
    expect(described.sort()).toEqual(mounted.sort());
    const ids = Object.values(body.paths as Paths).flatMap((each) =>
      Object.values(each).map((operation) => operation.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(body.components.schemas.Problem.properties.code.enum).toEqual(Object.keys(CATALOGUE));
  });
});

describe('the description of an endpoint', () => {
  const input = z.strictObject({ id: z.string(), limit: z.string().optional(), name: z.string() });
  const describeOne = (method: Method): Operation => {
    const route = createApiHandler(
      {
        method,
        path: '/v1/things/:id',
        access: { permission: 'audit:read' },
        input,
        output: z.strictObject({ done: z.boolean() }),
        limit: 'read',
        audit: 'session',
        handle: async () => ({ body: { done: true } }),
      },
      ports,
    );
    const { paths } = describeApi([route]) as unknown as { readonly paths: Paths };
    return paths['/v1/things/{id}']?.[method.toLowerCase()] as Operation;
  };

  it('says where each part of the input stands', () => {
    const text = { type: 'string' };
    expect(describeOne('DELETE').parameters).toEqual([
      { name: 'id', in: 'path', required: true, schema: text },
      { name: 'limit', in: 'query', required: false, schema: text },
      { name: 'name', in: 'query', required: true, schema: text },
    ]);
    const patch = describeOne('PATCH');
    expect(patch.parameters.map(({ name }) => name)).toEqual(['id']);
    expect(patch.requestBody?.content['application/json'].schema).toEqual({
      type: 'object',
      properties: { limit: text, name: text },
      required: ['name'],
      additionalProperties: false,
    });
  });

  it('says who may call it, how often, and what is recorded', () => {
    const operation = describeOne('POST');
    expect(operation).toMatchObject({ 'x-permission': 'audit:read', 'x-limit': 'read', 'x-audit': 'session' });
    expect(operation.security).toEqual([{ bearer: [] }, { cookie: [], csrf: [] }]);
    expect(describeOne('GET').security).toEqual([{ bearer: [] }, { cookie: [] }]);
    expect(Object.keys(operation.responses)).toEqual(['200', 'default']);
  });

  it('says what kinds of file an answer is', async () => {
    const { body } = await request(createBareApp()).get('/openapi.json');
    const { content } = body.paths['/v1/export'].post.responses[200];
    const text = { schema: { type: 'string' } };
    expect(content).toEqual({ 'text/csv': text, 'application/x-ndjson': text });
  });
});
