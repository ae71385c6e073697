/**
 * The requests that `bench/sqlmap.mjs` hands to sqlmap: for each operation of the gateway valid ones, with every parameter
 * marked. Words that begin with `standIn` and the numbers from 7000001 on stand for what the relay puts in their place.
 */
import { Secret, TOTP } from 'otpauth';
import { addAccount, call, freshName, PASSWORD, PROVIDERS, signIn, TENANT } from './sqlmap-gateway.mjs';
import { RENAMED } from './sqlmap-relay.mjs';

const TABLES = ['branches', 'customers', 'orders', 'order_items', 'payments', 'products'];
const ORIGIN = 'https://shop.example.com';
const SAML_RESPONSE = Buffer.from('<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>').toString(
  'base64url',
);
const ACCOUNT_ID = 7000001;
const GROUP_ID = 7000002;
const MEMBER = 'employee:7000003';
const KEY_ID = '7000004700000470';
const CODE = '7000005';
const NUMBER = '7000006';

/** Who calls. `me` of the supplies is an account of this kind, and of this run of sqlmap alone. */
const CUSTOMER = { kind: 'customer', details: {} };
/** The one of the demonstration, whose number has orders. */
const BUYER = { kind: 'customer', isBuyer: true };
const EMPLOYEE = { kind: 'employee', details: { role: 'member', allow_tables: TABLES } };
/** Sees one table. */
const CLERK = { kind: 'employee', details: { role: 'member', allow_tables: ['orders'] } };
const ADMIN = { kind: 'admin', details: {} };

/**
 * What makes the supplies of one run of sqlmap.
 *
 * @param request of {@link describeRequests}: whose account `me` is, how it signs in, whether it has a second factor (`begun`,
 *   `confirmed`), and of which kind the account is that it manages
 */
export function createMakers(gateway, { as, caller = as, session = 'token', factor = null, managed = 'customer' }) {
  const api = (method, path, options) => call(gateway.url, method, path, options);
  const root = { token: gateway.rootToken };
  return {
    async me() {
      const { kind, details, isBuyer } = caller;
      const account = isBuyer ? gateway.buyer : await addAccount(gateway, kind, details);
      const me = { ...account, ...(await signIn(gateway.url, kind, account.identifier, session)) };
      if (factor === null) return me;
      const token = session === 'token' ? me.access : (await signIn(gateway.url, kind, me.identifier, 'token')).access;
      const { secret } = (await api('POST', '/v1/auth/second-factor', { token, body: {} })).body;
      const readCode = () => new TOTP({ secret: Secret.fromBase32(secret) }).generate();
      if (factor === 'begun') return { ...me, readCode };
      const body = { totp: readCode() };
      const confirmed = (await api('POST', '/v1/auth/second-factor/confirm', { token, body })).body;
      const codes = confirmed.recovery_codes;
      return { ...me, readCode: () => codes[0] };
    },
    async ownSession(supplies) {
      const me = await supplies.get('me');
      return signIn(gateway.url, caller.kind, me.identifier, 'token');
    },
    async ownKey(supplies) {
      const { access: token } = await supplies.get('me');
      const body = { name: 'nightly', scopes: ['ask'], password: PASSWORD };
      return (await api('POST', '/v1/auth/keys', { token, body })).body;
    },
    async siteKey() {
      const account = await addAccount(gateway, 'admin');
      const { access: token } = await signIn(gateway.url, 'admin', account.identifier, 'token');
      const body = { name: 'shop', scopes: ['widget:issue'], origins: [ORIGIN], password: PASSWORD };
      return (await api('POST', '/v1/auth/keys', { token, body })).body;
    },
    account: () => addAccount(gateway, managed),
    identifier: async () => `${freshName('n')}@example.org`,
    number: async () => freshName('8000'),
    group: async () => (await api('POST', '/v1/groups', { ...root, body: { name: freshName('group-') } })).body,
    groupName: async () => freshName('group-'),
    async member(supplies) {
      const { subject } = await addAccount(gateway, 'employee');
      const { id } = await supplies.get('group');
      await api('POST', `/v1/groups/${id}/members`, { ...root, body: { subject } });
      return subject;
    },
    employee: async () => (await addAccount(gateway, 'employee')).subject,
    async invitation() {
      const identifier = `${freshName('i')}@example.org`;
      await api('POST', '/v1/admin/customers/invite', { ...root, body: { identifier } });
      return gateway.linkOf(identifier);
    },
    async reset() {
      const { identifier } = await addAccount(gateway, 'customer');
      const body = { tenant: TENANT, kind: 'customer', identifier };
      await api('POST', '/v1/auth/password/forgot', { body });
      return gateway.linkOf(identifier);
    },
    async flow() {
      const { location, cookies } = await api('GET', `/v1/auth/sso/${PROVIDERS.oidc}/start`);
      const said = new URL(location).searchParams;
      return { state: said.get('state'), nonce: said.get('nonce'), browser: cookies.get('swali-sso') };
    },
    async samlFlow() {
      const { location } = await api('GET', `/v1/auth/sso/${PROVIDERS.saml}/start`);
      return new URL(location).searchParams.get('RelayState');
    },
    async ticket() {
      const { location, cookies } = await api('GET', `/v1/auth/sso/${PROVIDERS.oidc}/start`);
      const said = new URL(location).searchParams;
      const browser = `swali-sso=${cookies.get('swali-sso')}`;
      const query = new URLSearchParams({ code: said.get('nonce'), state: said.get('state') });
      const back = await api('GET', `/v1/auth/sso/${PROVIDERS.oidc}/callback?${query}`, { cookie: browser });
      return { browser: cookies.get('swali-sso'), ticket: back.cookies.get('swali-sso-ticket') };
    },
    logoutToken: () => gateway.issuer.signLogout(),
  };
}

