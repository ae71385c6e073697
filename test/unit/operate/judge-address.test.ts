import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeAddress, spellAddress } from '../../../src/operate/judge-address.js';
import { judgeUrl } from '../../../src/operate/judge-url.js';

interface Case {
  readonly address?: string;
  readonly url?: string;
  readonly verdict: 'open' | 'internal' | 'never' | 'name';
  readonly why: string;
}

const cases = readFileSync(new URL('../../../fixtures/cases/outgoing-addresses.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Case);
const addresses = cases.filter((each) => each.address !== undefined);
const urls = cases.filter((each) => each.url !== undefined);

it('has a long list of addresses and of ways to write them', () => {
  expect(addresses.length).toBeGreaterThanOrEqual(90);
  expect(urls.length).toBeGreaterThanOrEqual(35);
  expect(new Set(cases.map(({ address, url }) => address ?? url)).size).toBe(cases.length);
});

it.each(addresses)('judges $address as $verdict: $why', ({ address, verdict }) => {
  expect(judgeAddress(address ?? '').verdict).toBe(verdict);
});

describe('a URL', () => {
  const strict = { production: false, allowed: [] };

  it.each(urls)('$url is judged as $verdict: $why', ({ url, verdict }) => {
    const target = judgeUrl(url ?? '', strict);
    expect(typeof target === 'string' ? 'never' : 'passes').toBe(verdict === 'never' ? 'never' : 'passes');
  });

  it('of an internal address passes where the operator has named that address and that port, however it is written', () => {
    const allowed = [
      { host: '127.0.0.1', port: 9000 },
      { host: '[fd00::5]', port: 8443 },
    ];
    const rules = { production: false, allowed };
    for (const url of ['http://127.0.0.1:9000/', 'http://0x7f.1:9000/', 'http://[::ffff:127.0.0.1]:9000/'])
      expect(judgeUrl(url, rules)).toMatchObject({ port: 9000 });
    expect(judgeUrl('https://[fd00:0::5]:8443/', rules)).toMatchObject({ host: 'fd00::5' });
    for (const url of ['http://127.0.0.1:8443/', 'http://127.0.0.2:9000/', 'http://127.0.0.1/'])
      expect(judgeUrl(url, rules)).toEqual(expect.any(String));
  });

  it('of what no receiver has passes for nobody', () => {
    const allowed = ['169.254.169.254', '0.0.0.0', '168.63.129.16', '224.0.0.1', '[fe80::1]', '[fd00:ec2::254]'].map(
      (host) => ({ host, port: 80 }),
    );
    for (const { host } of allowed)
      expect(judgeUrl(`http://${host}/`, { production: false, allowed })).toEqual(expect.any(String));
  });

  it('is https in production, but to this machine', () => {
    const allowed = [
      { host: '127.0.0.1', port: 9000 },
      { host: '10.0.0.5', port: 9000 },
    ];
    const rules = { production: true, allowed };
    expect(judgeUrl('http://hooks.example.com/', rules)).toBe('is not https');
    expect(judgeUrl('http://10.0.0.5:9000/', rules)).toBe('is not https');
    expect(judgeUrl('http://127.0.0.1:9000/', rules)).toMatchObject({ port: 9000 });
    expect(judgeUrl('https://10.0.0.5:9000/', rules)).toMatchObject({ port: 9000 });
  });
});

it('spells an address in one way', () => {
  expect(['::FFFF:7f00:1', '127.0.0.1', '0:0::1', 'x', '::1%lo'].map(spellAddress)).toEqual([
    '127.0.0.1',
    '127.0.0.1',
    '::1',
    null,
    null,
  ]);
});
