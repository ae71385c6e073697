import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNTS, PASSWORD, type ServedGateway, serveGateway } from '../http/served-gateway.js';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.js';
import { enterAs, openWatchedPage } from './watched-page.js';

const program = await findChromium();

/** What a page can have a browser send: fetch in its modes, forms of each kind, and what needs no script. */
const ATTACK = `async (gateway) => {
  const login = JSON.stringify({ identifier: '103', password: ${JSON.stringify(PASSWORD)}, session: 'cookie' });
  const targets = [
    ['POST', '/v1/auth/logout', '{}'], ['POST', '/v1/auth/refresh', '{}'], ['DELETE', '/v1/auth/sessions', undefined],
    ['POST', '/v1/auth/keys', '{"name":"theirs","scopes":["ask"]}'], ['POST', '/v1/auth/customer/login', login],
    ['POST', '/v1/sql', '{"sql":"SELECT 1 AS n"}'], ['GET', '/v1/auth/csrf', undefined], ['GET', '/v1/auth/me', undefined],
  ];
  const outcomes = [];
  const note = (name, work) => work.then((reply) => outcomes.push([name, reply.type, reply.status]), () => outcomes.push([name, 'error', 0]));
  for (const [method, path, body] of targets) {
    for (const type of ['application/json', 'text/plain'])
      for (const mode of ['cors', 'no-cors']) {
        const headers = body === undefined ? {} : { 'content-type': type };
        await note(method + ' ' + path + ' ' + type + ' ' + mode,
          fetch(gateway + path, { method, mode, headers, body, credentials: 'include' }));
      }
    await note(method + ' ' + path + ' with a header',
      fetch(gateway + path, { method, headers: { 'x-csrf-token': 'x' }, body, credentials: 'include' }));
    if (method === 'POST')
      for (const enctype of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']) {
        const frame = document.createElement('iframe');
        frame.name = 'f' + outcomes.length;
        const form = document.createElement('form');
        Object.assign(form, { action: gateway + path, method: 'post', enctype, target: frame.name });
        const field = document.createElement('input');
        Object.assign(field, { name: body.slice(0, -1) + ',"a":"', value: '"}' });
        form.append(field);
        document.body.append(frame, form);
        const loaded = new Promise((resolve) => { frame.onload = resolve; setTimeout(resolve, 1000); });
        form.submit();
        await loaded;
        outcomes.push(['form ' + path, 'form', 0]);
      }
    if (method === 'GET') {
      const image = new Image();
      await new Promise((resolve) => { image.onload = image.onerror = resolve; image.src = gateway + path; });
      outcomes.push(['image ' + path, 'image', 0]);
    }
  }
  return outcomes;
}`;

describe.skipIf(program === null)('a foreign page', { timeout: 120_000 }, () => {
  let gateway: ServedGateway<keyof typeof ACCOUNTS>;
  let browser: Browser;
  let foreign: Server;
  let port = 0;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    gateway = await serveGateway(ACCOUNTS, {});
    await gateway.signIn('admin');
    browser = await chromium.launch({ executablePath: program as string, args: CHROMIUM_ARGUMENTS });
    foreign = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>foreign</title><body>');
    });
    await new Promise<void>((resolve) => foreign.listen(0, resolve));
    ({ port } = foreign.address() as AddressInfo);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await new Promise((resolve) => foreign?.close(resolve));
    await gateway?.stop();
  });
  beforeEach(async () => {
    ({ context, page } = await openWatchedPage(browser, gateway.url));
  });
  afterEach(() => context.close());

  const cookies = async () => (await context.cookies()).map(({ name, value }) => `${name}=${value}`).sort();
  /** What changed anything, or was asked, by the audit log. */
  const records = async (): Promise<unknown[]> => {
    const { body } = await gateway.call('GET', '/v1/audit?limit=200', 'admin');
    const isAct = ({ event }: { event: { event: string } }) => !['audit-read', 'refusal'].includes(event.event);
    return body.records.filter(isAct);
  };

  it.each([
    // Another site: the browser sends no cookie along.
    ['on another site', 'localhost', false],
    // The same host on another port is the same site: cookies come along, and only the gateway can refuse.
    ['on another port of the same host', '127.0.0.1', false],
    // There a browser asks first before it posts JSON for a page. Were that not so, the rest would still hold.
    ['that could post JSON', '127.0.0.1', true],
  ])('%s achieves nothing', async (_what, host, isJson) => {
    await enterAs(page, 'employee');
    await page.getByText('Signed in as employee').waitFor();
    const before = await cookies();
    expect(before).toHaveLength(3);
    const recorded = (await records()).length;

    const sent: string[] = [];
    const answered: number[] = [];
    const attacker = await context.newPage();
    attacker.on('request', async (request) => {
      const headers = await request.allHeaders().catch(() => ({}) as Record<string, string>);
      if (request.url().startsWith(gateway.url)) sent.push(headers.cookie ?? '');
    });
    attacker.on('response', (response) => {
      if (response.url().startsWith(gateway.url) && response.request().method() !== 'GET')
        answered.push(response.status());
    });
    if (isJson)
      await attacker.route(`${gateway.url}/**`, async (route) => {
        const headers = await route.request().allHeaders();
        await route.continue({ headers: { ...headers, 'content-type': 'application/json' } });
      });
    await attacker.goto(`http://${host}:${port}/`);
    const outcomes = (await attacker.evaluate(`(${ATTACK})(${JSON.stringify(gateway.url)})`)) as [
      string,
      string,
      number,
    ][];

    expect(outcomes.length).toBeGreaterThanOrEqual(50);
    // No answer can be read: they are opaque, or an error.
    expect(outcomes.filter(([, type]) => !['opaque', 'error', 'form', 'image'].includes(type))).toEqual([]);
    expect(answered.length).toBeGreaterThanOrEqual(5);
    expect(answered.filter((status) => status < 400)).toEqual([]);
    const carried = sent.filter((each) => each.includes('swali-access=')).length;
    if (host === 'localhost') expect(carried).toBe(0);
    else expect(carried).toBeGreaterThan(5);

    expect(await cookies()).toEqual(before);
    expect((await records()).slice(0, -recorded)).toEqual([]);
    // And whoever is signed in still is: the page works, and signs out.
    await page.reload();
    await page.getByText('Signed in as employee').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('#sign-in').waitFor();
    expect((await records()).length).toBe(recorded + 1);
    expect(await cookies()).toEqual([]);
  });

  it('cannot put the gateway’s page into a frame', async () => {
    await page.goto(`http://localhost:${port}/`);
    const inside = await page.evaluate(
      `new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.onload = () => { try { resolve(frame.contentDocument === null ? 'closed' : 'open'); } catch { resolve('closed'); } };
        frame.src = ${JSON.stringify(gateway.url)};
        document.body.append(frame);
      })`,
    );
    expect(inside).toBe('closed');
    expect(page.frames().map((frame) => frame.url())).not.toContain(`${gateway.url}/`);
  });
});
