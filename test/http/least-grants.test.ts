import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/program.js';
import { makeDemo } from '../../src/demo/make-demo.js';
import { describeEngines } from '../engines/engines.js';
import { type LeastAccounts, makeLeastAccounts } from '../support/least-accounts.js';
import { ACCOUNTS, serveGateway } from './served-gateway.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-grants-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs one command line in this process. */
async function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const terminal = {
    env: { DATA_DIR: folder, BCRYPT_COST: '4', ...env },
    stdin: Readable.from([]),
    stdout,
    stderr,
    signal: new AbortController().signal,
  };
  const code = await runProgram(args, terminal);
  const text = (stream: PassThrough): string => String(stream.read() ?? '');
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

const MORE = 'a source account may read more than the policy needs';

describeEngines(
  'a gateway on accounts with the printed grants',
  'SELECT 1',
  (engine) => {
    let accounts: LeastAccounts;
    let env: Readonly<Record<string, string>>;
    beforeAll(async () => {
      await makeDemo({ target: engine.url, scale: 1, seed: 2026, today: '2026-03-01' });
      accounts = await makeLeastAccounts(engine, async (kind, account) => {
        // The owner of the database prints; the accounts of the kinds, which hold nothing yet, are not used for it.
        const printed = await run(['policy', 'grants', '--kind', kind, '--account', account], {
          SOURCE_URL: engine.url,
          SOURCE_URL_ADMIN: engine.url.replace('//', '//nobody:x@'),
          ALLOW_WIDE_GRANTS: 'on',
        });
        expect([printed.code, printed.stderr]).toEqual([0, '']);
        return printed.stdout.trimEnd().split('\n');
      });
      env = {
        SOURCE_URL: accounts.urls.catalog,
        SOURCE_URL_CUSTOMER: accounts.urls.customer,
        SOURCE_URL_EMPLOYEE: accounts.urls.employee,
        SOURCE_URL_ADMIN: accounts.urls.admin,
      };
    }, 120_000);
    afterAll(() => accounts?.drop());

    it('starts, answers everyone, and has nothing to say of its grants', async () => {
      const gateway = await serveGateway(ACCOUNTS, env);
      try {
        for (const [name, question] of [
          ['customer', 'How many orders did I place in 2025?'],
          ['employee', 'How many orders were placed in 2025?'],
          ['admin', 'What was the revenue per branch in 2025?'],
        ] as const) {
          expect((await gateway.signIn(name)).status).toBe(200);
          expect((await gateway.ask(name, question)).body).toMatchObject({ status: 'answered' });
          expect((await gateway.sql(name, 'SELECT * FROM orders')).status).toBe(name === 'customer' ? 403 : 200);
        }
        expect(gateway.log.filter((line) => line.includes(MORE))).toEqual([]);
      } finally {
        await gateway.stop();
      }
    }, 60_000);

    it('says at start, and in policy check, which right of which account is too much', async () => {
      const database = new URL(engine.url).pathname.slice(1);
      const [user, host] = accounts.names.customer.split('@');
      const right = `SELECT (internal_note) ON \`${database}\`.orders`;
      const quiet = await run(['policy', 'check'], env);
      expect([quiet.code, quiet.stderr, quiet.stdout]).toEqual([0, '', expect.not.stringContaining('warning')]);
      await engine.runAsOwner(`GRANT ${right} TO '${user}'@'${host}'`);
      try {
        const gateway = await serveGateway(ACCOUNTS, env);
        await gateway.stop();
        const said = 'account for customer: SELECT on internal_note of orders';
        expect(gateway.log.filter((line) => line.includes(MORE))).toEqual([
          `${MORE} ${JSON.stringify({ right: said })}`,
        ]);
        const check = await run(['policy', 'check'], env);
        expect(check.stdout).toContain(`warning: more than the policy needs: ${said}\n`);
        expect(check.code).toBe(0);
      } finally {
        await engine.runAsOwner(`REVOKE ${right} FROM '${user}'@'${host}'`);
      }
    }, 60_000);

    it('does not start without a right that the catalog needs, and fails statements without one of their kind', async () => {
      const database = new URL(engine.url).pathname.slice(1);
      const name = (use: 'catalog' | 'admin'): string => accounts.names[use].replace(/^(.*)@(.*)$/, "'$1'@'$2'");
      const right = `SELECT (cost) ON \`${database}\`.products`;
      await engine.runAsOwner(`REVOKE ${right} FROM ${name('catalog')}`);
      const check = await run(['policy', 'check'], env);
      expect([check.code, check.stderr]).toEqual([1, expect.stringContaining('products has no column cost')]);
      await engine.runAsOwner(`GRANT ${right} TO ${name('catalog')}; REVOKE ${right} FROM ${name('admin')}`);
      const gateway = await serveGateway(ACCOUNTS, env);
      try {
        await gateway.signIn('admin');
        const refused = await gateway.sql('admin', 'SELECT cost FROM products');
        expect(refused.body).toMatchObject({ code: 'EXECUTE_FAILED' });
        expect(refused.text).not.toContain(accounts.names.admin.split('@')[0]);
      } finally {
        await gateway.stop();
        await engine.runAsOwner(`GRANT ${right} TO ${name('admin')}`);
      }
    }, 60_000);
  },
  ['mariadb', 'mysql'],
);

describe('policy grants', { timeout: 60_000 }, () => {
  it.each([
    [['--kind', 'customer', '--account', 'app@%'], 'SQLite has no accounts'],
    [['--kind', 'everyone', '--account', 'app@%'], '--kind takes customer, employee, admin, catalog'],
  ])('is refused with its code: %j', async (options, detail) => {
    const refused = await run(['policy', 'grants', ...options], {});
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/^GRANTS_REFUSED: /);
    expect(refused.stderr).toContain(detail);
  });

  it('takes both options', async () => {
    expect((await run(['policy', 'grants', '--kind', 'customer'], {})).code).toBe(2);
    expect((await run(['policy', 'grants', '--account', 'app@%'], {})).code).toBe(2);
  });
});
