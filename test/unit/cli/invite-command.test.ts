import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../../../src/cli/program.js';
import { parseSettings } from '../../../src/config/settings.js';
import { openRecords } from '../../../src/gateway.js';
import { createIdentity } from '../../../src/identity.js';
import { startMailServer } from '../../support/mail-server.js';
import { keepWritten } from '../../support/paper.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const CONTEXT = { requestId: 'r1', address: '203.0.113.9', tenant: null, userAgent: 'test' };
const PASSWORD = 'plum-otter-canyon-41';
const OTHER = 'brisk-lantern-fjord-77';
const LINK = /^https:\/\/ask\.example\.org\/#(?:invitation|reset)=([A-Za-z0-9_-]{43})$/m;

let env: Readonly<Record<string, string>>;
beforeEach(() => {
  env = {
    DATA_DIR: mkdtempSync(join(tmpdir(), 'swali-invite-')),
    BCRYPT_COST: '4',
    PUBLIC_URL: 'https://ask.example.org',
  };
});
afterEach(() => rmSync(env.DATA_DIR ?? '', { recursive: true, force: true }));

/** Runs one command line, as the operator does. */
async function run(args: readonly string[], more: object = {}): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [keepWritten(), keepWritten()];
  const code = await runProgram(args, {
    env: { ...env, ...more },
    stdin: Readable.from(['']),
    stdout: out.paper(),
    stderr: err.paper(),
    signal: new AbortController().signal,
  });
  return { code, out: out.lines.join(''), err: err.lines.join('') };
}

/** Opens the gateway's own side over the same store. */
async function open() {
  const surroundings = { settings: parseSettings(env), clock: Date.now, logger: silent };
  const records = await openRecords(surroundings, 'test');
  const identity = await createIdentity(surroundings, records.store);
  return {
    identity,
    audit: records.audit,
    async close() {
      await identity.close();
      await records.close();
    },
  };
}

const ADA = ['employee', 'ada@example.org'];
const INVITE = ['users', 'invite', ...ADA, '--role', 'member', '--allow-tables', 'orders, payments', '--tier', 'free'];

describe('users invite and users reset-password', () => {
  it('print the link where no mail server is set, and it works', async () => {
    const invited = await run(INVITE);
    expect([invited.code, invited.err]).toEqual([0, '']);
    expect(invited.out).toMatch(/^Invited employee:1\. The link works once, within 3 days:\nhttps:\S+\n$/);
    expect((await run(['users', 'list', 'employee'])).out).toBe(
      'employee:1  ada@example.org  invited  tier free  role member  tables orders,payments\n',
    );
    const again = await run(['users', 'invite', ...ADA]);
    const { identity, audit, close } = await open();
    const set = identity.createSetPasswordByLink(audit);
    const login = identity.createLogin(audit);
    const old = { token: LINK.exec(invited.out)?.[1] ?? '', password: PASSWORD };
    await expect(set('invitation', old, CONTEXT)).rejects.toMatchObject({ code: 'AUTH_LINK_INVALID' });
    await set('invitation', { token: LINK.exec(again.out)?.[1] ?? '', password: PASSWORD }, CONTEXT);
    await login.login('employee', 'ada@example.org', PASSWORD, CONTEXT);

    const reset = await run(['users', 'reset-password', 'employee', ' ADA@example.org']);
    expect(reset.out).toMatch(
      /^employee:1 may set a new password\. The link works once, within 30 minutes:\nhttps:\S+\n$/,
    );
    await set('reset', { token: LINK.exec(reset.out)?.[1] ?? '', password: OTHER }, CONTEXT);
    await login.login('employee', 'ada@example.org', OTHER, CONTEXT);

    const events = (await audit.list({ limit: 20 })).map(({ event }) => event as Record<string, unknown>);
    const acts = events.filter(({ event }) => event === 'account');
    expect(acts).toMatchObject([
      { action: 'reset-password', subject: 'operator', address: 'cli', target: 'employee:1', decision: 'accepted' },
      { action: 'invite', subject: 'operator', target: 'employee:1', after: null },
      { action: 'invite', subject: 'operator', target: 'employee:1', after: { status: 'invited', role: 'member' } },
    ]);
    const told = JSON.stringify(events);
    for (const { out } of [invited, again, reset]) expect(told).not.toContain(LINK.exec(out)?.[1]);
    await close();
  });

  it('mail the link where a mail server is set, and print none', async () => {
    const server = await startMailServer();
    const mail = { SMTP_URL: server.url, MAIL_FROM: 'no-reply@example.org' };
    expect(await run(INVITE, mail)).toEqual({ code: 0, out: 'Invited employee:1. The link is mailed.\n', err: '' });
    expect((await server.waitFor(1)).link).toMatch(LINK);
    await server.close();
    const failed = await run(['users', 'invite', ...ADA], mail);
    expect([failed.code, failed.out]).toEqual([1, '']);
    expect(failed.err).toMatch(/^MAIL_UNAVAILABLE: .*invite it again/);
  });

  it.each([
    [['invite', 'customer', '103'], /only accounts with an e-mail address can be invited/],
    [['invite', 'robot', 'a@example.org'], /the kind is one of/],
    [['invite', 'admin', 'a@example.org', '--role', 'member'], /only employees have a role/],
    [['reset-password', 'admin', 'a@example.org'], /there is no admin with that identifier/],
    [['reset-password', ...ADA], /has not accepted its invitation/],
  ])('refuse %j', async (args, message) => {
    await run(INVITE);
    const refused = await run(['users', ...args]);
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toMatch(message);
  });
});
