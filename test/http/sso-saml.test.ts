import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLocalServer } from '../support/local-server.js';
import {
  makeKey,
  openSamlIssuer,
  readSamlRequest,
  type SamlIssuer,
  type SamlRequest,
  type SamlWords,
} from '../support/saml-issuer.js';
import { wrapSignatures } from '../support/saml-wrapping.js';
import { makeSelfSigned } from '../support/self-signed.js';
import { openSmallBrowser, type SmallBrowser } from '../support/small-browser.js';
import { openSsoGateway, type SsoGateway } from '../support/sso-gateway.js';

const IDP = 'https://idp.example.org/metadata';
const issuer: SamlIssuer = openSamlIssuer(IDP);
let gateway: SsoGateway;

const entry = (name: string, rest: string) => `
  - name: ${name}
    protocol: saml
    kind: employee
    entry_point: https://idp.example.org/sso?tenant=1
    issuer: https://swali.example.org/saml
    idp_issuer: ${IDP}
    email_domains: [example.org]
    email_verified: always
    create: true
${rest}`;

beforeAll(async () => {
  const local = await openLocalServer();
  const file = `providers:${entry(
    'office',
    `    idp_certificate_file: keys/../idp.pem
    mapping:
      role: { claim: groups, values: { finance: accountant }, default: viewer }
      allow_tables: { claim: groups, values: { finance: [orders, payments] } }
`,
  )}${entry('loose', '    idp_certificate_file: idp.pub\n    want_response_signed: false\n')}${entry(
    'by-attribute',
    '    idp_certificate_file: idp.pub\n    email_claim: mail\n    second_factor: provider\n    second_factor_values: [urn:mfa]\n',
  )}`;
  gateway = await openSsoGateway(local, file, {
    files: {
      // The key of tomorrow stands beside the one of today.
      'idp.pem': `${makeSelfSigned(makeKey(), 'tomorrow')}\n${issuer.certificate}`,
      'idp.pub': issuer.publicKey,
    },
  });
}, 120_000);
afterAll(() => gateway?.close());

const at = (path: string) => `${gateway.address}/v1/auth/sso${path}`;
const refused = 'sso-failed=AUTH_SSO_REFUSED';
const notBegun = 'sso-failed=AUTH_SSO_NOT_BEGUN';

async function begin(browser: SmallBrowser, name = 'office'): Promise<SamlRequest> {
  const start = await browser.get(at(`/${name}/start`));
  expect(start.status).toBe(303);
  return readSamlRequest(start.headers.get('location')!);
}

/** Posts as the provider's page makes a browser post: without the cookies that are `SameSite=Lax`. @returns the fragment */
async function post(browser: SmallBrowser, request: SamlRequest, xml: string, relayState = request.relayState) {
  const jar = browser.cookies(gateway.address) as Map<string, string>;
  const held = new Map(jar);
  jar.clear();
  const fields = { SAMLResponse: Buffer.from(xml).toString('base64'), RelayState: relayState };
  const response = await browser.postForm(request.acs, fields);
  for (const [name, value] of held) jar.set(name, value);
  expect(response.status).toBe(303);
  return new URL(response.headers.get('location')!).hash.slice(1);
}

