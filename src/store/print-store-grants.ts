import { SwaliError } from '../errors/swali-error.js';

/** Who an account of the store is for: the gateway, or what moves old audit records into archives. */
export type StoreAccount = 'gateway' | 'archive';

/** The rights over what is not a plain table, for each account. What is not listed: all four for the gateway, none else. */
const RIGHTS: Readonly<Record<StoreAccount, Readonly<Record<string, string>>>> = {
  gateway: {
    audit_records: 'SELECT, INSERT',
    audit_checkpoints: 'SELECT, INSERT',
    audit_archives: 'SELECT',
    audit_heads: 'SELECT, INSERT, UPDATE',
    audit_subject_keys: 'SELECT, INSERT, UPDATE',
    kysely_migration: 'SELECT',
    kysely_migration_lock: 'SELECT',
  },
  archive: {
    audit_records: 'SELECT, INSERT, DELETE',
    audit_checkpoints: 'SELECT, INSERT',
    audit_archives: 'SELECT, INSERT',
    audit_heads: 'SELECT, INSERT, UPDATE',
    audit_subject_keys: 'SELECT, INSERT',
  },
};

const PLAIN_RIGHTS: Readonly<Record<StoreAccount, string>> = { gateway: 'SELECT, INSERT, UPDATE, DELETE', archive: '' };

/**
 * The least GRANTs of an account of the store, on MySQL or MariaDB. Neither may change an audit record, and the gateway
 * may not remove one; the tables are made and changed by their owner, with `swali migrate`.
 *
 * @param about.database name of the store's database
 * @param about.account `NAME@HOST`; letters, digits and `_ . - % :`
 * @param about.tables names of all tables that are there
 * @returns statements, one a line, by table
 * @throws SwaliError `GRANTS_REFUSED` for an account or a name that is not so written
 */
export function printStoreGrants(about: {
  readonly role: StoreAccount;
  readonly account: string;
  readonly database: string;
  readonly tables: readonly string[];
}): readonly string[] {
  const { role, database } = about;
  const [, name, host] = /^([\w.-]+)@([\w.%:-]+)$/.exec(about.account) ?? [];
  if (name === undefined) throw new SwaliError('GRANTS_REFUSED', { detail: 'the account is not NAME@HOST' });
  const odd = [database, ...about.tables].find((each) => !/^[\w$-]+$/.test(each));
  if (odd !== undefined) throw new SwaliError('GRANTS_REFUSED', { detail: 'the database or a table has an odd name' });
  return [...about.tables].sort().flatMap((table) => {
    const rights = RIGHTS[role][table] ?? PLAIN_RIGHTS[role];
    return rights === '' ? [] : [`GRANT ${rights} ON \`${database}\`.\`${table}\` TO '${name}'@'${host}';`];
  });
}