/** Things that are no longer good after so many milliseconds. */
export const LIVES = { ticket: 30_000, flow: 300_000, samlFlow: 300_000, logoutToken: 120_000 };

/** Text → what stands there. */
export function createStandIns(gateway, supplies) {
  const field = (thing, name) => async () => (await supplies.get(thing))[name];
  return {
    standInAccess: field('me', 'access'),
    standInRefresh: field('me', 'refresh'),
    standInCsrfToken: field('me', 'csrf'),
    standInCsrfCookie: field('me', 'csrfCookie'),
    standInMe: field('me', 'identifier'),
    [CODE]: async () => (await supplies.get('me')).readCode(),
    standInSession: field('ownSession', 'id'),
    [KEY_ID]: field('ownKey', 'id'),
    standInSiteKey: field('siteKey', 'key'),
    [MEMBER]: () => supplies.get('member'),
    'standInEmployee:1': () => supplies.get('employee'),
    [String(ACCOUNT_ID)]: async () => String((await supplies.get('account')).id),
    [String(GROUP_ID)]: async () => String((await supplies.get('group')).id),
    standInName: () => supplies.get('identifier'),
    [NUMBER]: () => supplies.get('number'),
    standInListed: field('account', 'identifier'),
    standInIssuer: async () => gateway.issuer.url,
    standInGroup: () => supplies.get('groupName'),
    standInInvitation: () => supplies.get('invitation'),
    standInReset: () => supplies.get('reset'),
    standInState: field('flow', 'state'),
    standInNonce: field('flow', 'nonce'),
    standInBrowser: field('flow', 'browser'),
    standInRelay: () => supplies.get('samlFlow'),
    standInTicketBrowser: field('ticket', 'browser'),
    standInTicket: field('ticket', 'ticket'),
    standInLogout: () => supplies.get('logoutToken'),
  };
}

const LOGIN = { tenant: TENANT, identifier: 'standInMe', password: PASSWORD, totp: '123456', session: 'token' };

/** Of the three kinds of accounts: what one of it may be given. */
const DETAILS = {
  customer: { customer_number: NUMBER, tier: 'standard', claims: { region: 'west' } },
  employee: { role: 'member', allow_tables: ['orders'], tier: 'standard', claims: { region: 'west' } },
  admin: { tier: 'standard', claims: { region: 'west' } },
};
/** What it may not be given, and is refused with. */
const UNFIT = {
  customer: { role: 'member', allow_tables: ['orders'] },
  employee: { customer_number: NUMBER },
  admin: { customer_number: NUMBER, role: 'member', allow_tables: ['orders'] },
};