async function complete(browser: SmallBrowser) {
  const response = await browser.postJson(at('/complete'), {});
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

/** One whole sign-in with a response of its own. */
async function signIn(words: SamlWords, name = 'office', change: (xml: string) => string = (xml) => xml) {
  const browser = openSmallBrowser();
  const request = await begin(browser, name);
  const fragment = await post(browser, request, change(issuer.respond(request, words)));
  return { browser, request, fragment };
}

const findEmployee = async (identifier: string) =>
  (await gateway.get(`/v1/admin/employees?identifier=${encodeURIComponent(identifier)}`, 'admin')).body.accounts[0];

const ann: SamlWords = { nameId: 'ann@example.org', attributes: { groups: ['finance', 'everyone'] } };

describe('a sign-in over SAML', () => {
  it('makes the account, gives it what the attributes say, and signs it in', async () => {
    const { browser, fragment } = await signIn(ann);
    expect(fragment).toBe('signed-in');
    const { status, body } = await complete(browser);
    expect(status).toBe(200);
    const schema = await fetch(`${gateway.address}/v1/schema`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    });
    const { relations } = (await schema.json()) as { relations: { name: string }[] };
    expect(relations.map(({ name }) => name).sort()).toEqual(['orders', 'payments']);
    const account = await findEmployee('ann@example.org');
    expect(account).toMatchObject({ role: 'accountant', allow_tables: ['orders', 'payments'] });
    const records = (await gateway.records()).map((record) => record.event as Record<string, unknown>);
    const about = { subject: account.subject, method: 'saml', provider: 'office', decision: 'accepted' };
    expect(records[0]).toMatchObject({ event: 'login', ...about });
    expect(records[1]).toMatchObject({ event: 'single-sign-on', account: 'created', ...about });
  });

  it('takes away what the attributes no longer say', async () => {
    expect((await signIn({ nameId: 'ann@example.org' })).fragment).toBe('signed-in');
    expect(await findEmployee('ann@example.org')).toMatchObject({ role: 'viewer', allow_tables: [] });
  });

  it('asks for it with an id of its own, and for its own address', async () => {
    const [one, two] = [await begin(openSmallBrowser()), await begin(openSmallBrowser())];
    expect(one.id).toMatch(/^_[\w-]{43}$/);
    expect(one.id).not.toBe(two.id);
    expect([one.relayState, one.acs, one.issuer]).toEqual([
      one.id,
      at('/office/acs'),
      'https://swali.example.org/saml',
    ]);
    expect(one.xml).toContain('Destination="https://idp.example.org/sso?tenant=1"');
  });

  it('takes a response of which the assertion alone is signed where the file says so, and nowhere else', async () => {
    const words = { ...ann, signs: ['assertion'] as const };
    expect((await signIn(words, 'loose')).fragment).toBe('signed-in');
    expect((await signIn(words)).fragment).toBe(refused);
    expect((await signIn({ ...ann, signs: ['response'] })).fragment).toBe(refused);
    expect((await signIn({ ...ann, signs: ['response'] }, 'loose')).fragment).toBe(refused);
  });

  it('reads the address from the attribute that is named, and demands the second factor that is named', async () => {
    const words = {
      nameId: 'S-1-5-21',
      format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      authnContext: 'urn:mfa',
    };
    const attributes = { mail: ['bob@example.org'] };
    expect((await signIn({ ...words, attributes }, 'by-attribute')).fragment).toBe('signed-in');
    expect((await signIn(words, 'by-attribute')).fragment).toBe('signed-in');
    const denied = 'sso-failed=AUTH_SSO_DENIED';
    expect((await signIn({ ...words, nameId: 'S-2' }, 'by-attribute')).fragment).toBe(denied);
    expect((await signIn({ ...words, attributes, authnContext: 'urn:password' }, 'by-attribute')).fragment).toBe(
      denied,
    );
    const two = { mail: ['bea@example.org', 'bob@example.org'] };
    expect((await signIn({ ...words, nameId: 'S-3', attributes: two }, 'by-attribute')).fragment).toBe(denied);
  });
});

describe('a browser that did not begin the sign-in', () => {
  it('is not signed in as the attacker by the attacker’s response', async () => {
    const [attacker, victim] = [openSmallBrowser(), openSmallBrowser()];
    const request = await begin(attacker);
    await begin(victim);
    expect(await post(victim, request, issuer.respond(request, { nameId: 'mallory@example.org' }))).toBe('signed-in');
    expect(await complete(victim)).toMatchObject({ status: 401, body: { code: 'AUTH_SSO_NOT_BEGUN' } });
    expect((await complete(attacker)).status).toBe(401);
  });

  it('serves no attacker who lured it to the provider with a request of their own', async () => {
    const [attacker, victim] = [openSmallBrowser(), openSmallBrowser()];
    const request = await begin(attacker);
    await post(victim, request, issuer.respond(request, ann));
    expect((await complete(attacker)).status).toBe(401);
    expect((await complete(victim)).status).toBe(401);
  });
});

