import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AuditEvent } from '../../../src/audit/record.js';
import type { Principal } from '../../../src/domain/principal.js';
import { CATALOGUE } from '../../../src/errors/catalogue.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { createAuditWitness } from '../../../src/http/audit-witness.js';
import { type Access, type ApiPorts, createApiHandler, type Endpoint } from '../../../src/http/create-api-handler.js';
import type { Download } from '../../../src/http/file-outlet.js';
import { createLimits, LIMIT_CLASSES } from '../../../src/http/limits.js';
import { mountRoutes } from '../../../src/http/mount-routes.js';
import { answerProblems } from '../../../src/http/problem.js';
import { contextOf, openContext } from '../../../src/http/request-context.js';
import { readTiers } from '../../../src/identify/tiers.js';
import { createBrowserPorts } from '../../support/browser-ports.js';

const PRINCIPAL: Principal = Object.freeze({
  kind: 'customer',
  subject: 'customer:1',
  role: null,
  claims: new Map([['customer_number', 103]]),
  allowTables: null,
  permissions: new Set(['ask'] as const),
  tier: 'standard',
  tenant: null,
  session: 's1',
  lacksSecondFactor: false,
});

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const Q = z.strictObject({ question: z.string().max(10) });
const A = z.strictObject({ text: z.string() });
type QuestionEndpoint = Endpoint<typeof Q, typeof A, Exclude<Access, 'public'>>;

const record = (requestId: string): AuditEvent => ({
  event: 'operator',
  requestId,
  address: 'test',
  userAgent: null,
  tenant: null,
  action: 'test',
  reasons: [],
});

/** An app with one endpoint whose parts a test may change. */
function serve(change: Partial<QuestionEndpoint> = {}, limited = false, over: Partial<ApiPorts> = {}): Express {
  const witness = over.witness ?? createAuditWitness({ append: async () => {} });
  const ports: ApiPorts = {
    tenancy: false,
    ...createBrowserPorts(),
    authenticate: async (token) => {
      if (token === 'bare') return { ...PRINCIPAL, permissions: new Set(), lacksSecondFactor: true };
      if (token !== 'good') throw new SwaliError('AUTH_TOKEN_INVALID');
      return PRINCIPAL;
    },
    limits: createLimits({ enabled: limited, tiers: readTiers(null), redis: null, key: 'k' }),
    ...over,
    witness,
  };
  const endpoint: QuestionEndpoint = {
    method: 'POST',
    path: '/v1/try',
    access: { permission: 'ask' },
    input: Q,
    output: A,
    limit: 'login',
    audit: 'operator',
    handle: async ({ input, context }) => {
      await witness.log.append(record(context.requestId));
      return { body: { text: input.question } };
    },
    ...change,
  };
  const app = express();
  app.use(openContext());
  mountRoutes(app, [createApiHandler(endpoint, ports)]);
  app.use(answerProblems(silent, { note: async () => {}, close: async () => {} }));
  return app;
}

/** An app whose endpoint sends the text `a,b` as a file. */
function serveFile(download: Download | undefined): Express {
  const output = z.string();
  const handle = async () => ({ body: 'a,b\r\n', ...(download ? { download } : {}) });
  const change = { output, download: ['text/csv'], handle, audit: null };
  return serve(change as unknown as Partial<QuestionEndpoint>);
}

const send = (app: Express, body: unknown = { question: 'why' }) =>
  request(app)
    .post('/v1/try')
    .set('authorization', 'Bearer good')
    .send(body as object);

