import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNTS, PASSWORD, type ServedGateway, serveGateway } from '../http/served-gateway.js';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.js';

const program = await findChromium();

/** What a page got: the answer, or the browser's own refusal to let it read one. */
interface Seen {
  readonly status?: number;
  readonly body?: { readonly status?: string; readonly code?: string; readonly rows?: unknown };
  readonly requestId?: string | null;
  readonly blocked?: string;
}

/** A company's site: one empty page, at an origin of its own. */
async function openSite(): Promise<{ readonly origin: string; readonly server: Server }> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>shop</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://localhost:${(server.address() as AddressInfo).port}`, server };
}

describe.skipIf(program === null)('a page of another origin', { timeout: 60_000 }, () => {
  let gateway: ServedGateway<keyof typeof ACCOUNTS>;
  let browser: Browser;
  let page: Page;
  let shop: Awaited<ReturnType<typeof openSite>>;
  let other: Awaited<ReturnType<typeof openSite>>;
  let token = '';

  beforeAll(async () => {
    [shop, other] = await Promise.all([openSite(), openSite()]);
    gateway = await serveGateway(ACCOUNTS, {});
    await gateway.signIn('admin');
    await gateway.signIn('customer');
    const wanted = { name: 'shop', scopes: ['widget:issue'], origins: [shop.origin], password: PASSWORD };
    const { body } = await gateway.call('POST', '/v1/auth/keys', 'admin', wanted);
    const exchanged = await fetch(`${gateway.url}/v1/widget/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${body.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ customer_number: ACCOUNTS.customer.identifier }),
    });
    ({ token } = (await exchanged.json()) as { token: string });
    browser = await chromium.launch({ executablePath: program as string, args: CHROMIUM_ARGUMENTS });
    page = await browser.newPage();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
    for (const site of [shop, other]) await new Promise((resolve) => site?.server.close(resolve));
  });

  /** Calls the gateway from a page of a site, as its widget would. */
  async function callFrom(origin: string, path: string, body: object | null, bearer = token): Promise<Seen> {
    await page.goto(origin);
    const options = {
      method: body === null ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    };
    return page.evaluate(
      `fetch(${JSON.stringify(gateway.url + path)}, ${JSON.stringify(options)}).then(
        async (response) => ({
          status: response.status,
          body: await response.json(),
          requestId: response.headers.get('x-request-id'),
        }),
        (error) => ({ blocked: String(error) }),
      )`,
    );
  }

  const QUESTION = { question: 'how many orders do I have' };
  const BLOCKED = { blocked: 'TypeError: Failed to fetch' };

  it('asks and reads the answer where the key lists its origin', async () => {
    const seen = await callFrom(shop.origin, '/v1/ask', QUESTION);
    expect([seen.status, seen.body?.status]).toEqual([200, 'answered']);
    const own = await gateway.ask('customer', QUESTION.question);
    expect(seen.body?.rows).toEqual(own.body.rows);
    expect(seen.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect((await callFrom(shop.origin, '/v1/schema', null)).status).toBe(200);
  });

  it('reads why it was refused', async () => {
    const seen = await callFrom(shop.origin, '/v1/ask', { question: '' });
    expect([seen.status, seen.body?.code]).toEqual([422, 'TRANSLATE_QUESTION_INVALID']);
  });

  it('reads nothing from any other origin, with the same token', async () => {
    expect(await callFrom(other.origin, '/v1/ask', QUESTION)).toEqual(BLOCKED);
    expect(await callFrom(other.origin, '/v1/schema', null)).toEqual(BLOCKED);
  });

  it('reads nothing of what is not for widgets, from its own origin either', async () => {
    for (const path of ['/v1/auth/keys', '/v1/auth/sessions', '/livez', '/openapi.json'])
      expect([path, await callFrom(shop.origin, path, null)]).toEqual([path, BLOCKED]);
    expect(await callFrom(shop.origin, '/v1/sql', { sql: 'SELECT 1' })).toEqual(BLOCKED);
  });

  it('reads nothing with a customer’s own access token', async () => {
    const { body } = await gateway.signIn('customer');
    expect(await callFrom(shop.origin, '/v1/ask', QUESTION, body.access_token)).toEqual(BLOCKED);
  });
});
