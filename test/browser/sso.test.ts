import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLocalServer } from '../support/local-server.js';
import { openSamlIssuer, readSamlRequest } from '../support/saml-issuer.js';
import { openSsoGateway, type SsoGateway } from '../support/sso-gateway.js';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.js';

const program = await findChromium();
const IDP = 'https://idp.example.org/metadata';

/** For a browser `localhost` and `127.0.0.1` are two sites, as a provider and the gateway are. */
const asOtherSite = (address: string) => address.replace('127.0.0.1', 'localhost');

describe.skipIf(program === null)('single sign-on in a browser', { timeout: 60_000 }, () => {
  const issuer = openSamlIssuer(IDP);
  let provider: Awaited<ReturnType<typeof openLocalServer>>;
  let gateway: SsoGateway;
  let browser: Browser;
  /** The page of the provider's last answer. */
  let answer = '';

  beforeAll(async () => {
    provider = await openLocalServer();
    provider.answerWith((request, response) => {
      // Browsers ask for an icon too.
      if (!request.url?.startsWith('/sso?')) return void response.writeHead(404).end();
      const asked = readSamlRequest(new URL(request.url ?? '/', provider.address).href);
      const xml = issuer.respond(asked, { nameId: 'ann@example.org' });
      answer = `<body onload="document.forms[0].submit()"><form method="post" action="${asked.acs}">
        <input name="SAMLResponse" value="${Buffer.from(xml).toString('base64')}">
        <input name="RelayState" value="${asked.relayState}"></form></body>`;
      response.writeHead(200, { 'content-type': 'text/html' }).end(answer);
    });
    const file = JSON.stringify({
      providers: [
        {
          name: 'office',
          protocol: 'saml',
          kind: 'employee',
          entry_point: `${asOtherSite(provider.address)}/sso`,
          issuer: 'swali',
          idp_issuer: IDP,
          idp_certificate: issuer.publicKey,
          email_verified: 'always',
          email_domains: ['example.org'],
          create: true,
        },
      ],
    });
    gateway = await openSsoGateway(await openLocalServer(), file);
    browser = await chromium.launch({ executablePath: program as string, args: CHROMIUM_ARGUMENTS });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await gateway?.close();
    await provider?.close();
  });

  const complete = () =>
    fetch('/v1/auth/sso/complete', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    }).then(async (response) => [response.status, Object.keys((await response.json()) as object)]);

  it('comes back by a form of another site, which brings no cookie, and is signed in', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const cookies: (string | undefined)[] = [];
    page.on('request', async (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/acs'))
        cookies.push((await request.allHeaders()).cookie);
    });
    await page.goto(`${gateway.address}/`);
    await page.getByRole('link', { name: 'Continue with office (employee)' }).click();
    await page.getByText('Signed in as employee ann@example.org').waitFor();
    expect(page.url()).toBe(`${gateway.address}/`);
    expect(cookies).toEqual([undefined]);
    expect(await page.evaluate('document.cookie')).toBe('');
    // Each step works once.
    expect((await page.evaluate(complete))[0]).toBe(401);
    await page.reload();
    await page.getByText('Signed in as employee ann@example.org').waitFor();
    await context.close();
  });

  it('is not signed in by the answer to somebody else’s request', async () => {
    const attacker = await browser.newContext();
    const begun = await attacker.newPage();
    // The provider's page without its script: the answer is kept back.
    await begun.route('**/acs', (route) => route.abort());
    await begun.goto(`${gateway.address}/v1/auth/sso/office/start`).catch(() => undefined);
    const victim = await browser.newContext();
    const page = await victim.newPage();
    await page.goto(`${gateway.address}/`);
    await page.route('**/lure', (route) => route.fulfill({ contentType: 'text/html', body: answer }));
    await page.goto(`${asOtherSite(provider.address)}/lure`).catch(() => undefined);
    await page.getByRole('alert').getByText('AUTH_SSO_NOT_BEGUN').waitFor();
    expect(await page.locator('#who').isVisible()).toBe(false);
    expect((await page.evaluate(complete))[0]).toBe(401);
    await begun.goto(`${gateway.address}/`);
    expect((await begun.evaluate(complete))[0]).toBe(401);
    await Promise.all([attacker.close(), victim.close()]);
  });
});
