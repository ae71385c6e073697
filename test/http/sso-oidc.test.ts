import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLocalServer } from '../support/local-server.js';
import {
  CLIENT,
  type Crafted,
  type CraftedIssuer,
  openCraftedIssuer,
  openRealIssuer,
  type RealIssuer,
} from '../support/oidc-issuers.js';
import { openSmallBrowser, type SmallBrowser } from '../support/small-browser.js';
import { openSsoGateway, type SsoGateway } from '../support/sso-gateway.js';
import { codeAt, wrongCodeAt } from '../unit/identify/second-factor-contract.js';
import { PASSWORD, signIn } from './open-test-gateway.js';

let real: RealIssuer;
let crafted: CraftedIssuer;
let gateway: SsoGateway;
/** Of the gateway, in milliseconds before everybody else's. */
const clock = { ahead: 0 };

const entries = (realAt: string, craftedAt: string) => `
providers:
  - name: work
    label: The office
    protocol: oidc
    kind: employee
    issuer: ${realAt}
    client_id: ${CLIENT.id}-work
    client_secret: ${CLIENT.secret}
    scopes: [openid, email, groups]
    email_domains: [example.org]
    create: true
    mapping:
      role: { claim: groups, values: { finance: accountant, everyone: viewer } }
      allow_tables: { claim: groups, values: { finance: [orders, payments], everyone: [products] } }
  - name: crafted
    protocol: oidc
    kind: employee
    issuer: ${craftedAt}
    client_id: ${CLIENT.id}
    client_secret_file: crafted-secret
    email_domains: [example.org, BÜCHER.example]
    tiers: [standard]
    create: true
  - name: link-only
    protocol: oidc
    kind: admin
    issuer: ${craftedAt}
    client_id: ${CLIENT.id}
    client_secret: ${CLIENT.secret}
    email_domains: [example.org]
    create: false
  - name: strong
    protocol: oidc
    kind: employee
    issuer: ${craftedAt}
    client_id: ${CLIENT.id}
    client_secret: ${CLIENT.secret}
    email_domains: [example.org]
    create: true
    second_factor: provider
    second_factor_values: [mfa]
  - name: shop
    protocol: oidc
    kind: customer
    issuer: ${craftedAt}
    client_id: ${CLIENT.id}
    client_secret: ${CLIENT.secret}
    email_domains: [example.org]
    create: true
    mapping:
      customer_number: { claim: number }
  - name: shop-info
    protocol: oidc
    kind: customer
    issuer: ${craftedAt}
    client_id: ${CLIENT.id}
    client_secret: ${CLIENT.secret}
    claims_from: userinfo
    email_domains: [example.org]
    create: true
    mapping:
      customer_number: { claim: number }
  - name: down
    protocol: oidc
    kind: employee
    issuer: http://127.0.0.1:1
    client_id: x
    client_secret: y
    email_domains: [example.org]
    create: false
`;

beforeAll(async () => {
  const local = await openLocalServer();
  real = await openRealIssuer(local.address, ['work']);
  crafted = await openCraftedIssuer();
  gateway = await openSsoGateway(local, entries(real.address, crafted.address), {
    env: { REQUIRE_TOTP_FOR: 'employee:manager' },
    surround: { clock: () => Date.now() + clock.ahead },
    files: { 'crafted-secret': `${CLIENT.secret}\n` },
  });
}, 120_000);
afterAll(async () => {
  await gateway?.close();
  await crafted?.close();
  await real?.close();
});

const at = (path: string) => `${gateway.address}/v1/auth/sso${path}`;
const isHome = (address: string) => address.startsWith(`${gateway.address}/`);
const fragmentOf = (response: Response) => new URL(response.headers.get('location') ?? 'x:#none').hash.slice(1);

/** Goes through the pages of the real provider, to the callback, without calling it. */
async function signInThere(browser: SmallBrowser, person: string): Promise<string> {
  const start = await browser.get(at('/work/start'));
  expect(start.status).toBe(303);
  const atPage = await browser.follow(start.headers.get('location')!, (each) => isHome(each));
  // Whoever is signed in there comes back at once.
  if (isHome(atPage)) return atPage;
  const sent = await browser.postForm(atPage, { prompt: 'login', login: person, password: 'any' });
  return browser.follow(new URL(sent.headers.get('location')!, atPage).href, isHome);
}