/**
 * Requests, without what all have alike. `as` is who calls, null for nobody; `caller` is whose account such a request is about;
 * `only` names the parameters that are marked, all where it is left out; `spends` what a success uses up, `spendsAlways` what
 * every request does; `tamper` is the script by which sqlmap writes its payloads another way; `statements` are parameters that
 * hold a statement by purpose; `foreign` says which texts no answer may hold.
 */
function describeOwn() {
  const kinds = ['customer', 'employee', 'admin'];
  const callers = { customer: CUSTOMER, employee: EMPLOYEE, admin: ADMIN };
  const own = [];
  const add = (operation, as, given = {}) => own.push({ operation, as, ...given });
  for (const path of ['/livez', '/readyz', '/.well-known/jwks.json', '/openapi.json']) add(`GET ${path}`, null);

  for (const kind of kinds) {
    const operation = `POST /v1/auth/${kind}/login`;
    add(operation, null, { caller: callers[kind], body: LOGIN });
    // Where white space refuses an identifier, payloads without any get further.
    const only = ['body.tenant', 'body.identifier'];
    add(operation, null, { caller: callers[kind], body: LOGIN, only, tamper: 'space2comment' });
    add(operation, null, { caller: callers[kind], factor: 'confirmed', body: LOGIN, only: ['body.totp'] });
  }
  const refresh = { body: { refresh_token: 'standInRefresh' }, spends: ['me'], caller: CUSTOMER };
  for (const operation of ['POST /v1/auth/refresh', 'POST /v1/auth/logout']) {
    add(operation, null, refresh);
    add(operation, null, {
      ...BROWSER,
      cookies: { ...BROWSER.cookies, 'swali-refresh': 'standInRefresh' },
      caller: CUSTOMER,
      spends: ['me'],
    });
  }
  const password = { current_password: PASSWORD, new_password: 'another long test password' };
  add('POST /v1/auth/password', CUSTOMER, { body: password, spends: ['me'] });

  const office = { provider: PROVIDERS.oidc };
  add('GET /v1/auth/sso', null, { query: { tenant: TENANT } });
  add('GET /v1/auth/sso/{provider}/start', null, { path: office });
  const callback = 'GET /v1/auth/sso/{provider}/callback';
  const back = { path: office, cookies: { 'swali-sso': 'standInBrowser' }, spendsAlways: ['flow'] };
  add(callback, null, { ...back, query: { code: 'standInNonce', state: 'standInState' } });
  const refused = { error: 'access_denied', error_description: 'no', state: 'standInState' };
  add(callback, null, { ...back, query: refused, only: Object.keys(refused).map((name) => `query.${name}`) });
  const issuer = { code: 'standInNonce', state: 'standInState', iss: 'standInIssuer' };
  add(callback, null, { ...back, query: issuer, only: ['query.iss'] });
  add('POST /v1/auth/sso/{provider}/acs', null, {
    path: { provider: PROVIDERS.saml },
    form: { SAMLResponse: SAML_RESPONSE, RelayState: 'standInRelay' },
    spendsAlways: ['samlFlow'],
  });
  add('POST /v1/auth/sso/complete', null, {
    body: { totp: '123456', session: 'token' },
    cookies: { 'swali-sso': 'standInTicketBrowser', 'swali-sso-ticket': 'standInTicket' },
    spends: ['ticket'],
  });
  add('POST /v1/auth/sso/{provider}/backchannel-logout', null, {
    path: office,
    form: { logout_token: 'standInLogout' },
    spendsAlways: ['logoutToken'],
  });

  const next = 'another long test password';
  add('POST /v1/auth/invitations/accept', null, {
    body: { token: 'standInInvitation', password: next },
    spends: ['invitation'],
  });
  add('POST /v1/auth/password/reset', null, { body: { token: 'standInReset', password: next }, spends: ['reset'] });
  const forgot = { tenant: TENANT, kind: 'customer', identifier: 'standInMe' };
  add('POST /v1/auth/password/forgot', null, { body: forgot, caller: CUSTOMER });
  add('POST /v1/auth/password/forgot', null, {
    body: forgot,
    caller: CUSTOMER,
    only: ['body.identifier'],
    tamper: 'space2comment',
  });

  add('GET /v1/auth/me', CUSTOMER);
  add('GET /v1/auth/csrf', null, {
    caller: CUSTOMER,
    session: 'cookie',
    cookies: { 'swali-refresh': 'standInRefresh' },
  });
  add('GET /v1/auth/sessions', CUSTOMER);
  add('DELETE /v1/auth/sessions', CUSTOMER, { query: { except: 'current' } });
  add('DELETE /v1/auth/sessions/{id}', CUSTOMER, { path: { id: 'standInSession' }, spends: ['ownSession'] });

  const code = { body: { totp: CODE }, factor: 'confirmed', spends: ['me'] };
  add('GET /v1/auth/second-factor', EMPLOYEE, { factor: 'confirmed' });
  add('POST /v1/auth/second-factor', EMPLOYEE, code);
  add('POST /v1/auth/second-factor/confirm', EMPLOYEE, { ...code, factor: 'begun' });
  add('POST /v1/auth/second-factor/recovery-codes', EMPLOYEE, code);
  add('POST /v1/auth/second-factor/remove', EMPLOYEE, code);

  const question = { body: { question: 'How many orders did I place in 2025?' }, foreign: 'customer' };
  add('POST /v1/ask', BUYER, question);
  for (const as of [EMPLOYEE, ADMIN]) {
    add('POST /v1/ask', as, { body: { question: 'How many orders are there?' }, only: ['body.question'] });
  }
  // Neither an asterisk, which is a mark, nor what sqlmap takes for a field of a form.
  const statement = 'SELECT COUNT(id) AS found FROM orders WHERE id IN (1)';
  add('POST /v1/sql', CLERK, {
    body: { sql: statement, dry_run: false },
    foreign: 'orders',
    statements: ['body.sql'],
  });
  add('POST /v1/export', CLERK, {
    body: { sql: statement, format: 'csv' },
    foreign: 'orders',
    statements: ['body.sql'],
  });
  add('POST /v1/export', EMPLOYEE, {
    body: { question: 'How many orders are there?', format: 'ndjson' },
    only: ['body.question'],
  });
  add('GET /v1/schema', BUYER);
  add('GET /v1/audit', ADMIN, { query: { limit: 5, subject: 'customer:1', code: 'RATE_LIMITED' } });
  add('GET /v1/audit/export', ADMIN, { query: { format: 'csv', subject: 'customer:1', request_id: 'r-12345678' } });
  add('GET /v1/audit/verify', ADMIN);

  add('GET /v1/auth/keys', ADMIN);
  const key = { name: 'shop', scopes: ['widget:issue'], origins: [ORIGIN], expires_in: 3600 };
  add('POST /v1/auth/keys', ADMIN, { body: { ...key, password: PASSWORD }, spends: ['me'] });
  add('POST /v1/auth/keys', ADMIN, {
    body: { ...key, totp: CODE },
    factor: 'confirmed',
    only: ['body.totp'],
    spends: ['me'],
  });
  add('DELETE /v1/auth/keys/{id}', ADMIN, { path: { id: KEY_ID }, spends: ['ownKey'] });
  add('POST /v1/widget/tokens', ADMIN, {
    bearer: 'standInSiteKey',
    body: { customer_number: '103', origin: ORIGIN, ttl: 900 },
  });

  for (const kind of kinds) {
    const path = `/v1/admin/${kind}s`;
    const one = { path: { id: ACCOUNT_ID }, managed: kind };
    const named = { identifier: 'standInName' };
    const given = { ...named, ...DETAILS[kind] };
    const unfit = Object.keys(UNFIT[kind]).map((name) => `body.${name}`);
    for (const [operation, more] of [
      [`POST ${path}/invite`, {}],
      [`POST ${path}`, { password: PASSWORD }],
    ]) {
      const all = { ...given, ...more };
      const fresh = { spendsAlways: ['identifier', 'number'] };
      add(operation, ADMIN, { ...fresh, body: all });
      // Where white space refuses a text, payloads without any get further.
      const names = ['identifier', 'customer_number'].filter((name) => name in all);
      add(operation, ADMIN, {
        ...fresh,
        body: all,
        only: names.map((name) => `body.${name}`),
        tamper: 'space2comment',
      });
      add(operation, ADMIN, { ...fresh, body: { ...named, ...UNFIT[kind], ...more }, only: unfit });
    }
    const page = { query: { limit: 5, after: 1, identifier: 'standInListed' }, managed: kind };
    add(`GET ${path}`, ADMIN, page);
    add(`GET ${path}`, ADMIN, { ...page, only: ['query.identifier'], tamper: 'space2comment' });
    add(`GET ${path}/{id}`, ADMIN, one);
    add(`PATCH ${path}/{id}`, ADMIN, {
      ...one,
      body: { status: 'active', ...DETAILS[kind] },
      spendsAlways: ['number'],
    });
    add(`PATCH ${path}/{id}`, ADMIN, { ...one, body: UNFIT[kind], only: unfit });
    add(`DELETE ${path}/{id}`, ADMIN, { ...one, spends: ['account'] });
    add(`GET ${path}/{id}/export`, ADMIN, one);
  }

  const group = { path: { id: GROUP_ID } };
  add('GET /v1/groups', ADMIN, { query: { limit: 5, after: 1 } });
  add('POST /v1/groups', ADMIN, {
    body: { name: 'standInGroup', allow_tables: ['orders'] },
    spendsAlways: ['groupName'],
  });
  add('GET /v1/groups/{id}', ADMIN, group);
  add('PATCH /v1/groups/{id}', ADMIN, {
    ...group,
    body: { name: 'standInGroup', allow_tables: ['orders'] },
    spendsAlways: ['groupName'],
  });
  add('DELETE /v1/groups/{id}', ADMIN, { ...group, spends: ['group'] });
  add('POST /v1/groups/{id}/members', ADMIN, {
    ...group,
    body: { subject: 'standInEmployee:1' },
    spends: ['employee'],
  });
  add('DELETE /v1/groups/{id}/members/{account}', ADMIN, {
    path: { id: GROUP_ID, account: MEMBER },
    spends: ['member'],
  });
  return own;
}

