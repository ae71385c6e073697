import { SwaliError } from '../errors/swali-error.js';
import type { StoreDatabase } from '../store/store.js';
import type { EmployeeGroupTable } from '../store/tables.js';

/** A group as those who manage it see it. */
export interface ManagedGroup {
  readonly id: number;
  readonly name: string;
  readonly allowTables: readonly string[];
  /** Subjects, in the order of their ids. */
  readonly members: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** An employee of a group, and what decides who may touch it. */
export interface GroupMember {
  readonly id: number;
  readonly role: string;
}

type StoredGroup = { readonly [Column in keyof Omit<EmployeeGroupTable, 'id'>]: EmployeeGroupTable[Column] } & {
  readonly id: number;
};

function toManaged(row: StoredGroup, memberIds: readonly number[]): ManagedGroup {
  return {
    id: row.id,
    name: row.name,
    allowTables: JSON.parse(row.allow_tables) as readonly string[],
    members: memberIds.map((id) => `employee:${id}`),
    createdAt: row.created_at,
  };
}

/** Groups of a tenant with an id above `after`, in the order of their ids. */
export async function readGroups(
  db: StoreDatabase,
  tenant: string,
  after: number,
  limit: number,
): Promise<readonly ManagedGroup[]> {
  const rows = await db
    .selectFrom('employee_groups')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const members = await db
    .selectFrom('employee_group_members')
    .select(['group_id', 'employee_id'])
    .where('group_id', 'in', ids)
    .orderBy('employee_id')
    .execute();
  const byGroup = new Map(ids.map((id): [number, number[]] => [id, []]));
  for (const { group_id, employee_id } of members) byGroup.get(group_id)?.push(employee_id);
  return rows.map((row) => toManaged(row, byGroup.get(row.id) ?? []));
}

/** @throws SwaliError `IDENTITY_GROUP_UNKNOWN` */
export async function readGroup(db: StoreDatabase, tenant: string, id: number): Promise<ManagedGroup> {
  const [group] = await readGroups(db, tenant, id - 1, 1);
  if (group?.id !== id) throw new SwaliError('IDENTITY_GROUP_UNKNOWN');
  return group;
}

/** @returns null where no group of the tenant has the name */
export async function findGroup(db: StoreDatabase, tenant: string, name: string): Promise<ManagedGroup | null> {
  const row = await db
    .selectFrom('employee_groups')
    .select(['id', 'name'])
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.name === name ? readGroup(db, tenant, row.id) : null;
}

/** The members with their roles. */
export async function readMembers(db: StoreDatabase, groupId: number): Promise<readonly GroupMember[]> {
  return db
    .selectFrom('employee_group_members')
    .innerJoin('employees', 'employees.id', 'employee_group_members.employee_id')
    .select(['employees.id', 'employees.role'])
    .where('employee_group_members.group_id', '=', groupId)
    .execute();
}

/** Names of the groups that an employee is in. */
export async function readGroupNames(db: StoreDatabase, employeeId: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('employee_group_members')
    .innerJoin('employee_groups', 'employee_groups.id', 'employee_group_members.group_id')
    .select('employee_groups.name')
    .where('employee_group_members.employee_id', '=', employeeId)
    .orderBy('employee_groups.id')
    .execute();
  return rows.map((row) => row.name);
}
