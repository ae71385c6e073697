import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createHealth } from '../../../src/operate/health.js';
import { createShutdown } from '../../../src/operate/shutdown.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A server whose answers wait until they are let go, and the order in which things happened. */
async function serveSlowly(drainTimeoutMs: number) {
  const events: string[] = [];
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let arrive: () => void = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const server = createServer(async (_request, response) => {
    arrive();
    await released;
    events.push('answered');
    response.end('done');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const health = createHealth([]);
  const stop = createShutdown({
    server,
    health,
    logger: silent,
    drainTimeoutMs,
    close: async () => {
      events.push('closed');
    },
  });
  const { port } = server.address() as AddressInfo;
  const reply = new Promise<string>((resolve) => {
    get({ host: '127.0.0.1', port }, (response) => {
      response.on('data', (chunk) => resolve(String(chunk)));
    }).on('error', () => resolve('cut'));
  });
  await arrived;
  return { events, health, stop, release, reply };
}

describe('createShutdown', () => {
  it('is not ready at once, lets requests in flight end, and closes the parts last', async () => {
    const { events, health, stop, release, reply } = await serveSlowly(5000);
    const stopped = stop('test');
    expect((await health.readiness()).ready).toBe(false);
    release();
    await stopped;
    expect(await reply).toBe('done');
    expect(events).toEqual(['answered', 'closed']);
  });

  it('cuts what takes too long', async () => {
    const { events, stop, reply } = await serveSlowly(50);
    await stop('test');
    expect(await reply).toBe('cut');
    expect(events).toEqual(['closed']);
  });

  it('stops once, however often it is told to', async () => {
    const { events, stop, release } = await serveSlowly(5000);
    release();
    await Promise.all([stop('SIGINT'), stop('SIGTERM')]);
    expect(events.filter((event) => event === 'closed')).toHaveLength(1);
  });
});
