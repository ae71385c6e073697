import { randomUUID } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { expect } from 'vitest';
import { CATALOGUE, type ErrorCode } from '../../src/errors/catalogue.js';
import { ACCOUNTS, PASSWORD } from '../http/served-gateway.js';

/** Longer than anything may take: a request that ends by this has hung. */
const HUNG_AFTER_MS = 45_000;

/** What became of one request, as its caller saw it. */
export interface Told {
  readonly id: string;
  readonly path: string;
  /**
   * `answered`: a whole answer with 200; `refused`: a whole answer with another status; `refused connection`: it was never taken;
   * `cut`: the connection ended before a whole answer; `hung`: nothing came for as long as anyone would wait.
   */
  readonly end: 'answered' | 'refused' | 'refused connection' | 'cut' | 'hung';
  readonly status: number | null;
  readonly code: string | null;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly ms: number;
  /** When it ended, in milliseconds of `performance.now()`. */
  readonly at: number;
}

/** One who calls the gateway over connections of their own. */
export interface Caller {
  /** Signs in and keeps the token. */
  signIn(name: keyof typeof ACCOUNTS, password?: string): Promise<Told>;
  post(path: string, as: keyof typeof ACCOUNTS | null, body: unknown): Promise<Told>;
  get(path: string, as: keyof typeof ACCOUNTS | null): Promise<Told>;
  sql(as: keyof typeof ACCOUNTS, sql: string): Promise<Told>;
  ask(as: keyof typeof ACCOUNTS, question: string): Promise<Told>;
  close(): void;
}

/** Opens a caller of a gateway that may not be there yet. */
export function openCaller(url: string): Caller {
  // Connections are kept, as a proxy keeps them: what a restart leaves of them is met too.
  const agent = new Agent({ keepAlive: true, maxSockets: 512 });
  const tokens = new Map<string, string>();
  const call = async (method: string, path: string, as: string | null, body?: unknown): Promise<Told> => {
    const id = `fault-${randomUUID()}`;
    const headers: Record<string, string> = { 'x-request-id': id, accept: 'application/json' };
    if (as !== null) headers.authorization = `Bearer ${tokens.get(as)}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const startedAt = performance.now();
    const seen = await exchange(`${url}${path}`, { method, headers, agent }, body);
    const at = performance.now();
    return { id, path, ...seen, code: codeOf(seen), ms: at - startedAt, at };
  };
  return {
    async signIn(name, password = PASSWORD) {
      const { kind, identifier } = ACCOUNTS[name];
      const told = await call('POST', `/v1/auth/${kind}/login`, null, { identifier, password });
      if (told.end === 'answered') tokens.set(name, JSON.parse(told.text).access_token);
      return told;
    },
    post: (path, as, body) => call('POST', path, as, body),
    get: (path, as) => call('GET', path, as),
    sql: (as, sql) => call('POST', '/v1/sql', as, { sql }),
    ask: (as, question) => call('POST', '/v1/ask', as, { question }),
    close: () => agent.destroy(),
  };
}

type Seen = Pick<Told, 'end' | 'status' | 'headers' | 'text'>;

/** A kept connection that the gateway closed while the request was on its way took nothing: it is sent once more, as proxies do. */
async function exchange(url: string, options: Parameters<typeof send>[1], body: unknown): Promise<Seen> {
  const first = await send(url, options, body);
  return first === 'stale' ? ((await send(url, { ...options, agent: false }, body)) as Seen) : first;
}

function send(
  url: string,
  options: { readonly method: string; readonly headers: Record<string, string>; readonly agent: Agent | false },
  body: unknown,
): Promise<Seen | 'stale'> {
  return new Promise((resolve) => {
    const nothing = { status: null, headers: {}, text: '' };
    const call = httpRequest(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', () => resolve({ end: 'cut', ...nothing }));
      response.once('end', () => {
        clearTimeout(timer);
        const text = Buffer.concat(chunks).toString('utf8');
        const { statusCode: status = 0, headers } = response;
        if (!response.complete) resolve({ end: 'cut', ...nothing });
        else resolve({ end: status === 200 ? 'answered' : 'refused', status, headers, text });
      });
    });
    const timer = setTimeout(() => {
      resolve({ end: 'hung', ...nothing });
      call.destroy();
    }, HUNG_AFTER_MS);
    call.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (call.reusedSocket && options.agent !== false && error.code === 'ECONNRESET') resolve('stale');
      else resolve({ end: error.code === 'ECONNREFUSED' ? 'refused connection' : 'cut', ...nothing });
    });
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function codeOf({ end, text }: Seen): string | null {
  if (end !== 'refused') return null;
  try {
    return String((JSON.parse(text) as { code?: unknown }).code);
  } catch {
    return 'no problem document';
  }
}

/** What many requests came to, by status and code: `{ '200': 12, '503 SOURCE_UNAVAILABLE': 3 }`. */
export function countEnds(told: readonly Told[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { end, status, code } of told) {
    const name = status === null ? end : [status, code].filter((part) => part !== null).join(' ');
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What any test may see that asks more than a busy machine can do: refused at the door, before anything was read. */
const AT_THE_DOOR = 'OVERLOADED';

/**
 * Fails unless every request got a whole answer, and every refusal is a problem document whose words are of the catalogue, with one of
 * the codes, or was made at the door: nothing hung, nothing was cut, no word of a server or a driver got out.
 */
export function expectCoded(told: readonly Told[], codes: readonly ErrorCode[]): void {
  for (const each of told) {
    expect(['answered', 'refused'], `${each.path} ${each.end} after ${Math.round(each.ms)} ms`).toContain(each.end);
    if (each.end !== 'refused') continue;
    expect([...codes, AT_THE_DOOR], each.text).toContain(each.code);
    const problem = JSON.parse(each.text);
    expect(Object.keys(problem).sort()).toEqual(['code', 'detail', 'request_id', 'status', 'title', 'type']);
    const { status, sentence } = CATALOGUE[each.code as ErrorCode];
    expect([each.status, problem.title]).toEqual([status, sentence]);
    expect(problem.detail).not.toMatch(/ECONN|EPIPE|errno|mysql|maria|sqlite|redis|127\.0\.0\.1|node:|\.js:/i);
    if (status === 503 || status === 429) expect(Number(each.headers['retry-after'])).toBeGreaterThan(0);
  }
}
