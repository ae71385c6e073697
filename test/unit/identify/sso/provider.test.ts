import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../../src/errors/swali-error.js';
import { makeProvider } from '../../../../src/identify/sso/provider.js';
import { readProviderFile } from '../../../../src/sso-providers.js';
import { makeKey } from '../../../support/saml-issuer.js';
import { makeSelfSigned } from '../../../support/self-signed.js';

const OIDC = {
  name: 'office',
  protocol: 'oidc',
  kind: 'employee',
  issuer: 'https://login.example.org/',
  client_id: 'swali',
  client_secret: 'hunter2',
  email_domains: ['Example.ORG'],
  create: true,
};
const pem = makeSelfSigned(makeKey(), 'idp');
const SAML = {
  name: 'partner',
  protocol: 'saml',
  kind: 'customer',
  entry_point: 'https://idp.example.org/sso',
  issuer: 'swali',
  idp_issuer: 'idp',
  idp_certificate: pem,
  email_verified: 'always',
  email_domains: ['example.org'],
  create: false,
};

/** JSON is YAML. */
const write = (...providers: object[]) => JSON.stringify({ providers });
const read = (entry: object, production = true, files: Readonly<Record<string, string>> = {}) =>
  readProviderFile(write(entry), 'sso.yaml').map((each) =>
    makeProvider(each, {
      production,
      tenancy: false,
      publicUrl: 'https://ask.example.org',
      readText: (path) => {
        const text = files[path];
        if (text === undefined) throw new Error('no such file');
        return text;
      },
    }),
  )[0]!;
const faultOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof SwaliError && error.code === 'SETTINGS_INVALID') return error.detail ?? '';
    throw error;
  }
  return 'none';
};

