import { randomUUID } from 'node:crypto';
import type { AuditLog } from './audit/record.js';
import { keepSecret } from './config/kept-secret.js';
import type { Principal } from './domain/principal.js';
import type { Surroundings } from './gateway.js';
import { createAuthenticate } from './identify/authenticate.js';
import { createLogin, type Login } from './identify/login.js';
import { createManageSecondFactor, type ManageSecondFactor } from './identify/manage-second-factor.js';
import { createPasswords, type Passwords } from './identify/passwords.js';
import { createSecondFactors } from './identify/second-factor.js';
import { createSeedCipher } from './identify/seed-cipher.js';
import { createSessions } from './identify/sessions.js';
import { createTokens } from './identify/tokens.js';
import type { Store } from './store/store.js';

/** Who may come in, and how it is told. */
export interface Identity {
  readonly passwords: Passwords;
  readonly authenticate: (token: string) => Promise<Principal>;
  /** Makes the way in over an audit log. */
  readonly createLogin: (audit: AuditLog) => Login;
  /** Makes what accounts do with their second factor over an audit log. */
  readonly createManageSecondFactor: (audit: AuditLog) => ManageSecondFactor;
  close(): Promise<void>;
}

/**
 * Wires the parts of identify over the store.
 *
 * @throws SwaliError `SETTINGS_INVALID` where no secret is set and none can be kept
 */
export async function createIdentity({ settings, clock }: Surroundings, store: Store): Promise<Identity> {
  const secret = settings.jwtSecret ?? keepSecret(settings.dataDir, 'jwt-secret');
  const tokens = createTokens({ secret, ttlS: settings.accessTokenTtlS, clock, newId: randomUUID });
  const sessions = createSessions({ store, clock, ttlS: settings.refreshTokenTtlS });
  const storeKey = settings.storeKey ?? keepSecret(settings.dataDir, 'store-key');
  const secondFactors = createSecondFactors({ store, clock, cipher: createSeedCipher({ storeKey }) });
  const passwords = await createPasswords({ cost: settings.bcryptCost });
  return {
    passwords,
    authenticate: createAuthenticate({
      store,
      tokens,
      secondFactors,
      requireTotpFor: settings.requireTotpFor,
    }),
    createLogin: (audit) => createLogin({ store, passwords, tokens, sessions, secondFactors, audit }),
    createManageSecondFactor: (audit) => createManageSecondFactor({ store, secondFactors, audit }),
    close: () => passwords.close(),
  };
}
