import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNTS, type ServedGateway, serveGateway } from '../http/served-gateway.js';
import { codeAt, wrongCodeAt } from '../unit/identify/second-factor-contract.js';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.js';
import { enterAs, openWatchedPage } from './watched-page.js';

const program = await findChromium();

/** Of the whole gateway, which stands still. */
const NOW = '2026-03-01T12:00:00Z';
const STEP_MS = 30_000;

const COUNT = { question: 'How many orders did I place in 2025?' };

describe.skipIf(program === null)('the session of a browser', { timeout: 60_000 }, () => {
  let gateway: ServedGateway<keyof typeof ACCOUNTS>;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[] = [];

  beforeAll(async () => {
    gateway = await serveGateway(ACCOUNTS, { REQUIRE_TOTP_FOR: 'employee' }, NOW);
    browser = await chromium.launch({ executablePath: program as string, args: CHROMIUM_ARGUMENTS });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });
  beforeEach(async () => {
    ({ context, page, complaints } = await openWatchedPage(browser, gateway.url));
  });
  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });

  const signedInAs = (kind: keyof typeof ACCOUNTS, on = page): Promise<void> =>
    on.getByText(`Signed in as ${kind} ${ACCOUNTS[kind].identifier}`).waitFor();

  async function ask(on = page): Promise<void> {
    await on.getByLabel('Your question').fill(COUNT.question);
    await on.getByRole('button', { name: 'Ask' }).click();
    await on.locator('#table td').first().waitFor();
  }

  const cookieNames = async (): Promise<string[]> => (await context.cookies()).map(({ name }) => name).sort();

  it('outlives a reload, is nowhere that a script can read it, and ends with signing out', async () => {
    const bodies: string[] = [];
    page.on('response', async (response) => {
      if (response.url().includes('/v1/auth/')) bodies.push(await response.text().catch(() => ''));
    });
    await enterAs(page, 'customer');
    await signedInAs('customer');
    await ask();
    await page.reload();
    await signedInAs('customer');
    expect(await page.locator('#sign-in').isVisible()).toBe(false);
    await ask();
    expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([0, 0, '']);

    const cookies = await context.cookies();
    expect(
      cookies.map(({ name, path, httpOnly, sameSite, expires }) => [name, path, httpOnly, sameSite, expires]),
    ).toEqual(
      expect.arrayContaining([
        ['swali-access', '/', true, 'Strict', -1],
        ['swali-refresh', '/v1/auth', true, 'Strict', -1],
        ['swali-csrf', '/', true, 'Strict', -1],
      ]),
    );
    expect(cookies).toHaveLength(3);
    expect(bodies.length).toBeGreaterThan(3);
    for (const { value } of cookies.filter(({ name }) => name !== 'swali-csrf'))
      for (const body of bodies) expect(body).not.toContain(value);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('#sign-in').waitFor();
    expect(await cookieNames()).toEqual([]);
    await page.reload();
    await page.locator('#sign-in').waitFor();
    // What somebody kept of the cookies is worth nothing.
    await context.addCookies(cookies);
    await page.reload();
    await page.locator('#sign-in').waitFor();
    expect(await cookieNames()).toEqual([]);
  });

  it('is refreshed unseen where the access token is gone, in two windows at once, too', async () => {
    await enterAs(page, 'customer');
    await signedInAs('customer');
    const other = await context.newPage();
    await other.goto(gateway.url);
    await signedInAs('customer', other);
    const refreshed: number[] = [];
    context.on('response', (response) => {
      if (response.url().endsWith('/v1/auth/refresh')) refreshed.push(response.status());
    });
    // Both windows would send the same token at the same time, were it not one after the other.
    let waiting: (() => void)[] = [];
    const letGo = (): void => {
      for (const go of waiting) go();
      waiting = [];
    };
    await context.route('**/v1/auth/refresh', async (route) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 2) letGo();
        else setTimeout(letGo, 1000);
      });
      await route.continue();
    });
    for (let round = 0; round < 3; round += 1) {
      await context.clearCookies({ name: 'swali-access' });
      await Promise.all([ask(page), ask(other)]);
    }
    expect(refreshed.length).toBeGreaterThanOrEqual(3);
    expect(new Set(refreshed)).toEqual(new Set([200]));
    await context.clearCookies({ name: 'swali-access' });
    await page.reload();
    await signedInAs('customer');
  });

  it('is over where somebody ended it, and the page says so', async () => {
    await enterAs(page, 'customer');
    await signedInAs('customer');
    const status = await page.evaluate(
      `fetch('/v1/auth/csrf').then((reply) => reply.json()).then(({ csrf_token }) =>
        fetch('/v1/auth/sessions', { method: 'DELETE', headers: { 'x-csrf-token': csrf_token } })).then((reply) => reply.status)`,
    );
    expect(status).toBe(204);
    await page.getByLabel('Your question').fill(COUNT.question);
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByText('You are no longer signed in. Sign in again.').waitFor();
    await page.locator('#sign-in').waitFor();
    expect(await page.locator('#work').isVisible()).toBe(false);
  });

  it('is the same in every window: who signs out or in does so in all of them', async () => {
    await enterAs(page, 'customer');
    await signedInAs('customer');
    await ask();
    const other = await context.newPage();
    await other.goto(gateway.url);
    await signedInAs('customer', other);
    await other.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('#sign-in').waitFor();
    expect(await page.locator('#table td').count()).toBe(0);
    await enterAs(other, 'admin');
    await signedInAs('admin', other);
    await signedInAs('admin');
  });

  it('is not left where signing out does not reach the gateway', async () => {
    await enterAs(page, 'customer');
    await signedInAs('customer');
    await page.route('**/v1/auth/logout', (route) => route.abort());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('The gateway cannot be reached. Try again shortly.').waitFor();
    await signedInAs('customer');
    await page.unroute('**/v1/auth/logout');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('#sign-in').waitFor();
    expect(complaints.splice(0)).toEqual([expect.stringContaining('ERR_FAILED')]);
  });

  it('begins with a code where the account has a second factor, which the page sets up', async () => {
    await enterAs(page, 'admin');
    await signedInAs('admin');
    await page.getByRole('button', { name: 'Second factor' }).click();
    await page.getByText('There is none yet.').waitFor();
    await page.getByRole('button', { name: 'Set up' }).click();
    const secret = (await page.locator('#factor-secret').textContent()) as string;
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    // The picture is there, not only its frame.
    const width = await page.evaluate(
      "document.getElementById('factor-picture').decode().then(() => document.getElementById('factor-picture').naturalWidth)",
    );
    expect(width).toBeGreaterThan(20);
    const at = Date.parse(NOW);
    await page.getByLabel('Code that the app shows').fill(wrongCodeAt(secret, at));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('[AUTH_SECOND_FACTOR_WRONG]').waitFor();
    await page.getByLabel('Code that the app shows').fill(codeAt(secret, at));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('They are shown this one time.').waitFor();
    const codes = await page.locator('#factor-code-list li').allTextContents();
    expect(codes).toHaveLength(10);
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByLabel('Your question').waitFor();
    const html = await page.content();
    for (const each of [secret, ...codes]) expect(html).not.toContain(each);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('#sign-in').waitFor();
    expect(await page.getByLabel('Code of your second factor').first().isVisible()).toBe(false);
    await enterAs(page, 'admin');
    const code = page.locator('#totp');
    await code.waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('totp');
    expect(await page.getByRole('alert').isVisible()).toBe(false);
    await page.keyboard.type(wrongCodeAt(secret, at));
    await page.keyboard.press('Enter');
    await page.getByText('[AUTH_CREDENTIALS_WRONG]').waitFor();
    expect(await cookieNames()).toEqual([]);
    await code.fill(codeAt(secret, at + STEP_MS));
    await page.keyboard.press('Enter');
    await signedInAs('admin');

    // Replacing it takes a code of it, or a recovery code.
    await page.getByRole('button', { name: 'Second factor' }).click();
    await page.getByText('A second factor is in force, with 10 recovery codes left.').waitFor();
    await page.getByLabel('Code of the present one').fill(codes[0] as string);
    await page.getByRole('button', { name: 'Set up' }).click();
    await page.getByLabel('Code that the app shows').waitFor();
    expect(await page.locator('#factor-secret').textContent()).not.toBe(secret);
  });

  it('opens nothing but the second factor to those who must have one, until they do', async () => {
    await enterAs(page, 'employee');
    await page.getByText('Your account must have a second factor.').waitFor();
    await page.getByRole('button', { name: 'Set up' }).waitFor();
    expect(await page.locator('#work').isVisible()).toBe(false);
    await page.reload();
    await page.getByText('Your account must have a second factor.').waitFor();
    await page.getByRole('button', { name: 'Set up' }).click();
    // By keyboard alone: the cursor waits where the code goes.
    await page.locator('#factor-secret:not(:empty)').waitFor();
    const secret = (await page.locator('#factor-secret').textContent()) as string;
    await page.keyboard.type(codeAt(secret, Date.parse(NOW)));
    await page.keyboard.press('Enter');
    await page.locator('#factor-code-list li').first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByLabel('Your question').waitFor();
    expect(await page.getByText('Your account must have a second factor.').isVisible()).toBe(false);
    await signedInAs('employee');
  });
});
