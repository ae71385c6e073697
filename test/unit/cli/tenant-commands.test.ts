import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../../../src/cli/program.js';
import { parseSettings } from '../../../src/config/settings.js';
import { openRecords } from '../../../src/gateway.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const PASSWORD = 'correct horse battery';

let env: Record<string, string>;
beforeEach(() => {
  env = { DATA_DIR: mkdtempSync(join(tmpdir(), 'swali-tenants-')), BCRYPT_COST: '4', TENANCY: 'on' };
});
afterEach(() => rmSync(env.DATA_DIR ?? '', { recursive: true, force: true }));

/** Runs one command line; what it printed, or why it refused. */
async function run(...args: readonly string[]): Promise<string> {
  const out: string[] = [];
  const into = () =>
    new Writable({
      write(chunk, _encoding, done) {
        out.push(String(chunk));
        done();
      },
    });
  const terminal = { env, stdin: Readable.from([PASSWORD]), stdout: into(), stderr: into() };
  await runProgram(args, { ...terminal, signal: new AbortController().signal });
  return out.join('');
}

const addRoot = (...more: readonly string[]) =>
  run('users', 'add', 'admin', '--identifier', 'root@example.org', '--password-stdin', ...more);

async function records(): Promise<readonly unknown[]> {
  const opened = await openRecords({ settings: parseSettings(env), clock: Date.now, logger: silent }, 'test');
  try {
    expect((await opened.audit.verify()).intact).toBe(true);
    return (await opened.audit.list({ limit: 50 })).map(({ event }) => event);
  } finally {
    await opened.close();
  }
}

describe('swali tenants', () => {
  it('adds, lists, disables and lets in again, on record', async () => {
    expect(await run('tenants', 'add', 'acme', '--name', 'Acme Ltd')).toBe('Added the tenant acme.\n');
    expect(await run('tenants', 'add', 'globex')).toBe('Added the tenant globex.\n');
    expect(await run('tenants', 'add', 'acme')).toMatch(/^IDENTITY_EXISTS: /);
    expect(await run('tenants', 'change', 'globex', '--status', 'disabled')).toBe('The tenant globex is disabled.\n');
    expect(await run('tenants', 'list')).toBe('acme  Acme Ltd  active\nglobex  globex  disabled\n');
    await run('tenants', 'change', 'globex', '--status', 'active');
    expect(await run('tenants', 'list')).toContain('globex  globex  active\n');
    const actions = (await records()).map((event) => (event as { action: string }).action);
    expect(actions).toEqual([
      'tenants change globex active',
      'tenants change globex disabled',
      'tenants add globex',
      'tenants add acme',
    ]);
  });

  it.each(['Acme', 'a b', '-a', 'a-', '', 'a'.repeat(64), '\u0430cme', 'acme\u200b'])(
    'refuses the id %j',
    async (id) => {
      expect(await run('tenants', 'add', '--', id)).toMatch(/^IDENTITY_INPUT_INVALID: /);
      expect(await run('tenants', 'list')).toBe('');
    },
  );

  it('says where what a tenant’s people ask may go, on record', async () => {
    await run('tenants', 'add', 'acme');
    expect(await run('tenants', 'change', 'acme', '--providers', 'openai, local', '--regions', 'eu')).toBe(
      'The tenant acme is providers=openai, local regions=eu.\n',
    );
    expect(await run('tenants', 'list')).toBe('acme  acme  active  providers=openai,local  regions=eu\n');
    await run('tenants', 'change', 'acme', '--providers', 'none', '--regions', 'all');
    expect(await run('tenants', 'list')).toBe('acme  acme  active  providers=none\n');
    await run('tenants', 'change', 'acme', '--status', 'disabled', '--providers', 'all');
    expect(await run('tenants', 'list')).toBe('acme  acme  disabled\n');
    expect((await records()).map((event) => (event as { action: string }).action)).toEqual([
      'tenants change acme disabled providers=all',
      'tenants change acme providers=none regions=all',
      'tenants change acme providers=openai, local regions=eu',
      'tenants add acme',
    ]);
  });

  it.each([
    [['--providers', 'Open AI']],
    [['--regions', 'eu,,us']],
    [['--providers', Array.from({ length: 21 }, (_, n) => `p${n}`).join(',')]],
    [[]],
  ])('refuses %j, and changes nothing', async (options) => {
    await run('tenants', 'add', 'acme');
    expect(await run('tenants', 'change', 'acme', ...options)).toMatch(/^IDENTITY_INPUT_INVALID: /);
    expect(await run('tenants', 'list')).toBe('acme  acme  active\n');
    expect(await run('tenants', 'change', 'globex', '--providers', 'a')).toMatch(/there is no such tenant/);
  });

  it('refuses a status that is none, and a tenant that is not there', async () => {
    await run('tenants', 'add', 'acme');
    expect(await run('tenants', 'change', 'acme', '--status', 'gone')).toMatch(/^IDENTITY_INPUT_INVALID: /);
    for (const id of ['globex', 'ACME', 'acme ']) {
      expect(await run('tenants', 'change', id, '--status', 'active')).toMatch(/there is no such tenant/);
      expect(await run('tenants', 'adopt', id)).toMatch(/there is no such tenant/);
    }
  });
});