describe('the file of providers', () => {
  it('reads both protocols', () => {
    expect(read(OIDC)).toMatchObject({
      returnAddress: 'https://ask.example.org/v1/auth/sso/office/callback',
      emailDomains: new Set(['example.org']),
      hosts: new Set(['login.example.org']),
      tiers: null,
      factorValues: null,
    });
    expect(read(SAML)).toMatchObject({
      returnAddress: 'https://ask.example.org/v1/auth/sso/partner/acs',
      wantResponseSigned: true,
      audience: 'swali',
      certificates: [pem.trim()],
    });
  });

  it.each<[string, object, string]>([
    ['a key that nobody knows', { ...OIDC, secret: 1 }, 'secret: is not a key'],
    ['no name', { ...OIDC, name: 'Office!' }, 'name: expected 1 to 32'],
    ['no kind', { ...OIDC, kind: 'root' }, 'kind: expected one of customer'],
    ['no domain', { ...OIDC, email_domains: [] }, 'email_domains'],
    ['a wildcard', { ...OIDC, email_domains: ['*.example.org'] }, 'email_domains.0: expected a domain'],
    ['an address for a domain', { ...OIDC, email_domains: ['a@example.org'] }, 'email_domains.0: expected a domain'],
    ['another scheme', { ...OIDC, issuer: 'ftp://login.example.org' }, 'issuer: expected an https'],
    ['no secret', { ...OIDC, client_secret: undefined }, 'expected either client_secret or client_secret_file'],
    ['two secrets', { ...OIDC, client_secret_file: 'x' }, 'expected either client_secret or client_secret_file'],
    ['no openid', { ...OIDC, scopes: ['email'] }, 'scopes: expected openid'],
    [
      'an unknown role',
      { ...OIDC, mapping: { role: { claim: 'g', values: { a: 'admin' } } } },
      'expected one of viewer',
    ],
    ['admins that are made', { ...OIDC, kind: 'admin' }, 'admins are made by operators alone'],
    [
      'a role of customers',
      { ...OIDC, kind: 'customer', mapping: { role: { claim: 'g', values: {} } } },
      'only employees have a role',
    ],
    [
      'tables of admins',
      { ...OIDC, kind: 'admin', create: false, mapping: { allow_tables: { claim: 'g', values: {} } } },
      'only employees have a list',
    ],
    [
      'a number of employees',
      { ...OIDC, mapping: { customer_number: { claim: 'n' } } },
      'only customers have a customer number',
    ],
    ['a tier that new accounts do not have', { ...OIDC, tiers: ['free'] }, 'accounts are made in tier standard'],
    ['a factor without its values', { ...OIDC, second_factor: 'provider' }, 'second_factor_values: expected where'],
    ['values without their factor', { ...OIDC, second_factor_values: ['mfa'] }, 'second_factor_values: expected where'],
    ['addresses of which nothing is stated', { ...SAML, email_verified: undefined }, 'email_verified'],
    ['another protocol', { ...OIDC, protocol: 'ldap' }, 'protocol'],
  ])('is refused with %s', (_name, entry, expected) => {
    const detail = faultOf(() => read(entry));
    expect(detail).toContain('SSO_FILE: sso.yaml:1: providers.0.');
    expect(detail).toContain(expected);
    expect(detail).not.toContain('hunter2');
  });

  it.each<[string, string, string]>([
    ['two providers of one name', write(OIDC, OIDC), 'another provider has this name'],
    ['nothing in it', '', 'expected object'],
    ['no providers', 'providers: []', 'providers'],
    ['an alias', 'a: &a 1\nproviders: *a', 'aliases are not accepted'],
    ['a key twice', 'providers: []\nproviders: []', 'stands here twice'],
    ['no YAML', 'providers: [', 'SSO_FILE: sso.yaml:1:'],
  ])('is refused with %s', (_name, text, expected) => {
    expect(faultOf(() => readProviderFile(text, 'sso.yaml'))).toContain(expected);
  });

  it('takes http from this machine alone, and never in production', () => {
    const local = { ...OIDC, issuer: 'http://127.0.0.1:8080' };
    expect(faultOf(() => read(local, false))).toBe('none');
    expect(faultOf(() => read(local))).toBe('SSO_FILE: office: issuer: is not an https address');
    for (const issuer of ['http://login.example.org', 'http://127.0.0.1.evil.example', 'http://10.0.0.1'])
      expect(faultOf(() => read({ ...OIDC, issuer }, false))).toContain('is not an https address');
    expect(faultOf(() => read({ ...OIDC, issuer: 'https://u:p@login.example.org' }))).toContain('a user or a fragment');
    expect(faultOf(() => read({ ...SAML, entry_point: 'http://idp.example.org' }))).toContain(
      'is not an https address',
    );
  });

  it('reads secrets from files, without the line end, and says which cannot be read', () => {
    const { client_secret: _, ...rest } = OIDC;
    const entry = { ...rest, client_secret_file: 's' };
    expect(read(entry, true, { s: 'from a file\n' })).toMatchObject({ clientSecret: 'from a file' });
    expect(faultOf(() => read(entry))).toBe('SSO_FILE: office: client_secret_file: cannot be read');
    expect(faultOf(() => read(entry, true, { s: '\n' }))).toBe('SSO_FILE: office: client_secret_file: is empty');
  });

  it('takes several certificates and public keys, and none that is weak', () => {
    const publicKey = createPublicKey(makeKey()).export({ type: 'spki', format: 'pem' }).toString();
    const both = { ...SAML, idp_certificate: `# today\n${pem}# tomorrow\n${publicKey}` };
    expect(read(both)).toMatchObject({ certificates: [pem.trim(), publicKey.trim()] });
    const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const weak = [makeSelfSigned(makeKey(1024), 'weak'), elliptic.export({ type: 'spki', format: 'pem' }).toString()];
    for (const text of weak)
      expect(faultOf(() => read({ ...SAML, idp_certificate: text }))).toContain('has no RSA key of 2048 bits');
    for (const text of ['MIIB', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])
      expect(faultOf(() => read({ ...SAML, idp_certificate: text }))).toContain('is no certificate in PEM');
  });
});
