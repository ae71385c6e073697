import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/config/settings.js';
import { ensureDemoAccounts, ensureDemoSource, lacksDemoAccounts } from '../../src/first-run.js';
import { findFirstAccount } from '../../src/identify/find-account.js';
import { createPasswords, type Passwords } from '../../src/identify/passwords.js';
import { migrateStore, openStore, type Store } from '../../src/store/store.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const NOW = Date.UTC(2026, 2, 1, 12);
const clock = () => NOW;

let folder = '';
let store: Store;
let passwords: Passwords;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swali-first-'));
  store = await openStore(`sqlite:${join(folder, 'store.sqlite')}`);
  await migrateStore(store);
  passwords = await createPasswords({ cost: 4, threads: 1 });
});
afterEach(async () => {
  await passwords.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('ensureDemoSource', () => {
  it('makes the business once, and leaves it alone afterwards', async () => {
    const settings = parseSettings({ DATA_DIR: join(folder, 'data') });
    expect(await ensureDemoSource(settings, clock, silent)).toBe(true);
    const path = join(folder, 'data', 'demo.sqlite');
    const made = statSync(path).mtimeMs;
    expect(await ensureDemoSource(settings, clock, silent)).toBe(false);
    expect(statSync(path).mtimeMs).toBe(made);
  });

  it('makes nothing where a source is set', async () => {
    const settings = parseSettings({ DATA_DIR: folder, SOURCE_URL: `sqlite:${join(folder, 'own.sqlite')}` });
    expect(await ensureDemoSource(settings, clock, silent)).toBe(false);
    expect(existsSync(join(folder, 'own.sqlite'))).toBe(false);
  });
});

describe('ensureDemoAccounts', () => {
  const deps = () => ({ store, passwords, clock });

  it('makes one account of each kind, each with a password of its own that fits', async () => {
    const settings = parseSettings({ DATA_DIR: folder });
    expect(await lacksDemoAccounts(settings, store)).toBe(true);
    const seeded = await ensureDemoAccounts(settings, deps());
    expect(seeded.map(({ account }) => account.kind).sort()).toEqual(['admin', 'customer', 'employee']);
    expect(new Set(seeded.map(({ password }) => password)).size).toBe(3);
    for (const { account, password } of seeded) {
      expect(password).toMatch(/^[\w-]{24}$/);
      const stored = await findFirstAccount(store, null, account.kind);
      expect(await passwords.matches(password, stored?.passwordHash ?? null)).toBe(true);
    }
    expect(await ensureDemoAccounts(settings, deps())).toEqual([]);
    expect(await lacksDemoAccounts(settings, store)).toBe(false);
  });

  it.each([
    [
      'in production',
      {
        NODE_ENV: 'production',
        JWT_SECRET: 'b0c1d2e3f4a5968778695a4b3c2d1e0f',
        STORE_KEY: '0f1e2d3c4b5a69788796a5f4e3d2c1b0',
        AUDIT_PRIVATE_KEY: 'a private key',
        RECEIPT_PRIVATE_KEY: '7d0c2e9a41b8f3650d1c9e7a84b2f6350c1d8e7f90a3b4c5d6e7f8091a2b3c4d',
        PUBLIC_URL: 'https://a.example',
      },
    ],
    ['over a source of one’s own', { SOURCE_URL: 'mysql://reader@db/shop' }],
  ])('makes none %s', async (_where, env) => {
    const settings = parseSettings({ DATA_DIR: folder, ...env });
    expect(await ensureDemoAccounts(settings, deps())).toEqual([]);
    expect(await lacksDemoAccounts(settings, store)).toBe(false);
    expect(await findFirstAccount(store, null, 'admin')).toBeNull();
  });
});