async function complete(browser: SmallBrowser, body: object = {}) {
  const response = await browser.postJson(at('/complete'), body);
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

/** Begins at the crafted issuer. @returns what the browser is sent there with */
async function begin(browser: SmallBrowser, name: string) {
  const start = await browser.get(at(`/${name}/start`));
  return new URL(start.headers.get('location')!).searchParams;
}

/** Calls back with a code that the issuer takes for the nonce. @returns the fragment */
async function bringBack(browser: SmallBrowser, name: string, asked: URLSearchParams): Promise<string> {
  const query = `code=${asked.get('nonce')}&state=${asked.get('state')}`;
  return fragmentOf(await browser.get(at(`/${name}/callback?${query}`)));
}

/** A whole way over the crafted issuer, up to the callback's answer. @returns its fragment */
async function answerWith(browser: SmallBrowser, name: string, claims: object, rest: Crafted = {}): Promise<string> {
  const asked = await begin(browser, name);
  crafted.next = { ...rest, claims: { ...claims } };
  return bringBack(browser, name, asked);
}

const verified = (sub: string, email: string, rest: object = {}) => ({ sub, email, email_verified: true, ...rest });

async function schemaOf(token: string) {
  const response = await fetch(`${gateway.address}/v1/schema`, { headers: { authorization: `Bearer ${token}` } });
  const body = (await response.json()) as { relations?: { name: string }[]; code?: string };
  return { status: response.status, names: body.relations?.map(({ name }) => name).sort(), code: body.code };
}

const findEmployee = async (identifier: string) =>
  (await gateway.get(`/v1/admin/employees?identifier=${encodeURIComponent(identifier)}`, 'admin')).body.accounts[0];

const lastRecords = async (event: string) =>
  (await gateway.records())
    .map((record) => record.event as Record<string, unknown>)
    .filter((each) => each.event === event);

describe('the list of providers', () => {
  it('tells everybody what the page needs, and nothing else', async () => {
    const { providers } = (await (await fetch(at(''))).json()) as { providers: object[] };
    expect(providers).toHaveLength(7);
    expect(providers[0]).toEqual({ name: 'work', label: 'The office', protocol: 'oidc', kind: 'employee' });
    expect(JSON.stringify(providers)).not.toContain(CLIENT.secret);
  });

  it('has no other provider', async () => {
    const asked = ['/nobody/start', '/nobody/callback?code=c&state=s'].map((path) =>
      fetch(at(path), { redirect: 'manual' }),
    );
    for (const response of await Promise.all(asked)) {
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, 'AUTH_SSO_UNKNOWN']);
    }
  });
});

