import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Admission, AdmissionClass } from '../../../src/domain/ports.js';
import { classOf, createDoor } from '../../../src/http/door.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server behind a door that lets in what `isOpen` says. */
async function serve(isOpen: (kind: AdmissionClass) => boolean, isLate = false) {
  const events: string[] = [];
  const admission: Admission = {
    enter(kind) {
      const leave = isOpen(kind) ? () => void events.push(`left ${kind}`) : null;
      return isLate ? Promise.resolve(leave) : leave;
    },
    noteAnswer: () => undefined,
    inFlight: () => ({ ask: 0, 'sign-in': 0, other: 0 }),
    limit: () => 1,
  };
  const server = createServer(
    createDoor(
      admission,
      () => 0.5,
      (request, response) => {
        events.push(`served ${request.url}`);
        response.end('served');
      },
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.closeAllConnections() ?? server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, events };
}

describe('createDoor', () => {
  it.each([false, true])(
    'refuses with a problem that says when to come back, and serves nothing (late: %s)',
    async (late) => {
      const { url, events } = await serve(() => false, late);
      const response = await fetch(`${url}/v1/sql`, { method: 'POST', body: 'x'.repeat(100_000) });
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('2');
      expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      const problem = await response.json();
      expect(problem).toMatchObject({ code: 'OVERLOADED', request_id: response.headers.get('x-request-id') });
      expect(events).toEqual([]);
    },
  );

  it.each([false, true])('lets in, and gives the place back once the answer has left (late: %s)', async (late) => {
    const { url, events } = await serve(() => true, late);
    expect(await (await fetch(`${url}/v1/schema`)).text()).toBe('served');
    await expect.poll(() => events).toEqual(['served /v1/schema', 'left other']);
  });

  it('answers probes and figures however much there is to do', async () => {
    const { url } = await serve(() => false);
    for (const path of ['/livez', '/readyz', '/healthz/deep', '/metrics', '/readyz?verbose'])
      expect((await fetch(url + path)).status).toBe(200);
  });
});

it.each([
  ['/v1/ask', 'ask'],
  ['/v1/sql?x', 'ask'],
  ['/v1/export', 'ask'],
  ['/v1/asking', 'other'],
  ['/v1/auth/customer/login', 'sign-in'],
  ['/v1/auth/password', 'sign-in'],
  ['/v1/auth/refresh', 'other'],
  ['/v1/auth/sessions/7', 'other'],
  ['/v1/schema', 'other'],
  ['/metrics', null],
  ['/metrics/more', 'other'],
])('counts %s as %s', (url, kind) => {
  expect(classOf({ url })).toBe(kind);
});