describe('a response', () => {
  const attacks: readonly [name: string, why: string, words: Partial<SamlWords>, change?: (xml: string) => string][] = [
    ['that has run out', 'No valid subject confirmation', { notBefore: -120_000, notOnOrAfter: -60_000 }],
    ['whose conditions have run out', 'assertion expired', { notOnOrAfter: -60_000, confirmationNotOnOrAfter: 60_000 }],
    ['whose confirmation has run out', 'No valid subject confirmation', { confirmationNotOnOrAfter: -60_000 }],
    ['whose confirmation never runs out', 'NotOnOrAfter', { confirmationNotOnOrAfter: null }],
    ['that is not valid yet', 'not yet valid', { notBefore: 120_000, notOnOrAfter: 240_000 }],
    [
      'that is old, and says it is valid for years',
      'No valid subject confirmation',
      { issuedAt: -3_600_000, notOnOrAfter: 1e11 },
    ],
    ['for another audience', 'audience mismatch', { audience: 'https://other.example.org' }],
    ['for no audience', 'no AudienceRestriction', { audience: null }],
    ['for another recipient', 'nothing confirms', { recipient: 'https://other.example.org/acs' }],
    ['for no recipient', 'nothing confirms', { recipient: null }],
    ['sent to another address', 'sent to another address', { destination: 'https://other.example.org/acs' }],
    ['sent to no address', 'sent to another address', { destination: null }],
    ['of another provider', 'of another issuer', { issuer: 'https://evil.example' }],
    ['in answer to another request', 'InResponseTo is not valid', { inResponseTo: '_another' }],
    ['that answers no request', 'InResponseTo is missing', { inResponseTo: null, subjectInResponseTo: null }],
    [
      'whose assertion answers another request',
      'does not match subjectInResponseTo',
      { subjectInResponseTo: '_another' },
    ],
    ['whose assertion answers none', 'nothing confirms', { subjectInResponseTo: null }],
    [
      'that its bearer need not be the subject of',
      'nothing confirms',
      { method: 'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches' },
    ],
    [
      'of a name that is another each time',
      'another name each time',
      { format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' },
    ],
    ['of nobody', 'NameID', { nameId: '' }],
    [
      'that says the sign-in failed',
      'that the sign-in failed',
      { status: 'urn:oasis:names:tc:SAML:2.0:status:Responder' },
    ],
    ['that is not signed', 'Invalid document signature', { signs: [] }],
    ['signed with another key', 'Invalid document signature', { key: makeKey() }],
    ['signed with SHA-1', 'algorithm', { algorithm: 'sha1' }],
    ['digested with SHA-1', 'algorithm', { algorithm: 'digest-sha1' }],
    [
      'signed with its comments',
      'algorithm',
      { canonicalization: 'http://www.w3.org/2001/10/xml-exc-c14n#WithComments' },
    ],
    [
      'changed after it was signed',
      'Invalid document signature',
      {},
      (xml) => xml.replaceAll('ann@example.org', 'root@example.org'),
    ],
    ['changed in its attributes', 'Invalid document signature', {}, (xml) => xml.replaceAll('finance', 'everyone')],
    [
      'without its signatures',
      'Invalid document signature',
      {},
      (xml) => xml.replaceAll(/<ds:Signature\b[\s\S]*?<\/ds:Signature>/g, ''),
    ],
    [
      'with an empty signature',
      'Invalid document signature',
      {},
      (xml) => xml.replaceAll(/<ds:SignatureValue>[^<]*/g, '<ds:SignatureValue>'),
    ],
    [
      'with a document type',
      'document type',
      {},
      (xml) => `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${xml}`,
    ],
    [
      'with entities in entities',
      'document type',
      {},
      (xml) => `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>${xml.replace('finance', '&b;')}`,
    ],
    [
      'with a processing instruction in a name',
      'processing instruction',
      {},
      (xml) => xml.replace('ann@example.org', 'ann@example.org<?x?>.evil.example'),
    ],
    ['with a comment in a name', 'a comment', {}, (xml) => xml.replace('ann@example.org', 'ann@example.org<!---->')],
    [
      'with an algorithm spelled in references',
      'algorithm',
      {},
      (xml) => xml.replace('#rsa-sha256', '#rsa-&#115;ha256'),
    ],
    ['that is no XML', 'Not a valid XML', {}, () => 'hello'],
    ['that is no response', 'InResponseTo is missing', {}, () => '<a/>'],
    [
      'that is a logout',
      'InResponseTo is missing',
      {},
      (xml) => xml.replaceAll('samlp:Response', 'samlp:LogoutResponse'),
    ],
  ];

  it('is tried in every bad way', () => {
    expect(attacks).toHaveLength(38);
  });

  it.each(attacks)('is refused: %s', async (_name, why, words, change = (xml) => xml) => {
    const { browser, request, fragment } = await signIn({ ...ann, ...words }, 'office', change);
    expect(fragment).toBe(refused);
    expect(gateway.lastReason()).toContain(why);
    expect((await complete(browser)).status).toBe(401);
    // The sign-in is used up: a good response to the same request comes too late.
    expect(await post(browser, request, issuer.respond(request, ann))).toBe(notBegun);
    const records = (await gateway.records()).map((record) => record.event as Record<string, unknown>);
    expect(records.slice(0, 2)).toMatchObject([
      { event: 'login', decision: 'refused', code: 'AUTH_SSO_NOT_BEGUN', provider: 'office' },
      { event: 'single-sign-on', decision: 'refused', code: 'AUTH_SSO_NOT_BEGUN' },
    ]);
  });

  it('is taken where nothing is wrong with it', async () => {
    expect((await signIn(ann)).fragment).toBe('signed-in');
  });

  it('is not verified by a certificate that it brings along', async () => {
    const key = makeKey();
    const words = { ...ann, key, keyInfo: makeSelfSigned(key, 'idp') };
    expect((await signIn(words)).fragment).toBe(refused);
  });

  it('that is not plain base64 is refused', async () => {
    const browser = openSmallBrowser();
    const request = await begin(browser);
    const good = Buffer.from(issuer.respond(request, ann)).toString('base64');
    const response = await browser.postForm(request.acs, { SAMLResponse: `%${good}`, RelayState: request.relayState });
    expect(response.headers.get('location')).toBe(`${gateway.address}/#${refused}`);
  });

  it('is taken once, by this replica or another', async () => {
    const { browser, request, fragment } = await signIn({ ...ann, assertionId: '_once' });
    expect(fragment).toBe('signed-in');
    const again = issuer.respond(request, { ...ann, assertionId: '_once' });
    expect(await post(browser, request, again)).toBe(notBegun);
    // Nor does its assertion count under another request, signed by the provider or not.
    expect((await signIn({ ...ann, assertionId: '_once' })).fragment).toBe(refused);
  });

  it('of a request to another provider here is refused', async () => {
    const browser = openSmallBrowser();
    const request = await begin(browser, 'loose');
    const xml = issuer.respond({ ...request, acs: at('/office/acs') }, ann);
    expect(await post(browser, { ...request, acs: at('/office/acs') }, xml)).toBe(notBegun);
  });

  it('that nobody here asked for is refused: the provider begins no sign-in', async () => {
    const request = { ...(await begin(openSmallBrowser())), id: '_unasked' };
    const xml = issuer.respond(request, { ...ann, inResponseTo: null, subjectInResponseTo: null });
    for (const relayState of ['', '_unasked', `${gateway.address}/`, `_${'a'.repeat(43)}`])
      expect(await post(openSmallBrowser(), request, xml, relayState)).toBe(notBegun);
    const bare = await openSmallBrowser().postForm(request.acs, { SAMLResponse: Buffer.from(xml).toString('base64') });
    expect(bare.headers.get('location')).toBe(`${gateway.address}/#${notBegun}`);
  });

  it('that is too long is not read', async () => {
    const browser = openSmallBrowser();
    const request = await begin(browser);
    const response = await browser.postForm(request.acs, {
      SAMLResponse: 'A'.repeat(70_000),
      RelayState: request.relayState,
    });
    expect(response.status).toBe(413);
  });
});

describe('a comment in a name', () => {
  it('cuts nothing off: the whole name counts, or none', async () => {
    const name = 'ann@example.org<!---->.evil.example';
    // Signed without its comments, as providers do: what is signed is the whole name.
    const edit = (assertion: string) => assertion;
    expect((await signIn({ ...ann, nameId: name, edit })).fragment).toBe(refused);
    expect((await signIn({ ...ann, nameId: 'ann@example.org.evil.example' })).fragment).toBe(
      'sso-failed=AUTH_SSO_DENIED',
    );
    // Put in after signing, the signature still holds.
    const put = (xml: string) => xml.replace('ann@example.org.evil.example', name);
    expect((await signIn({ ...ann, nameId: 'ann@example.org.evil.example' }, 'office', put)).fragment).toBe(refused);
  });
});

describe('a signature that is wrapped', () => {
  const evil = 'root@example.org';
  const wrap = (request: SamlRequest) =>
    wrapSignatures(
      issuer.respond(request, { ...ann, signs: ['response'] }),
      issuer.respond(request, { ...ann, signs: ['assertion'] }),
      ann.nameId,
      evil,
    );
  const names = wrap({ id: '_x', relayState: '_x', acs: 'a', issuer: 'i', xml: '' }).map(({ name }) => name);

  it('is tried in eleven ways', () => {
    expect(names).toHaveLength(11);
  });

  it.each(names)('lets nobody in as another: %s', async (name) => {
    for (const provider of ['office', 'loose']) {
      const browser = openSmallBrowser();
      const request = await begin(browser, provider);
      const { xml } = wrap(request).find((each) => each.name === name)!;
      expect(xml).toContain(evil);
      expect(xml).toContain('<ds:SignatureValue>');
      // Where the forged part is passed over, the signed one may count; never the forged one.
      const fragment = await post(browser, request, xml);
      const { status } = await complete(browser);
      const [record] = (await gateway.records()).map((each) => each.event as Record<string, unknown>);
      if (fragment === 'signed-in')
        expect([status, record?.subject]).toEqual([200, (await findEmployee(ann.nameId)).subject]);
      else expect([fragment, status]).toEqual([refused, 401]);
      expect(gateway.lastReason()).toMatch(/^Invalid (?:document )?signature/);
      expect(await findEmployee(evil)).toBeUndefined();
    }
  });
});
