import { randomBytes } from 'node:crypto';
import type { Catalog } from '../../src/catalog/catalog.js';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../../src/domain/principal.js';
import type { AccountUse } from '../../src/policy/least-reads.js';
import type { Policy } from '../../src/policy/policy.js';
import { printGrants } from '../../src/policy/print-grants.js';
import type { EngineUnderTest } from '../engines/engines.js';

/** Accounts of a server that hold what `printGrants` prints and nothing else. */
export interface LeastAccounts {
  /** The URL of each account. */
  readonly urls: Readonly<Record<AccountUse, string>>;
  /** `user@host` of each, as an operator names it. */
  readonly names: Readonly<Record<AccountUse, string>>;
  drop(): Promise<void>;
}

/**
 * Makes one account for each kind of principal and one for the catalog, by running the printed statements one by one.
 *
 * @param print gives the lines for one account: {@link printFrom}, or the command
 */
export async function makeLeastAccounts(
  engine: EngineUnderTest,
  print: (use: AccountUse, account: string) => Promise<readonly string[]>,
): Promise<LeastAccounts> {
  const [connection] = await engine.queryAsOwner("SELECT SUBSTRING_INDEX(USER(), '@', -1) AS host");
  // An account for any host yields to the anonymous one that a fresh server has; one for the very host does not.
  const host = String(connection?.host);
  const prefix = `swali_${randomBytes(4).toString('hex')}`;
  const urls: Partial<Record<AccountUse, string>> = {};
  const names: Partial<Record<AccountUse, string>> = {};
  for (const use of [...PRINCIPAL_KINDS, 'catalog'] as const) {
    const user = `${prefix}_${use}`;
    await engine.runAsOwner(`CREATE USER '${user}'@'${host}' IDENTIFIED BY 'a-password'`);
    names[use] = `${user}@${host}`;
    urls[use] = Object.assign(new URL(engine.url), { username: user, password: 'a-password' }).href;
    // One statement a line: each is run by itself.
    for (const line of await print(use, `${user}@${host}`)) if (!line.startsWith('-- ')) await engine.runAsOwner(line);
  }
  return {
    urls: urls as Record<AccountUse, string>,
    names: names as Record<AccountUse, string>,
    async drop() {
      for (const name of Object.values(names)) {
        const [user, at] = name.split('@');
        await engine.runAsOwner(`DROP USER '${user}'@'${at}'`);
      }
    },
  };
}

/** What the policy itself prints, for {@link makeLeastAccounts}. */
export function printFrom(policy: Policy, catalog: Catalog) {
  return async (use: AccountUse, account: string) => printGrants(policy, catalog, use, account, new Set());
}

/** The URLs of single kinds, as `openSource` takes them. */
export function urlsByKind({ urls }: LeastAccounts): Readonly<Record<PrincipalKind, string>> {
  const { customer, employee, admin } = urls;
  return { customer, employee, admin };
}
