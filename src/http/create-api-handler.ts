import { type Request, type RequestHandler, type Response, raw } from 'express';
import { z } from 'zod';
import type { AuditEvent } from '../audit/record.js';
import type { Permission, Principal } from '../domain/principal.js';
import type { Tenant } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import { TENANT_ID } from '../identify/tenants.js';
import type { AuditWitness } from './audit-witness.js';
import { type EventOutlet, type EventSchemas, openEventStream, type StreamTimes } from './event-stream.js';
import { type Download, describeFile, type FileOutlet, openFileOutlet } from './file-outlet.js';
import type { LimitClass, Limits } from './limits.js';
import { type CallerPorts, guardRefreshCookie, isTokenInvalid, readCaller } from './read-caller.js';
import { noteRecorded } from './record-refusal.js';
import { type CallContext, contextOf, type RequestContext } from './request-context.js';
import { parseStrictForm } from './strict-form.js';
import { parseStrictJson } from './strict-json.js';
import { assertWidgetMayCall } from './widget-access.js';

/** Longest body, in bytes. */
export const BODY_MAX_BYTES = 64 * 1024;

/** What a handler is called with: input that fits its schema, and who asks. */
export interface ApiCall<Input, Who> {
  readonly input: Input;
  readonly principal: Who;
  readonly context: CallContext;
  /** Where the endpoint states `download`: sends a file while it is written. Nothing begins before the audit record is there. */
  readonly file: FileOutlet;
}

/** What a handler returns that has sent its file by {@link ApiCall.file}. */
export const SENT = Symbol('sent');

/** What an endpoint states of the events that it may answer with in the place of JSON. */
export interface EventStatement<Input, Who> {
  /** By name, in the order in which they come; `error`, a problem document, is always one of them. */
  readonly schemas: EventSchemas;
  /** Those that may leave before the audit record is there: they tell nothing of data. */
  readonly unrecorded: readonly string[];
  /** @throws SwaliError that ends the stream with `error`, or has a status of its own where nothing has been sent */
  answer(call: ApiCall<Input, Who>, events: EventOutlet): Promise<void>;
}

/**
 * Who may call an endpoint: anyone, or those who are signed in and, where one is named, hold the permission. Whoever must
 * have a second factor and has none is refused everywhere but where `withoutSecondFactor` is stated: what sets one up, and
 * what ends sessions. Those endpoints are about the sign-in itself, so no key of a server reaches them.
 *
 * `refresh-token`: whoever holds one, in the body or in the browser's cookie; the endpoint looks at it itself, and throws
 * `AUTH_TOKEN_INVALID` where it is no good.
 *
 * `metricsToken`: whoever holds the permission, or the operator's METRICS_TOKEN; the handler does not learn which. Where there
 * are tenants, the token alone: what the gateway does is about all of them, and an admin is of one.
 *
 * Browsers are signed in by cookies, programs by headers and bodies. Whatever a cookie brings and is no GET needs a CSRF
 * token, at every endpoint: see {@link readCaller} and {@link guardRefreshCookie}.
 */
export type Access =
  | 'public'
  | 'refresh-token'
  | { readonly permission: Permission | null; readonly withoutSecondFactor?: never; readonly metricsToken?: never }
  | { readonly permission: null; readonly withoutSecondFactor: true; readonly metricsToken?: never }
  | { readonly permission: Permission; readonly withoutSecondFactor?: never; readonly metricsToken: true };

/** What the handler gets: nobody where no access token is asked for. */
type CallerOf<Who extends Access> = Who extends 'public' | 'refresh-token' | { readonly metricsToken: true }
  ? null
  : Principal;

/** Methods that endpoints have. Those with a body take JSON; the others take their query. */
export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

const WITH_BODY: ReadonlySet<Method> = new Set(['POST', 'PATCH']);

