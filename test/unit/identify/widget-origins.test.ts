import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { createIsListedOrigin, readOrigins } from '../../../src/identify/widget-origins.js';
import type { Store } from '../../../src/store/store.js';
import { codeOfPromise } from '../../support/code-of-promise.js';
import { openIdentity } from './identity-fixtures.js';

const refused = expect.objectContaining({ code: 'IDENTITY_INPUT_INVALID' });

describe('an origin', () => {
  it.each([
    ['https://shop.example.com', 'https://shop.example.com'],
    ['HTTPS://Shop.Example.COM/', 'https://shop.example.com'],
    ['https://shop.example.com:443', 'https://shop.example.com'],
    ['https://shop.example.com:8443', 'https://shop.example.com:8443'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['https://[2001:db8::1]:8443', 'https://[2001:db8::1]:8443'],
  ])('is read from %s as %s', (text, origin) => {
    expect(readOrigins([text], false)).toEqual([origin]);
  });

  it.each([
    '',
    'null',
    '*',
    'shop.example.com',
    'https://',
    'https:shop.example.com',
    'https://*.example.com',
    'https://shop.example.com/page',
    'https://shop.example.com//',
    'https://shop.example.com\\',
    'https://shop.example.com/?',
    'https://shop.example.com#',
    'https://user@shop.example.com',
    'https://shop.example.com:99999',
    'https://shop.example.com ',
    ' https://shop.example.com',
    'https://shop.exa\nmple.com',
    'http://shop.example.com',
    'ftp://shop.example.com',
    'file:///etc',
    `https://${'a'.repeat(200)}.example`,
  ])('is not %j', (text) => {
    for (const production of [true, false]) expect(() => readOrigins([text], !production)).toThrow(refused);
  });

  it.each(['http://localhost:3000', 'http://127.0.0.1:8080', 'http://[::1]:1', 'http://shop.localhost'])(
    'is %s outside production alone',
    (text) => {
      expect(readOrigins([text], true)).toEqual([text]);
      expect(() => readOrigins([text], false)).toThrow(refused);
    },
  );

  it.each(['http://localhost.example.com', 'http://127.0.0.1.example.com', 'http://10.0.0.1', 'http://notlocalhost'])(
    'is not of this machine: %s',
    (text) => {
      expect(() => readOrigins([text], true)).toThrow(refused);
    },
  );

  it('is kept once, and ten of a key at most', () => {
    const ten = Array.from({ length: 10 }, (_, n) => `https://s${n}.example`);
    expect(readOrigins(ten, false)).toEqual(ten);
    expect(readOrigins(['https://a.example', 'https://A.example/'], false)).toEqual(['https://a.example']);
    expect(() => readOrigins([...ten, 'https://s10.example'], false)).toThrow(refused);
  });
});

describe('the origins of all keys', () => {
  it('are read once a second, by one of those who ask together, and anew after a failure', async () => {
    const { store, close } = await openIdentity();
    const row = { tenant: '', digest: 'd', kind: 'admin', account_id: 1, name: 'n', scopes: '[]', created_at: 0 };
    const living = { ...row, expires_at: 1e12, last_used_at: null, revoked_at: null };
    const lists = { one: '["https://a.example"]', two: '[7]', three: null };
    const rows = Object.entries(lists).map(([id, origins]) => ({ ...living, id, origins }));
    await store.run((db) => db.insertInto('api_keys').values(rows).execute());
    let now = 1000;
    let reads = 0;
    let down = false;
    const run: Store['run'] = (work) => {
      reads += 1;
      return down ? Promise.reject(new SwaliError('STORE_UNAVAILABLE')) : store.run(work);
    };
    const isListed = createIsListedOrigin({ store: { ...store, run }, clock: () => now });
    const asked = await Promise.all(Array.from({ length: 20 }, () => isListed('https://a.example')));
    expect([new Set(asked), reads]).toEqual([new Set([true]), 1]);
    now += 999;
    expect([await isListed('https://b.example'), reads]).toEqual([false, 1]);
    now += 1;
    down = true;
    expect(await codeOfPromise(isListed('https://a.example'))).toBe('STORE_UNAVAILABLE');
    down = false;
    await store.run((db) => db.deleteFrom('api_keys').execute());
    expect([await isListed('https://a.example'), reads]).toEqual([false, 3]);
    await close();
  });
});
