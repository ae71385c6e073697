import { lookup as resolveBySystem } from 'node:dns/promises';
import { type ClientRequest, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { OutgoingAnswer, OutgoingRequest, SendOutgoing } from '../domain/outgoing.js';
import { SwaliError } from '../errors/swali-error.js';
import { spellAddress } from './judge-address.js';
import { judgeTarget, judgeUrl, type OutgoingRules, type OutgoingTarget } from './judge-url.js';

/** Longest call with everything in it: name, connection, TLS, answer. In milliseconds. */
const TIMEOUT_MS = 10_000;

/** Bytes of an answer's body that are read at most. */
const MAX_BODY_BYTES = 64 * 1024;

/** One address of a name. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Asks for every address of a name, as DNS or the machine's own files have them. */
export type ResolveName = (host: string) => Promise<readonly ResolvedAddress[]>;

/**
 * Makes the guarded way out (against server-side request forgery, CWE-918). Each call resolves its name once, inside the
 * connecting itself; **every** address must pass {@link judgeTarget}, and the socket connects to those that were judged:
 * there is no second look-up that could answer otherwise (DNS rebinding). Redirects are answers like any other and are
 * never followed; no proxy of the environment is used; connections are not kept.
 *
 * @param options.resolve asks for the addresses of a name
 * @param options.timeoutMs longest call
 * @param options.maxBodyBytes bytes of an answer's body that are read
 * @param options.certificates PEM, what certificates are checked with instead of the system's authorities
 * @remarks It does not stop a public address from handing on what it gets.
 */
export function createGuardedFetch(
  options: OutgoingRules & {
    readonly resolve?: ResolveName;
    readonly timeoutMs?: number;
    readonly maxBodyBytes?: number;
    readonly certificates?: string;
  },
): SendOutgoing {
  const resolve = options.resolve ?? ((host) => resolveBySystem(host, { all: true, verbatim: true }));
  const { timeoutMs = TIMEOUT_MS, maxBodyBytes = MAX_BODY_BYTES, certificates } = options;
  return async (request) => {
    const target = judgeUrl(request.url, options);
    if (typeof target === 'string') throw new SwaliError('OUTGOING_REFUSED', { detail: `the URL ${target}` });
    const judged = new Set<string>();
    const lookup = guardLookup(resolve, target, options, judged);
    try {
      const call = open(request, target, { lookup, certificates, signal: AbortSignal.timeout(timeoutMs) });
      assertJudged(call, target, judged);
      return await readAnswer(call, request.body, maxBodyBytes);
    } catch (error) {
      if (error instanceof SwaliError) throw error;
      throw new SwaliError('OUTGOING_FAILED', { cause: error });
    }
  };
}

function open(
  { method, headers }: OutgoingRequest,
  { url, host, port }: OutgoingTarget,
  with_: {
    readonly lookup: LookupFunction;
    readonly certificates: string | undefined;
    readonly signal: AbortSignal;
  },
): ClientRequest {
  const common = {
    method,
    host,
    port,
    path: `${url.pathname}${url.search}`,
    // The receiver is named as the URL names it, whatever address it has.
    headers: { ...headers, host: url.host },
    lookup: with_.lookup,
    signal: with_.signal,
    // One connection for this call alone: a kept one was judged for another.
    agent: false,
  } as const;
  if (url.protocol === 'http:') return requestPlain(common);
  const ca = with_.certificates === undefined ? {} : { ca: with_.certificates };
  return requestTls({ ...common, minVersion: 'TLSv1.2', rejectUnauthorized: true, ...ca });
}

/** What the socket asks for the addresses of its host; node asks nobody where the host is an address itself. */
function guardLookup(
  resolve: ResolveName,
  { url, port }: OutgoingTarget,
  rules: OutgoingRules,
  judged: Set<string>,
): LookupFunction {
  return (host, options, done) => {
    resolve(host).then(
      (found) => {
        const fault = judgeAll(found, { host: url.hostname, port }, rules);
        const [first] = found;
        if (fault !== null || !first) {
          const detail = fault ?? 'the name has no address';
          return done(new SwaliError('OUTGOING_REFUSED', { detail }), '', 0);
        }
        for (const { address } of found) judged.add(spellAddress(address) ?? address);
        if (options.all) done(null, [...found]);
        else done(null, first.address, first.family);
      },
      (error: Error) => done(error, '', 0),
    );
  };
}

/** One bad address closes a name: it may not be left to chance which of them is called. */
function judgeAll(
  found: readonly ResolvedAddress[],
  target: { readonly host: string; readonly port: number },
  rules: OutgoingRules,
): string | null {
  for (const { address } of found) {
    const fault = judgeTarget(address, target, rules);
    if (fault !== null) return `the name ${fault}`;
  }
  return null;
}

/** A second lock: whatever way a socket came to be connected, nothing is said to an address that was not judged. */
function assertJudged(call: ClientRequest, { host }: OutgoingTarget, judged: ReadonlySet<string>): void {
  call.once('socket', (socket) =>
    socket.once('connect', () => {
      const remote = spellAddress(socket.remoteAddress ?? '') ?? '';
      if (judged.has(remote) || remote === spellAddress(host)) return;
      call.destroy(new SwaliError('OUTGOING_REFUSED', { detail: 'the address was not judged' }));
    }),
  );
}

function readAnswer(call: ClientRequest, body: string | null, maxBytes: number): Promise<OutgoingAnswer> {
  return new Promise((resolve, reject) => {
    call.once('error', reject);
    call.once('response', (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      const finish = (truncated: boolean): void => {
        const text = Buffer.concat(parts).subarray(0, maxBytes).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          headers: firstOf(response.headersDistinct),
          body: text,
          truncated,
        });
      };
      response.on('data', (part: Buffer) => {
        parts.push(part);
        length += part.length;
        if (length <= maxBytes) return;
        finish(true);
        call.destroy();
      });
      response.once('end', () => finish(false));
      response.once('error', reject);
    });
    call.end(body ?? undefined);
  });
}

function firstOf(headers: NodeJS.Dict<string[]>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values?.[0] ?? '']));
}