describe('a sign-in over a real provider', () => {
  it('makes the account, gives it what the groups say, and signs it in', async () => {
    real.people.set('ann', { email: 'Ann@Example.org', email_verified: true, groups: ['finance', 'everyone'] });
    const browser = openSmallBrowser();
    const callback = await signInThere(browser, 'ann');
    expect(new URL(callback).pathname).toBe('/v1/auth/sso/work/callback');
    const answered = await browser.get(callback);
    expect([answered.status, fragmentOf(answered)]).toEqual([303, 'signed-in']);
    expect(answered.headers.get('cache-control')).toBe('no-store');
    const { status, body } = await complete(browser);
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'refresh_token', 'token_type']);
    expect((await schemaOf(body.access_token!)).names).toEqual(['orders', 'payments', 'products']);
    const account = await findEmployee('ann@example.org');
    expect(account).toMatchObject({ role: 'accountant', allow_tables: ['orders', 'payments', 'products'] });
    expect(browser.cookies(gateway.address).size).toBe(0);
    const [login] = await lastRecords('login');
    const about = { subject: account.subject, kind: 'employee', method: 'oidc', provider: 'work' };
    expect(login).toMatchObject({ ...about, decision: 'accepted', code: null });
    const [answer] = await lastRecords('single-sign-on');
    expect(answer).toMatchObject({
      ...about,
      action: 'answer',
      account: 'created',
      before: null,
      decision: 'accepted',
    });
    expect(JSON.stringify(await gateway.records())).not.toContain('ann@example.org');
  });

  it('asks the provider with PKCE, state and nonce, and its cookie is the browser’s own', async () => {
    const start = await openSmallBrowser().get(at('/work/start'));
    const asked = new URL(start.headers.get('location')!).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      client_id: `${CLIENT.id}-work`,
      redirect_uri: at('/work/callback'),
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)?.length).toBeGreaterThanOrEqual(43);
    const [cookie] = start.headers.getSetCookie();
    expect(cookie).toMatch(/^swali-sso=[\w-]{43}; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax$/);
    expect(asked.toString()).not.toContain(cookie!.slice(10, 53));
  });

  it('takes the same account the next time, and takes away what the groups no longer say', async () => {
    const before = await findEmployee('ann@example.org');
    real.people.set('ann', { email: 'ann@example.org', email_verified: true, groups: ['everyone'] });
    const browser = openSmallBrowser();
    await browser.get(await signInThere(browser, 'ann'));
    const { body } = await complete(browser);
    expect((await schemaOf(body.access_token!)).names).toEqual(['products']);
    expect(await findEmployee('ann@example.org')).toEqual({ ...before, role: 'viewer', allow_tables: ['products'] });
    const [answer] = await lastRecords('single-sign-on');
    expect(answer).toMatchObject({
      account: 'known',
      before: { role: 'accountant', allowTables: ['orders', 'payments', 'products'] },
      after: { role: 'viewer', allowTables: ['products'] },
    });
    real.people.set('ann', { email: 'ann@example.org', email_verified: true, groups: [] });
    const other = openSmallBrowser();
    expect(fragmentOf(await other.get(await signInThere(other, 'ann')))).toBe('sso-failed=AUTH_SSO_DENIED');
  });

  it('makes accounts without a password that anybody could type', async () => {
    for (const password of ['*', '', PASSWORD]) {
      const { status } = await signIn(gateway.app, 'employee', 'ann@example.org', password);
      expect(status).toBe(password === '' ? 400 : 401);
    }
  });

  it('takes a callback once, and a code in no other sign-in', async () => {
    real.people.set('ben', { email: 'ben@example.org', email_verified: true, groups: ['everyone'] });
    const browser = openSmallBrowser();
    const callback = await signInThere(browser, 'ben');
    expect(fragmentOf(await browser.get(callback))).toBe('signed-in');
    expect(fragmentOf(await browser.get(callback))).toBe('sso-failed=AUTH_SSO_NOT_BEGUN');
    const start = await browser.get(at('/work/start'));
    const state = new URL(start.headers.get('location')!).searchParams.get('state')!;
    const moved = new URL(callback);
    moved.searchParams.set('state', state);
    expect(fragmentOf(await browser.get(moved.href))).toBe('sso-failed=AUTH_SSO_REFUSED');
  });

  it('takes no code that was drawn by another browser: PKCE', async () => {
    const victim = openSmallBrowser();
    const callback = new URL(await signInThere(victim, 'ben'));
    const attacker = openSmallBrowser();
    const start = await attacker.get(at('/work/start'));
    callback.searchParams.set('state', new URL(start.headers.get('location')!).searchParams.get('state')!);
    expect(fragmentOf(await attacker.get(callback.href))).toBe('sso-failed=AUTH_SSO_REFUSED');
  });

  it('ends the sessions of who signs out at the provider, and no other', async () => {
    real.people.set('cleo', { email: 'cleo@example.org', email_verified: true, groups: ['everyone'] });
    const [here, elsewhere] = [openSmallBrowser(), openSmallBrowser()];
    const tokens: string[] = [];
    for (const browser of [here, elsewhere]) {
      await browser.get(await signInThere(browser, 'cleo'));
      tokens.push((await complete(browser)).body.access_token!);
    }
    for (const token of tokens) expect((await schemaOf(token)).status).toBe(200);
    const page = await here.get(`${real.address}/session/end`);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(await page.text())?.[1];
    await here.postForm(`${real.address}/session/end/confirm`, { xsrf: xsrf!, logout: 'yes' });
    expect((await schemaOf(tokens[0]!)).status).toBe(401);
    // The provider names its own session, and the other browser has one of its own.
    expect((await schemaOf(tokens[1]!)).status).toBe(200);
    const [logout] = await lastRecords('single-sign-on');
    expect(logout).toMatchObject({ action: 'logout', provider: 'work', decision: 'accepted' });
  });
});

