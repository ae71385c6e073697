import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChainedAuditLog, openAuditLog } from '../../../src/audit/append-log.js';
import type { AuditLog } from '../../../src/audit/record.js';
import type { Principal } from '../../../src/domain/principal.js';
import { addAccount, type NewAccount } from '../../../src/identify/accounts.js';
import { createAuthenticate } from '../../../src/identify/authenticate.js';
import { createLogin, type Login } from '../../../src/identify/login.js';
import { createOwnSessions, type OwnSessions } from '../../../src/identify/own-sessions.js';
import { createPasswords, type Passwords } from '../../../src/identify/passwords.js';
import { createSecondFactors, type SecondFactors } from '../../../src/identify/second-factor.js';
import { createSeedCipher } from '../../../src/identify/seed-cipher.js';
import { createSessions, type Sessions } from '../../../src/identify/sessions.js';
import { createSignInAttempts, type SignInAttempts } from '../../../src/identify/sign-in-attempts.js';
import { readSigningKeys, type SigningKeys } from '../../../src/identify/signing-keys.js';
import { createTenants, type Tenants } from '../../../src/identify/tenants.js';
import { createTokens, type Tokens } from '../../../src/identify/tokens.js';
import { createKeyRing } from '../../../src/store/key-ring.js';
import { migrateStore, openStore, type Store } from '../../../src/store/store.js';
import { AUDIT_KEYS } from '../../support/audit-keys.js';

/** What the store's texts are encrypted with. */
export const RING = createKeyRing({ current: 'k'.repeat(40) });

export const PASSWORD = 'correct horse battery';
export const ACCESS_TTL_S = 900;
export const REFRESH_TTL_S = 3600;
/** Longer than a refresh token, so that the tests of each see its own end. */
export const LIFE = { idleTtlS: 7200, maxTtlS: 86_400 };

/** The whole of identity over one SQLite file, with a clock that tests move. */
export interface Identity {
  readonly store: Store;
  readonly passwords: Passwords;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  /** What signs them. */
  readonly keys: SigningKeys;
  readonly attempts: SignInAttempts;
  readonly tenants: Tenants;
  readonly audit: ChainedAuditLog;
  readonly secondFactors: SecondFactors;
  readonly login: Login;
  /** The same ways in over another audit log. */
  readonly loginOver: (audit: AuditLog) => Login;
  readonly ownSessionsOver: (audit: AuditLog) => OwnSessions;
  readonly authenticate: (token: string) => Promise<Principal>;
  readonly path: string;
  readonly clock: { now: number };
  add(account: Partial<NewAccount> & Pick<NewAccount, 'kind' | 'identifier'>): Promise<string>;
  close(): Promise<void>;
}

/**
 * @param shared threads to use (and leave running); own ones where absent
 * @param url of a store without tables; a new SQLite file where absent
 * @param requireTotpFor who must have a second factor; nobody where absent
 * @param tenancy whether there are tenants
 */
export async function openIdentity(
  shared?: Passwords,
  url?: string,
  requireTotpFor?: ReadonlySet<string>,
  tenancy = false,
): Promise<Identity> {
  const folder = mkdtempSync(join(tmpdir(), 'swali-identity-'));
  const path = join(folder, 'store.sqlite');
  const store = await openStore(url ?? `sqlite:${path}`);
  await migrateStore(store);
  const clock = { now: 1_700_000_000_000 };
  const read = () => clock.now;
  let ids = 0;
  const newId = () => {
    ids += 1;
    return `id${ids}`;
  };
  const passwords = shared ?? (await createPasswords({ cost: 4, threads: 1 }));
  const keys = readSigningKeys({ secret: 's'.repeat(40) }, { secrets: [], publicKeys: [] });
  const tokens = createTokens({ keys, ttlS: ACCESS_TTL_S, clock: read, newId });
  const sessions = createSessions({ store, clock: read, ttlS: REFRESH_TTL_S, life: LIFE });
  const cipher = createSeedCipher({ storeKey: 'k'.repeat(40) });
  const secondFactors = createSecondFactors({ store, clock: read, cipher });
  const attempts = createSignInAttempts({ store, clock: read, key: 'k'.repeat(40) });
  const tenants = createTenants({ store, clock: read, enabled: tenancy });
  const audit = await openAuditLog({ store, clock: read, writerId: 'test', ...AUDIT_KEYS });
  const loginOver = (log: AuditLog) =>
    createLogin({ store, passwords, tokens, sessions, secondFactors, attempts, tenants, audit: log });
  return {
    store,
    passwords,
    tokens,
    sessions,
    keys,
    attempts,
    tenants,
    audit,
    path,
    clock,
    secondFactors,
    login: loginOver(audit),
    loginOver,
    ownSessionsOver: (log) => createOwnSessions({ sessions, audit: log }),
    authenticate: createAuthenticate({
      store,
      tokens,
      clock: read,
      life: LIFE,
      tenants,
      secondFactors,
      requireTotpFor: requireTotpFor ?? new Set(),
    }),
    add: (account) => addAccount({ store, passwords, clock: read }, { password: PASSWORD, ...account }),
    async close() {
      if (!shared) await passwords.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
