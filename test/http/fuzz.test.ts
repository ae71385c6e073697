import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import fc from 'fast-check';
import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../src/errors/catalogue.js';
import { openTestGateway, type TestGateway } from './open-test-gateway.js';

/** Inputs of each kind that every endpoint is sent. */
const INPUTS = 30;
const SEED = 4;

let gateway: TestGateway;
let server: Server;
beforeAll(async () => {
  gateway = await openTestGateway({ QUERY_TIMEOUT_MS: '500' });
  server = createServer(gateway.app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}, 120_000);
afterAll(async () => {
  await new Promise((resolve) => server?.close(resolve));
  await gateway?.close();
});

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { content: Record<string, { schema: { properties?: Record<string, unknown> } }> };
}

/** Texts that fit most schemas and mean trouble behind them. */
const TEXTS = [
  ...['', '0', '-1', '103', '1e3', '9'.repeat(40), 'SELECT 1', "' OR 1=1 --", 'root@example.org', 'a'.repeat(512)],
  ...[
    'ROOT@EXAMPLE.ORG',
    'r\u043e\u043et@example.org',
    'root@example.org\u200b',
    '\u202e103',
    '１０３',
    '\u0000',
    '\ud800',
  ],
  ...['__proto__', 'constructor', '../../etc/passwd', '%00', '{{7*7}}', '\r\nX-A: b'],
];
const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
  fc.string({ unit: 'binary', maxLength: 30 }),
);

/** Values that a body may hold, wrong ones mostly. */
const value = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.string(), { maxLength: 3 }),
  fc.object({ maxDepth: 2 }),
);

/** Bodies that are no object of these properties, or barely one. */
const RAW_BODIES: readonly (readonly [string, string | Buffer])[] = [
  ['nothing', ''],
  ['no JSON', '{'],
  ['a list', '[1, 2]'],
  ['null', 'null'],
  ['a number', '7'],
  ['a key twice', '{"question": "a", "question": "b"}'],
  ['a prototype', '{"__proto__": {"admin": true}, "question": "a"}'],
  ['a constructor', '{"constructor": {"prototype": {"admin": true}}}'],
  ['deep nesting', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
  ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['1 MiB', JSON.stringify({ question: 'a'.repeat(1024 * 1024) })],
  ['a byte order mark', '\ufeff{"question": "a"}'],
];

const TYPES = [
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json; charset=utf-16',
  '',
];

async function readOperations(): Promise<(readonly [string, string, Operation])[]> {
  const { body } = await request(server).get('/openapi.json');
  return Object.entries(body.paths as Record<string, Record<string, Operation>>).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => [method, path, operation] as const),
  );
}

/** Every outcome is an answer, or a refusal with a code and its own status; never a fault of ours. */
function assertCoded(response: Response, sent: string): void {
  const { status, body } = response;
  if (status < 400) return;
  expect(Object.keys(CATALOGUE), sent).toContain(body.code);
  expect(body.status, sent).toBe(status);
  expect(body.code, `${sent}\n${JSON.stringify(body)}`).not.toBe('INTERNAL');
  expect(status, `${sent}\n${JSON.stringify(body)}`).toBeLessThan(500);
}

/** Half of a pair of surrogates has no place in an address. */
const encodePart = (part: string) => encodeURIComponent(part.replace(/\p{Cs}/gu, '')) || 'x';

/** A body as its type writes it; what is no text stands in a form as a form would say it. */
function writeBody(type: string, body: object): string {
  if (type === 'application/json') return JSON.stringify(body);
  const fields = Object.entries(body).map(([name, part]): [string, string] => [name, String(part)]);
  return new URLSearchParams(fields).toString();
}

const AS = [null, 'customer', 'viewer', 'employee', 'admin'] as const;