describe('a browser that did not begin the sign-in', () => {
  it('is refused with a right state but without the cookie, and with another’s', async () => {
    const attacker = openSmallBrowser();
    const asked = await begin(attacker, 'crafted');
    crafted.next = { claims: verified('mallory', 'mallory@example.org') };
    const callback = at(`/crafted/callback?code=${asked.get('nonce')}&state=${asked.get('state')}`);
    const exchanges = crafted.exchanges.length;
    expect(fragmentOf(await openSmallBrowser().get(callback))).toBe('sso-failed=AUTH_SSO_NOT_BEGUN');
    const victim = openSmallBrowser();
    await begin(victim, 'crafted');
    expect(fragmentOf(await victim.get(callback))).toBe('sso-failed=AUTH_SSO_NOT_BEGUN');
    expect(crafted.exchanges).toHaveLength(exchanges);
    // Nobody else could spoil it.
    expect(fragmentOf(await attacker.get(callback))).toBe('signed-in');
  });

  it('gets no tokens with one of the two secrets alone', async () => {
    const [one, two] = [openSmallBrowser(), openSmallBrowser()];
    expect(await answerWith(one, 'crafted', verified('dora', 'dora@example.org'))).toBe('signed-in');
    const ticket = one.cookies(gateway.address).get('swali-sso-ticket')!;
    const browser = one.cookies(gateway.address).get('swali-sso')!;
    await begin(two, 'crafted');
    const own = two.cookies(gateway.address).get('swali-sso')!;
    const cookies = [
      `swali-sso-ticket=${ticket}`,
      `swali-sso=${browser}`,
      `swali-sso=${own}; swali-sso-ticket=${ticket}`,
    ];
    for (const cookie of cookies) {
      const response = await fetch(at('/complete'), {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
        body: '{}',
      });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
        401,
        'AUTH_SSO_NOT_BEGUN',
      ]);
    }
    expect((await complete(one)).status).toBe(200);
  });

  it('gets tokens once for a ticket, also where two ask at once', async () => {
    const browser = openSmallBrowser();
    await answerWith(browser, 'crafted', verified('dora', 'dora@example.org'));
    const statuses = (await Promise.all([complete(browser), complete(browser), complete(browser)])).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).toEqual([200, 401, 401]);
  });

  it.each([
    ['no state', 'code=c'],
    ['an empty state', 'code=c&state='],
    ['a state that nobody drew', `code=c&state=_${'a'.repeat(43)}`],
    ['a state of another provider', null],
  ])('is refused for %s', async (_name, query) => {
    const browser = openSmallBrowser();
    const asked = await begin(browser, 'link-only');
    const search = query ?? `code=c&state=${asked.get('state')}`;
    expect(fragmentOf(await browser.get(at(`/crafted/callback?${search}`)))).toBe('sso-failed=AUTH_SSO_NOT_BEGUN');
  });
});

describe('an ID token', () => {
  const good = verified('eve', 'eve@example.org');
  const nowS = Math.floor(Date.now() / 1000);
  const attacks: readonly [name: string, why: string, claims: object, rest?: Crafted][] = [
    ['of another nonce', '"nonce" claim value', { nonce: 'another' }],
    ['without a nonce', 'claim missing', {}, { without: ['nonce'] }],
    ['for another audience', '"aud"', { aud: 'somebody-else' }],
    [
      'for another audience too, and not said for whom',
      '"azp"',
      { aud: [CLIENT.id, 'somebody-else'], azp: 'somebody-else' },
    ],
    ['of another issuer', '"iss"', { iss: 'https://evil.example' }],
    ['that has run out', '"exp"', { exp: nowS - 120, iat: nowS - 240 }],
    ['that does not say when it was made', 'claim missing', {}, { without: ['iat'] }],
    ['that never runs out', 'claim missing', {}, { without: ['exp'] }],
    ['that is of the future', '"nbf"', { nbf: nowS + 3600 }],
    ['without a subject', 'claim missing', {}, { without: ['sub'] }],
    ['without a signature', '"alg"', {}, { signature: 'none' }],
    ['signed by another key under the same name', 'signature verification failed', {}, { signature: 'foreign' }],
    ['signed with the client’s secret', '"alg"', {}, { signature: 'secret' }],
  ];

  it('is tried in every bad way', () => {
    expect(attacks).toHaveLength(13);
  });

  it.each(attacks)('is refused: %s', async (_name, why, claims, rest = {}) => {
    const browser = openSmallBrowser();
    expect(await answerWith(browser, 'crafted', { ...good, ...claims }, rest)).toBe('sso-failed=AUTH_SSO_REFUSED');
    expect(gateway.lastReason()).toContain(why);
    expect((await complete(browser)).status).toBe(401);
    const [login] = await lastRecords('login');
    expect(login).toMatchObject({ decision: 'refused', code: 'AUTH_SSO_REFUSED', subject: null, provider: 'crafted' });
  });

  it('is taken where nothing is wrong with it', async () => {
    expect(await answerWith(openSmallBrowser(), 'crafted', good)).toBe('signed-in');
  });
});

