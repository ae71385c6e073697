import { toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import { isDuplicateKey } from '../store/store-error.js';

/** Accounts come first: they are what is counted. */
const ACCOUNTS = ['admins', 'employees', 'customers'] as const;
const BELONGINGS = [
  'sessions',
  'refresh_tokens',
  'api_keys',
  'second_factors',
  'recovery_codes',
  'mailed_tokens',
  'external_identities',
  'employee_groups',
  'employee_group_members',
  'usage_counters',
  'reports',
  'report_readers',
  'report_runs',
  'verified_questions',
  'conversations',
  'turns',
] as const;

/**
 * Gives a tenant every account without one, and what belongs to them, all at once. What the audit log says of the time
 * before stays as it is. Access tokens of before are refused; sessions go on with their refresh tokens.
 *
 * @returns how many accounts
 * @throws SwaliError `IDENTITY_INPUT_INVALID` where there is no such tenant, `IDENTITY_EXISTS` where it has an account of
 *   the same identifier or customer number already, and then nothing is moved; `STORE_UNAVAILABLE`
 */
export async function adoptRows(store: Store, id: string): Promise<number> {
  const [from, tenant] = [toTenantColumn(null), toTenantColumn(id)];
  try {
    return await store.transaction(async (db) => {
      const known = await db.selectFrom('tenants').select('id').where('id', '=', id).executeTakeFirst();
      if (known?.id !== id) {
        throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: 'there is no such tenant' });
      }
      let accounts = 0;
      for (const table of ACCOUNTS) {
        const { numUpdatedRows } = await db
          .updateTable(table)
          .set({ tenant })
          .where('tenant', '=', from)
          .executeTakeFirst();
        accounts += Number(numUpdatedRows);
      }
      for (const table of BELONGINGS) {
        await db.updateTable(table).set({ tenant }).where('tenant', '=', from).execute();
      }
      return accounts;
    });
  } catch (error) {
    throw isDuplicateKey(error) ? new SwaliError('IDENTITY_EXISTS', { cause: error }) : error;
  }
}
