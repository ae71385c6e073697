import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingRequest } from '../../../src/domain/outgoing.js';
import { createGuardedFetch, type ResolvedAddress } from '../../../src/operate/guarded-fetch.js';
import { makeCertificate } from '../../support/mail-server.js';

const open: { close(done: () => void): unknown; closeAllConnections?(): void }[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections?.();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  }
});

interface Receiver {
  readonly port: number;
  readonly requests: string[];
}

/** A real server on one address of this machine, which writes down what it is asked. */
async function listen(host: string, port = 0, answer: RequestListener = (_, response) => void response.end('ok')) {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method} ${request.headers.host}${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  open.push(server);
  return { port: (server.address() as AddressInfo).port, requests } satisfies Receiver;
}

/** Answers look-ups in turn, the last for ever; a stand-in for a name server that changes its mind. */
function answersOf(...answers: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const resolve = async (host: string): Promise<readonly ResolvedAddress[]> => {
    const found = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(host);
    return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { asked, resolve };
}

const get = (url: string): OutgoingRequest => ({ method: 'GET', url, headers: {}, body: null });
const post = (url: string, body: string): OutgoingRequest => ({ method: 'POST', url, headers: { 'x-a': 'b' }, body });

describe('a name that is bound anew between judgement and connection', () => {
  it('leads to the address that was judged, by one look-up', async () => {
    const good = await listen('127.0.0.2');
    const bad = await listen('127.0.0.1', good.port);
    const names = answersOf(['127.0.0.2'], ['127.0.0.1']);
    const allowed = [{ host: '127.0.0.2', port: good.port }];
    const send = createGuardedFetch({ production: false, allowed, resolve: names.resolve });
    expect(await send(get(`http://rebind.test:${good.port}/x`))).toMatchObject({ status: 200, body: 'ok' });
    expect(good.requests).toEqual([`GET rebind.test:${good.port}/x`]);
    expect(bad.requests).toEqual([]);
    expect(names.asked).toEqual(['rebind.test']);
  });

  it('is judged again for the next call', async () => {
    const good = await listen('127.0.0.2');
    const bad = await listen('127.0.0.1', good.port);
    const names = answersOf(['127.0.0.2'], ['127.0.0.1']);
    const allowed = [{ host: '127.0.0.2', port: good.port }];
    const send = createGuardedFetch({ production: false, allowed, resolve: names.resolve });
    await send(get(`http://rebind.test:${good.port}/`));
    await expect(send(get(`http://rebind.test:${good.port}/`))).rejects.toMatchObject({
      code: 'OUTGOING_REFUSED',
      detail: 'the name goes to an address that is loopback',
    });
    expect(bad.requests).toEqual([]);
  });

  it('is refused where one of its addresses is closed, whichever stands first', async () => {
    const good = await listen('127.0.0.2');
    const bad = await listen('127.0.0.1', good.port);
    const allowed = [{ host: '127.0.0.2', port: good.port }];
    for (const both of [
      ['127.0.0.2', '127.0.0.1'],
      ['127.0.0.1', '127.0.0.2'],
      ['127.0.0.2', '::ffff:127.0.0.1'],
    ]) {
      const send = createGuardedFetch({ production: false, allowed, resolve: answersOf(both).resolve });
      await expect(send(get(`http://two.test:${good.port}/`))).rejects.toMatchObject({ code: 'OUTGOING_REFUSED' });
    }
    expect([...good.requests, ...bad.requests]).toEqual([]);
  });

  it.each(['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', '64:ff9b::7f00:1', '0.0.0.0', '0x7f.1'])(
    'is refused where it leads to %s, and nothing is connected',
    async (address) => {
      const send = createGuardedFetch({ production: false, allowed: [], resolve: answersOf([address]).resolve });
      await expect(send(get('http://hooks.example.com/'))).rejects.toMatchObject({ code: 'OUTGOING_REFUSED' });
    },
  );

  it('is refused where it has no address', async () => {
    const send = createGuardedFetch({ production: false, allowed: [], resolve: answersOf([]).resolve });
    await expect(send(get('http://hooks.example.com/'))).rejects.toMatchObject({ code: 'OUTGOING_REFUSED' });
  });

  it('is not asked for where the URL has an address, which is judged by itself', async () => {
    const there = await listen('127.0.0.1');
    const names = answersOf(['127.0.0.1']);
    const send = createGuardedFetch({ production: false, allowed: [], resolve: names.resolve });
    const spellings = ['127.0.0.1', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]', '127。0。0。1', '127.1.'];
    for (const host of spellings)
      await expect(send(get(`http://${host}:${there.port}/`))).rejects.toMatchObject({ code: 'OUTGOING_REFUSED' });
    expect([there.requests, names.asked]).toEqual([[], []]);
  });
});

describe('a call', () => {
  const allowing = (port: number, options: Partial<Parameters<typeof createGuardedFetch>[0]> = {}) =>
    createGuardedFetch({ production: false, allowed: [{ host: '127.0.0.1', port }], ...options });

  it('brings method, headers and body, and takes status, headers and body back', async () => {
    let body = '';
    const there = await listen('127.0.0.1', 0, async (request, response) => {
      for await (const part of request) body += String(part);
      response.writeHead(201, { 'Retry-After': '7' }).end(String(request.headers['x-a']));
    });
    const answer = await allowing(there.port)(post(`http://127.0.0.1:${there.port}/p?q=1`, 'hello'));
    expect(answer).toMatchObject({ status: 201, body: 'b', truncated: false, headers: { 'retry-after': '7' } });
    expect([there.requests, body]).toEqual([[`POST 127.0.0.1:${there.port}/p?q=1`], 'hello']);
  });

  it('follows no redirect', async () => {
    const inner = await listen('127.0.0.1');
    const outer = await listen('127.0.0.1', 0, (_, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${inner.port}/` }).end(),
    );
    expect(await allowing(outer.port)(get(`http://127.0.0.1:${outer.port}/`))).toMatchObject({ status: 307 });
    expect(inner.requests).toEqual([]);
  });

  it('reads no more of an answer than its bound, and waits for no more', async () => {
    const there = await listen('127.0.0.1', 0, (_, response) => void response.write('x'.repeat(5000)));
    const send = allowing(there.port, { maxBodyBytes: 100 });
    const answer = await send(get(`http://127.0.0.1:${there.port}/`));
    expect([answer.body.length, answer.truncated]).toEqual([100, true]);
  });

  it('ends where the receiver says nothing', async () => {
    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    open.push(silent);
    const sockets: { destroy(): void }[] = [];
    silent.on('connection', (socket) => sockets.push(socket));
    const { port } = silent.address() as AddressInfo;
    const send = allowing(port, { timeoutMs: 100 });
    await expect(send(get(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({ code: 'OUTGOING_FAILED' });
    for (const socket of sockets) socket.destroy();
  });

  it('ends where the answer stops in its middle', async () => {
    const there = await listen('127.0.0.1', 0, (_, response) => void response.write('x'));
    const send = allowing(there.port, { timeoutMs: 200 });
    await expect(send(get(`http://127.0.0.1:${there.port}/`))).rejects.toMatchObject({ code: 'OUTGOING_FAILED' });
  });

  it('ends where a name server says nothing', async () => {
    const resolve = () => new Promise<readonly ResolvedAddress[]>(() => undefined);
    const send = createGuardedFetch({ production: false, allowed: [], resolve, timeoutMs: 100 });
    await expect(send(get('http://hooks.example.com/'))).rejects.toMatchObject({ code: 'OUTGOING_FAILED' });
  });

  it('speaks TLS to who has a certificate of the name, and to nobody else', async () => {
    const { key, cert } = makeCertificate();
    const server = createTlsServer({ key, cert }, (_, response) => void response.end('safe'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(server);
    const { port } = server.address() as AddressInfo;
    const { resolve } = answersOf(['127.0.0.1']);
    const trusting = allowing(port, { production: true, certificates: cert, resolve });
    expect(await trusting(get(`https://localhost:${port}/`))).toMatchObject({ body: 'safe' });
    for (const [send, host] of [
      [trusting, 'other.test'],
      [allowing(port, { resolve }), 'localhost'],
    ] as const)
      await expect(send(get(`https://${host}:${port}/`))).rejects.toMatchObject({ code: 'OUTGOING_FAILED' });
  });
});
