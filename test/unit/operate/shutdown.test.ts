import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHealth } from '../../../src/operate/health.js';
import { createShutdown, type ShutdownParts } from '../../../src/operate/shutdown.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const agents: Agent[] = [];
afterEach(() => {
  for (const agent of agents.splice(0)) agent.destroy();
});

/** A request, and what came of it: the answer's text and its Connection header, or `cut` or `refused`. */
function ask(port: number, agent: Agent): Promise<{ readonly text: string; readonly connection: string | undefined }> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, agent }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve({ text, connection: response.headers.connection }));
      response.on('error', () => resolve({ text: 'cut', connection: undefined }));
    }).on('error', (error: NodeJS.ErrnoException) =>
      resolve({ text: error.code === 'ECONNREFUSED' ? 'refused' : 'cut', connection: undefined }),
    );
  });
}

/** A server whose answers wait until they are let go, and the order in which things happened. */
async function serveSlowly(
  changes: Partial<ShutdownParts> = {},
  answer = (_request: IncomingMessage, response: ServerResponse) => void response.end('done'),
) {
  const events: string[] = [];
  const endings: [string, boolean][] = [];
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let arrive: () => void = () => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const server = createServer(async (request, response) => {
    arrive();
    await released;
    events.push('answered');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const health = createHealth([]);
  const stop = createShutdown({
    server,
    health,
    logger: silent,
    delayMs: 0,
    timeoutMs: 20_000,
    close: async ({ reason, clean }) => {
      events.push('closed');
      endings.push([reason, clean]);
    },
    ...changes,
  });
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return { events, endings, health, stop, release, port, agent, arrived, reply: ask(port, agent) };
}

describe('createShutdown', () => {
  it('is not ready at once, lets requests in flight end, and closes the parts last', async () => {
    const { events, endings, health, stop, release, reply, arrived } = await serveSlowly();
    await arrived;
    const stopped = stop('test');
    expect((await health.readiness()).ready).toBe(false);
    release();
    expect(await stopped).toBe(true);
    expect(await reply).toEqual({ text: 'done', connection: 'close' });
    expect(events).toEqual(['answered', 'closed']);
    expect(endings).toEqual([['test', true]]);
  });

  it('takes requests during the delay, answers that the connection ends, and refuses after it', async () => {
    const { stop, release, reply, port, arrived } = await serveSlowly({ delayMs: 300 });
    release();
    await Promise.all([arrived, reply]);
    const stopped = stop('test');
    const late = new Agent({ keepAlive: true });
    agents.push(late);
    expect(await ask(port, late)).toEqual({ text: 'done', connection: 'close' });
    expect(await stopped).toBe(true);
    expect((await ask(port, new Agent())).text).toBe('refused');
  });

  it('answers a request that comes on a connection that was open and idle', async () => {
    const { stop, release, reply, port, agent, events } = await serveSlowly();
    release();
    expect(await reply).toEqual({ text: 'done', connection: 'keep-alive' });
    const stopped = stop('test');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await ask(port, new Agent())).text).toBe('refused');
    expect(await ask(port, agent)).toEqual({ text: 'done', connection: 'close' });
    expect(await stopped).toBe(true);
    expect(events).toEqual(['answered', 'answered', 'closed']);
  });

  it('ends the connection of an answer whose headers had gone before', async () => {
    let finish: () => void = () => {};
    const { stop, release, reply, arrived } = await serveSlowly({}, (_request, response) => {
      response.write('do');
      finish = () => response.end('ne');
    });
    release();
    await arrived;
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stopped = stop('test');
    // Longer than idle connections are kept, so that only the end of the answer can end this one.
    await new Promise((resolve) => setTimeout(resolve, 400));
    finish();
    expect((await reply).text).toBe('done');
    expect(await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 3000, 'kept alive'))])).toBe(true);
  });

  it('cuts what takes too long, and says so', async () => {
    const { events, endings, stop, reply, arrived } = await serveSlowly({ timeoutMs: 100 });
    await arrived;
    expect(await stop('test')).toBe(false);
    expect((await reply).text).toBe('cut');
    expect(events).toEqual(['closed']);
    expect(endings).toEqual([['test', false]]);
  });

  it('does not wait for connections that have asked for nothing', async () => {
    const { stop, release, reply, port } = await serveSlowly({ timeoutMs: 60_000 });
    release();
    await reply;
    const silentOne = connect(port, '127.0.0.1');
    await new Promise((resolve) => silentOne.once('connect', resolve));
    silentOne.on('error', () => {});
    const late = new Promise((resolve) => setTimeout(resolve, 4000, 'late'));
    expect(await Promise.race([stop('test'), late])).toBe(true);
  });

  it('waits no longer for parts that do not close, or fail to', async () => {
    const hanging = await serveSlowly({ timeoutMs: 200, close: () => new Promise(() => {}) });
    hanging.release();
    expect(await hanging.stop('test')).toBe(false);
    const failing = await serveSlowly({ close: () => Promise.reject(new Error('the store is away')) });
    failing.release();
    expect(await failing.stop('test')).toBe(false);
  });

  it('stops once, however often it is told to', async () => {
    const { events, stop, release, arrived } = await serveSlowly();
    await arrived;
    release();
    await Promise.all([stop('SIGINT'), stop('SIGTERM')]);
    expect(events.filter((event) => event === 'closed')).toHaveLength(1);
  });
});
