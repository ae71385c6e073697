import { describeSubject } from '../domain/access-event.js';
import type { Clock } from '../domain/ports.js';
import type { Principal } from '../domain/principal.js';
import { toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { isDuplicateKey } from '../store/store-error.js';
import type { AccessContext, AccessLog } from './access-log.js';
import { readAccountId } from './account-id.js';
import { checkAllowTables } from './accounts.js';
import { assertManages, assertOther } from './assert-manages.js';
import { selectGroupTables, uniteTables } from './group-tables.js';
import { type ManagedAccount, readAccount } from './managed-account.js';
import { findGroup, type ManagedGroup, readGroup, readGroups, readMembers } from './managed-group.js';
import { type Attempt, putOnRecord } from './put-on-record.js';

/** Characters of a group's name at most. */
const NAME_MAX_CHARACTERS = 64;

/** What may change of a group; what is absent stays. */
export interface GroupChange {
  readonly name?: string;
  readonly allowTables?: readonly string[];
}

/**
 * Manages groups of employees, for those with `users:manage`: every member may read the group's tables beside their own
 * list, from the next request on. Every act is on record before its answer leaves.
 *
 * Who may change whom is as with accounts, because a group's list is part of its members' rights: employees add and
 * remove those of roles up to their own and never themselves, and change or remove no group that they, or somebody of a
 * higher role, are in.
 *
 * Every method also throws SwaliError `AUTH_PERMISSION_MISSING` and `STORE_UNAVAILABLE`, those with a context
 * `AUDIT_UNAVAILABLE`, and those that name a group `IDENTITY_GROUP_UNKNOWN`.
 */
export interface GroupManager {
  /** @param page.after groups with a larger id only */
  list(actor: Principal, page: { readonly limit: number; readonly after?: number }): Promise<readonly ManagedGroup[]>;
  get(actor: Principal, id: number): Promise<ManagedGroup>;
  /** The group of a name. */
  find(actor: Principal, name: string): Promise<ManagedGroup>;
  /** @throws SwaliError `IDENTITY_INPUT_INVALID`, `IDENTITY_GROUP_EXISTS` where the name is taken */
  create(
    actor: Principal,
    group: { readonly name: string; readonly allowTables: readonly string[] },
    context: AccessContext,
  ): Promise<ManagedGroup>;
  /** @throws SwaliError `IDENTITY_INPUT_INVALID`, `IDENTITY_GROUP_EXISTS` where the name is taken */
  change(actor: Principal, id: number, change: GroupChange, context: AccessContext): Promise<ManagedGroup>;
  /** Removes the group; its members lose its tables at once. */
  remove(actor: Principal, id: number, context: AccessContext): Promise<void>;
  /**
   * Adds an employee; one who is a member already stays so.
   *
   * @param member subject, e.g. `employee:17`
   * @throws SwaliError `IDENTITY_INPUT_INVALID` for a subject that is no employee's, `IDENTITY_UNKNOWN`
   */
  join(actor: Principal, id: number, member: string, context: AccessContext): Promise<ManagedGroup>;
  /** @throws SwaliError as {@link GroupManager.join}, `IDENTITY_MEMBER_UNKNOWN` for one who is no member */
  leave(actor: Principal, id: number, member: string, context: AccessContext): Promise<ManagedGroup>;
}

type GroupAttempt = Extract<Attempt, { readonly event: 'group' }>;

/** What came of an act, and what its record says. */
interface Done<Result> extends Partial<Pick<GroupAttempt, 'group' | 'before' | 'after'>> {
  readonly result: Result;
}

/** Whose groups an actor manages; empty where tenancy is off. */
const tenantOf = (actor: Principal): string => toTenantColumn(actor.tenant);

function invalid(detail: string): never {
  throw new SwaliError('IDENTITY_INPUT_INVALID', { detail });
}

/** Composed and trimmed, so that two names that look the same are. @throws SwaliError `IDENTITY_INPUT_INVALID` */
function checkName(text: string): string {
  const name = text.normalize('NFC').trim();
  if (name === '' || name.length > NAME_MAX_CHARACTERS || /\p{C}/u.test(name))
    invalid(`the name must have 1 to ${NAME_MAX_CHARACTERS} characters, none of them invisible`);
  return name;
}

/** @returns null where it is no employee's subject */
function readEmployeeId(subject: string): number | null {
  try {
    return readAccountId('employee', subject);
  } catch {
    return null;
  }
}

/** Whatever changes the list of a group changes what each of its members may read. */
async function assertManagesMembers(db: StoreDatabase, actor: Principal, groupId: number): Promise<void> {
  const members = await readMembers(db, groupId);
  assertManages(actor, 'employee', ...members.map((member) => member.role));
  for (const { id } of members) assertOther(actor, 'employee', id);
}

/** All that an employee may read, as the audit log shows it. */
async function describeTables(db: StoreDatabase, account: ManagedAccount): Promise<{ allowTables: readonly string[] }> {
  const rows = await selectGroupTables(db, account.id).execute();
  const ofGroups = rows.map((row) => JSON.parse(row.allow_tables) as readonly string[]);
  return { allowTables: uniteTables(account.allowTables ?? [], ofGroups) };
}

function describeDifference(before: ManagedGroup, after: ManagedGroup): Pick<Done<unknown>, 'before' | 'after'> {
  const fields = (['name', 'allowTables'] as const).filter(
    (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
  const pick = (group: ManagedGroup) => Object.fromEntries(fields.map((field) => [field, group[field]]));
  return { before: pick(before), after: pick(after) };
}

/** Wires the management of groups over the store. */
export function createGroupManager(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly audit: AccessLog;
}): GroupManager {
  const { store, clock, audit } = deps;

  /** Does something to a group, and puts on record what came of it. */
  async function onRecord<Result>(
    actor: Principal,
    context: AccessContext,
    act: Pick<GroupAttempt, 'action' | 'group' | 'member'>,
    work: () => Promise<Done<Result>>,
  ): Promise<Result> {
    const attempt: GroupAttempt = {
      event: 'group',
      ...describeSubject(actor, context),
      ...act,
      before: null,
      after: null,
    };
    const done = await putOnRecord(audit, attempt, work, ({ result: _, ...known }) => known);
    return done.result;
  }

  /**
   * Runs work on one group while its row is locked: who is in it and what it opens do not change meanwhile. On SQLite a
   * transaction is alone anyway.
   */
  function withGroup<T>(
    actor: Principal,
    id: number,
    work: (db: StoreDatabase, group: ManagedGroup) => Promise<T>,
  ): Promise<T> {
    return store.transaction(async (db) => {
      const row = db.selectFrom('employee_groups').select('id').where('id', '=', id);
      await (store.dialect === 'sqlite' ? row : row.forUpdate()).execute();
      return work(db, await readGroup(db, tenantOf(actor), id));
    });
  }

  /** Adds or removes a member, and tells what they may read before and after. */
  function changeMember(
    actor: Principal,
    context: AccessContext,
    act: { readonly action: 'join' | 'leave'; readonly id: number; readonly member: string },
    write: (db: StoreDatabase, group: ManagedGroup, employeeId: number) => Promise<void>,
  ): Promise<ManagedGroup> {
    const { action, id, member } = act;
    const employeeId = readEmployeeId(member);
    // What names no employee may name somebody all the same.
    const known = employeeId === null ? null : member;
    return onRecord(actor, context, { action, group: `group:${id}`, member: known }, async () => {
      assertManages(actor, 'employee');
      if (employeeId === null) invalid('a member is an employee, e.g. employee:17');
      assertOther(actor, 'employee', employeeId);
      return withGroup(actor, id, async (db, group) => {
        const account = await readAccount(db, actor.tenant, 'employee', employeeId);
        assertManages(actor, 'employee', account.role);
        const before = await describeTables(db, account);
        await write(db, group, employeeId);
        const after = await describeTables(db, account);
        return { result: await readGroup(db, tenantOf(actor), id), before, after };
      });
    });
  }

  return Object.freeze({
    async list(actor, { limit, after }) {
      assertManages(actor, 'employee');
      return store.run((db) => readGroups(db, tenantOf(actor), after ?? 0, limit));
    },

    async get(actor, id) {
      assertManages(actor, 'employee');
      return store.run((db) => readGroup(db, tenantOf(actor), id));
    },

    async find(actor, name) {
      assertManages(actor, 'employee');
      const group = await store.run((db) => findGroup(db, tenantOf(actor), checkName(name)));
      if (!group) throw new SwaliError('IDENTITY_GROUP_UNKNOWN');
      return group;
    },

    create(actor, group, context) {
      return onRecord(actor, context, { action: 'create', group: null, member: null }, async () => {
        assertManages(actor, 'employee');
        const [name, allowTables] = [checkName(group.name), checkAllowTables(group.allowTables)];
        const row = { tenant: tenantOf(actor), name, allow_tables: JSON.stringify(allowTables), created_at: clock() };
        const { insertId } = await store
          .run((db) => db.insertInto('employee_groups').values(row).executeTakeFirstOrThrow())
          .catch(refuseTakenName);
        const result = await store.run((db) => readGroup(db, row.tenant, Number(insertId)));
        return { result, group: `group:${result.id}`, after: { name, allowTables } };
      });
    },

    change(actor, id, change, context) {
      return onRecord(actor, context, { action: 'change', group: `group:${id}`, member: null }, async () => {
        assertManages(actor, 'employee');
        return withGroup(actor, id, async (db, before) => {
          await assertManagesMembers(db, actor, id);
          const after: ManagedGroup = {
            ...before,
            name: change.name === undefined ? before.name : checkName(change.name),
            allowTables: change.allowTables === undefined ? before.allowTables : checkAllowTables(change.allowTables),
          };
          await db
            .updateTable('employee_groups')
            .set({ name: after.name, allow_tables: JSON.stringify(after.allowTables) })
            .where('id', '=', id)
            .execute();
          return { result: after, ...describeDifference(before, after) };
        }).catch(refuseTakenName);
      });
    },

    remove(actor, id, context) {
      return onRecord(actor, context, { action: 'remove', group: `group:${id}`, member: null }, async () => {
        assertManages(actor, 'employee');
        return withGroup(actor, id, async (db, group) => {
          await assertManagesMembers(db, actor, id);
          await db.deleteFrom('employee_group_members').where('group_id', '=', id).execute();
          await db.deleteFrom('employee_groups').where('id', '=', id).execute();
          const { name, allowTables, members } = group;
          return { result: undefined, before: { name, allowTables, members } };
        });
      });
    },

    join(actor, id, member, context) {
      return changeMember(actor, context, { action: 'join', id, member }, async (db, group, employeeId) => {
        if (group.members.includes(member)) return;
        const row = { group_id: id, employee_id: employeeId, tenant: tenantOf(actor) };
        await db.insertInto('employee_group_members').values(row).execute();
      });
    },

    leave(actor, id, member, context) {
      return changeMember(actor, context, { action: 'leave', id, member }, async (db, group, employeeId) => {
        if (!group.members.includes(member)) throw new SwaliError('IDENTITY_MEMBER_UNKNOWN');
        await db
          .deleteFrom('employee_group_members')
          .where('group_id', '=', id)
          .where('employee_id', '=', employeeId)
          .execute();
      });
    },
  } satisfies GroupManager);
}

function refuseTakenName(error: unknown): never {
  throw isDuplicateKey(error) ? new SwaliError('IDENTITY_GROUP_EXISTS', { cause: error }) : error;
}