describe('what a provider answers besides', () => {
  it('an error is told as a refusal, in none of its words', async () => {
    const browser = openSmallBrowser();
    const asked = await begin(browser, 'crafted');
    const query = `error=access_denied&error_description=%3Cscript%3E&state=${asked.get('state')}`;
    const response = await browser.get(at(`/crafted/callback?${query}`));
    expect(response.headers.get('location')).toBe(`${gateway.address}/#sso-failed=AUTH_SSO_REFUSED`);
  });

  it('a redirect of the token endpoint is not followed, and a flood is not read', async () => {
    const stolen: string[] = [];
    const elsewhere = await openLocalServer();
    elsewhere.answerWith((request, response) => {
      stolen.push(request.url ?? '');
      response.writeHead(200).end('{}');
    });
    const redirect = { status: 307, headers: { location: `${elsewhere.address}/token` }, body: '' };
    const flood = {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: `{"a":"${'a'.repeat(300_000)}"}`,
    };
    for (const answer of [redirect, flood]) {
      crafted.replaced.set('/token', answer);
      expect(await answerWith(openSmallBrowser(), 'crafted', verified('x', 'x@example.org'))).toMatch(
        /^sso-failed=AUTH_SSO_/,
      );
    }
    crafted.replaced.delete('/token');
    expect(stolen).toEqual([]);
    await elsewhere.close();
  });

  it('nothing: the page is told so', async () => {
    expect(fragmentOf(await openSmallBrowser().get(at('/down/start')))).toBe('sso-failed=AUTH_SSO_UNAVAILABLE');
  });
});

