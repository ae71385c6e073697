import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createSubjectKeys } from '../../../src/audit/subject-keys.js';
import { parseSettings } from '../../../src/config/settings.js';
import { openRecords } from '../../../src/gateway.js';
import { createSecondFactors } from '../../../src/identify/second-factor.js';
import { createSeedCipher } from '../../../src/identify/seed-cipher.js';
import { createIdentity } from '../../../src/identity.js';
import { openKeptTurns, openKeyRing } from '../../../src/store-key.js';
import { runCommand } from '../../support/run-command.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

const OLD = 'Zt-0f1e2d3c4b5a69788796a5f4e3d2c1b0';
const NEW = 'Qw-9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d';
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const envOf = (more: Record<string, string> = {}) => ({ DATA_DIR: folder, STORE_KEY: OLD, BCRYPT_COST: '4', ...more });
const surroundingsOf = (env: Record<string, string>) => ({
  settings: parseSettings(env),
  clock: Date.now,
  logger: silent,
});

describe('secrets', () => {
  it('are set from standard input, listed without themselves, and removed, on record', async () => {
    expect(await runCommand(envOf(), ['secrets', 'set', 'openai'], 'sk-test-1\n')).toMatchObject({
      code: 0,
      out: 'Kept openai; refer to it as store:openai.\n',
    });
    const { out } = await runCommand(envOf(), ['secrets', 'list']);
    expect(out).toMatch(/^openai, set \d{4}-/);
    expect(out).not.toContain('sk-test');
    expect((await runCommand(envOf(), ['secrets', 'remove', 'openai'])).code).toBe(0);
    expect((await runCommand(envOf(), ['secrets', 'remove', 'openai'])).err).toContain('SECRET_INVALID');
    expect((await runCommand(envOf(), ['secrets', 'set', 'Odd Name'], 'x')).err).toContain('SECRET_INVALID');
    const records = await openRecords(surroundingsOf(envOf()), 'test');
    try {
      const events = (await records.audit.list({ limit: 10 })).map(({ event }) => event);
      expect(events).toMatchObject([
        { event: 'operator', action: 'secrets remove', reasons: ['openai'] },
        { event: 'operator', action: 'secrets set', reasons: ['openai'] },
      ]);
    } finally {
      await records.close();
    }
  });

  it('are what store:NAME refers to in settings, before these are judged', async () => {
    const env = envOf({ JWT_SECRET: 'store:jwt' });
    // What fills the store does not need what is not there yet.
    expect((await runCommand(env, ['secrets', 'set', 'jwt'], 'too short')).code).toBe(0);
    expect((await runCommand(env, ['users', 'list', 'admin'])).err).toContain('JWT_SECRET: the value is not usable');
    await runCommand(env, ['secrets', 'set', 'jwt'], 'b0c1d2e3f4a5968778695a4b3c2d1e0f');
    expect((await runCommand(env, ['users', 'list', 'admin'])).code).toBe(0);
  });

  it('that are missing are told together, with other faults', async () => {
    const { code, err } = await runCommand(
      envOf({ OPENAI_API_KEY: 'store:nowhere', SMTP_URL: 'store:smtp', PORT: '70000' }),
      ['users', 'list', 'admin'],
    );
    expect(code).toBe(1);
    expect(err).toContain('OPENAI_API_KEY: cannot be read from store (swali secrets set nowhere has not been run)');
    expect(err).toContain('SMTP_URL: cannot be read from store');
    expect(err).toContain('PORT: ');
  });

  it('cannot be what opens the store', async () => {
    const { err } = await runCommand(envOf({ STORE_KEY: 'store:key' }), ['users', 'list', 'admin']);
    expect(err).toContain('STORE_KEY: is kept in the store, expected a value that opens it');
  });

  it('serve as client secrets of providers of single sign-on', async () => {
    await runCommand(envOf(), ['secrets', 'set', 'login-example'], 'client-secret-1');
    const file = join(folder, 'sso.yaml');
    const write = (name: string) =>
      writeFileSync(
        file,
        `providers:\n  - { name: example, kind: employee, protocol: oidc, issuer: "https://login.example.com", client_id: swali,
      client_secret: "store:${name}", email_domains: [example.com], create: false }\n`,
      );
    const open = async () => {
      const surroundings = surroundingsOf(envOf({ SSO_FILE: file, PUBLIC_URL: 'https://ask.example.com' }));
      const records = await openRecords(surroundings, 'test');
      try {
        await (await createIdentity(surroundings, records.store)).close();
      } finally {
        await records.close();
      }
    };
    write('login-example');
    await open();
    write('nowhere');
    await expect(open()).rejects.toThrow('SSO_FILE: client_secret of example: cannot be read from store');
  });
});

