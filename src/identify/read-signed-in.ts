import type { CompiledQuery } from 'kysely';
import type { Clock } from '../domain/ports.js';
import type { PrincipalKind } from '../domain/principal.js';
import { toTenantColumn } from '../domain/tenant.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { type Account, type AccountRow, toAccount } from './find-account.js';
import { selectGroupTables } from './group-tables.js';
import { createNoteUse } from './note-use.js';
import { boundsAt, type SessionLife } from './session-life.js';
import type { Session } from './sessions.js';

/** The account's row with what the session's row says of it. */
type SignedInRow = AccountRow & { readonly last_used_at: number; readonly factor_met: number };

/** Who is signed in. */
export interface SignedIn {
  readonly account: Account;
  /** Whether a provider has proven a second factor for this session. */
  readonly factorMet: boolean;
}

/**
 * Makes the function that reads the account of a living session, in one query, and beside it the lists of an employee's
 * groups. It runs at each request, so its text is compiled once per kind; building it costs several times as much as
 * running it. That the session was used is noted beside it (see {@link createNoteUse}).
 *
 * @returns a function that gives null where the session has ended, was idle for too long, has expired or is another
 *   account's, or the account is gone; it throws SwaliError `STORE_UNAVAILABLE`
 */
export function createReadSignedIn(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly life: Pick<SessionLife, 'idleTtlS'>;
}): (session: Session) => Promise<SignedIn | null> {
  const { store, clock } = deps;
  const compiled = new Map<PrincipalKind, CompiledQuery<SignedInRow>>();
  let compiledGroups: CompiledQuery<{ allow_tables: string }> | null = null;
  const noteUse = createNoteUse(store);

  async function readGroupTables(db: StoreDatabase, employeeId: number): Promise<readonly string[]> {
    compiledGroups ??= selectGroupTables(db, 0).compile();
    const { rows } = await db.executeQuery<{ allow_tables: string }>({ ...compiledGroups, parameters: [employeeId] });
    return rows.map((row) => row.allow_tables);
  }

  return async ({ id, tenant, kind, accountId }) => {
    const now = clock();
    const { lastUsedAt, expiresAt } = boundsAt(now, deps.life);
    const [row, groupTables] = await store.run(async (db) => {
      let query = compiled.get(kind);
      if (!query) {
        query = compileQuery(db, kind);
        compiled.set(kind, query);
      }
      // In the order of the conditions below.
      const reading = db.executeQuery<SignedInRow>({
        ...query,
        parameters: [id, kind, toTenantColumn(tenant), lastUsedAt, expiresAt, accountId],
      });
      // Asked for together, so that a server far away is waited for once.
      const [{ rows }, lists] = await Promise.all([reading, kind === 'employee' ? readGroupTables(db, accountId) : []]);
      return [rows[0], lists];
    });
    if (!row) return null;
    noteUse(id, row.last_used_at, now);
    return { account: toAccount(kind, row, groupTables), factorMet: row.factor_met === 1 };
  };
}

/** The values are placeholders; each call brings its own. */
function compileQuery(db: StoreDatabase, kind: PrincipalKind): CompiledQuery<SignedInRow> {
  const live = db.selectFrom('sessions').where('sessions.ended_at', 'is', null);
  const mine = live
    .where('sessions.id', '=', '')
    .where('sessions.kind', '=', kind)
    .where('sessions.tenant', '=', '')
    .where('sessions.last_used_at', '>', 0)
    .where('sessions.expires_at', '>', 0)
    .select(['sessions.last_used_at', 'sessions.factor_met']);
  const byKind: Readonly<Record<PrincipalKind, () => CompiledQuery<SignedInRow>>> = {
    admin: () =>
      mine
        .innerJoin('admins', 'admins.id', 'sessions.account_id')
        .whereRef('admins.tenant', '=', 'sessions.tenant')
        .where('admins.id', '=', 0)
        .selectAll('admins')
        .compile(),
    employee: () =>
      mine
        .innerJoin('employees', 'employees.id', 'sessions.account_id')
        .whereRef('employees.tenant', '=', 'sessions.tenant')
        .where('employees.id', '=', 0)
        .selectAll('employees')
        .compile(),
    customer: () =>
      mine
        .innerJoin('customers', 'customers.id', 'sessions.account_id')
        .whereRef('customers.tenant', '=', 'sessions.tenant')
        .where('customers.id', '=', 0)
        .selectAll('customers')
        .compile(),
  };
  return byKind[kind]();
}
