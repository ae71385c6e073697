import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/config/settings.js';
import { listStatedPlain } from '../../../src/config/transport-settings.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { STRICT_TRANSPORT } from '../../../src/transport/transport-rules.js';
import { makeTestAuthority } from '../../support/test-authority.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-transport-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const authority = makeTestAuthority('the company');
const other = makeTestAuthority('the cloud');
const { certificate, key } = authority.issue({ names: ['gateway'] });

/** The names of the settings that are at fault. */
function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    parseSettings(env);
    return [];
  } catch (error) {
    if (!(error instanceof SwaliError)) throw error;
    return (error.detail ?? '').split('\n').map((line) => line.split(':')[0] ?? '');
  }
}

describe('the settings of TLS to databases', () => {
  it('hold nothing by default', () => {
    const { transport } = parseSettings({});
    expect(transport).toEqual({ source: STRICT_TRANSPORT, store: STRICT_TRANSPORT, redis: STRICT_TRANSPORT });
  });

  it('read authorities and an identity for each, relative to the working directory', () => {
    write('ca.pem', `a comment\n${authority.certificate}\n${other.certificate}`);
    write('client.pem', `${certificate}${key}`);
    const env = { SOURCE_CA_FILE: 'ca.pem', STORE_CLIENT_FILE: 'client.pem', ALLOW_PLAIN_DATABASE: 'redis, store' };
    const { transport } = parseSettings(env, { workingDirectory: folder });
    expect(transport.source.authorities).toContain(other.certificate);
    expect(transport.store).toMatchObject({ identity: `${certificate}${key}`, authorities: null, mayBePlain: true });
    expect(transport.source.mayBePlain).toBe(false);
    expect(transport.redis.mayBePlain).toBe(true);
  });

  it.each([
    ['a file that is not there', { SOURCE_CA_FILE: join(folder, 'none.pem') }, 'SOURCE_CA_FILE'],
    ['a folder', { STORE_CA_FILE: folder }, 'STORE_CA_FILE'],
    [
      'a file without a certificate',
      { REDIS_CA_FILE: write('key.pem', key), REDIS_URL: 'rediss://c' },
      'REDIS_CA_FILE',
    ],
    [
      'a bundle with one broken certificate',
      { SOURCE_CA_FILE: write('broken.pem', authority.certificate + other.certificate.replace('\nM', '\nx')) },
      'SOURCE_CA_FILE',
    ],
    [
      'a bundle with something else in it',
      {
        SOURCE_CA_FILE: write('more.pem', authority.certificate + other.certificate.replaceAll('CERT', 'TRUSTED CERT')),
      },
      'SOURCE_CA_FILE',
    ],
    [
      'a bundle beyond a megabyte',
      { STORE_CA_FILE: write('big.pem', authority.certificate.repeat(2500)) },
      'STORE_CA_FILE',
    ],
    ['an identity without its key', { SOURCE_CLIENT_FILE: write('cert.pem', certificate) }, 'SOURCE_CLIENT_FILE'],
    [
      'an identity with the key of another',
      { STORE_CLIENT_FILE: write('mixed.pem', certificate + authority.issue({ names: ['x'] }).key) },
      'STORE_CLIENT_FILE',
    ],
    ['a database that there is none of', { ALLOW_PLAIN_DATABASE: 'source,on' }, 'ALLOW_PLAIN_DATABASE'],
    ['Redis on another machine in plain', { REDIS_URL: 'redis://cache.example.com' }, 'REDIS_URL'],
    [
      'Redis in plain beside authorities for it',
      { REDIS_URL: 'redis://127.0.0.1', REDIS_CA_FILE: write('one.pem', authority.certificate) },
      'REDIS_URL',
    ],
    ['a parameter of the source that would end TLS', { SOURCE_URL: 'mysql://u@db/shop?ssl=false' }, 'SOURCE_URL'],
    ['one of the source of a kind', { SOURCE_URL_ADMIN: 'mysql://u@db/shop?sslmode=disable' }, 'SOURCE_URL_ADMIN'],
    ['one of the store', { STORE_URL: 'mysql://u@db/own?ssl=%7B%7D' }, 'STORE_URL'],
  ])('refuse %s', (_what, env, name) => {
    expect(faultsOf(env as Record<string, string>)).toEqual([name]);
  });

  it('say what is spoken to in plain off loopback, and only that', () => {
    const env = {
      SOURCE_URL: 'mysql://u@127.0.0.1/shop',
      SOURCE_URL_ADMIN: 'mysql://u@db.example.com/shop',
      STORE_URL: 'mysql://u@store.example.com/own',
      REDIS_URL: 'redis://cache.example.com',
    };
    expect(listStatedPlain(parseSettings({ ...env, ALLOW_PLAIN_DATABASE: 'source,redis' }))).toEqual([
      expect.stringMatching(/^source is on another machine/),
      expect.stringMatching(/^redis is on another machine/),
    ]);
    expect(listStatedPlain(parseSettings({ ALLOW_PLAIN_DATABASE: 'source,store,redis' }))).toEqual([]);
    const tls = { ALLOW_PLAIN_DATABASE: 'source,store,redis', SOURCE_CA_FILE: write('ca2.pem', authority.certificate) };
    expect(listStatedPlain(parseSettings({ ...env, ...tls, REDIS_URL: 'rediss://cache.example.com' }))).toEqual([
      expect.stringMatching(/^store /),
    ]);
  });
});

describe('the settings of TLS towards callers', () => {
  const PAIR = { TLS_CERT_FILE: 'tls/cert.pem', TLS_KEY_FILE: 'tls/key.pem', PUBLIC_URL: 'https://ask.example.com' };

  it('hold where the files are, 1.2 and no passphrase by default', () => {
    expect(parseSettings(PAIR, { workingDirectory: '/srv' }).tls).toEqual({
      certFile: '/srv/tls/cert.pem',
      keyFile: '/srv/tls/key.pem',
      passphrase: null,
      minVersion: 'TLSv1.2',
    });
    const more = { ...PAIR, TLS_MIN_VERSION: '1.3', TLS_KEY_PASSPHRASE: 'hush' };
    expect(parseSettings(more).tls).toMatchObject({ minVersion: 'TLSv1.3', passphrase: 'hush' });
    expect(parseSettings({}).tls).toBeNull();
  });

  it.each([
    ['a certificate without a key', { TLS_CERT_FILE: 'a', PUBLIC_URL: 'https://a.example' }, ['TLS_KEY_FILE']],
    ['a key without a certificate', { TLS_KEY_FILE: 'a' }, ['TLS_CERT_FILE']],
    ['versions before 1.2', { ...PAIR, TLS_MIN_VERSION: '1.1' }, ['TLS_MIN_VERSION']],
    ['a redirect without TLS', { HTTP_REDIRECT_PORT: '80', PUBLIC_URL: 'https://a.example' }, ['HTTP_REDIRECT_PORT']],
    ['a certificate without a public address', { ...PAIR, PUBLIC_URL: '' }, ['PUBLIC_URL']],
    ['a public address in plain beside a certificate', { ...PAIR, PUBLIC_URL: 'http://a.example' }, ['PUBLIC_URL']],
  ])('refuse %s', (_what, env, names) => {
    expect(faultsOf(env as Record<string, string>)).toEqual(names);
  });
});
