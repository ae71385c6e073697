import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProviderFetch } from '../../../../src/identify/sso/provider-fetch.js';
import { type LocalServer, openLocalServer } from '../../../support/local-server.js';

let server: LocalServer;
let asked: string[] = [];
beforeAll(async () => {
  server = await openLocalServer();
  server.answerWith((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/long') response.end('a'.repeat(300 * 1024));
    else if (request.url === '/on') response.writeHead(302, { location: '/there' }).end();
    else if (request.url === '/nothing') response.writeHead(204).end();
    else response.end('hello');
  });
});
afterAll(() => server.close());

const init = { method: 'GET', headers: {}, body: undefined, redirect: 'manual' } as const;
const own = () => new Set([new URL(server.address).host]);

describe('the way out to a provider', () => {
  it('reads what is short, and what is empty', async () => {
    const fetch = createProviderFetch(own(), { plainHttp: true });
    expect(await (await fetch(`${server.address}/`, init)).text()).toBe('hello');
    expect((await fetch(`${server.address}/nothing`, init)).status).toBe(204);
  });

  it('goes to no other host, port or scheme, and asks nothing there', async () => {
    asked = [];
    const elsewhere = createProviderFetch(new Set(['login.example.org']), { plainHttp: true });
    await expect(elsewhere(`${server.address}/`, init)).rejects.toThrow('is not a host of this provider');
    const onlyTls = createProviderFetch(own(), { plainHttp: false });
    await expect(onlyTls(`${server.address}/`, init)).rejects.toThrow('the address is not https');
    const { port } = new URL(server.address);
    const fetch = createProviderFetch(own(), { plainHttp: true });
    await expect(fetch(`http://localhost:${port}/`, init)).rejects.toThrow('is not a host of this provider');
    expect(asked).toEqual([]);
  });

  it('follows no redirect', async () => {
    asked = [];
    const fetch = createProviderFetch(own(), { plainHttp: true });
    expect((await fetch(`${server.address}/on`, init)).status).toBe(302);
    expect(asked).toEqual(['/on']);
  });

  it('reads nothing that is too long', async () => {
    const fetch = createProviderFetch(own(), { plainHttp: true });
    await expect(fetch(`${server.address}/long`, init)).rejects.toThrow('the answer is longer than');
  });
});