/** Everything that is stated of an endpoint, in one place. */
export interface Endpoint<Input extends z.ZodType, Output extends z.ZodType, Who extends Access> {
  readonly method: Method;
  /** `/v1/sessions/:id`: what stands behind a colon joins the input under that name. */
  readonly path: string;
  readonly access: Who;
  /** Of the body (POST, PATCH) or the query (GET, DELETE), and the path. Strict: a key it does not name refuses the request. */
  readonly input: Input;
  /**
   * `named` where whoever signs in says whose people they are of, as {@link TENANT_INPUT}; absent where a request is of
   * its caller's tenant, which nothing in the request can change.
   */
  readonly tenant?: 'named';
  /** True where a foreign page posts a form to it (`application/x-www-form-urlencoded`); else bodies are JSON and nothing else. */
  readonly form?: true;
  /** True where a customer's page on a company's own site may call it, from another origin, with a widget token. */
  readonly widget?: true;
  /** Of the answer's body: an answer that does not fit is a fault here and does not leave. */
  readonly output: Output;
  /** The media types of which one is the answer's, where it is a file: then the body is its text. Else answers are JSON. */
  readonly download?: readonly string[];
  /** Where it answers `Accept: text/event-stream` with events; it then states `output` for the others alone. */
  readonly events?: EventStatement<z.output<Input>, CallerOf<Who>>;
  readonly limit: Exclude<LimitClass, 'address'>;
  /** The audit record without which no answer of this endpoint leaves, or several of which one; null for what reads nobody's data. */
  readonly audit: AuditEvent['event'] | readonly AuditEvent['event'][] | null;
  handle(call: ApiCall<z.output<Input>, CallerOf<Who>>): Promise<ApiAnswer<Output> | typeof SENT>;
}

