import { randomUUID } from 'node:crypto';
import type { AuditLog } from './audit/record.js';
import { keepSecret } from './config/kept-secret.js';
import type { Principal } from './domain/principal.js';
import type { Surroundings } from './gateway.js';
import { createAuthenticate } from './identify/authenticate.js';
import { createLogin, type Login } from './identify/login.js';
import { createPasswords, type Passwords } from './identify/passwords.js';
import { createSessions } from './identify/sessions.js';
import { createSignInAttempts, type SignInAttempts } from './identify/sign-in-attempts.js';
import { createTokens } from './identify/tokens.js';
import type { Store } from './store/store.js';

/** Who may come in, and how it is told. */
export interface Identity {
  readonly passwords: Passwords;
  readonly authenticate: (token: string) => Promise<Principal>;
  /** Makes the way in over an audit log. */
  readonly createLogin: (audit: AuditLog) => Login;
  close(): Promise<void>;
}

/**
 * Wires the parts of identify over the store.
 *
 * @throws SwaliError `SETTINGS_INVALID` where no secret is set and none can be kept
 */
export async function createIdentity(surroundings: Surroundings, store: Store): Promise<Identity> {
  const { settings, clock } = surroundings;
  const secret = readSecret(surroundings);
  const tokens = createTokens({ secret, ttlS: settings.accessTokenTtlS, clock, newId: randomUUID });
  const sessions = createSessions({ store, clock, ttlS: settings.refreshTokenTtlS });
  const attempts = openSignInAttempts(surroundings, store);
  const passwords = await createPasswords({ cost: settings.bcryptCost });
  return {
    passwords,
    authenticate: createAuthenticate({ store, tokens }),
    createLogin: (audit) => createLogin({ store, passwords, tokens, sessions, attempts, audit }),
    close: () => passwords.close(),
  };
}

/**
 * The counts of failed sign-ins that the gateway keeps.
 *
 * @throws SwaliError `SETTINGS_INVALID` where no secret is set and none can be kept
 */
export function openSignInAttempts(surroundings: Surroundings, store: Store): SignInAttempts {
  return createSignInAttempts({ store, clock: surroundings.clock, key: readSecret(surroundings) });
}

function readSecret({ settings }: Surroundings): string {
  return settings.jwtSecret ?? keepSecret(settings.dataDir, 'jwt-secret');
}
