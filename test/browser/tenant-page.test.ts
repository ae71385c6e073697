import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD } from '../http/served-gateway.js';
import { serveTenants, type TenantGateway } from '../http/tenant-gateway.js';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.js';

const program = await findChromium();
const NEW_PASSWORD = 'violet tractor hums at noon';

describe.skipIf(program === null)('the page of a gateway with tenants', { timeout: 60_000 }, () => {
  let gateway: TenantGateway;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  beforeAll(async () => {
    gateway = await serveTenants();
    browser = await chromium.launch({ executablePath: program as string, args: CHROMIUM_ARGUMENTS });
    context = await browser.newContext();
    context.setDefaultTimeout(15_000);
    page = await context.newPage();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });

  async function enter(kind: string, identifier: string, password = PASSWORD): Promise<void> {
    await page.getByRole('radio', { name: new RegExp(`an? ${kind}`) }).check();
    await page.getByLabel('Customer number or e-mail address').fill(identifier);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  it('asks for the company once it is needed', async () => {
    await page.goto(`${gateway.url}/`);
    await page.locator('#sign-in').waitFor();
    expect(await page.getByLabel('Company').isVisible()).toBe(false);
    await enter('customer', '7');
    await page.getByRole('alert').getByText('Say which company you belong to.').waitFor();
    await page.getByLabel('Company').fill('globex');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Signed in as customer 7').waitFor();
    await page.getByLabel('Your question').fill('How many orders are there?');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.locator('#answer').getByRole('cell', { name: '1', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('#sign-in').waitFor();
  });

  it('takes the company from its address, also of a mailed link, and signs in with the password that was set', async () => {
    const invited = await gateway.call('POST', '/v1/admin/employees/invite', 'acmeAdmin', {
      identifier: 'new@acme.example',
      role: 'member',
      allow_tables: ['orders'],
    });
    expect(invited.status, invited.text).toBe(201);
    const link = await expect
      .poll(() => /http[^"\s\\]+#invitation=[\w-]+/.exec(gateway.log.join('\n'))?.[0])
      .toBeTruthy()
      .then(() => /http[^"\s\\]+#invitation=[\w-]+/.exec(gateway.log.join('\n'))?.[0] ?? '');
    const { search, hash } = new URL(link);
    expect(search).toBe('?tenant=acme');
    await page.goto(`${gateway.url}/${search}${hash}`);
    await page.getByText('You have been invited.').waitFor();
    expect(page.url()).toBe(`${gateway.url}/?tenant=acme`);
    await page.getByLabel('New password').fill(NEW_PASSWORD);
    await page.getByLabel('The same again').fill(NEW_PASSWORD);
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.getByRole('status').getByText('Your password is set. Sign in with it.').waitFor();
    expect(await page.getByLabel('Company').inputValue()).toBe('acme');
    await enter('employee', 'new@acme.example', NEW_PASSWORD);
    await page.getByText('Signed in as employee new@acme.example').waitFor();
  });
});
