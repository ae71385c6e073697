import type { StoreDatabase } from '../store/store.js';
import type { MailedTokenTable } from '../store/tables.js';
import type { Account } from './find-account.js';

/**
 * Ends the mailed tokens of an account that still work.
 *
 * @param purpose those of this one alone; all where it is left out
 */
export async function endTokens(
  db: StoreDatabase,
  { kind, id }: Pick<Account, 'kind' | 'id'>,
  now: number,
  purpose?: MailedTokenTable['purpose'],
): Promise<void> {
  const all = db
    .updateTable('mailed_tokens')
    .set({ expires_at: now })
    .where('account_id', '=', id)
    .where('kind', '=', kind)
    .where('expires_at', '>', now);
  await (purpose === undefined ? all : all.where('purpose', '=', purpose)).execute();
}
