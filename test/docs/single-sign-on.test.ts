import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeProvider } from '../../src/identify/sso/provider.js';
import { ENTRY_KEYS } from '../../src/identify/sso/provider-file.js';
import { readProviderFile } from '../../src/sso-providers.js';
import { makeKey } from '../support/saml-issuer.js';
import { makeSelfSigned } from '../support/self-signed.js';

const page = readFileSync(new URL('../../docs/single-sign-on.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```yaml ?(\S*)\n([\s\S]*?)^```$/gm)].map(([, mark, text]) => ({
  mark,
  text: text!,
}));

describe('docs/single-sign-on.md', () => {
  it('shows a file that the gateway takes, in production too', () => {
    expect(blocks.map(({ mark }) => mark)).toEqual(['complete']);
    const entries = readProviderFile(blocks[0]!.text, 'sso.yaml');
    const files: Readonly<Record<string, string>> = {
      'office-secret': 's',
      'partner.pem': makeSelfSigned(makeKey(), 'partner'),
    };
    const providers = entries.map((entry) =>
      makeProvider(entry, {
        production: true,
        tenancy: false,
        publicUrl: 'https://ask.example.org',
        readText: (path) => files[path] ?? expect.unreachable(path),
      }),
    );
    expect(providers.map(({ name, kind }) => [name, kind])).toEqual([
      ['office', 'employee'],
      ['partners', 'customer'],
    ]);
  });

  it('explains every key that an entry may have, and no other', () => {
    const explained = [...page.matchAll(/^\| ((?:`\w+`(?:, | or )?)+) \|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`(\w+)`/g)].map(([, key]) => key!),
    );
    expect(ENTRY_KEYS.length).toBeGreaterThan(20);
    expect([...new Set(explained)].sort()).toEqual([...new Set(ENTRY_KEYS)].sort());
  });
});
