import type { SelectQueryBuilder } from 'kysely';
import type { StoreDatabase } from '../store/store.js';
import type { StoreTables } from '../store/tables.js';

/**
 * The query of the lists that an employee has by groups, JSON text each, in the order of the groups' ids. The one place
 * where memberships become rights: whoever makes a principal reads them here.
 *
 * @returns a query whose only parameter is the employee's id
 */
export function selectGroupTables(
  db: StoreDatabase,
  employeeId: number,
): SelectQueryBuilder<StoreTables, 'employee_group_members' | 'employee_groups', { allow_tables: string }> {
  return db
    .selectFrom('employee_group_members')
    .innerJoin('employee_groups', (join) =>
      join
        .onRef('employee_groups.id', '=', 'employee_group_members.group_id')
        .onRef('employee_groups.tenant', '=', 'employee_group_members.tenant'),
    )
    .where('employee_group_members.employee_id', '=', employeeId)
    .orderBy('employee_groups.id')
    .select('employee_groups.allow_tables');
}

/**
 * The relations that an employee may read: those of their own list in its order, then those that groups alone give, by
 * name. Each once, and in the same order however the groups come: plans are kept by this list.
 */
export function uniteTables(own: readonly string[], ofGroups: readonly (readonly string[])[]): readonly string[] {
  return [...new Set([...own, ...ofGroups.flat().toSorted()])];
}
