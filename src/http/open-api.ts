import { z } from 'zod';
import { CATALOGUE } from '../errors/catalogue.js';
import type { Access, ApiRoute, EndpointStatement, Method } from './create-api-handler.js';
import { CSRF_HEADER } from './csrf.js';
import { HTTPS_NAMES } from './session-cookies.js';

/** A JSON Schema, or another part of the document. */
type Json = { readonly [name: string]: unknown };

/** The part of a schema that OpenAPI looks into: its properties. */
interface ObjectSchema extends Json {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
}

const PROBLEM: Json = {
  type: 'object',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(CATALOGUE) },
    detail: { type: 'string' },
    request_id: { type: 'string' },
  },
  required: ['type', 'title', 'status', 'code', 'detail', 'request_id'],
  additionalProperties: false,
};

const REFUSAL: Json = {
  description: 'A problem document (RFC 9457); its code is stable.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): ObjectSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest as ObjectSchema;
}

/** `/v1/sessions/:id` in the words of OpenAPI: `/v1/sessions/{id}`. */
function pathOf(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}

function namesInPath(path: string): readonly string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => name as string);
}

/** The input of an endpoint, split into where each part of it stands. */
function describeInput({ method, path, input, form }: EndpointStatement): Json {
  const schema = schemaOf(input, 'input');
  const inPath = namesInPath(path);
  const properties = Object.entries(schema.properties ?? {});
  const isRequired = (name: string) => schema.required?.includes(name) ?? false;
  const parameter = (place: 'path' | 'query', [name, part]: [string, Json]): Json => ({
    name,
    in: place,
    required: place === 'path' || isRequired(name),
    schema: part,
  });
  const ofPath = properties.filter(([name]) => inPath.includes(name));
  const others = properties.filter(([name]) => !inPath.includes(name));
  const parameters = ofPath.map((each) => parameter('path', each));
  if (method === 'GET' || method === 'DELETE')
    return { parameters: [...parameters, ...others.map((each) => parameter('query', each))] };
  const body = {
    ...schema,
    properties: Object.fromEntries(others),
    required: others.map(([name]) => name).filter(isRequired),
  };
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
  return { parameters, requestBody: { required: true, content: { [type]: { schema: body } } } };
}

/** By media type: JSON, or the kinds of file that an endpoint states; and events, each with the schema of its data. */
function describeContent({ output, download = ['application/json'], events }: EndpointStatement): Json {
  const schema = schemaOf(output, 'output');
  const content = Object.fromEntries(download.map((type) => [type, { schema }]));
  if (!events) return content;
  const ofEach = Object.entries(events.schemas).map(([name, each]) => [name, schemaOf(each, 'output')]);
  const error = { $ref: '#/components/schemas/Problem' };
  const stream = { schema: { type: 'string' }, 'x-events': { ...Object.fromEntries(ofEach), error } };
  return { ...content, 'text/event-stream': stream };
}

/** The ways to say who calls; programs and browsers have one each. A refresh token of a program stands in the body. */
function describeSecurity(access: Access, method: Method): readonly Json[] {
  if (access === 'public') return [];
  const forged = method === 'GET' ? {} : { csrf: [] };
  if (access !== 'refresh-token') return [{ bearer: [] }, { cookie: [], ...forged }];
  const byCookie = { refreshCookie: [], ...forged };
  return method === 'GET' ? [byCookie] : [{}, byCookie];
}

function describeOperation(statement: EndpointStatement): Json {
  const { method, path, access, tenant, limit, audit, widget } = statement;
  const name = path.replace(/^\/(?:v1\/)?/, '').replace(/[^a-z0-9]+/gi, '-');
  return {
    operationId: `${method.toLowerCase()}-${name}`,
    ...describeInput(statement),
    security: describeSecurity(access, method),
    responses: {
      200: { description: 'The answer.', content: describeContent(statement) },
      default: REFUSAL,
    },
    'x-permission': typeof access === 'string' ? null : access.permission,
    'x-tenant': tenant ?? (typeof access === 'string' ? null : 'of the caller'),
    'x-limit': limit,
    'x-audit': audit === null ? null : [audit].flat().join(' or '),
    'x-widget': widget ?? false,
  };
}

/**
 * Writes the OpenAPI 3.1 document of endpoints, from nothing but what each states of itself.
 *
 * @returns plain JSON; `x-permission`, `x-tenant`, `x-limit`, `x-audit`, `x-widget` and `x-events` say what OpenAPI has no word for
 */
export function describeApi(routes: readonly ApiRoute[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const { statement } of routes) {
    const path = pathOf(statement.path);
    paths[path] = { ...paths[path], [statement.method.toLowerCase()]: describeOperation(statement) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Swali', version: '1', description: 'Questions in plain language, answered from one’s own slice.' },
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        cookie: { type: 'apiKey', in: 'cookie', name: HTTPS_NAMES.access },
        refreshCookie: { type: 'apiKey', in: 'cookie', name: HTTPS_NAMES.refresh },
        csrf: { type: 'apiKey', in: 'header', name: CSRF_HEADER },
      },
    },
  };
}
