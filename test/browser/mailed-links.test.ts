import { type Browser, type BrowserContext, chromium, type Page, type Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNTS, PASSWORD, type ServedGateway, serveGateway } from '../http/served-gateway.js';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.js';
import { enterAs, openWatchedPage } from './watched-page.js';

const program = await findChromium();

const TOKEN = 'q7_Zx-0pL2mN8vB4cD6eF1gH3jK5lM7nP9rS2tU4wY';
const NEW_PASSWORD = 'violet tractor hums at noon';

/** The endpoints that the page calls are answered by the test: what is looked at is what the page sends and shows. */
describe.skipIf(program === null)('links that lead to the page', { timeout: 60_000 }, () => {
  let gateway: ServedGateway<keyof typeof ACCOUNTS>;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[] = [];
  /** What was posted where. */
  let posted: [string, unknown][] = [];

  beforeAll(async () => {
    gateway = await serveGateway(ACCOUNTS, {});
    browser = await chromium.launch({ executablePath: program as string, args: CHROMIUM_ARGUMENTS });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });
  beforeEach(async () => {
    posted = [];
    ({ context, page, complaints } = await openWatchedPage(browser, gateway.url));
  });
  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });

  /** Answers an endpoint in the gateway's place and notes what is posted to it. */
  async function play(path: string, answer: (route: Route) => Promise<void>): Promise<void> {
    await page.route(`**${path}`, async (route) => {
      posted.push([path, route.request().postDataJSON()]);
      await answer(route);
    });
  }
  const refuse =
    (code: string, detail: string, status = 400) =>
    (route: Route) =>
      route.fulfill({
        status,
        contentType: 'application/problem+json',
        body: JSON.stringify({ code, detail, status }),
      });
  /** Another page of the same site first, so that the address is loaded, not only changed behind the `#`. */
  async function follow(fragment: string): Promise<void> {
    await page.goto('about:blank');
    await page.goto(`${gateway.url}/${fragment}`);
  }

  it.each([
    ['invitation', '/v1/auth/invitations/accept', 'You have been invited.'],
    ['reset', '/v1/auth/password/reset', 'Choose a new password.'],
  ])('set a password: #%s', async (name, path, words) => {
    await play(path, (route) => route.fulfill({ status: 204 }));
    await follow(`#${name}=${TOKEN}`);
    await page.getByText(words).waitFor();
    expect(page.url()).toBe(`${gateway.url}/`);
    expect(await page.content()).not.toContain(TOKEN);
    expect(await page.locator('#sign-in').isVisible()).toBe(false);
    // By keyboard alone: the cursor waits in the first field.
    await page.keyboard.type(NEW_PASSWORD);
    await page.keyboard.press('Tab');
    await page.keyboard.type('another one altogether');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('The two passwords differ. Type the same one twice.').waitFor();
    expect(posted).toEqual([]);
    await page.getByLabel('The same again').fill(NEW_PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('Your password is set. Sign in with it.').waitFor();
    expect(posted).toEqual([[path, { token: TOKEN, password: NEW_PASSWORD }]]);
    await page.locator('#sign-in').waitFor();
    expect(await page.getByRole('alert').isVisible()).toBe(false);
    expect(await page.locator('#new-password').inputValue()).toBe('');
    // Going back does not bring the token again.
    await page.reload();
    await page.locator('#sign-in').waitFor();
  });

  it('say why a link or a password is refused, and let one try again', async () => {
    await play('/v1/auth/password/reset', refuse('IDENTITY_INPUT_INVALID', 'The password is easy to guess.'));
    await follow(`#reset=${TOKEN}`);
    await page.getByLabel('New password').fill(NEW_PASSWORD);
    await page.getByLabel('The same again').fill(NEW_PASSWORD);
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.getByText('The password is easy to guess. [IDENTITY_INPUT_INVALID]').waitFor();
    await page.getByRole('button', { name: 'Set password' }).click();
    await expect.poll(() => posted.length).toBe(2);
  });

  it('work in a window that shows the page already', async () => {
    await enterAs(page, 'customer');
    await page.getByText('Signed in as customer 103').waitFor();
    await page.evaluate(`location.hash = '#invitation=${TOKEN}'`);
    await page.getByText('You have been invited.').waitFor();
    expect(page.url()).toBe(`${gateway.url}/`);
    expect(await page.locator('#work').isVisible()).toBe(false);
  });

  it('are asked for by whoever forgot their password, alike for every account', async () => {
    await play('/v1/auth/password/forgot', (route) => route.fulfill({ status: 202, json: {} }));
    await page.getByRole('button', { name: 'Forgot password?' }).click();
    expect(posted).toEqual([]);
    expect(await page.evaluate('document.activeElement.id')).toBe('identifier');
    await page.getByRole('radio', { name: 'an employee' }).check();
    await page.getByLabel('Customer number or e-mail address').fill('ada@example.org');
    await page.getByRole('button', { name: 'Forgot password?' }).click();
    await page.getByRole('status').getByText('If there is such an account,').waitFor();
    expect(posted).toEqual([['/v1/auth/password/forgot', { kind: 'employee', identifier: 'ada@example.org' }]]);
  });

  describe('of single sign-on', () => {
    const COMPLETE = '/v1/auth/sso/complete';
    /** Signs in for real, as whoever the provider named would be. */
    const complete = (route: Route) =>
      route.continue({
        url: `${gateway.url}/v1/auth/customer/login`,
        postData: JSON.stringify({ ...ACCOUNTS.customer, kind: undefined, password: PASSWORD, session: 'cookie' }),
      });

    it('are there for each provider, and lead to it', async () => {
      expect(await page.locator('#single-sign-on').isVisible()).toBe(false);
      const providers = [
        { name: 'head office', protocol: 'oidc', kind: 'employee' },
        { name: '<b>x</b>', protocol: 'saml', kind: 'customer' },
      ];
      await page.route('**/v1/auth/sso', (route) => route.fulfill({ json: { providers } }));
      const started: string[] = [];
      await page.route('**/v1/auth/sso/*/start', (route) => {
        started.push(new URL(route.request().url()).pathname);
        return route.fulfill({ contentType: 'text/html', body: '<title>provider</title>' });
      });
      await follow('');
      await page.getByRole('link', { name: 'Continue with <b>x</b> (customer)' }).waitFor();
      await page.getByRole('link', { name: 'Continue with head office (employee)' }).focus();
      await page.keyboard.press('Enter');
      await expect.poll(() => page.title()).toBe('provider');
      expect(started).toEqual(['/v1/auth/sso/head%20office/start']);
    });

    it('sign whoever comes back in', async () => {
      await play(COMPLETE, complete);
      await follow('#signed-in');
      await page.getByText('Signed in as customer 103').waitFor();
      expect(page.url()).toBe(`${gateway.url}/`);
      expect(posted).toEqual([[COMPLETE, { session: 'cookie' }]]);
      await page.reload();
      await page.getByText('Signed in as customer 103').waitFor();
    });

    it('ask for a code where the account has a second factor', async () => {
      await play(COMPLETE, (route) =>
        posted.length === 1
          ? refuse('AUTH_SECOND_FACTOR_REQUIRED', 'Send a code of your second factor too.', 401)(route)
          : complete(route),
      );
      await follow('#signed-in');
      await page.getByRole('heading', { name: 'One more step' }).waitFor();
      expect(await page.evaluate('document.activeElement.id')).toBe('provider-totp');
      expect(await page.getByRole('alert').isVisible()).toBe(false);
      await page.keyboard.type('123456');
      await page.keyboard.press('Enter');
      await page.getByText('Signed in as customer 103').waitFor();
      expect(posted[1]).toEqual([COMPLETE, { totp: '123456', session: 'cookie' }]);
      expect(await page.locator('#provider-code').isVisible()).toBe(false);
    });

    it('say that it did not work, in no words but a code', async () => {
      await follow('#sso-failed=AUTH_CREDENTIALS_WRONG');
      await page.getByText('Signing in with the provider did not work. [AUTH_CREDENTIALS_WRONG]').waitFor();
      await page.locator('#sign-in').waitFor();
      await follow('#sso-failed=Call%20this%20number');
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').textContent()).toBe('Signing in with the provider did not work.');
      expect(page.url()).toBe(`${gateway.url}/`);

      await play(COMPLETE, refuse('AUTH_TOKEN_INVALID', 'It took too long.', 401));
      await follow('#signed-in');
      await page.getByText('It took too long. [AUTH_TOKEN_INVALID]').waitFor();
      await page.locator('#sign-in').waitFor();
    });
  });
});
