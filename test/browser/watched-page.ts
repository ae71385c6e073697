import type { Browser, BrowserContext, Page } from 'playwright-core';
import { ACCOUNTS, PASSWORD } from '../http/served-gateway.js';

/** A page in a browser profile of its own, with everything noted that it should not do. */
export interface WatchedPage {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained of, and every address outside that the page asked for. A test may take out what it expects. */
  readonly complaints: string[];
}

/** A window as large as a desk's, by day. */
const DESK = { width: 1100, height: 900 };

/**
 * Opens the page of a gateway and waits until it knows who is signed in.
 *
 * @param url of the gateway
 */
export async function openWatchedPage(
  browser: Browser,
  url: string,
  options: { readonly viewport?: typeof DESK; readonly dark?: boolean } = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: options.viewport ?? DESK,
    colorScheme: options.dark ? 'dark' : 'light',
  });
  context.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  await context.exposeFunction('reportViolation', (text: string) => complaints.push(text));
  await context.addInitScript(
    "document.addEventListener('securitypolicyviolation', (event) => reportViolation(event.violatedDirective))",
  );
  const page = await context.newPage();
  page.on('console', (message) => {
    // A refusal over HTTP is no fault of the page; the browser notes it all the same.
    const isRefusal = /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isRefusal) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) complaints.push(request.url());
  });
  await page.goto(url);
  await page.locator('#sign-in').waitFor();
  return { context, page, complaints };
}

/** Fills the form to sign in and sends it. */
export async function enterAs(page: Page, kind: keyof typeof ACCOUNTS, password = PASSWORD): Promise<void> {
  await page.getByRole('radio', { name: new RegExp(`an? ${kind}`) }).check();
  await page.getByLabel('Customer number or e-mail address').fill(ACCOUNTS[kind].identifier);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