describe('any input', () => {
  it('is answered or refused with a code, at every endpoint of the document', { timeout: 300_000 }, async () => {
    const operations = await readOperations();
    expect(operations.length).toBeGreaterThanOrEqual(12);
    let sent = 0;
    const statuses = new Map<number, number>();
    for (const [at, [method, path, { parameters, requestBody }]] of operations.entries()) {
      const [type, stated] = Object.entries(requestBody?.content ?? {})[0] ?? [];
      const names = Object.keys(stated?.schema.properties ?? {});
      const bodyOf = <T>(part: T) => Object.fromEntries(names.map((name) => [name, part]));
      const body = fc.oneof(fc.record(bodyOf(text)), fc.record(bodyOf(value), { requiredKeys: [] }));
      const query = fc.array(
        fc.tuple(
          fc.constantFrom('limit', 'after', 'cursor', 'from', 'format', '__proto__', 'limit[]', 'a.b'),
          fc.string(),
        ),
      );
      const drawn = fc.sample(fc.record({ body, query, part: text, as: fc.constantFrom(...AS) }), {
        numRuns: INPUTS,
        seed: SEED + at,
      });
      const listed = TEXTS.map((each) => ({
        body: bodyOf(each),
        query: names.length === 0 ? [['limit', each] as [string, string]] : [],
        part: each,
        as: 'admin' as const,
      }));
      const inputs = [...drawn, ...listed];
      for (const input of inputs) {
        const inPath = parameters.filter((each) => each.in === 'path').map(({ name }) => name);
        const filled = inPath.reduce((text, name) => text.replace(`{${name}}`, encodePart(input.part)), path);
        const search = new URLSearchParams(input.query);
        const to = method === 'get' || method === 'delete' ? `${filled}?${search}` : filled;
        const call = request(server)[method as 'get' | 'post'](to);
        if (input.as !== null) call.set('authorization', `Bearer ${gateway.tokens[input.as]}`);
        if (type !== undefined) call.set('content-type', type).send(writeBody(type, input.body));
        const response = await call;
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        assertCoded(response, `${method} ${to} as ${input.as} ${JSON.stringify(input.body)}`);
        sent += 1;
      }
    }
    expect(sent).toBe(operations.length * (INPUTS + TEXTS.length));
    // It reaches what stands behind the schemas, and is not all one refusal.
    expect(statuses.get(415) ?? 0).toBe(0);
    for (const status of [200, 400, 401, 403]) expect(statuses.get(status) ?? 0, `${status}`).toBeGreaterThan(20);
    // Nobody was given a prototype, and the gateway still answers.
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect((await request(server).get('/readyz')).status).toBe(200);
  });

  it('is refused where it is no JSON object of a known type', { timeout: 120_000 }, async () => {
    const operations = (await readOperations()).filter(([, , { requestBody }]) => requestBody);
    expect(operations.length).toBeGreaterThanOrEqual(7);
    for (const [method, path] of operations) {
      for (const [name, body] of RAW_BODIES)
        for (const type of TYPES) {
          const response = await request(server)
            [method as 'post'](path.replace(/\{\w+\}/g, 'x'))
            .set('authorization', `Bearer ${gateway.tokens.admin}`)
            .set('content-type', type)
            .serialize((each: unknown) => each as string)
            .send(body);
          assertCoded(response, `${method} ${path} ${name} as ${type}`);
          expect(response.status, `${method} ${path} ${name} as ${type}`).toBeGreaterThanOrEqual(400);
        }
    }
  });
});

/** Sends bytes as they are and gives what comes back until the connection ends. */
function exchange(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(3000, () => socket.destroy());
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(received));
    socket.on('error', (error) => (received === '' ? reject(error) : resolve(received)));
  });
}

describe('a request that two servers could read in two ways', () => {
  const head = 'POST /v1/auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n';
  const inner = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';

  it.each([
    ['two lengths', `${head}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}${inner}`],
    ['a length and chunks', `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`],
    ['chunks under another name', `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`],
    ['a space before the colon', `${head}Content-Length : 2\r\n\r\n{}${inner}`],
    ['a bare line feed', `${head.replaceAll('\r\n', '\n')}Content-Length: 2\n\n{}${inner}`],
    ['a length that is none', `${head}Content-Length: +2\r\n\r\n{}${inner}`],
    ['a NUL in a header', `${head}X-A: a\0b\r\nContent-Length: 2\r\n\r\n{}${inner}`],
  ])('is refused: %s', async (_name, bytes) => {
    const received = await exchange(bytes);
    expect(received).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(received).not.toContain('"status":"ok"');
  });
});
