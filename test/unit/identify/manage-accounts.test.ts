import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmployeeRole, Principal } from '../../../src/domain/principal.js';
import { type AccountManager, createAccountManager } from '../../../src/identify/manage-accounts.js';
import { permissionsFor } from '../../../src/identify/permissions.js';
import { codeOfPromise } from '../../support/code-of-promise.js';
import { type Identity, openIdentity, PASSWORD, RING } from './identity-fixtures.js';

const CONTEXT = { requestId: 'r1', address: '192.0.2.1', tenant: null, userAgent: 'test' };

let identity: Identity;
let manager: AccountManager;
beforeAll(async () => {
  identity = await openIdentity();
  const { store, passwords, audit, clock } = identity;
  manager = createAccountManager({ store, passwords, audit, ring: RING, clock: () => clock.now });
});
afterAll(() => identity?.close());

function makeActor(kind: 'admin' | 'employee' | 'customer', id: number, role: EmployeeRole | null = null): Principal {
  return Object.freeze({
    kind,
    subject: `${kind}:${id}`,
    role,
    claims: new Map(),
    allowTables: null,
    permissions: permissionsFor(kind, role),
    tier: 'standard',
    tenant: null,
    session: 's',
    lacksSecondFactor: false,
  });
}

const ADMIN = makeActor('admin', 900);
const DELEGATE = makeActor('employee', 900, 'admin-delegate');

/** What the newest record says. */
async function lastEvent(): Promise<Record<string, unknown>> {
  const [record] = await identity.audit.list({ limit: 1 });
  return record?.event as Record<string, unknown>;
}

let made = 0;
async function make(kind: 'admin' | 'employee' | 'customer', more: object = {}) {
  made += 1;
  const identifier = kind === 'customer' ? `C${1000 + made}` : `person${made}@example.org`;
  return manager.create(ADMIN, { kind, identifier, password: PASSWORD, ...more }, CONTEXT);
}

describe('who manages whom', () => {
  it.each([
    ['a customer', makeActor('customer', 1)],
    ['an employee below admin-delegate', makeActor('employee', 901, 'manager')],
    ['an employee without a role', makeActor('employee', 902, null)],
  ])('nobody, for %s', async (_who, actor) => {
    const { id } = await make('customer');
    const account = { kind: 'customer' as const, identifier: 'C999999', password: PASSWORD };
    const acts = [
      manager.list(actor, 'customer', { limit: 1 }),
      manager.get(actor, 'customer', id),
      manager.create(actor, account, CONTEXT),
      manager.change(actor, 'customer', id, { tier: 'free' }, CONTEXT),
      manager.exportData(actor, 'customer', id, CONTEXT),
      manager.erase(actor, 'customer', id, CONTEXT),
    ];
    expect(new Set(await Promise.all(acts.map(codeOfPromise)))).toEqual(new Set(['AUTH_PERMISSION_MISSING']));
    expect((await manager.get(ADMIN, 'customer', id)).tier).toBe('standard');
  });

  it('no admin, for an employee, whatever the role', async () => {
    const { id } = await make('admin');
    const account = { kind: 'admin' as const, identifier: 'x@example.org', password: PASSWORD };
    const acts = [
      manager.list(DELEGATE, 'admin', { limit: 1 }),
      manager.get(DELEGATE, 'admin', id),
      manager.create(DELEGATE, account, CONTEXT),
      manager.change(DELEGATE, 'admin', id, { status: 'disabled' }, CONTEXT),
      manager.exportData(DELEGATE, 'admin', id, CONTEXT),
      manager.erase(DELEGATE, 'admin', id, CONTEXT),
    ];
    expect(new Set(await Promise.all(acts.map(codeOfPromise)))).toEqual(new Set(['AUTH_PERMISSION_MISSING']));
  });

  it('nobody above one’s own role, and gives no role above it', async () => {
    const low = Object.freeze({
      ...makeActor('employee', 903, 'manager'),
      permissions: new Set(['users:manage'] as const),
    });
    const above = await make('employee', { role: 'admin-delegate' });
    const below = await make('employee', { role: 'member' });
    const acts = [
      manager.change(low, 'employee', above.id, { tier: 'free' }, CONTEXT),
      manager.change(low, 'employee', below.id, { role: 'admin-delegate' }, CONTEXT),
      manager.exportData(low, 'employee', above.id, CONTEXT),
      manager.erase(low, 'employee', above.id, CONTEXT),
      manager.create(
        low,
        { kind: 'employee', identifier: 'y@example.org', password: PASSWORD, role: 'admin-delegate' },
        CONTEXT,
      ),
    ];
    expect(new Set(await Promise.all(acts.map(codeOfPromise)))).toEqual(new Set(['AUTH_PERMISSION_MISSING']));
    expect((await manager.change(low, 'employee', below.id, { role: 'manager' }, CONTEXT)).role).toBe('manager');
  });

  it('not oneself', async () => {
    const { id } = await make('employee', { role: 'admin-delegate' });
    const self = makeActor('employee', id, 'admin-delegate');
    const acts = [
      manager.change(self, 'employee', id, { allowTables: ['salaries'] }, CONTEXT),
      manager.erase(self, 'employee', id, CONTEXT),
    ];
    expect(new Set(await Promise.all(acts.map(codeOfPromise)))).toEqual(new Set(['AUTH_PERMISSION_MISSING']));
    expect((await manager.get(ADMIN, 'employee', id)).allowTables).toEqual([]);
  });
});

