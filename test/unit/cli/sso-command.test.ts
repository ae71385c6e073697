import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../../src/cli/program.js';
import { makeKey } from '../../support/saml-issuer.js';
import { makeSelfSigned } from '../../support/self-signed.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-sso-cli-'));
const file = join(folder, 'sso.yaml');
const providers = [
  {
    name: 'partner',
    protocol: 'saml',
    kind: 'customer',
    entry_point: 'https://idp.example.org/sso',
    issuer: 'https://ask.example.org/saml',
    idp_issuer: 'idp',
    idp_certificate: makeSelfSigned(makeKey(), 'idp'),
    email_verified: 'always',
    email_domains: ['example.org'],
    create: false,
  },
  {
    name: 'office',
    protocol: 'oidc',
    kind: 'employee',
    issuer: 'https://login.example.org',
    client_id: 'swali',
    client_secret: 'hunter2',
    email_domains: ['example.org'],
    create: false,
  },
];
beforeAll(() => writeFileSync(file, JSON.stringify({ providers })));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(name: string, env: Readonly<Record<string, string>> = {}) {
  const written: string[] = [];
  const into = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const terminal = { stdin: Readable.from(['']), stdout: into, stderr: into, signal: new AbortController().signal };
  const own = { DATA_DIR: folder, SSO_FILE: file, PUBLIC_URL: 'https://ask.example.org/' };
  const code = await runProgram(['sso', 'metadata', name], { ...terminal, env: { ...own, ...env } });
  return { code, text: written.join('') };
}

describe('sso metadata', () => {
  it('prints the metadata of the service provider', async () => {
    const { code, text } = await run('partner');
    expect(code).toBe(0);
    expect(text).toContain('entityID="https://ask.example.org/saml"');
    expect(text).toContain('Location="https://ask.example.org/v1/auth/sso/partner/acs"');
    expect(text).toContain('WantAssertionsSigned="true"');
  });

  it('prints the addresses of OpenID Connect, and no secret', async () => {
    const { code, text } = await run('office');
    expect([code, text]).toEqual([
      0,
      'redirect_uri: https://ask.example.org/v1/auth/sso/office/callback\n' +
        'backchannel_logout_uri: https://ask.example.org/v1/auth/sso/office/backchannel-logout\n',
    ]);
  });

  it('says that there is no such provider, and what is wrong with the settings', async () => {
    expect(await run('nobody')).toMatchObject({ code: 1, text: expect.stringMatching(/^AUTH_SSO_UNKNOWN: /) });
    expect((await run('office', { PUBLIC_URL: '' })).text).toMatch(/^SETTINGS_INVALID: .*PUBLIC_URL: is not set/s);
    const gone = await run('office', { SSO_FILE: join(folder, 'none.yaml') });
    expect(gone.text).toMatch(/^SETTINGS_INVALID: .*SSO_FILE: cannot be read/s);
  });
});