/** A browser's session. */
const BROWSER = {
  session: 'cookie',
  body: {},
  cookies: { 'swali-csrf': 'standInCsrfCookie' },
  // The relay makes x-csrf-token of it.
  headers: { 'x-page': 'standInCsrfToken' },
};

/** What every request has that a program sends; for those of nobody, tokens that are not looked at. */
function addHeaders(given) {
  const { operation, as, bearer = as ? 'standInAccess' : 'nobody', cookies, headers, session = 'token' } = given;
  const others = { 'x-request-id': 'sqlmap-run-1', 'user-agent': 'sqlmap', 'x-forwarded-for': '192.0.2.1' };
  if (session === 'cookie') {
    const isGet = operation.startsWith('GET ');
    const access = as ? { 'swali-access': 'standInAccess' } : {};
    return {
      ...given,
      cookies: { ...access, ...cookies },
      headers: { ...(isGet ? {} : headers), ...others },
    };
  }
  const seen = as ? cookies : { 'swali-access': 'nobody', ...cookies };
  return { ...given, cookies: seen, headers: { authorization: `Bearer ${bearer}`, ...headers, ...others } };
}

/** By cookies, everything as valid as it is by a token; what is marked are the cookies alone, and what belongs to them. */
function toBrowser(given) {
  const isUnsafe = !given.operation.startsWith('GET ');
  const cookies = { 'swali-access': 'standInAccess', ...(isUnsafe && BROWSER.cookies), ...given.cookies };
  const headers = isUnsafe ? BROWSER.headers : {};
  const only = [
    ...Object.keys(cookies).map((name) => `cookie.${name}`),
    ...Object.keys(headers).map((name) => `header.${RENAMED[name] ?? name}`),
  ];
  return { ...given, session: 'cookie', cookies, headers, only };
}

/**
 * All requests.
 *
 * @returns each with `operation`, its parts (`path`, `query`, `body` or `form`, `cookies`, `headers`), who calls, and what is
 *   marked (`only`); `isStatement` where the marked parameter is a statement of the caller's own
 */
export function describeRequests() {
  return describeOwn().flatMap((given) => {
    const { statements = [], ...request } = given;
    const isSignedIn = request.as !== null && !request.only;
    return [
      addHeaders({ ...request, except: statements }),
      ...statements.map((name) => addHeaders({ ...request, only: [name], isStatement: true })),
      ...(isSignedIn ? [addHeaders(toBrowser(request))] : []),
    ];
  });
}
