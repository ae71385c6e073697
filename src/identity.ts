import { randomUUID } from 'node:crypto';
import type { AuditLog } from './audit/record.js';
import { keepSecret } from './config/kept-secret.js';
import type { Principal } from './domain/principal.js';
import type { Surroundings } from './gateway.js';
import { createAuthenticate } from './identify/authenticate.js';
import { createLogin, type Login } from './identify/login.js';
import { createOwnSessions, type OwnSessions } from './identify/own-sessions.js';
import { createPasswords, type Passwords } from './identify/passwords.js';
import { createSessions } from './identify/sessions.js';
import { type PublicJwk, readSigningKeys } from './identify/signing-keys.js';
import { createTokens } from './identify/tokens.js';
import type { Store } from './store/store.js';

/** Who may come in, and how it is told. */
export interface Identity {
  readonly passwords: Passwords;
  readonly authenticate: (token: string) => Promise<Principal>;
  /** Makes the way in over an audit log. */
  readonly createLogin: (audit: AuditLog) => Login;
  /** Makes what accounts do with their own sessions, over an audit log. */
  readonly createOwnSessions: (audit: AuditLog) => OwnSessions;
  /** What access tokens verify with; empty where secrets sign. */
  readonly publicKeys: readonly PublicJwk[];
  close(): Promise<void>;
}

/**
 * Wires the parts of identify over the store.
 *
 * @throws SwaliError `SETTINGS_INVALID` where no key is set and none can be kept, and where one is not usable
 */
export async function createIdentity({ settings, clock }: Surroundings, store: Store): Promise<Identity> {
  const { jwtPrivateKey: privateKey, jwtRetiredKeys } = settings;
  const keys = readSigningKeys(
    privateKey === null ? { secret: settings.jwtSecret ?? keepSecret(settings.dataDir, 'jwt-secret') } : { privateKey },
    jwtRetiredKeys,
  );
  const tokens = createTokens({ keys, ttlS: settings.accessTokenTtlS, clock, newId: randomUUID });
  const life = { idleTtlS: settings.sessionIdleTtlS, maxTtlS: settings.sessionMaxTtlS };
  const sessions = createSessions({ store, clock, ttlS: settings.refreshTokenTtlS, life });
  const passwords = await createPasswords({ cost: settings.bcryptCost });
  return {
    passwords,
    authenticate: createAuthenticate({ store, tokens, clock, life }),
    createLogin: (audit) => createLogin({ store, passwords, tokens, sessions, audit }),
    createOwnSessions: (audit) => createOwnSessions({ sessions, audit }),
    publicKeys: tokens.publicKeys,
    close: () => passwords.close(),
  };
}