describe('an account', () => {
  it('is made, found, changed and on record, masked', async () => {
    const account = await make('employee', { identifier: 'Ada@Example.org', role: 'member', allowTables: ['orders'] });
    expect(account).toMatchObject({
      identifier: 'ada@example.org',
      role: 'member',
      allowTables: ['orders'],
      tier: 'standard',
    });
    expect(await lastEvent()).toMatchObject({
      event: 'account',
      action: 'create',
      subject: 'admin:900',
      target: account.subject,
      before: null,
      after: { identifier: 'a***@example.org', role: 'member', allowTables: ['orders'] },
      decision: 'accepted',
    });
    expect(await manager.list(DELEGATE, 'employee', { limit: 5, identifier: 'ADA@example.org' })).toEqual([account]);
    const change = { role: 'viewer', allowTables: ['orders', 'payments'], tier: 'free', claims: { employee_id: 7 } };
    const changed = await manager.change(DELEGATE, 'employee', account.id, change, CONTEXT);
    expect(changed).toEqual({ ...account, ...change });
    expect(await manager.get(DELEGATE, 'employee', account.id)).toEqual(changed);
    expect(await lastEvent()).toMatchObject({
      action: 'change',
      subject: 'employee:900',
      before: { role: 'member', allowTables: ['orders'], tier: 'standard', claims: [] },
      after: { role: 'viewer', allowTables: ['orders', 'payments'], tier: 'free', claims: ['employee_id'] },
    });
    const whole = JSON.stringify(await identity.audit.list({ limit: 100 }));
    expect(whole).not.toContain('ada@');
    expect(whole).not.toContain(PASSWORD);
  });

  it('is listed page by page, never with its password', async () => {
    const all = await manager.list(ADMIN, 'employee', { limit: 200 });
    expect(all.length).toBeGreaterThan(3);
    const pages = [await manager.list(ADMIN, 'employee', { limit: 2 })];
    while (pages.at(-1)?.length === 2)
      pages.push(await manager.list(ADMIN, 'employee', { limit: 2, after: pages.at(-1)?.at(-1)?.id ?? 0 }));
    expect(pages.flat()).toEqual(all);
    expect(JSON.stringify(all)).not.toContain('$2');
  });

  it.each([
    ['customer', { role: 'member' }],
    ['admin', { allowTables: ['orders'] }],
    ['employee', { customerNumber: '7' }],
    ['employee', { role: 'king' }],
    ['customer', { tier: 'NONE!' }],
    ['customer', { claims: { customer_number: 7 } }],
    ['customer', { customerNumber: 'a b' }],
  ] as const)('of kind %s is not changed by %j', async (kind, change) => {
    const { id } = await make(kind);
    expect(await codeOfPromise(manager.change(ADMIN, kind, id, change, CONTEXT))).toBe('IDENTITY_INPUT_INVALID');
    expect(await lastEvent()).toMatchObject({ action: 'change', decision: 'refused', code: 'IDENTITY_INPUT_INVALID' });
  });

  it('takes no customer number that another has', async () => {
    const [one, two] = [await make('customer'), await make('customer')];
    const take = manager.change(ADMIN, 'customer', two.id, { customerNumber: one.customerNumber }, CONTEXT);
    expect(await codeOfPromise(take)).toBe('IDENTITY_EXISTS');
    expect(
      (await manager.change(ADMIN, 'customer', two.id, { customerNumber: null }, CONTEXT)).customerNumber,
    ).toBeNull();
  });

  it('that is disabled is signed out, and enabling it revives no session', async () => {
    const { id, identifier } = await make('customer');
    const { accessToken, refreshToken } = await identity.login.login('customer', identifier, PASSWORD, CONTEXT);
    await expect(identity.authenticate(accessToken)).resolves.toMatchObject({ subject: `customer:${id}` });
    await manager.change(ADMIN, 'customer', id, { status: 'disabled' }, CONTEXT);
    expect(await codeOfPromise(identity.authenticate(accessToken))).toBe('AUTH_TOKEN_INVALID');
    await manager.change(ADMIN, 'customer', id, { status: 'active' }, CONTEXT);
    expect(await codeOfPromise(identity.authenticate(accessToken))).toBe('AUTH_TOKEN_INVALID');
    expect(await codeOfPromise(identity.login.refresh(refreshToken, CONTEXT))).toBe('AUTH_TOKEN_INVALID');
  });

  it('that promoted questions has them in its export, and is forgotten with its erasure, while they stay', async () => {
    const [one, other] = [await make('employee'), await make('employee')];
    for (const { subject } of [one, other]) {
      const row = {
        tenant: '',
        question: `Promoted by ${subject}?`,
        slots: '{}',
        statement: 'SELECT 1',
        open_to: '["employee"]',
        created_by: subject,
        created_at: Date.parse('2026-03-01T12:00:00Z'),
        status: 'active' as const,
        policy_version: 'sha256:0',
        fault: null,
        active_key: subject,
      };
      await identity.store.run((db) => db.insertInto('verified_questions').values(row).execute());
    }
    const { verified } = await manager.exportData(ADMIN, 'employee', one.id, CONTEXT);
    const createdAt = Date.parse('2026-03-01T12:00:00Z');
    expect(verified).toEqual([{ question: `Promoted by ${one.subject}?`, status: 'active', createdAt }]);
    await manager.erase(ADMIN, 'employee', one.id, CONTEXT);
    const left = await identity.store.run((db) =>
      db.selectFrom('verified_questions').select(['created_by', 'status']).orderBy('id').execute(),
    );
    expect(left).toEqual([
      { created_by: '', status: 'active' },
      { created_by: other.subject, status: 'active' },
    ]);
  });

  it('that is erased is gone with its sessions, and its id is not given again', async () => {
    const { id, identifier, subject } = await make('customer');
    const { accessToken } = await identity.login.login('customer', identifier, PASSWORD, CONTEXT);
    for (const owner of [subject, 'customer:4711']) {
      const use = {
        tenant: '',
        subject: owner,
        day: '2026-03-01',
        model_tokens: 12,
        model_calls: 1,
        model_money: 500_000,
      };
      await identity.store.run((db) => db.insertInto('usage_counters').values(use).execute());
    }
    const data = await manager.exportData(ADMIN, 'customer', id, CONTEXT);
    expect(data.account.identifier).toBe(identifier);
    expect(data.sessions).toEqual([expect.objectContaining({ address: '192.0.2.1', endedAt: null })]);
    expect(data.modelUse).toEqual([{ day: '2026-03-01', modelTokens: 12, modelCalls: 1, modelMoney: 500_000 }]);
    await manager.erase(ADMIN, 'customer', id, CONTEXT);
    const used = await identity.store.run((db) => db.selectFrom('usage_counters').select('subject').execute());
    expect(used).toEqual([{ subject: 'customer:4711' }]);
    expect(await lastEvent()).toMatchObject({
      action: 'erase',
      target: subject,
      after: null,
      // Who they were cannot be read any more, here either: the key of it is destroyed with the account.
      withheld: [subject],
    });
    const before = (await identity.audit.list({ limit: 50 })).map(({ event }) => event as Record<string, unknown>);
    expect(before.filter((event) => event.subject === subject && 'address' in event)).toEqual([]);
    expect(await identity.audit.verify()).toMatchObject({ intact: true });
    expect(await codeOfPromise(identity.authenticate(accessToken))).toBe('AUTH_TOKEN_INVALID');
    expect(await codeOfPromise(identity.login.login('customer', identifier, PASSWORD, CONTEXT))).toBe(
      'AUTH_CREDENTIALS_WRONG',
    );
    const acts = [
      manager.get(ADMIN, 'customer', id),
      manager.change(ADMIN, 'customer', id, {}, CONTEXT),
      manager.exportData(ADMIN, 'customer', id, CONTEXT),
      manager.erase(ADMIN, 'customer', id, CONTEXT),
    ];
    expect(new Set(await Promise.all(acts.map(codeOfPromise)))).toEqual(new Set(['IDENTITY_UNKNOWN']));
    const left = await identity.store.run((db) =>
      db.selectFrom('sessions').select('id').where('kind', '=', 'customer').where('account_id', '=', id).execute(),
    );
    expect(left).toEqual([]);
    const again = await manager.create(ADMIN, { kind: 'customer', identifier, password: PASSWORD }, CONTEXT);
    expect(again.id).toBeGreaterThan(id);
  });
});

describe('the last active admin', () => {
  it('is neither disabled nor erased', async () => {
    const alone = await openIdentity(identity.passwords);
    try {
      const { store, passwords, audit } = alone;
      const sole = createAccountManager({ store, passwords, audit, ring: RING, clock: () => 0 });
      const first = await alone.add({ kind: 'admin', identifier: 'one@example.org' });
      const second = await sole.create(
        ADMIN,
        { kind: 'admin', identifier: 'two@example.org', password: PASSWORD },
        CONTEXT,
      );
      await sole.change(ADMIN, 'admin', second.id, { status: 'disabled' }, CONTEXT);
      const id = Number(first.split(':')[1]);
      expect(await codeOfPromise(sole.change(ADMIN, 'admin', id, { status: 'disabled' }, CONTEXT))).toBe(
        'IDENTITY_LAST_ADMIN',
      );
      expect(await codeOfPromise(sole.erase(ADMIN, 'admin', id, CONTEXT))).toBe('IDENTITY_LAST_ADMIN');
      // One that is disabled already is not the last.
      await sole.erase(ADMIN, 'admin', second.id, CONTEXT);
      expect((await sole.get(ADMIN, 'admin', id)).status).toBe('active');
    } finally {
      await alone.close();
    }
  });
});
