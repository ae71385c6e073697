import type { CompiledQuery } from 'kysely';
import type { PrincipalKind } from '../domain/principal.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { type Account, type AccountRow, toAccount } from './find-account.js';
import type { Session } from './sessions.js';

/**
 * Makes the function that reads the account of a living session, in one query. It runs at each request, so its text is
 * compiled once per kind; building it costs several times as much as running it.
 *
 * @returns a function that gives null where the session has ended, is another account's, or the account is gone; it
 *   throws SwaliError `STORE_UNAVAILABLE`
 */
export function createReadSignedIn(store: Store): (session: Session) => Promise<Account | null> {
  const compiled = new Map<PrincipalKind, CompiledQuery<AccountRow>>();
  return async ({ id, kind, accountId }) => {
    const row = await store.run(async (db) => {
      let query = compiled.get(kind);
      if (!query) {
        query = compileQuery(db, kind);
        compiled.set(kind, query);
      }
      // In the order of the conditions below.
      const { rows } = await db.executeQuery<AccountRow>({ ...query, parameters: [id, kind, accountId] });
      return rows[0];
    });
    return row ? toAccount(kind, row) : null;
  };
}

/** The values are placeholders; each call brings its own. */
function compileQuery(db: StoreDatabase, kind: PrincipalKind): CompiledQuery<AccountRow> {
  const live = db.selectFrom('sessions').where('sessions.ended_at', 'is', null);
  const mine = live.where('sessions.id', '=', '').where('sessions.kind', '=', kind);
  const byKind: Readonly<Record<PrincipalKind, () => CompiledQuery<AccountRow>>> = {
    admin: () =>
      mine
        .innerJoin('admins', 'admins.id', 'sessions.account_id')
        .where('admins.id', '=', 0)
        .selectAll('admins')
        .compile(),
    employee: () =>
      mine
        .innerJoin('employees', 'employees.id', 'sessions.account_id')
        .where('employees.id', '=', 0)
        .selectAll('employees')
        .compile(),
    customer: () =>
      mine
        .innerJoin('customers', 'customers.id', 'sessions.account_id')
        .where('customers.id', '=', 0)
        .selectAll('customers')
        .compile(),
  };
  return byKind[kind]();
}
