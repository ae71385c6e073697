import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmployeeRole, Principal } from '../../../src/domain/principal.js';
import { createAccountManager } from '../../../src/identify/manage-accounts.js';
import { operatorOf, principalFor } from '../../../src/identify/operator.js';
import { permissionsFor } from '../../../src/identify/permissions.js';
import { codeOfPromise } from '../../support/code-of-promise.js';
import { type Identity, openIdentity, RING } from './identity-fixtures.js';
import { CONTEXT, type Links, NEW_PASSWORD, openLinks } from './link-fixtures.js';

let identity: Identity;
let links: Links;
beforeAll(async () => {
  identity = await openIdentity();
  links = openLinks(identity);
});
afterAll(() => identity?.close());

const events = async (limit: number) =>
  (await identity.audit.list({ limit })).map(({ event }) => event as Record<string, unknown>);
const manager = () => {
  const { store, passwords, audit, clock } = identity;
  return createAccountManager({ store, passwords, audit, ring: RING, clock: () => clock.now });
};
const employee = (role: EmployeeRole, permissions = permissionsFor('employee', role)): Principal =>
  Object.freeze({ ...operatorOf(null), kind: 'employee', subject: 'employee:900', role, permissions });

describe('inviting', () => {
  it('makes an account that is invited, on record, and sends it a link', async () => {
    const details = {
      kind: 'employee',
      identifier: 'Ada@Example.org',
      role: 'member',
      allowTables: ['orders'],
    } as const;
    const { account, isNew } = await links.invite(operatorOf(null), details, CONTEXT);
    expect(isNew).toBe(true);
    expect(account).toMatchObject({ identifier: 'ada@example.org', status: 'invited', role: 'member' });
    expect(await events(1)).toMatchObject([
      {
        event: 'account',
        action: 'invite',
        subject: 'operator',
        target: account.subject,
        before: null,
        after: { identifier: 'a***@example.org', status: 'invited', role: 'member', allowTables: ['orders'] },
        decision: 'accepted',
      },
    ]);
    expect(links.letters.at(-1)).toMatchObject({ to: 'ada@example.org', subject: 'Your invitation to Swali' });
    expect(links.letters.at(-1)?.link).toMatch(/^https:\/\/ask\.example\.org\/#invitation=[A-Za-z0-9_-]{43}$/);
    expect(links.letters.at(-1)?.text).toContain('within 3 days');
  });

  it('again sends another link and changes nothing else; once it is accepted the account exists', async () => {
    const { id, token } = await links.invited('eve@example.org', { role: 'member' });
    const again = await links.invite(operatorOf(null), { kind: 'employee', identifier: 'EVE@example.org' }, CONTEXT);
    expect(again).toMatchObject({ isNew: false, account: { id, status: 'invited', role: 'member' } });
    expect((await events(1))[0]).toMatchObject({ action: 'invite', target: `employee:${id}`, after: null });
    expect(links.lastToken()).not.toBe(token);
    await links.setPassword('invitation', { token: links.lastToken(), password: NEW_PASSWORD }, CONTEXT);
    const late = links.invite(operatorOf(null), { kind: 'employee', identifier: 'eve@example.org' }, CONTEXT);
    expect(await codeOfPromise(late)).toBe('IDENTITY_EXISTS');
    await manager().change(operatorOf(null), 'employee', id, { status: 'disabled' }, CONTEXT);
    const gone = links.invite(operatorOf(null), { kind: 'employee', identifier: 'eve@example.org' }, CONTEXT);
    expect(await codeOfPromise(gone)).toBe('IDENTITY_EXISTS');
  });

  it.each([
    ['a customer’s number', { kind: 'customer', identifier: 'C77' }, /only accounts with an e-mail address/],
    ['two addresses', { kind: 'customer', identifier: 'a,b@example.org' }, /only accounts with an e-mail address/],
    ['a further header', { kind: 'admin', identifier: 'a@example.org\r\nBcc: b' }, /control or invisible characters/],
    ['a role of no employee', { kind: 'admin', identifier: 'r@example.org', role: 'member' }, /only employees/],
  ] as const)('refuses %s, and makes nothing', async (_what, details, words) => {
    const before = links.letters.length;
    const refused = links.invite(operatorOf(null), details, CONTEXT);
    await expect(refused).rejects.toThrow(words);
    expect(await codeOfPromise(refused)).toBe('IDENTITY_INPUT_INVALID');
    expect(links.letters).toHaveLength(before);
    expect((await events(1))[0]).toMatchObject({ action: 'invite', target: null, decision: 'refused' });
  });

  it('is for those who may make the account, and may manage the one that is there', async () => {
    const delegate = employee('admin-delegate');
    const low = employee('manager', new Set(['users:manage'] as const));
    await links.invited('above@example.org', { role: 'admin-delegate' });
    const acts = [
      links.invite(employee('manager'), { kind: 'customer', identifier: 'x@example.org' }, CONTEXT),
      links.invite(delegate, { kind: 'admin', identifier: 'x@example.org' }, CONTEXT),
      links.invite(low, { kind: 'employee', identifier: 'x@example.org', role: 'admin-delegate' }, CONTEXT),
      links.invite(low, { kind: 'employee', identifier: 'above@example.org' }, CONTEXT),
    ];
    expect(await Promise.all(acts.map(codeOfPromise))).toEqual(Array(4).fill('AUTH_PERMISSION_MISSING'));
    const { isNew } = await links.invite(delegate, { kind: 'customer', identifier: 'x@example.org' }, CONTEXT);
    expect(isNew).toBe(true);
  });

  it('is refused where no mail can be sent at all, and makes nothing', async () => {
    const off = openLinks(identity, { mail: 'off' });
    const refused = off.invite(operatorOf(null), { kind: 'admin', identifier: 'off@example.org' }, CONTEXT);
    await expect(refused).rejects.toThrow(/set SMTP_URL and MAIL_FROM/);
    expect(await manager().list(operatorOf(null), 'admin', { limit: 1, identifier: 'off@example.org' })).toEqual([]);
  });

  it('says where this mail was not sent, and what stands, and is cured by inviting again', async () => {
    const down = openLinks(identity, { mail: 'down' });
    const details = { kind: 'admin', identifier: 'down@example.org' } as const;
    const refused = down.invite(operatorOf(null), details, CONTEXT);
    await expect(refused).rejects.toThrow(/invite it again/);
    expect(await codeOfPromise(refused)).toBe('MAIL_UNAVAILABLE');
    expect((await events(1))[0]).toMatchObject({ action: 'invite', decision: 'accepted' });
    expect(down.late).toMatchObject([{ event: 'invitation', action: 'mail', kind: 'admin', decision: 'refused' }]);
    expect((await links.invite(operatorOf(null), details, CONTEXT)).isNew).toBe(false);
  });
});

describe('an invited account', () => {
  it('is not made active by those who manage it, but may be disabled, exported and erased', async () => {
    const { id } = await links.invited('zoe@example.org');
    const activate = manager().change(operatorOf(null), 'employee', id, { status: 'active' }, CONTEXT);
    await expect(activate).rejects.toThrow(/accepts its invitation/);
    await expect(principalFor(identity.store, null, 'employee:zoe@example.org')).rejects.toThrow(/has not accepted/);
    const { mailedLinks } = await manager().exportData(operatorOf(null), 'employee', id, CONTEXT);
    expect(mailedLinks).toEqual([
      { purpose: 'invitation', createdAt: identity.clock.now, expiresAt: expect.any(Number), usedAt: null },
    ]);
    await manager().erase(operatorOf(null), 'employee', id, CONTEXT);
    const left = await identity.store.run((db) =>
      db
        .selectFrom('mailed_tokens')
        .select('digest')
        .where('kind', '=', 'employee')
        .where('account_id', '=', id)
        .execute(),
    );
    expect(left).toEqual([]);
  });

  it('is no admin who could still sign in', async () => {
    const alone = await openIdentity(identity.passwords);
    try {
      const { store, passwords, audit } = alone;
      const sole = createAccountManager({ store, passwords, audit, ring: RING, clock: () => 0 });
      await alone.add({ kind: 'admin', identifier: 'one@example.org' });
      await openLinks(alone).invite(operatorOf(null), { kind: 'admin', identifier: 'two@example.org' }, CONTEXT);
      const disable = sole.change(operatorOf(null), 'admin', 1, { status: 'disabled' }, CONTEXT);
      expect(await codeOfPromise(disable)).toBe('IDENTITY_LAST_ADMIN');
    } finally {
      await alone.close();
    }
  });
});

describe('sending a reset', () => {
  it('sends an active account a link, on record, and leaves its password', async () => {
    const subject = await identity.add({ kind: 'employee', identifier: 'res@example.org', role: 'member' });
    const id = Number(subject.split(':')[1]);
    expect((await links.sendReset(operatorOf(null), 'employee', id, CONTEXT)).subject).toBe(subject);
    expect(links.letters.at(-1)).toMatchObject({ to: 'res@example.org', link: expect.stringContaining('#reset=') });
    expect((await events(1))[0]).toMatchObject({ event: 'account', action: 'reset-password', target: subject });
    await links.setPassword('reset', { token: links.lastToken(), password: NEW_PASSWORD }, CONTEXT);
  });

  it('is refused for whoever has no use for it, and by whoever does not manage them', async () => {
    const customer = Number((await identity.add({ kind: 'customer', identifier: 'C9' })).split(':')[1]);
    const { id: invited } = await links.invited('soon@example.org');
    const above = await identity.add({ kind: 'employee', identifier: 'boss@example.org', role: 'admin-delegate' });
    const theirs = await identity.add({ kind: 'customer', identifier: 'by-sso@example.org', password: null });
    const boss = Number(above.split(':')[1]);
    const low = employee('manager', new Set(['users:manage'] as const));
    const acts = [
      links.sendReset(operatorOf(null), 'customer', customer, CONTEXT),
      links.sendReset(operatorOf(null), 'customer', Number(theirs.split(':')[1]), CONTEXT),
      links.sendReset(operatorOf(null), 'employee', invited, CONTEXT),
      links.sendReset(operatorOf(null), 'employee', 99_999, CONTEXT),
      links.sendReset(low, 'employee', boss, CONTEXT),
      links.sendReset(employee('admin-delegate'), 'admin', 1, CONTEXT),
      openLinks(identity, { mail: 'off' }).sendReset(operatorOf(null), 'employee', boss, CONTEXT),
      openLinks(identity, { mail: 'down' }).sendReset(operatorOf(null), 'employee', boss, CONTEXT),
    ];
    expect(await Promise.all(acts.map(codeOfPromise))).toEqual([
      'IDENTITY_INPUT_INVALID',
      'IDENTITY_INPUT_INVALID',
      'IDENTITY_INPUT_INVALID',
      'IDENTITY_UNKNOWN',
      'AUTH_PERMISSION_MISSING',
      'AUTH_PERMISSION_MISSING',
      'MAIL_UNAVAILABLE',
      'MAIL_UNAVAILABLE',
    ]);
  });
});
