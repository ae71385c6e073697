import { beforeAll, describe, expect, it } from 'vitest';
import type { EmployeeRole, Principal } from '../../../src/domain/principal.js';
import { createApiKeys, createKeyAuthenticate } from '../../../src/identify/api-keys.js';
import { createAccountManager } from '../../../src/identify/manage-accounts.js';
import { createGroupManager, type GroupManager } from '../../../src/identify/manage-groups.js';
import { operatorOf, principalFor } from '../../../src/identify/operator.js';
import { permissionsFor } from '../../../src/identify/permissions.js';
import { createStepUp } from '../../../src/identify/step-up.js';
import { codeOfPromise } from '../../support/code-of-promise.js';
import { type Identity, PASSWORD, RING } from './identity-fixtures.js';

const CONTEXT = { requestId: 'r1', address: '192.0.2.1', tenant: null, userAgent: 'test' };

/** An employee of a test, and how they ask. */
interface Member {
  readonly id: number;
  readonly subject: string;
  readonly identifier: string;
  /** Their list at the next request. */
  tables(): Promise<readonly string[] | null>;
}

/**
 * What groups of employees do, whichever engine is behind the store. Called inside a `describe`.
 *
 * @param open identity that stands open for the tests
 */
export function describeGroupsContract(open: () => Identity): void {
  let groups: GroupManager;
  beforeAll(() => {
    const { store, audit, clock } = open();
    groups = createGroupManager({ store, audit, clock: () => clock.now });
  });

  let made = 0;
  const newName = () => {
    made += 1;
    return `group ${made}`;
  };
  const create = (...allowTables: readonly string[]) =>
    groups.create(operatorOf(null), { name: newName(), allowTables }, CONTEXT);

  async function hire(role: EmployeeRole = 'member', allowTables: readonly string[] = []): Promise<Member> {
    made += 1;
    const { add, login, authenticate } = open();
    const identifier = `member${made}@example.org`;
    const subject = await add({ kind: 'employee', identifier, role, allowTables });
    const { accessToken } = await login.login('employee', identifier, PASSWORD, CONTEXT);
    return {
      id: Number(subject.split(':')[1]),
      subject,
      identifier,
      tables: async () => (await authenticate(accessToken)).allowTables,
    };
  }

  /** Somebody with `users:manage` whose role is not the highest, or is. */
  const actAs = (member: Member, role: EmployeeRole): Principal =>
    Object.freeze({
      kind: 'employee',
      subject: member.subject,
      role,
      claims: new Map(),
      allowTables: [],
      permissions: new Set([...permissionsFor('employee', role), 'users:manage' as const]),
      tier: 'standard',
      tenant: null,
      session: 's',
      lacksSecondFactor: false,
    });

  const lastEvent = async () => (await open().audit.list({ limit: 1 }))[0]?.event;

  describe('a group', () => {
    it('opens its tables to its members from their next request on, beside their own, each once', async () => {
      const eve = await hire('member', ['orders', 'branches']);
      const other = await hire();
      const [sales, stock] = [await create('products', 'orders', 'invoices'), await create('stock', 'products')];
      expect(await eve.tables()).toEqual(['orders', 'branches']);
      await groups.join(operatorOf(null), stock.id, eve.subject, CONTEXT);
      expect(await eve.tables()).toEqual(['orders', 'branches', 'products', 'stock']);
      await groups.join(operatorOf(null), sales.id, eve.subject, CONTEXT);
      const all = ['orders', 'branches', 'invoices', 'products', 'stock'];
      expect(await eve.tables()).toEqual(all);
      expect(await other.tables()).toEqual([]);
      await groups.change(operatorOf(null), sales.id, { allowTables: ['payments'] }, CONTEXT);
      expect(await eve.tables()).toEqual(['orders', 'branches', 'payments', 'products', 'stock']);
      await groups.leave(operatorOf(null), stock.id, eve.subject, CONTEXT);
      expect(await eve.tables()).toEqual(['orders', 'branches', 'payments']);
      await groups.remove(operatorOf(null), sales.id, CONTEXT);
      expect(await eve.tables()).toEqual(['orders', 'branches']);
    });

    it('counts alike for a session, a key and the operator', async () => {
      const { store, audit, clock, authenticate, login } = open();
      const now = () => clock.now;
      const eve = await hire('member', ['orders']);
      const { id } = await create('products');
      const { accessToken } = await login.login('employee', eve.identifier, PASSWORD, CONTEXT);
      const owner = await authenticate(accessToken);
      const keys = createApiKeys({ store, audit, clock: now, stepUp: createStepUp(open()), allowLoopbackHttp: false });
      const wanted = { name: 'k', scopes: ['ask' as const], ttlS: 60 };
      const { key } = await keys.create(owner, wanted, { code: null, password: PASSWORD }, CONTEXT);
      const byKey = createKeyAuthenticate({ store, clock: now, tenants: open().tenants });
      const ways = async () => [
        (await authenticate(accessToken)).allowTables,
        (await byKey(key)).allowTables,
        (await principalFor(store, null, `employee:${eve.identifier}`)).allowTables,
      ];
      await groups.join(operatorOf(null), id, eve.subject, CONTEXT);
      expect(await ways()).toEqual(Array(3).fill(['orders', 'products']));
      await groups.leave(operatorOf(null), id, eve.subject, CONTEXT);
      expect(await ways()).toEqual(Array(3).fill(['orders']));
    });

    it('gives the first employee their groups too, for the operator', async () => {
      const { store } = open();
      const first = await store.run((db) => db.selectFrom('employees').select('id').orderBy('id').executeTakeFirst());
      const { id } = await create('only_by_group');
      const subject = `employee:${first?.id}`;
      await groups.join(operatorOf(null), id, subject, CONTEXT);
      const principal = await principalFor(store, null, 'employee');
      expect(principal.subject).toBe(subject);
      expect(principal.allowTables).toContain('only_by_group');
      await groups.remove(operatorOf(null), id, CONTEXT);
    });

    it('is found, listed and changed, and has one name', async () => {
      const { id, name } = await create('orders');
      const eve = await hire();
      await groups.join(operatorOf(null), id, eve.subject, CONTEXT);
      const again = await groups.join(operatorOf(null), id, eve.subject, CONTEXT);
      const group = { id, name, allowTables: ['orders'], members: [eve.subject], createdAt: open().clock.now };
      expect(again).toEqual(group);
      expect(await groups.get(operatorOf(null), id)).toEqual(group);
      expect(await groups.find(operatorOf(null), name)).toEqual(group);
      expect(await groups.list(operatorOf(null), { limit: 1, after: id - 1 })).toEqual([group]);
      expect(await codeOfPromise(groups.create(operatorOf(null), { name, allowTables: [] }, CONTEXT))).toBe(
        'IDENTITY_GROUP_EXISTS',
      );
      const second = await create();
      expect(await codeOfPromise(groups.change(operatorOf(null), second.id, { name }, CONTEXT))).toBe(
        'IDENTITY_GROUP_EXISTS',
      );
      expect(await lastEvent()).toMatchObject({ event: 'group', decision: 'refused', code: 'IDENTITY_GROUP_EXISTS' });
      const renamed = await groups.change(operatorOf(null), second.id, { name: name.toUpperCase() }, CONTEXT);
      expect(renamed.name).toBe(name.toUpperCase());
      expect(await codeOfPromise(groups.find(operatorOf(null), `${name} x`))).toBe('IDENTITY_GROUP_UNKNOWN');
    });

    it.each<[string, object]>([
      ['no name', { name: ' ' }],
      ['an invisible name', { name: 'a\u200bb' }],
      ['a long name', { name: 'a'.repeat(65) }],
      ['a table without a name', { allowTables: [''] }],
    ])('is refused with %s', async (_what, change) => {
      const wanted = { name: newName(), allowTables: [], ...change };
      expect(await codeOfPromise(groups.create(operatorOf(null), wanted, CONTEXT))).toBe('IDENTITY_INPUT_INVALID');
      const { id } = await create();
      expect(await codeOfPromise(groups.change(operatorOf(null), id, change, CONTEXT))).toBe('IDENTITY_INPUT_INVALID');
    });

    it('is unknown where it is not there, and so are those who are no employees or no members', async () => {
      const { id } = await create();
      const eve = await hire();
      const gone = id + 1000;
      const acts: readonly [() => Promise<unknown>, string][] = [
        [() => groups.get(operatorOf(null), gone), 'IDENTITY_GROUP_UNKNOWN'],
        [() => groups.change(operatorOf(null), gone, {}, CONTEXT), 'IDENTITY_GROUP_UNKNOWN'],
        [() => groups.remove(operatorOf(null), gone, CONTEXT), 'IDENTITY_GROUP_UNKNOWN'],
        [() => groups.join(operatorOf(null), gone, eve.subject, CONTEXT), 'IDENTITY_GROUP_UNKNOWN'],
        [() => groups.leave(operatorOf(null), gone, eve.subject, CONTEXT), 'IDENTITY_GROUP_UNKNOWN'],
        [() => groups.join(operatorOf(null), id, 'employee:999999', CONTEXT), 'IDENTITY_UNKNOWN'],
        [() => groups.join(operatorOf(null), id, 'customer:1', CONTEXT), 'IDENTITY_INPUT_INVALID'],
        [() => groups.join(operatorOf(null), id, 'eve@example.org', CONTEXT), 'IDENTITY_INPUT_INVALID'],
        [() => groups.leave(operatorOf(null), id, eve.subject, CONTEXT), 'IDENTITY_MEMBER_UNKNOWN'],
      ];
      for (const [act, code] of acts) expect(await codeOfPromise(act())).toBe(code);
      expect(JSON.stringify(await open().audit.list({ limit: 20 }))).not.toContain('eve@example.org');
    });

    it('loses an account that is erased, and stands in what an account exports', async () => {
      const { store, passwords, audit, clock } = open();
      const accounts = createAccountManager({ store, passwords, audit, ring: RING, clock: () => clock.now });
      const [eve, other] = [await hire(), await hire()];
      const { id, name } = await create('orders');
      for (const { subject } of [eve, other]) await groups.join(operatorOf(null), id, subject, CONTEXT);
      expect((await accounts.exportData(operatorOf(null), 'employee', eve.id, CONTEXT)).groups).toEqual([name]);
      await accounts.erase(operatorOf(null), 'employee', eve.id, CONTEXT);
      expect((await groups.get(operatorOf(null), id)).members).toEqual([other.subject]);
      expect(await other.tables()).toEqual(['orders']);
    });

    it('is on record at every act, with before and after', async () => {
      const eve = await hire('member', ['branches']);
      const { id, name } = await create('orders');
      const record = { event: 'group', subject: 'operator', group: `group:${id}`, decision: 'accepted', code: null };
      expect(await lastEvent()).toMatchObject({
        ...record,
        action: 'create',
        before: null,
        after: { name, allowTables: ['orders'] },
      });
      await groups.join(operatorOf(null), id, eve.subject, CONTEXT);
      const [apart, within] = [{ allowTables: ['branches'] }, { allowTables: ['branches', 'orders'] }];
      const member = eve.subject;
      expect(await lastEvent()).toMatchObject({ ...record, action: 'join', member, before: apart, after: within });
      await groups.leave(operatorOf(null), id, eve.subject, CONTEXT);
      expect(await lastEvent()).toMatchObject({ ...record, action: 'leave', member, before: within, after: apart });
      await groups.change(operatorOf(null), id, { allowTables: ['payments'] }, CONTEXT);
      expect(await lastEvent()).toMatchObject({
        ...record,
        action: 'change',
        before: { allowTables: ['orders'] },
        after: { allowTables: ['payments'] },
      });
      await groups.join(operatorOf(null), id, eve.subject, CONTEXT);
      await groups.remove(operatorOf(null), id, CONTEXT);
      expect(await lastEvent()).toMatchObject({
        ...record,
        action: 'remove',
        before: { name, allowTables: ['payments'], members: [eve.subject] },
        after: null,
      });
    });

    it('takes members who join and leave at the same time one by one', async () => {
      const { id } = await create('orders');
      const many = await Promise.all(Array.from({ length: 6 }, () => hire()));
      await Promise.all(
        many.flatMap(({ subject }) => [1, 2].map(() => groups.join(operatorOf(null), id, subject, CONTEXT))),
      );
      expect((await groups.get(operatorOf(null), id)).members).toHaveLength(6);
    });
  });

  describe('who manages groups', () => {
    it('nobody without the right', async () => {
      const eve = await hire();
      const { id, name } = await create('orders');
      await groups.join(operatorOf(null), id, eve.subject, CONTEXT);
      const plain = { ...actAs(await hire(), 'manager'), permissions: permissionsFor('employee', 'manager') };
      const acts = [
        groups.list(plain, { limit: 1 }),
        groups.get(plain, id),
        groups.find(plain, name),
        groups.create(plain, { name: newName(), allowTables: [] }, CONTEXT),
        groups.change(plain, id, { allowTables: [] }, CONTEXT),
        groups.remove(plain, id, CONTEXT),
        groups.join(plain, id, eve.subject, CONTEXT),
        groups.leave(plain, id, eve.subject, CONTEXT),
      ];
      expect(new Set(await Promise.all(acts.map(codeOfPromise)))).toEqual(new Set(['AUTH_PERMISSION_MISSING']));
      expect(await eve.tables()).toEqual(['orders']);
    });

    it('not those who would change their own list', async () => {
      const delegate = await hire('admin-delegate', ['orders']);
      const self = actAs(delegate, 'admin-delegate');
      const [mine, other] = [await create('branches'), await create('salaries')];
      await groups.join(operatorOf(null), mine.id, delegate.subject, CONTEXT);
      const acts = [
        groups.join(self, other.id, delegate.subject, CONTEXT),
        groups.leave(self, mine.id, delegate.subject, CONTEXT),
        groups.change(self, mine.id, { allowTables: ['salaries'] }, CONTEXT),
        groups.remove(self, mine.id, CONTEXT),
      ];
      expect(new Set(await Promise.all(acts.map(codeOfPromise)))).toEqual(new Set(['AUTH_PERMISSION_MISSING']));
      expect(await delegate.tables()).toEqual(['orders', 'branches']);
      const eve = await hire();
      await groups.join(self, other.id, eve.subject, CONTEXT);
      await groups.change(self, other.id, { allowTables: ['payments'] }, CONTEXT);
      expect(await eve.tables()).toEqual(['payments']);
    });

    it('not those who would change what a higher role may read', async () => {
      const low = actAs(await hire('manager'), 'manager');
      const [above, below] = [await hire('admin-delegate'), await hire('member')];
      const [{ id }, other] = [await create('orders'), await create('branches')];
      await groups.join(operatorOf(null), id, above.subject, CONTEXT);
      const acts = [
        groups.leave(low, id, above.subject, CONTEXT),
        groups.join(low, other.id, above.subject, CONTEXT),
        groups.change(low, id, { allowTables: [] }, CONTEXT),
        groups.remove(low, id, CONTEXT),
      ];
      expect(new Set(await Promise.all(acts.map(codeOfPromise)))).toEqual(new Set(['AUTH_PERMISSION_MISSING']));
      expect(await above.tables()).toEqual(['orders']);
      await groups.join(low, id, below.subject, CONTEXT);
      expect(await below.tables()).toEqual(['orders']);
    });
  });

  it('gives nothing where a list of a group makes no sense', async () => {
    const eve = await hire('member', ['orders']);
    const { id } = await create('branches');
    await groups.join(operatorOf(null), id, eve.subject, CONTEXT);
    await open().store.run((db) =>
      db.updateTable('employee_groups').set({ allow_tables: '["branches"' }).where('id', '=', id).execute(),
    );
    expect(await codeOfPromise(eve.tables())).toBe('INTERNAL');
    await open().store.run((db) =>
      db.updateTable('employee_groups').set({ allow_tables: '[]' }).where('id', '=', id).execute(),
    );
    expect(await eve.tables()).toEqual(['orders']);
  });
}
