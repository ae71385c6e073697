import { randomUUID } from 'node:crypto';
import type { AuditLog } from './audit/record.js';
import { keepSecret } from './config/kept-secret.js';
import type { Principal } from './domain/principal.js';
import type { Surroundings } from './gateway.js';
import { type ApiKeys, createApiKeys, createKeyAuthenticate, isApiKey } from './identify/api-keys.js';
import { createAuthenticate } from './identify/authenticate.js';
import { type ChangePassword, createChangePassword } from './identify/change-password.js';
import { createLogin, type Login } from './identify/login.js';

import { type AccountManager, createAccountManager } from './identify/manage-accounts.js';
import { createManageSecondFactor, type ManageSecondFactor } from './identify/manage-second-factor.js';
import { createOwnSessions, type OwnSessions } from './identify/own-sessions.js';
import { createPasswords, type Passwords } from './identify/passwords.js';
import { createSecondFactors } from './identify/second-factor.js';
import { createSeedCipher } from './identify/seed-cipher.js';
import { createSessions } from './identify/sessions.js';
import { createSignInAttempts, type SignInAttempts } from './identify/sign-in-attempts.js';
import { type PublicJwk, readSigningKeys } from './identify/signing-keys.js';
import { createSingleSignOn, type SingleSignOn } from './identify/sso/single-sign-on.js';
import { createTokens } from './identify/tokens.js';
import { readSsoProviders } from './sso-providers.js';
import type { Store } from './store/store.js';

/** Who may come in, and how it is told. */
export interface Identity {
  readonly passwords: Passwords;
  readonly authenticate: (token: string) => Promise<Principal>;
  /** Makes the way in over an audit log. */
  readonly createLogin: (audit: AuditLog) => Login;
  /** Makes the change of one's own password over an audit log. */
  readonly createChangePassword: (audit: AuditLog) => ChangePassword;
  /** Makes the keys for servers over an audit log. */
  readonly createApiKeys: (audit: AuditLog) => ApiKeys;
  /** Makes the management of accounts over an audit log. */
  readonly createAccountManager: (audit: AuditLog) => AccountManager;
  /** Makes what accounts do with their own sessions, over an audit log. */
  readonly createOwnSessions: (audit: AuditLog) => OwnSessions;
  /** What access tokens verify with; empty where secrets sign. */
  readonly publicKeys: readonly PublicJwk[];
  /** Makes what accounts do with their second factor over an audit log. */
  readonly createManageSecondFactor: (audit: AuditLog) => ManageSecondFactor;
  /** Makes sign-in by the word of providers over an audit log. */
  readonly createSingleSignOn: (audit: AuditLog) => SingleSignOn;
  close(): Promise<void>;
}

/**
 * Wires the parts of identify over the store.
 *
 * @throws SwaliError `SETTINGS_INVALID` where no key is set and none can be kept, where one is not usable, and for the
 *   faults of the providers' file
 */
export async function createIdentity(surroundings: Surroundings, store: Store): Promise<Identity> {
  const { settings, clock } = surroundings;
  const { jwtPrivateKey: privateKey, jwtRetiredKeys } = settings;
  const keys = readSigningKeys(
    privateKey === null ? { secret: settings.jwtSecret ?? keepSecret(settings.dataDir, 'jwt-secret') } : { privateKey },
    jwtRetiredKeys,
  );
  const tokens = createTokens({ keys, ttlS: settings.accessTokenTtlS, clock, newId: randomUUID });
  const life = { idleTtlS: settings.sessionIdleTtlS, maxTtlS: settings.sessionMaxTtlS };
  const sessions = createSessions({ store, clock, ttlS: settings.refreshTokenTtlS, life });
  const cipher = createSeedCipher({ storeKey: readStoreKey(surroundings) });
  const secondFactors = createSecondFactors({ store, clock, cipher });
  const attempts = openSignInAttempts(surroundings, store);
  const providers = readSsoProviders(settings);
  const passwords = await createPasswords({ cost: settings.bcryptCost });
  const byToken = createAuthenticate({
    store,
    tokens,
    clock,
    life,
    secondFactors,
    requireTotpFor: settings.requireTotpFor,
  });
  const byKey = createKeyAuthenticate({ store, clock });
  return {
    passwords,
    authenticate: (token) => (isApiKey(token) ? byKey(token) : byToken(token)),
    createApiKeys: (audit) => createApiKeys({ store, clock, audit }),
    createLogin: (audit) => createLogin({ store, passwords, tokens, sessions, secondFactors, attempts, audit }),
    createChangePassword: (audit) => createChangePassword({ store, passwords, sessions, attempts, audit }),
    createManageSecondFactor: (audit) => createManageSecondFactor({ store, secondFactors, audit }),
    createAccountManager: (audit) => createAccountManager({ store, passwords, clock, audit }),
    createOwnSessions: (audit) => createOwnSessions({ sessions, audit }),
    createSingleSignOn: (audit) =>
      createSingleSignOn({ providers, store, clock, passwords, tokens, sessions, secondFactors, audit }),
    publicKeys: tokens.publicKeys,
    close: () => passwords.close(),
  };
}

/**
 * The counts of failed sign-ins that the gateway keeps.
 *
 * @throws SwaliError `SETTINGS_INVALID` where no key is set and none can be kept
 */
export function openSignInAttempts(surroundings: Surroundings, store: Store): SignInAttempts {
  return createSignInAttempts({ store, clock: surroundings.clock, key: readStoreKey(surroundings) });
}

/** The key of what the store keeps, made and kept where none is set outside production. */
function readStoreKey({ settings }: Surroundings): string {
  return settings.storeKey ?? keepSecret(settings.dataDir, 'store-key');
}