describe('commands about accounts', () => {
  it('need --tenant where there are tenants, and keep to that one', async () => {
    expect(await addRoot()).toMatch(/^IDENTITY_INPUT_INVALID: .*--tenant ID/);
    await run('tenants', 'add', 'acme');
    await run('tenants', 'add', 'globex');
    expect(await addRoot('--tenant', 'acme')).toBe('Added admin:1.\n');
    expect(await addRoot('--tenant', 'globex')).toBe('Added admin:2.\n');
    expect(await run('users', 'list', 'admin', '--tenant', 'acme')).toMatch(/^admin:1 {2}root@example.org .*\n$/);
    expect(await run('--tenant', 'globex', 'users', 'list', 'admin')).toMatch(/^admin:2 {2}root@example.org .*\n$/);
    expect(await run('users', 'list', 'admin', '--tenant', 'nobody')).toBe('');
    const [first] = (await records()) as { tenant: string; action: string }[];
    expect([first?.tenant, first?.action]).toEqual(['globex', 'users add admin']);
  });

  it('take no --tenant where there are none', async () => {
    env.TENANCY = 'off';
    expect(await addRoot('--tenant', 'acme')).toMatch(/^IDENTITY_INPUT_INVALID: .*TENANCY is off/);
    expect(await addRoot()).toBe('Added admin:1.\n');
  });
});

describe('swali tenants adopt', () => {
  it('gives a tenant the accounts of before, once', async () => {
    env.TENANCY = 'off';
    await addRoot();
    env.TENANCY = 'on';
    await run('tenants', 'add', 'acme');
    expect(await run('users', 'list', 'admin', '--tenant', 'acme')).toBe('');
    expect(await run('tenants', 'adopt', 'acme')).toBe('The tenant acme has 1 more accounts.\n');
    expect(await run('users', 'list', 'admin', '--tenant', 'acme')).toMatch(/^admin:1 /);
    expect(await run('tenants', 'adopt', 'acme')).toBe('The tenant acme has 0 more accounts.\n');
  });

  it('moves nothing where one of them is there already', async () => {
    env.TENANCY = 'off';
    await addRoot();
    await run('users', 'add', 'customer', '--identifier', '7', '--password-stdin');
    env.TENANCY = 'on';
    await run('tenants', 'add', 'acme');
    await addRoot('--tenant', 'acme');
    expect(await run('tenants', 'adopt', 'acme')).toMatch(/^IDENTITY_EXISTS: /);
    expect(await run('users', 'list', 'customer', '--tenant', 'acme')).toBe('');
  });
});