/** The body, with 200; or another status with it; or, for browsers, another address to go on to (303, without the body). */
export type ApiAnswer<Output extends z.ZodType> = {
  readonly body: z.input<Output>;
  readonly status?: 200 | 201 | 202 | 204 | 503;
  /** What the file is, where the endpoint states `download`. */
  readonly download?: Download;
  /** Of this gateway or of a provider that the settings name; never one that the caller names. */
  readonly redirect?: string;
  /** `Set-Cookie` values. */
  readonly cookies?: readonly string[];
  /** Further headers. Answers are `no-store` unless `Cache-Control` is among these. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** Every handler that {@link createApiHandler} made. */
const MADE = new WeakSet<RequestHandler>();

/** The part of the input of an endpoint whose tenant is named. */
export const TENANT_INPUT = {
  tenant: z
    .string()
    .regex(TENANT_ID, { error: 'expected the id of a tenant' })
    .optional()
    .describe('Whose people the caller is of; needed where tenancy is on, refused where it is off.'),
};

/** What handlers stand on. */
export interface ApiPorts extends CallerPorts {
  /** Whether there are tenants. */
  readonly tenancy: boolean;
  readonly limits: Limits;
  /** Whether an `Authorization` header bears the METRICS_TOKEN; none does where this is left out. */
  readonly isMetricsToken?: (header: string | undefined) => boolean;
  readonly witness: AuditWitness;
  /** {@link STREAM_TIMES} where they are left out. */
  readonly streams?: StreamTimes;
}

/** What streams are timed by where nothing is set. */
export const STREAM_TIMES: StreamTimes = { idleMs: 10_000, heartbeatMs: 15_000 };

/** What an endpoint states of itself, without its handler. */
export type EndpointStatement = Omit<Endpoint<z.ZodType, z.ZodType, Access>, 'handle'>;

/** An endpoint made ready to be mounted. */
export interface ApiRoute {
  readonly method: Method;
  readonly path: string;
  readonly statement: EndpointStatement;
  readonly handlers: readonly RequestHandler[];
}

/**
 * Makes an endpoint: the only way to. In this order: limit by address, access, limit by account, body, schema, the
 * handler, the audit record, the output's schema.
 *
 * @throws SwaliError from the handlers: `RATE_LIMITED`, `AUTH_REQUIRED`, `AUTH_TOKEN_INVALID`,
 *   `AUTH_CSRF_INVALID`, `AUTH_SECOND_FACTOR_MISSING`, `AUTH_PERMISSION_MISSING`, `AUTH_ORIGIN_REFUSED`, `REQUEST_*`, what the
 *   endpoint throws, `AUDIT_UNAVAILABLE` where the record is missing
 */
export function createApiHandler<Input extends z.ZodType, Output extends z.ZodType, const Who extends Access>(
  endpoint: Endpoint<Input, Output, Who>,
  ports: ApiPorts,
): ApiRoute {
  const principals = new WeakMap<Request, Principal>();
  const handlers: RequestHandler[] = [];
  const access: Access = endpoint.access;
  if (access === 'refresh-token') {
    handlers.push(async (request, _response, next) => {
      await guardRefreshCookie(request, ports);
      next();
    });
  } else if (access !== 'public') {
    const { permission, withoutSecondFactor, metricsToken } = access;
    const reach = { permission, widget: endpoint.widget ?? false };
    handlers.push(async (request, response, next) => {
      if (metricsToken && ports.isMetricsToken?.(request.get('authorization'))) return next();
      if (reach.widget) response.vary('Origin');
      const principal = await readCaller(request, response, ports);
      principals.set(request, principal);
      if (principal.widget) assertWidgetMayCall(principal.widget, reach, request, response);
      if (principal.lacksSecondFactor && !withoutSecondFactor) throw new SwaliError('AUTH_SECOND_FACTOR_MISSING');
      if (withoutSecondFactor && principal.session === null) throw new SwaliError('AUTH_PERMISSION_MISSING');
      if (permission !== null && !principal.permissions.has(permission)) {
        throw new SwaliError('AUTH_PERMISSION_MISSING');
      }
      if (metricsToken && ports.tenancy) throw new SwaliError('AUTH_PERMISSION_MISSING');
      next();
    });
  }
  handlers.push(...ports.limits(endpoint.limit, (request) => principals.get(request) ?? null));
  const hasBody = WITH_BODY.has(endpoint.method);
  if (hasBody) {
    handlers.push(endpoint.form ? demandForm : demandJson);
    handlers.push(raw({ type: () => true, limit: BODY_MAX_BYTES, inflate: false }));
  }
  handlers.push(async (request, response) => {
    const parseBody = endpoint.form ? parseStrictForm : parseStrictJson;
    const given = hasBody ? parseBody(bodyOf(request)) : request.query;
    const input = parseInput(endpoint.input, joinPath(given, request));
    const caller = principals.get(request);
    const tenant = endpoint.tenant === 'named' ? readNamed(input, ports.tenancy) : (caller?.tenant ?? null);
    const context = { ...contextOf(request), tenant };
    const watched = ports.witness.watch(context.requestId);
    const { events } = endpoint;
    const audits = endpoint.audit === null ? [] : [endpoint.audit].flat();
    const takeOne = (): boolean => audits.some((event) => watched.take(event));
    let audited = audits.length === 0;
    const assertAudited = (): void => {
      audited ||= takeOne();
      if (!audited) {
        throw new SwaliError('AUDIT_UNAVAILABLE', { cause: new Error(`no ${endpoint.audit} record was written`) });
      }
    };
    let answer: ApiAnswer<Output> | typeof SENT;
    try {
      const isNobodys = typeof access === 'string' || access.metricsToken;
      const principal = (isNobodys ? null : demandPrincipal(caller)) as CallerOf<Who>;
      const times = ports.streams ?? STREAM_TIMES;
      const file = afterRecord(openFileOutlet(response, endpoint.download ?? [], times.idleMs), assertAudited);
      const call = { input, principal, context, file };
      if (events && request.accepts(['application/json', EVENT_STREAM]) === EVENT_STREAM) {
        const outlet = openEventStream(response, events.schemas, times);
        await events.answer(call, eventsAfterRecord(outlet, events.unrecorded, assertAudited));
        await outlet.end();
        answer = SENT;
      } else answer = await endpoint.handle(call);
      assertAudited();
    } catch (error) {
      if (watched.isRecorded()) noteRecorded(request);
      if (access === 'refresh-token' && isTokenInvalid(error)) forgetSession(response, context, ports);
      throw error;
    } finally {
      // Also of what failed: a record is of one request alone.
      if (audits.length > 0 && !audited) takeOne();
      watched.close();
    }
    if (answer === SENT) return;
    for (const cookie of answer.cookies ?? []) response.append('Set-Cookie', cookie);
    response.setHeader('Cache-Control', 'no-store');
    for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
    if (answer.redirect !== undefined) sendOn(response, answer.redirect);
    else if (endpoint.download) sendFile(response, endpoint, answer);
    else sendJson(response, answer.status ?? 200, endpoint.output, answer.body);
  });
  for (const handler of handlers) MADE.add(handler);
  const { method, path } = endpoint;
  return { method, path, statement: endpoint, handlers };
}

const EVENT_STREAM = 'text/event-stream';

/** A file begins once its record is there. */
function afterRecord(file: FileOutlet, assertAudited: () => void): FileOutlet {
  return {
    ...file,
    async begin(...stated) {
      assertAudited();
      await file.begin(...stated);
    },
  };
}

/** Events that tell of data leave once their record is there. */
function eventsAfterRecord(events: EventOutlet, free: readonly string[], assertAudited: () => void): EventOutlet {
  const guard = (name: string): void => {
    if (!free.includes(name)) assertAudited();
  };
  return {
    ...events,
    async send(name, data) {
      guard(name);
      await events.send(name, data);
    },
    tell(name, data) {
      guard(name);
      events.tell(name, data);
    },
  };
}

/** Whether a handler is part of an endpoint that {@link createApiHandler} made: a route of any other is a way around it. */
export function isApiHandler(handler: RequestHandler): boolean {
  return MADE.has(handler);
}

/** @throws SwaliError `REQUEST_INVALID` where a tenant is named and there are none, or the other way round */
function readNamed(input: unknown, tenancy: boolean): Tenant {
  const { tenant } = input as { readonly tenant?: string };
  if ((tenant !== undefined) === tenancy) return tenant ?? null;
  throw new SwaliError('REQUEST_INVALID', { detail: tenancy ? 'tenant: is missing' : 'tenant: there are none here' });
}

function demandPrincipal(principal: Principal | undefined): Principal {
  if (!principal) throw new SwaliError('AUTH_REQUIRED');
  return principal;
}

/** A refresh token that is no good is the end of the session: a browser that holds one can begin anew. */
function forgetSession(response: Response, { cookies }: RequestContext, ports: CallerPorts): void {
  if (ports.cookies.refreshOf(cookies) !== null) response.append('Set-Cookie', [...ports.cookies.clear()]);
}

/** Refuses a body that is not declared as JSON in UTF-8: a form that a foreign page posts is never one. */
const demandJson: RequestHandler = (request, _response, next) => {
  const type = /^application\/json(?:\s*;\s*charset="?(utf-8)"?)?$/i.test(request.get('content-type')?.trim() ?? '');
  if (!type) throw new SwaliError('REQUEST_UNSUPPORTED_MEDIA');
  next();
};

/** Refuses what no form posts. */
const demandForm: RequestHandler = (request, _response, next) => {
  const type = /^application\/x-www-form-urlencoded(?:\s*;\s*charset="?(utf-8)"?)?$/i;
  if (!type.test(request.get('content-type')?.trim() ?? '')) throw new SwaliError('REQUEST_UNSUPPORTED_MEDIA');
  next();
};

function bodyOf(request: Request): Uint8Array {
  const body: unknown = request.body;
  if (!(body instanceof Uint8Array)) throw new SwaliError('REQUEST_INVALID', { detail: 'the body is missing' });
  return body;
}

/** What was given and what stands in the path, as one input; a key that is in both could say two things. */
function joinPath(given: unknown, request: Request): unknown {
  const names = Object.keys(request.params);
  if (names.length === 0) return given;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const twice = names.find((name) => Object.hasOwn(given, name));
  if (twice !== undefined) throw new SwaliError('REQUEST_INVALID', { detail: `${twice}: is given by the path` });
  return { ...given, ...request.params };
}

function parseInput<Input extends z.ZodType>(schema: Input, given: unknown): z.output<Input> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new SwaliError('REQUEST_INVALID', { detail: faults.join('; ').slice(0, 500) });
}

/** 303: whatever the method was, the browser goes on with GET. */
function sendOn(response: Response, address: string): void {
  response.setHeader('Location', address);
  response.status(303).end();
}

/** Only text of a type that the endpoint states. */
function sendFile(
  response: Response,
  { download: types = [], output }: Pick<EndpointStatement, 'download' | 'output'>,
  { download, body }: Pick<ApiAnswer<z.ZodType>, 'download' | 'body'>,
): void {
  const text = output.safeParse(body).data;
  if (!download || typeof text !== 'string') {
    throw new SwaliError('INTERNAL', { cause: new Error('the answer is no file') });
  }
  describeFile(response, download, types);
  response.end(text);
}

function sendJson(response: Response, status: number, schema: z.ZodType, body: unknown): void {
  const checked = schema.safeParse(body);
  if (!checked.success) throw new SwaliError('INTERNAL', { cause: checked.error });
  response.status(status);
  if (status === 204) response.end();
  else response.json(checked.data);
}