describe('the account', () => {
  const denied = 'sso-failed=AUTH_SSO_DENIED';

  it.each([
    ['an address that is not verified', { email_verified: false }],
    ['an address that is said to be verified in words', { email_verified: 'true' }],
    ['an address of which nothing is said', { email_verified: undefined }],
    ['another domain', { email: 'fay@evil.example' }],
    ['a domain that ends like a listed one', { email: 'fay@evil-example.org' }],
    ['a domain below a listed one', { email: 'fay@sub.example.org' }],
    ['two domains', { email: 'fay@example.org@evil.example' }],
    ['an invisible character', { email: 'fay\u200b@example.org' }],
    ['no address', { email: undefined }],
    ['a list of addresses', { email: ['fay@example.org'] }],
  ])('is not linked or made by %s', async (_name, claims) => {
    const said = { ...verified('fay', 'fay@example.org'), ...claims };
    expect(await answerWith(openSmallBrowser(), 'crafted', said)).toBe(denied);
    expect(await findEmployee('fay@example.org')).toBeUndefined();
  });

  it('is found by its verified address once, and by the subject from then on', async () => {
    const browser = openSmallBrowser();
    expect(await answerWith(browser, 'crafted', verified('ada-1', 'ADA@example.org'))).toBe('signed-in');
    const ada = await findEmployee('ada@example.org');
    const [answer] = await lastRecords('single-sign-on');
    expect(answer).toMatchObject({ account: 'linked', subject: ada.subject, before: null, after: null });
    // The address now belongs to somebody else there: it opens nothing.
    expect(await answerWith(openSmallBrowser(), 'crafted', verified('ada-2', 'ada@example.org'))).toBe(denied);
    // And Ada keeps her account under her new one, which need not even be verified.
    expect(await answerWith(browser, 'crafted', { sub: 'ada-1', email: 'ada@elsewhere.example' })).toBe('signed-in');
    expect((await lastRecords('single-sign-on'))[0]).toMatchObject({ account: 'known', subject: ada.subject });
  });

  it('is another’s where the subject differs in case or by a blank', async () => {
    for (const sub of ['ADA-1', 'ada-1 '])
      expect(await answerWith(openSmallBrowser(), 'crafted', { sub, email: 'ada@elsewhere.example' })).toBe(denied);
  });

  it('is only found, not made, where the provider may not make any', async () => {
    expect(await answerWith(openSmallBrowser(), 'link-only', verified('gil', 'gil@example.org'))).toBe(denied);
    expect(await answerWith(openSmallBrowser(), 'link-only', verified('root', 'root@example.org'))).toBe('signed-in');
    // An employee of that address is no admin.
    expect(await answerWith(openSmallBrowser(), 'link-only', verified('vera', 'vera@example.org'))).toBe(denied);
  });

  it('may not come in where its tier is not listed, and may by a password', async () => {
    const vera = await findEmployee('vera@example.org');
    const setTo = (change: object) =>
      fetch(`${gateway.address}/v1/admin/employees/${vera.id}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.tokens.admin}` },
        body: JSON.stringify(change),
      });
    const browser = openSmallBrowser();
    expect(await answerWith(browser, 'crafted', verified('vera', 'vera@example.org'))).toBe('signed-in');
    await setTo({ tier: 'free' });
    // Between the answer and the tokens, too.
    expect(await complete(browser)).toMatchObject({ status: 403, body: { code: 'AUTH_SSO_DENIED' } });
    expect(await answerWith(openSmallBrowser(), 'crafted', verified('vera', 'vera@example.org'))).toBe(denied);
    expect((await signIn(gateway.app, 'employee', 'vera@example.org')).status).toBe(200);
    await setTo({ tier: 'standard', status: 'disabled' });
    expect(await answerWith(openSmallBrowser(), 'crafted', verified('vera', 'vera@example.org'))).toBe(denied);
    await setTo({ status: 'active' });
    expect(await answerWith(openSmallBrowser(), 'crafted', verified('vera', 'vera@example.org'))).toBe('signed-in');
  });

  it('has one subject at a provider, also where two come at once for the first time', async () => {
    const browsers = Array.from({ length: 5 }, () => openSmallBrowser());
    const asked = await Promise.all(browsers.map((browser) => begin(browser, 'crafted')));
    crafted.next = { claims: verified('hal', 'hal@example.org') };
    const fragments = await Promise.all(browsers.map((browser, n) => bringBack(browser, 'crafted', asked[n]!)));
    expect(fragments).toEqual(Array.from({ length: 5 }, () => 'signed-in'));
    const answers = (await lastRecords('single-sign-on')).slice(0, 5);
    expect(new Set(answers.map(({ subject }) => subject)).size).toBe(1);
    expect(answers.filter(({ account }) => account === 'created').length).toBeLessThanOrEqual(1);
  });

  it('of a customer has the number that the provider says, as long as it does', async () => {
    const read = async () =>
      (await gateway.get('/v1/admin/customers?identifier=ida@example.org', 'admin')).body.accounts[0]?.customer_number;
    expect(await answerWith(openSmallBrowser(), 'shop', verified('ida', 'ida@example.org', { number: 777 }))).toBe(
      'signed-in',
    );
    expect(await read()).toBe('777');
    expect(await answerWith(openSmallBrowser(), 'shop', verified('ida', 'ida@example.org', { number: 'C-9' }))).toBe(
      'signed-in',
    );
    expect(await read()).toBe('C-9');
    // The number of somebody else, and what is none.
    for (const number of ['103', 'a b', 'x@y', 1.5, {}])
      expect(await answerWith(openSmallBrowser(), 'shop', verified('ida', 'ida@example.org', { number }))).toBe(denied);
    expect(await read()).toBe('C-9');
    expect(await answerWith(openSmallBrowser(), 'shop', verified('ida', 'ida@example.org'))).toBe('signed-in');
    expect(await read()).toBeNull();
  });

  it('is exported with its identities, and they go with it', async () => {
    await answerWith(openSmallBrowser(), 'crafted', verified('jo', 'jo@example.org'));
    const { id } = await findEmployee('jo@example.org');
    const { body } = await gateway.get(`/v1/admin/employees/${id}/export`, 'admin');
    expect(body.identities).toMatchObject([{ provider: 'crafted', issuer: crafted.address, subject: 'jo' }]);
    const erased = await fetch(`${gateway.address}/v1/admin/employees/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${gateway.tokens.admin}` },
    });
    expect(erased.status).toBe(204);
    // The same person is somebody new.
    expect(await answerWith(openSmallBrowser(), 'crafted', verified('jo', 'jo@example.org'))).toBe('signed-in');
    expect((await findEmployee('jo@example.org')).id).not.toBe(id);
  });
});