describe('createApiHandler', () => {
  it('answers what its handler gives, uncached and with a request id', async () => {
    const response = await send(serve());
    expect(response.status).toBe(200);
    expect(response.body).toEqual({ text: 'why' });
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('sends a file where one is stated, to be kept and not shown', async () => {
    const response = await send(serveFile({ type: 'text/csv', name: 'things-1.csv' }));
    expect([response.status, response.text]).toEqual([200, 'a,b\r\n']);
    expect(response.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="things-1.csv"',
      'cache-control': 'no-store',
    });
  });

  it.each([
    ['of a type that is not stated', { type: 'text/html', name: 'a.csv' }],
    ['whose name breaks its header', { type: 'text/csv', name: 'a"; filename="b.exe' }],
    ['that is none', undefined],
  ])('sends no file %s', async (_name, download) => {
    const response = await send(serveFile(download));
    expect([response.status, response.body.code]).toEqual([500, 'INTERNAL']);
  });

  it('keeps a caller’s request id where it is a plain token and replaces any other', async () => {
    const kept = await send(serve()).set('x-request-id', 'trace-12345678');
    expect(kept.headers['x-request-id']).toBe('trace-12345678');
    const replaced = await send(serve()).set('x-request-id', '<script>alert(1)</script>');
    expect(replaced.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('asks for a token, and says how to send it', async () => {
    const response = await request(serve()).post('/v1/try').send({ question: 'why' });
    expect(response.status).toBe(401);
    expect(response.body.code).toBe('AUTH_REQUIRED');
    expect(response.headers['www-authenticate']).toContain('Bearer');
  });

  it.each(['Basic Zm9vOmJhcg==', 'Bearer', 'Bearer bad token', 'Bearer wrong'])('refuses %s', async (header) => {
    const response = await send(serve()).set('authorization', header);
    expect(response.body.code).toBe('AUTH_TOKEN_INVALID');
  });

  it('refuses a principal without the permission before it reads the body', async () => {
    const response = await send(serve({ access: { permission: 'audit:read' } }), { nonsense: true });
    expect(response.body.code).toBe('AUTH_PERMISSION_MISSING');
    expect(response.status).toBe(403);
  });

  it('lets those who lack their second factor in where that is stated, and nowhere else', async () => {
    const sendBare = (access: Exclude<Access, 'public'>) => send(serve({ access })).set('authorization', 'Bearer bare');
    for (const permission of [null, 'ask'] as const) {
      const { status, body } = await sendBare({ permission });
      expect([status, body.code]).toEqual([403, 'AUTH_SECOND_FACTOR_MISSING']);
    }
    const stated = { permission: null, withoutSecondFactor: true } as const;
    expect((await sendBare(stated)).status).toBe(200);
    expect((await send(serve({ access: stated }))).status).toBe(200);
  });

  it.each([
    ['a key too many', { question: 'why', extra: 1 }],
    ['a wrong type', { question: 7 }],
    ['nothing', {}],
    ['a long value', { question: 'x'.repeat(11) }],
  ])('refuses %s and names the field', async (_what, body) => {
    const response = await send(serve(), body);
    expect(response.status).toBe(400);
    expect(response.body.code).toBe('REQUEST_INVALID');
    expect(response.body.detail).toMatch(/question|extra/);
  });

  it('takes JSON only', async () => {
    const form = await request(serve())
      .post('/v1/try')
      .set('authorization', 'Bearer good')
      .type('form')
      .send('question=why');
    expect([form.status, form.body.code]).toEqual([415, 'REQUEST_UNSUPPORTED_MEDIA']);
    const latin = await send(serve()).set('content-type', 'application/json; charset=latin1');
    expect(latin.body.code).toBe('REQUEST_UNSUPPORTED_MEDIA');
    const packed = await send(serve()).set('content-encoding', 'gzip');
    expect(packed.body.code).toBe('REQUEST_UNSUPPORTED_MEDIA');
  });

  it('refuses a body of more than 64 KiB', async () => {
    const response = await send(serve(), { question: 'x'.repeat(65_536) });
    expect([response.status, response.body.code]).toEqual([413, 'REQUEST_TOO_LARGE']);
  });

  it('answers nothing where the audit record is missing', async () => {
    const response = await send(serve({ handle: async () => ({ body: { text: 'unrecorded' } }) }));
    expect([response.status, response.body.code]).toEqual([503, 'AUDIT_UNAVAILABLE']);
    expect(response.text).not.toContain('unrecorded');
  });

  it('answers nothing that does not fit its own schema', async () => {
    const body = { text: 'hello', secret: 'leak' } as { text: string };
    const response = await send(serve({ audit: null, handle: async () => ({ body }) }));
    expect([response.status, response.body.code]).toEqual([500, 'INTERNAL']);
    expect(response.text).not.toContain('leak');
  });

  it('keeps the words of an unknown error to itself', async () => {
    const handle = async () => {
      throw new Error('SELECT password FROM admins failed');
    };
    const response = await send(serve({ handle }));
    expect(response.status).toBe(500);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.body).toEqual({
      type: '/docs/errors#INTERNAL',
      title: CATALOGUE.INTERNAL.sentence,
      status: 500,
      code: 'INTERNAL',
      detail: CATALOGUE.INTERNAL.sentence,
      request_id: response.headers['x-request-id'],
    });
  });

  it('says when to come back', async () => {
    const handle = async () => {
      throw new SwaliError('EXECUTE_BUSY', { retryAfterS: 2.2 });
    };
    const response = await send(serve({ handle }));
    expect(response.headers['retry-after']).toBe('3');
  });

  it('limits how often one account may call, with Retry-After', async () => {
    const app = serve({}, true);
    for (let count = 0; count < LIMIT_CLASSES.login; count += 1) expect((await send(app)).status).toBe(200);
    const response = await send(app);
    expect([response.status, response.body.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('answers another method with 405 and the methods there are', async () => {
    const response = await request(serve()).delete('/v1/try');
    expect([response.status, response.body.code, response.headers.allow]).toEqual([405, 'METHOD_NOT_ALLOWED', 'POST']);
  });

  it('aborts the signal when the caller hangs up', async () => {
    let aborted: Promise<void> | null = null;
    let started: () => void = () => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const app = serve({
      handle: ({ context }) => {
        aborted = new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve()));
        started();
        return aborted.then(() => ({ body: { text: 'late' } }));
      },
    });
    const server = createServer(app).listen(0);
    try {
      const call = httpRequest({
        port: (server.address() as AddressInfo).port,
        path: '/v1/try',
        method: 'POST',
        headers: { authorization: 'Bearer good', 'content-type': 'application/json' },
      });
      call.on('error', () => {});
      call.end('{"question":"why"}');
      await running;
      call.destroy();
      await aborted;
    } finally {
      server.close();
    }
  });
});

describe('contextOf', () => {
  it('refuses a request that passed no openContext', () => {
    expect(() => contextOf({} as Parameters<typeof contextOf>[0])).toThrow(/openContext/);
  });
});

describe('an endpoint with a name in its path', () => {
  const input = z.strictObject({ id: z.string().regex(/^[a-z]+$/), question: z.string().optional() });
  const serveNamed = (method: 'GET' | 'DELETE' | 'PATCH') =>
    serve({
      method,
      path: '/v1/try/:id',
      input: input as unknown as typeof Q,
      audit: null,
      handle: async ({ input: given }) => ({ body: { text: JSON.stringify(given) } }),
    });

  it.each(['get', 'delete'] as const)('joins it to the query of %s', async (verb) => {
    const app = serveNamed(verb.toUpperCase() as 'GET' | 'DELETE');
    const answer = await request(app)[verb]('/v1/try/abc?question=q').set('authorization', 'Bearer good');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.text)).toEqual({ id: 'abc', question: 'q' });
  });

  it('joins it to the body of PATCH', async () => {
    const answer = await request(serveNamed('PATCH'))
      .patch('/v1/try/abc')
      .set('authorization', 'Bearer good')
      .send({ question: 'q' });
    expect(JSON.parse(answer.body.text)).toEqual({ id: 'abc', question: 'q' });
  });

  it('refuses what does not fit, and a key that is in both', async () => {
    const app = serveNamed('PATCH');
    const send = (path: string, body: object) =>
      request(app).patch(path).set('authorization', 'Bearer good').send(body);
    expect((await send('/v1/try/ABC', {})).body.code).toBe('REQUEST_INVALID');
    expect((await send('/v1/try/%E0%A4', {})).status).toBe(400);
    const twice = await send('/v1/try/abc', { id: 'def' });
    expect([twice.status, twice.body.code]).toEqual([400, 'REQUEST_INVALID']);
    expect((await send('/v1/try/abc', {})).status).toBe(200);
  });

  it('answers 405 with the methods that it takes', async () => {
    const answer = await request(serveNamed('DELETE')).get('/v1/try/abc').set('authorization', 'Bearer good');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'DELETE']);
  });
});

describe('an endpoint that answers in events', () => {
  const schemas = { stage: z.strictObject({ stage: z.string() }), answer: A };
  /** An app whose endpoint sends what a test says. */
  const serveEvents = (
    answer: NonNullable<QuestionEndpoint['events']>['answer'],
    append: (event: AuditEvent) => Promise<void> = async () => {},
    times = { idleMs: 2000, heartbeatMs: 20 },
  ): { readonly app: Express; readonly log: ReturnType<typeof createAuditWitness>['log'] } => {
    const witness = createAuditWitness({ append });
    return {
      app: serve({ events: { schemas, unrecorded: ['stage'], answer } }, false, { witness, streams: times }),
      log: witness.log,
    };
  };
  const take = (app: Express, accept = 'text/event-stream') => send(app).set('accept', accept).buffer(true);

  it('sends each as one line of JSON, numbered, and says what keeps proxies from holding it back', async () => {
    const { app, log } = serveEvents(async ({ context, input }, events) => {
      events.tell('stage', { stage: 'seal' });
      await log.append(record(context.requestId));
      await events.send('answer', { text: `${input.question}\n\nevent: answer` });
    });
    const { status, headers, text } = await take(app);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    expect(text).toBe(
      'id: 1\nevent: stage\ndata: {"stage":"seal"}\n\nid: 2\nevent: answer\ndata: {"text":"why\\n\\nevent: answer"}\n\n',
    );
  });

  it('gives JSON to who does not ask for events before it', async () => {
    const { app } = serveEvents(async () => Promise.reject(new Error('nobody asked for events')));
    for (const accept of ['*/*', 'application/json', 'application/json, text/event-stream'])
      expect((await take(app, accept)).headers['content-type']).toContain('application/');
  });

  it('lets nothing that tells of data leave before its record', async () => {
    const { app } = serveEvents(async (_call, events) => {
      events.tell('stage', { stage: 'seal' });
      await events.send('answer', { text: 'unrecorded' });
    });
    const { text } = await take(app);
    expect(text).not.toContain('unrecorded');
    expect(text).toContain('event: error');
    expect(text).toContain('AUDIT_UNAVAILABLE');
    const silently = serveEvents(async (_call, events) => events.send('answer', { text: 'unrecorded' }));
    expect((await take(silently.app)).body.code).toBe('AUDIT_UNAVAILABLE');
  });

  it('sends nothing that fits no schema of its events', async () => {
    for (const [name, data] of [
      ['answer', { text: 1 }],
      ['rows', {}],
    ] as const) {
      const { app, log } = serveEvents(async ({ context }, events) => {
        await log.append(record(context.requestId));
        await events.send(name, data);
      });
      const { status, body } = await take(app);
      expect([status, body.code]).toEqual([500, 'INTERNAL']);
    }
  });

  it('has a status of its own where it fails before the first, and the same document after', async () => {
    const early = serveEvents(async () => Promise.reject(new SwaliError('EXECUTE_TIMEOUT')));
    const refused = await take(early.app);
    expect([refused.status, refused.body.code]).toEqual([504, 'EXECUTE_TIMEOUT']);
    const late = serveEvents(async (_call, events) => {
      events.tell('stage', { stage: 'seal' });
      throw new SwaliError('EXECUTE_TIMEOUT');
    });
    const { status, headers, text } = await take(late.app);
    expect(status).toBe(200);
    const data = JSON.parse(/event: error\ndata: (.*)\n\n$/.exec(text)?.[1] ?? '');
    expect(data).toEqual({ ...refused.body, request_id: headers['x-request-id'] });
  });

  it('shows signs of life while there is nothing to send', async () => {
    const { app, log } = serveEvents(async ({ context }, events) => {
      events.tell('stage', { stage: 'seal' });
      await log.append(record(context.requestId));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await events.send('answer', { text: 'late' });
    });
    const { text } = await take(app);
    expect(text.split('\n\n').filter((block) => block.startsWith(':')).length).toBeGreaterThan(2);
    expect(text.endsWith('data: {"text":"late"}\n\n')).toBe(true);
  });
});
