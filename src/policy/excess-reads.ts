import type { Catalog } from '../catalog/catalog.js';
import type { ReadRight } from '../source/grant-line.js';
import { nameAccount, type SourceAccount } from '../source/opened-source.js';
import { foldName } from '../sql/fold-name.js';
import { type AccountUse, findLeastReads, type LeastRead } from './least-reads.js';
import type { Policy } from './policy.js';

/** Names that one line lists at most. */
const LISTED = 10;

function list(names: readonly string[]): string {
  const rest = names.length - LISTED;
  return names.slice(0, LISTED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** What one right gives beyond the least, in plain words; null where it gives nothing more. */
function judgeRead(
  { database, relation, columns }: ReadRight,
  least: ReadonlyMap<string, LeastRead>,
  own: string,
): string | null {
  if (relation === null) {
    const where = database === '*' ? 'every database' : database;
    return `SELECT on ${where}: every table there, those added later too`;
  }
  const needed = database === own ? least.get(relation) : undefined;
  const name = database === own ? relation : `${database}.${relation}`;
  if (!needed) return `SELECT on ${name}, of which nothing is needed`;
  const folds = new Set(needed.columns.map(foldName));
  const isMore = (column: string): boolean => !folds.has(foldName(column));
  if (columns !== null) {
    const more = columns.filter(isMore);
    return more.length > 0 ? `SELECT on ${list(more)} of ${name}` : null;
  }
  const more = needed.relation.columns.map((column) => column.name).filter(isMore);
  const beyond = more.length > 0 ? `, of which ${list(more)} ${more.length > 1 ? 'are' : 'is'} not needed` : '';
  return `SELECT on every column of ${name}, those added later too${beyond}`;
}

/**
 * Says which rights of the accounts are more than the policy needs: a right on a whole database or a whole table always
 * is, as it reaches what is added tomorrow; a right on columns is where one of them is not needed.
 *
 * @param accounts of the opened source; none for SQLite
 * @returns `account for customer: SELECT on …`, sorted and each once; empty where every account has the least
 * @remarks SHOW VIEW, which shows no row, is not counted.
 */
export function describeExcessReads(
  accounts: readonly SourceAccount[],
  policy: Policy,
  catalog: Catalog,
): readonly string[] {
  const lines = accounts.flatMap((account) => {
    const uses: readonly AccountUse[] = [...account.kinds, ...(account.readsCatalog ? (['catalog'] as const) : [])];
    const least = new Map(findLeastReads(policy, catalog, uses).map((read) => [read.relation.name, read]));
    return account.reads.flatMap((read) => {
      const more = judgeRead(read, least, catalog.database);
      return more === null ? [] : [`${nameAccount(account)}: ${more}`];
    });
  });
  return [...new Set(lines)].sort();
}
