import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { runInRequest } from '../domain/request-scope.js';
import type { Tenant } from '../domain/tenant.js';
import { isFromForeignPage } from './foreign-page.js';

/** What every handler knows of the request it serves. */
export interface RequestContext {
  /** In every answer's `x-request-id`, every log line and every audit record of the request. */
  readonly requestId: string;
  /** Address of the caller as the trusted proxies tell it. */
  readonly address: string;
  /** What the caller calls its program, as text that can be shown: 255 characters at most, no control characters. */
  readonly userAgent: string;
  /** What the caller's browser sent along, by name; what is no plain text is left out, and so is a name that stands twice. */
  readonly cookies: ReadonlyMap<string, string>;
  /** True where the caller's browser says that a page of another origin sent the request. */
  readonly fromForeignPage: boolean;
  /** Aborted when the caller hangs up before the answer is sent: what runs for them is then killed. */
  readonly signal: AbortSignal;
}

/** What an endpoint knows of a request. */
export interface CallContext extends RequestContext {
  /** Of the caller, or named by whoever signs in; null where tenancy is off, and where nobody is known. */
  readonly tenant: Tenant;
}

/** A caller's own request id is taken where it is a plain token; anything else is replaced, not repeated. */
const SAFE_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** Characters of a user agent that are kept. */
const USER_AGENT_MAX_CHARACTERS = 255;

const contexts = new WeakMap<Request, RequestContext>();

/**
 * Gives every request its context and answers with its id. Must run before everything else but the reading of cookies.
 *
 * @param publicOrigin of the address that people use; null where none is set
 */
export function openContext(publicOrigin: string | null = null): RequestHandler {
  return (request, response, next) => {
    const given = request.get('x-request-id');
    const requestId = given !== undefined && SAFE_ID.test(given) ? given : randomUUID();
    response.setHeader('x-request-id', requestId);
    contexts.set(request, {
      requestId,
      address: request.ip ?? 'unknown',
      userAgent: readUserAgent(request),
      cookies: readCookies(request),
      fromForeignPage: isFromForeignPage(request, publicOrigin),
      signal: abortOnHangUp(response),
    });
    runInRequest(requestId, next);
  };
}

/** The context of a request that passed {@link openContext}. */
export function contextOf(request: Request): RequestContext {
  const context = contexts.get(request);
  if (!context) throw new Error('a request without context: openContext must run first');
  return context;
}

/** Whatever could turn, hide or break a line where it is shown is dropped; a long text is cut, as it names nobody. */
function readUserAgent(request: Request): string {
  const given = request.get('user-agent') ?? '';
  return given.replace(/\p{C}/gu, '').slice(0, USER_AGENT_MAX_CHARACTERS).trim();
}

/**
 * cookie-parser leaves objects where a value says `j:`; nothing here reads those. It takes the first of several cookies of
 * one name, which a neighbour of the same domain may have planted: none of them is read.
 */
function readCookies(request: Request): ReadonlyMap<string, string> {
  const cookies: Readonly<Record<string, unknown>> = request.cookies ?? {};
  const counts = new Map<string, number>();
  for (const pair of (request.get('cookie') ?? '').split(';')) {
    const name = pair.split('=', 1)[0]?.trim() ?? '';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const isText = (each: [string, unknown]): each is [string, string] => typeof each[1] === 'string';
  return new Map(
    Object.entries(cookies)
      .filter(isText)
      .filter(([name]) => counts.get(name) === 1),
  );
}

function abortOnHangUp(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
