import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, type BrowserContext, chromium, type Page, type Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestGateway, type TestGateway } from '../http/open-test-gateway.js';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.js';
import { enterAs } from './watched-page.js';

const program = await findChromium();

const PUBLIC_URL = 'https://ask.example.com';
const NEIGHBOUR = 'https://evil.example.com';

/** The browser believes that it speaks https with the public address; the test stands where the proxy does that ends TLS. */
describe.skipIf(program === null)('the session of a browser by https', { timeout: 60_000 }, () => {
  let gateway: TestGateway;
  let server: Server;
  let behind = '';
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    gateway = await openTestGateway({ PUBLIC_URL });
    server = createServer(gateway.app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    behind = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({ executablePath: program as string, args: CHROMIUM_ARGUMENTS });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await new Promise((resolve) => server?.close(resolve));
    await gateway?.close();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    context.setDefaultTimeout(15_000);
    await context.route(`${PUBLIC_URL}/**`, handOn);
    page = await context.newPage();
    await page.goto(PUBLIC_URL);
  });
  afterEach(() => context.close());

  async function handOn(route: Route): Promise<void> {
    const request = route.request();
    const { pathname, search } = new URL(request.url());
    const body = request.postData();
    const response = await fetch(`${behind}${pathname}${search}`, {
      method: request.method(),
      headers: await request.allHeaders(),
      ...(body === null ? {} : { body }),
    });
    const headers = Object.fromEntries(response.headers);
    await route.fulfill({
      status: response.status,
      // Several of them are told apart by lines.
      headers: { ...headers, 'set-cookie': response.headers.getSetCookie().join('\n') },
      body: Buffer.from(await response.arrayBuffer()),
    });
  }

  it('is in cookies that this host alone can set, and lasts and ends as by http', async () => {
    await enterAs(page, 'customer');
    await page.getByText('Signed in as customer 103').waitFor();
    const cookies = await context.cookies();
    expect(
      cookies
        .map(({ name, domain, path, httpOnly, secure, sameSite }) => [name, domain, path, httpOnly, secure, sameSite])
        .sort(),
    ).toEqual([
      ['__Host-swali-access', 'ask.example.com', '/', true, true, 'Strict'],
      ['__Host-swali-csrf', 'ask.example.com', '/', true, true, 'Strict'],
      ['__Secure-swali-refresh', 'ask.example.com', '/v1/auth', true, true, 'Strict'],
    ]);
    await page.reload();
    await page.getByText('Signed in as customer 103').waitFor();
    await context.clearCookies({ name: '__Host-swali-access' });
    await page.getByLabel('Your question').fill('How many orders did I place in 2025?');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.locator('#table td').first().waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('#sign-in').waitFor();
    expect(await context.cookies()).toEqual([]);
  });

  it('is taken over by no neighbour of the domain that plants cookies', async () => {
    await enterAs(page, 'customer');
    await page.getByText('Signed in as customer 103').waitFor();
    const mine = await context.cookies();
    const planted = ['__Host-swali-access', '__Host-swali-csrf', '__Secure-swali-refresh'].flatMap((name) =>
      ['/', '/v1/auth', '/v1/auth/refresh'].map((path) => `${name}=theirs; Domain=example.com; Path=${path}; Secure`),
    );
    await context.route(`${NEIGHBOUR}/**`, (route) =>
      route.fulfill({ contentType: 'text/html', body: 'neighbour', headers: { 'set-cookie': planted.join('\n') } }),
    );
    const other = await context.newPage();
    await other.goto(NEIGHBOUR);
    const theirs = (await context.cookies()).filter(({ value }) => value === 'theirs');
    // Browsers keep the prefix __Host- for the host itself; the refresh token's cookie can be planted beside ours.
    expect(theirs.map(({ name }) => name)).toEqual(Array(3).fill('__Secure-swali-refresh'));

    // With two of one name neither is read: the session goes on while its access token lasts, and ends as this account's.
    await page.getByLabel('Your question').fill('How many orders did I place in 2025?');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.locator('#table td').first().waitFor();
    await context.clearCookies({ name: '__Host-swali-access' });
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByText('You are no longer signed in. Sign in again.').waitFor();
    const now = await context.cookies();
    for (const { name, value } of mine.filter((each) => each.name === '__Secure-swali-refresh'))
      expect(now).toContainEqual(expect.objectContaining({ name, value }));
    // The page says so first, and closes then.
    await page.locator('#work').waitFor({ state: 'hidden' });
  });
});
