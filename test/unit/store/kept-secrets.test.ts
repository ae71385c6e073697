import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeptSecrets } from '../../../src/store/kept-secrets.js';
import { createKeyRing } from '../../../src/store/key-ring.js';
import { reseal } from '../../../src/store/reseal.js';
import { migrateStore, openStore, type Store } from '../../../src/store/store.js';
import { codeOfPromise } from '../../support/code-of-promise.js';

const OLD = 'o'.repeat(16) + '0123456789abcdef';
const NEW = 'n'.repeat(16) + '0123456789abcdef';

let store: Store;
let now = 1000;
const open = (ring = createKeyRing({ current: OLD }), tenant: string | null = null) =>
  createKeptSecrets({ store, ring, clock: () => now, tenant });

beforeEach(async () => {
  store = await openStore('sqlite::memory:');
  await migrateStore(store);
});
afterEach(() => store.close());

const rows = () =>
  store.run((db) => db.selectFrom('kept_secrets').selectAll().orderBy('tenant').orderBy('name').execute());

describe('kept secrets', () => {
  it('are given back, and stand in the store sealed', async () => {
    await open().set('openai', 'sk-test-1');
    expect(await open().read('openai')).toBe('sk-test-1');
    expect(await open().read('other')).toBeNull();
    expect(JSON.stringify(await rows())).not.toContain('sk-test-1');
  });

  it('are listed by name and removed; a new one takes the place of the old', async () => {
    await open().set('smtp', 'a');
    await open().set('openai', 'b');
    now = 2000;
    await open().set('smtp', 'c');
    expect(await open().list()).toEqual([
      { name: 'openai', createdAt: 1000, updatedAt: 1000 },
      { name: 'smtp', createdAt: 1000, updatedAt: 2000 },
    ]);
    expect(await open().read('smtp')).toBe('c');
    expect(await open().remove('smtp')).toBe(true);
    expect(await open().remove('smtp')).toBe(false);
  });

  it('of one tenant are nobody else’s, and one that is copied to another row does not open', async () => {
    await open(undefined, 'acme').set('openai', 'of acme');
    expect(await open().read('openai')).toBeNull();
    await store.run((db) => db.updateTable('kept_secrets').set({ tenant: '' }).execute());
    expect(await codeOfPromise(open().read('openai'))).toBe('INTERNAL');
  });

  it.each([
    ['Open AI', 'x'],
    ['', 'x'],
    ['a/b', 'x'],
    ['a'.repeat(64), 'x'],
    ['openai', ''],
    ['openai', 'x'.repeat(16 * 1024 + 1)],
  ])('refuse the name %j or its secret', async (name, secret) => {
    expect(await codeOfPromise(open().set(name, secret))).toBe('SECRET_INVALID');
  });
});

describe('sealing anew', () => {
  const rotated = () => createKeyRing({ current: NEW, retired: [OLD] });

  it('moves all of every tenant to the current key, and does nothing the second time', async () => {
    for (const tenant of [null, 'acme', 'zeta'])
      for (let n = 0; n < 150; n += 1) await open(undefined, tenant).set(`secret-${n}`, `${tenant} ${n}`);
    await open(rotated()).set('fresh', 'f');
    expect(await reseal(open(rotated()).resealable)).toEqual({
      name: 'kept secrets',
      sealed: 450,
      current: 1,
      left: 0,
    });
    const alone = createKeyRing({ current: NEW });
    expect(await open(alone, 'acme').read('secret-149')).toBe('acme 149');
    expect(await open(alone).read('secret-0')).toBe('null 0');
    expect(await reseal(open(alone).resealable)).toMatchObject({ sealed: 0, current: 451, left: 0 });
  });

  it('leaves what another changes at the same moment, and counts what does not open', async () => {
    await open().set('changed', 'before');
    await open().set('lost', 'x');
    await store.run((db) =>
      db.updateTable('kept_secrets').set({ sealed: 'v2.x.y' }).where('name', '=', 'lost').execute(),
    );
    const { resealable } = open(rotated());
    const racing = {
      ...resealable,
      readPage: async (after: string | null) => {
        const page = await resealable.readPage(after);
        if (after === null) await open().set('changed', 'after');
        return page;
      },
    };
    expect(await reseal(racing)).toMatchObject({ sealed: 0, left: 2 });
    expect(await open().read('changed')).toBe('after');
    expect(await reseal(resealable)).toMatchObject({ sealed: 1, left: 1 });
    expect(await open(rotated()).read('changed')).toBe('after');
  });

  it('goes on where a run was stopped', async () => {
    for (const name of ['a', 'b', 'c']) await open().set(name, name);
    const { resealable } = open(rotated());
    const [first] = await resealable.readPage(null);
    await first?.replace(first.sealAnew());
    expect(await reseal(resealable)).toMatchObject({ sealed: 2, current: 1, left: 0 });
  });
});