describe('the second factor', () => {
  const post = async (token: string, path: string, body: object) => {
    const response = await fetch(`${gateway.address}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Record<string, string & string[]>;
  };

  it('is asked for where the account has one, and the ticket waits for it', async () => {
    const lea = verified('lea', 'lea@example.org');
    const first = openSmallBrowser();
    expect(await answerWith(first, 'crafted', lea)).toBe('signed-in');
    const token = (await complete(first)).body.access_token!;
    const { secret } = await post(token, '/v1/auth/second-factor', {});
    const { recovery_codes: codes } = await post(token, '/v1/auth/second-factor/confirm', {
      totp: codeAt(secret!, Date.now()),
    });
    const browser = openSmallBrowser();
    expect(await answerWith(browser, 'crafted', lea)).toBe('sso-code');
    expect(await complete(browser)).toMatchObject({ status: 401, body: { code: 'AUTH_SECOND_FACTOR_REQUIRED' } });
    const wrong = { totp: wrongCodeAt(secret!, Date.now()) };
    expect(await complete(browser, wrong)).toMatchObject({ status: 401, body: { code: 'AUTH_CREDENTIALS_WRONG' } });
    expect((await complete(browser, { totp: codes![0] })).status).toBe(200);
    expect((await complete(browser, { totp: codes![1] })).status).toBe(401);
    const [accepted, refused] = (await lastRecords('login')).filter(({ provider }) => provider === 'crafted');
    expect(accepted).toMatchObject({ decision: 'accepted', method: 'oidc' });
    expect(refused).toMatchObject({ decision: 'refused', code: 'AUTH_CREDENTIALS_WRONG' });
  });

  it('waits five minutes for a code, and one minute where none is needed', async () => {
    const mia = verified('mia', 'mia@example.org');
    for (const [person, waits] of [
      [mia, false],
      [verified('lea', 'lea@example.org'), true],
    ] as const) {
      const browser = openSmallBrowser();
      await answerWith(browser, 'crafted', person);
      clock.ahead += 61_000;
      const { body } = await complete(browser);
      expect(body.code).toBe(waits ? 'AUTH_SECOND_FACTOR_REQUIRED' : 'AUTH_SSO_NOT_BEGUN');
      clock.ahead += 240_000;
      expect((await complete(browser)).body.code).toBe('AUTH_SSO_NOT_BEGUN');
      clock.ahead = 0;
    }
  });

  it('of the provider is taken where the file says so, and demanded then', async () => {
    const noa = (amr: unknown) => verified('noa', 'noa@example.org', { amr });
    for (const amr of [undefined, ['pwd'], 'pwd', [['mfa']], { mfa: true }])
      expect(await answerWith(openSmallBrowser(), 'strong', noa(amr))).toBe('sso-failed=AUTH_SSO_DENIED');
    const browser = openSmallBrowser();
    expect(await answerWith(browser, 'strong', noa(['pwd', 'mfa']))).toBe('signed-in');
    expect((await complete(browser)).status).toBe(200);
  });

  it('of the provider is enough for who must have one, in sessions that it began and in no other', async () => {
    const { id } = await findEmployee('noa@example.org');
    const response = await fetch(`${gateway.address}/v1/admin/employees/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.tokens.admin}` },
      body: JSON.stringify({ role: 'manager' }),
    });
    expect(response.status).toBe(200);
    const codes: (string | undefined)[] = [];
    for (const name of ['strong', 'crafted']) {
      const browser = openSmallBrowser();
      const acr = name === 'strong' ? 'mfa' : undefined;
      expect(await answerWith(browser, name, verified('noa', 'noa@example.org', { acr }))).toBe('signed-in');
      codes.push((await schemaOf((await complete(browser)).body.access_token!)).code);
    }
    expect(codes).toEqual([undefined, 'AUTH_SECOND_FACTOR_MISSING']);
  });
});

describe('a sign-in that takes too long', () => {
  it('is refused after ten minutes', async () => {
    const browser = openSmallBrowser();
    const asked = await begin(browser, 'crafted');
    clock.ahead = 601_000;
    crafted.next = { claims: verified('ola', 'ola@example.org') };
    expect(await bringBack(browser, 'crafted', asked)).toBe('sso-failed=AUTH_SSO_NOT_BEGUN');
    clock.ahead = 0;
  });
});

describe('claims at userinfo', () => {
  it('are read there where the file says so, for the subject of the ID token alone', async () => {
    const said = (body: object) => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    crafted.replaced.set('/userinfo', said(verified('pia', 'pia@example.org', { number: 4711 })));
    expect(await answerWith(openSmallBrowser(), 'shop-info', { sub: 'pia' })).toBe('signed-in');
    const { body } = await gateway.get('/v1/admin/customers?identifier=pia@example.org', 'admin');
    expect(body.accounts[0].customer_number).toBe('4711');
    crafted.replaced.set('/userinfo', said(verified('somebody', 'root@example.org')));
    expect(await answerWith(openSmallBrowser(), 'shop-info', { sub: 'pia' })).toBe('sso-failed=AUTH_SSO_REFUSED');
    crafted.replaced.delete('/userinfo');
  });
});

describe('a logout token', () => {
  const LOGOUT = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const nowS = () => Math.floor(Date.now() / 1000);
  const good = (jti: string): JWTPayload => ({
    iss: crafted.address,
    aud: CLIENT.id,
    iat: nowS(),
    jti,
    sub: 'kim',
    events: LOGOUT,
  });
  const send = async (token: string, name = 'crafted') => {
    const response = await openSmallBrowser().postForm(at(`/${name}/backchannel-logout`), { logout_token: token });
    return response.status;
  };
  const signInKim = async () => {
    const browser = openSmallBrowser();
    await answerWith(browser, 'crafted', verified('kim', 'kim@example.org', { sid: 's1' }));
    return (await complete(browser)).body.access_token!;
  };

  const bad: readonly [name: string, how: object | ((token: JWTPayload) => Promise<string>)][] = [
    ['signed by another key', (claims) => crafted.signForeign(claims, 'logout+jwt')],
    [
      'without a signature',
      async (claims) =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`,
    ],
    ['that is an access token by its type', (claims) => crafted.sign(claims, 'at+jwt')],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another audience', { aud: 'another' }],
    ['that is old', { iat: nowS() - 3600 }],
    ['of the future', { iat: nowS() + 3600 }],
    ['without a time', { iat: undefined }],
    ['without an id', { jti: undefined }],
    ['with a nonce: an ID token', { nonce: 'n' }],
    ['without events', { events: undefined }],
    ['of another event', { events: { other: {} } }],
    ['about nobody', { sub: undefined }],
  ];

  it('is tried in every bad way', () => expect(bad).toHaveLength(13));

  it.each(bad)('ends nothing: %s', async (_name, how) => {
    const token = await signInKim();
    const claims = good(`bad-${_name}`);
    const text = how instanceof Function ? await how(claims) : await crafted.sign({ ...claims, ...how }, 'logout+jwt');
    expect(await send(text)).toBe(400);
    expect((await schemaOf(token)).status).toBe(200);
  });

  it('ends the sessions of its subject, of that provider, and works once', async () => {
    const first = await signInKim();
    const waiting = openSmallBrowser();
    await answerWith(waiting, 'crafted', verified('kim', 'kim@example.org'));
    const token = await crafted.sign(good('once'), 'logout+jwt');
    expect(await send(token)).toBe(200);
    expect((await schemaOf(first)).status).toBe(401);
    // Nor does a ticket of before bring one back.
    expect((await complete(waiting)).status).toBe(401);
    const second = await signInKim();
    expect(await send(token)).toBe(400);
    expect((await schemaOf(second)).status).toBe(200);
    // Another provider of the same issuer knows another identity.
    expect(await send(await crafted.sign(good('other'), 'logout+jwt'), 'strong')).toBe(200);
    expect((await schemaOf(second)).status).toBe(200);
    // By the provider's session alone.
    expect(
      await send(
        await crafted.sign(
          { iss: crafted.address, aud: CLIENT.id, iat: nowS(), jti: 'sid', sid: 's1', events: LOGOUT },
          'logout+jwt',
        ),
      ),
    ).toBe(200);
    expect((await schemaOf(second)).status).toBe(401);
  });
});
