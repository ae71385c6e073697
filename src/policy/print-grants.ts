import type { Catalog } from '../catalog/catalog.js';
import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import { type AccountUse, findLeastReads } from './least-reads.js';
import type { Policy } from './policy.js';

/** Longest name of an account, in characters. */
const LONGEST_USER: Readonly<Record<Exclude<Dialect, 'sqlite'>, number>> = { mysql: 32, mariadb: 80 };
/** Without quotes, backslashes and control characters, which mean different things under different settings of a server. */
const USER = /^[\p{L}\p{N}_.$#+@-](?:[\p{L}\p{N}_.$#+@ -]*[\p{L}\p{N}_.$#+@-])?$/u;
/** Names, addresses with a netmask, and the wildcards % and _. */
const HOST = /^[A-Za-z0-9_%.:/-]{1,255}$/;

function refuse(detail: string): never {
  throw new SwaliError('GRANTS_REFUSED', { detail });
}

/** Control characters would break a line or a comment open, and no terminal should show them. */
function assertPlain(name: string): void {
  if (/[\p{Cc}\u2028\u2029]/u.test(name))
    refuse('a name of the database holds a control character; grant that relation by hand');
}

function quote(name: string): string {
  assertPlain(name);
  return `\`${name.replaceAll('`', '``')}\``;
}

/**
 * The name of an account as SQL: `app@%` gives `'app'@'%'`. The host is what stands behind the last `@`, and `%` where
 * there is none.
 *
 * @throws SwaliError `GRANTS_REFUSED` where it is no name that is safe under every setting of a server
 */
export function printAccount(text: string, dialect: Exclude<Dialect, 'sqlite'>): string {
  const at = text.lastIndexOf('@');
  const [user, host] = at < 0 ? [text, '%'] : [text.slice(0, at), text.slice(at + 1)];
  const longest = LONGEST_USER[dialect];
  if (!USER.test(user) || [...user].length > longest)
    refuse(`the name of the account takes 1 to ${longest} letters, digits, spaces within and . _ $ # + @ -`);
  if (!HOST.test(host)) refuse('behind the last @ stands the host: letters, digits and . _ % : / -');
  return `'${user}'@'${host}'`;
}

/** Whom a comment speaks of. */
const NAMES: Readonly<Record<AccountUse, string>> = {
  customer: 'the statements of customers',
  employee: 'the statements of employees, of any role',
  admin: 'the statements of admins',
  catalog: 'reading the catalog at start, and the statements of every kind without an account of its own',
};

/**
 * The least GRANTs that an account needs under a policy: column by column, nothing on the whole database.
 *
 * @param account as an operator names it: `app@%`
 * @param invokerViews views that read their tables with the rights of whoever asks; those that are granted are told of
 * @returns lines: a header of comments, then one statement a line. Every identifier is quoted
 * @throws SwaliError `GRANTS_REFUSED` for SQLite, for a name that is no account's, and for a relation or column whose name
 *   holds a control character
 */
export function printGrants(
  policy: Policy,
  catalog: Catalog,
  use: AccountUse,
  account: string,
  invokerViews: ReadonlySet<string>,
): readonly string[] {
  const { dialect, database } = catalog;
  if (dialect === 'sqlite') refuse('SQLite has no accounts; the operating system says who may read the file');
  const grantee = printAccount(account, dialect);
  const reads = findLeastReads(policy, catalog, [use]);
  const statements = reads.map(
    ({ relation, columns }) =>
      `GRANT SELECT (${columns.map(quote).join(', ')}) ON ${quote(database)}.${quote(relation.name)} TO ${grantee};`,
  );
  const views = reads.map(({ relation }) => relation.name).filter((name) => invokerViews.has(name));
  return [
    `-- The least rights for ${NAMES[use]}, under the policy of ${policy.source} (${policy.version}).`,
    '-- The account must be there already; what else it holds is more than the policy needs.',
    ...views.map(
      (name) => `-- ${quote(name)} reads its tables with the rights of whoever asks: grant what it reads besides.`,
    ),
    ...(statements.length > 0
      ? statements
      : ['-- The policy opens nothing here, so no right is needed: leave the URL of this account unset.']),
  ];
}