describe('keys rotate', () => {
  it('seals seeds and secrets anew, so that the old key can go, and says how many', async () => {
    const seed = Buffer.from('12345678901234567890');
    const before = createSeedCipher({ storeKey: OLD });
    const records = await openRecords(surroundingsOf(envOf()), 'test');
    const owner = { tenant: null, kind: 'admin', id: 7, subject: 'admin:7', identifier: 'root@example.org' } as const;
    const factors = (cipher: ReturnType<typeof createSeedCipher>) =>
      createSecondFactors({
        store: records.store,
        clock: () => 0,
        cipher,
        randomBytes: (size) => (size === seed.length ? seed : randomBytes(size)),
      });
    try {
      await factors(before).enrol(owner, false);
      const keysOf = (env: Record<string, string>) =>
        createSubjectKeys({ store: records.store, clock: () => 0, keyRing: openKeyRing(surroundingsOf(env)) });
      const [subjectKey] = (await keysOf(envOf()).demand(new Map([['customer:1', null]]))).values();
      await runCommand(envOf(), ['secrets', 'set', 'smtp'], 'pass');
      const asker = { tenant: null, subject: 'customer:1' };
      const turnsOf = (env: Record<string, string>) =>
        openKeptTurns({ ...surroundingsOf(env), clock: () => 0 }, records.store);
      const asked = { question: 'How many?', readAs: null, sql: null, status: 'refused', code: null } as const;
      const rules = { translator: 'offline', viewDigest: 'view', policyVersion: 'policy' };
      const talk = await turnsOf(envOf()).save(asker, { ...asked, ...rules }, 'new');
      const rotated = envOf({ STORE_KEY: NEW, STORE_RETIRED_KEYS: OLD });
      const { code, out } = await runCommand(rotated, ['keys', 'rotate']);
      expect(code).toBe(0);
      expect(out).toMatch(/^seeds of second factors: 1 sealed anew, 0 current already, 0 left$/m);
      expect(out).toMatch(/^kept secrets: [1-9]\d* sealed anew, 0 current already, 0 left$/m);
      expect(out).toMatch(/^keys of audit subjects: [1-9]\d* sealed anew, 0 current already, 0 left$/m);
      expect(out).toMatch(/^questions: 1 sealed anew, 0 current already, 0 left$/m);
      expect(out).toMatch(/^titles of conversations: 1 sealed anew, 0 current already, 0 left$/m);
      expect(out).toContain('Nothing needs the retired keys any more.');
      const [turn] = (await turnsOf(envOf({ STORE_KEY: NEW })).readTurns(asker, talk ?? '', 1)) ?? [];
      expect(turn?.question).toBe('How many?');
      expect((await runCommand(rotated, ['keys', 'rotate'])).out).toContain(
        'seeds of second factors: 0 sealed anew, 1',
      );
      // The code of RFC 6238's own key at 0 s: the seed is what it was, and the old key is gone.
      expect(await factors(createSeedCipher({ storeKey: NEW })).confirm(owner, '755224')).not.toBeNull();
      expect((await keysOf(envOf({ STORE_KEY: NEW })).find(['customer:1'])).get('customer:1')).toEqual(subjectKey);
      const alone = envOf({ STORE_KEY: NEW, OPENAI_API_KEY: 'store:smtp' });
      expect((await runCommand(alone, ['users', 'list', 'admin'])).code).toBe(0);
      const without = await runCommand(envOf({ STORE_KEY: OLD }), ['keys', 'rotate']);
      expect(without.out).toContain('seeds of second factors: 0 sealed anew, 0 current already, 1 left');
    } finally {
      await records.close();
    }
  });
});
