import { hkdfSync, randomUUID } from 'node:crypto';
import type { AuditLog } from './audit/record.js';
import { keepSecret } from './config/kept-secret.js';
import type { Principal } from './domain/principal.js';
import type { Surroundings } from './gateway.js';
import { type ApiKeys, createApiKeys, createKeyAuthenticate, isApiKey } from './identify/api-keys.js';
import { createAuthenticate } from './identify/authenticate.js';
import { type ChangePassword, createChangePassword } from './identify/change-password.js';
import { createForgotPassword, type ForgotPassword } from './identify/forgot-password.js';
import { createInvite, type Invite } from './identify/invite.js';
import { createLogin, type Login } from './identify/login.js';
import { type AccountManager, createAccountManager } from './identify/manage-accounts.js';
import { createGroupManager, type GroupManager } from './identify/manage-groups.js';
import { createManageSecondFactor, type ManageSecondFactor } from './identify/manage-second-factor.js';
import { createOwnHistory, type OwnHistory } from './identify/own-history.js';
import { createOwnSessions, type OwnSessions } from './identify/own-sessions.js';
import { createPasswords, type Passwords } from './identify/passwords.js';
import { createReadIdentifier } from './identify/read-identifier.js';
import { createSecondFactors } from './identify/second-factor.js';
import { createSeedCipher } from './identify/seed-cipher.js';
import { createSessions } from './identify/sessions.js';
import { createSetPasswordByLink, type SetPasswordByLink } from './identify/set-password-by-link.js';
import { type PublicJwk, readSigningKeys } from './identify/signing-keys.js';
import { createSingleSignOn, type SingleSignOn } from './identify/sso/single-sign-on.js';
import { createStepUp } from './identify/step-up.js';
import { createTenants } from './identify/tenants.js';
import { createTokens } from './identify/tokens.js';
import { createIsListedOrigin } from './identify/widget-origins.js';
import {
  createWidgetAuthenticate,
  createWidgetClaims,
  createWidgetTokens,
  type WidgetTokens,
} from './identify/widget-tokens.js';
import { openMailedLinks, openOutbox } from './mailing.js';
import { readSsoProviders } from './sso-providers.js';
import { createKeptSecrets } from './store/kept-secrets.js';
import type { Store } from './store/store.js';
import { openKeptTurns, openKeyRing, openSignInAttempts, readStoreKey } from './store-key.js';
import { createStoreSecretSource } from './store-secrets.js';

/** Who may come in, and how it is told. */
export interface Identity {
  readonly passwords: Passwords;
  readonly authenticate: (token: string) => Promise<Principal>;
  /** The living session of a refresh token, which is not used up by that; null where there is none. */
  readonly sessionOf: (refreshToken: string) => Promise<string | null>;
  /** What an account signs in with. */
  readonly readIdentifier: (principal: Principal) => Promise<string>;
  /** Secrets of the tokens against forged requests of browsers, the same for every replica; the first makes them. */
  readonly csrfKeys: readonly string[];
  /** Makes the way in over an audit log. */
  readonly createLogin: (audit: AuditLog) => Login;
  /** Makes the change of one's own password over an audit log. */
  readonly createChangePassword: (audit: AuditLog) => ChangePassword;
  /** Makes the keys for servers over an audit log. */
  readonly createApiKeys: (audit: AuditLog) => ApiKeys;
  /** Makes the tokens of the pages of companies' own sites over an audit log. */
  readonly createWidgetTokens: (audit: AuditLog) => WidgetTokens;
  /** Whether any living key lists an origin of pages. */
  readonly isListedOrigin: (origin: string) => Promise<boolean>;
  /** Makes the management of accounts over an audit log. */
  readonly createAccountManager: (audit: AuditLog) => AccountManager;
  /** Makes the management of groups over an audit log. */
  readonly createGroupManager: (audit: AuditLog) => GroupManager;
  /** Makes invitations over an audit log, and over one for what becomes of their mail after the answer has left. */
  readonly createInvite: (audit: AuditLog, lateAudit: AuditLog) => Invite;
  /** Makes the way to a new password for who forgot theirs, over two audit logs as above. */
  readonly createForgotPassword: (audit: AuditLog, lateAudit: AuditLog) => ForgotPassword;
  /** Makes what mailed links do, over an audit log. */
  readonly createSetPasswordByLink: (audit: AuditLog) => SetPasswordByLink;
  /** False where no mail can be sent, so that invitations and forgotten passwords are refused. */
  readonly sendsMail: boolean;
  /** Makes what accounts do with their own sessions, over an audit log. */
  readonly createOwnSessions: (audit: AuditLog) => OwnSessions;
  /** Makes what accounts do with their own questions and conversations, over an audit log. */
  readonly createOwnHistory: (audit: AuditLog) => OwnHistory;
  /** What access tokens verify with; empty where secrets sign. */
  readonly publicKeys: readonly PublicJwk[];
  /** Makes what accounts do with their second factor over an audit log. */
  readonly createManageSecondFactor: (audit: AuditLog) => ManageSecondFactor;
  /** Makes sign-in by the word of providers over an audit log. */
  readonly createSingleSignOn: (audit: AuditLog) => SingleSignOn;
  /** Keys what stands for accounts and addresses where requests are counted; the same in every replica. */
  readonly limitKey: string;
  /** Sends the mail that still waits. */
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
  const storeKey = readStoreKey(surroundings);
  const cipher = createSeedCipher({ storeKey, retiredKeys: settings.storeRetiredKeys });
  const secondFactors = createSecondFactors({ store, clock, cipher });
  const attempts = openSignInAttempts(surroundings, store);
  const tenants = createTenants({ store, clock, enabled: settings.tenancy });
  const ring = openKeyRing(surroundings);
  const kept = createKeptSecrets({ store, clock, ring });
  const turns = openKeptTurns(surroundings, store);
  const sources = [createStoreSecretSource(kept), ...(surroundings.secretSources ?? [])];
  const providers = await readSsoProviders(settings, sources);
  const passwords = await createPasswords({ cost: settings.bcryptCost });
  const stepUp = createStepUp({ store, passwords, secondFactors, attempts });
  const links = openMailedLinks(surroundings, store);
  const outbox = openOutbox(surroundings);
  const byToken = createAuthenticate({
    store,
    tokens,
    clock,
    life,
    tenants,
    secondFactors,
    requireTotpFor: settings.requireTotpFor,
  });
  const byKey = createKeyAuthenticate({ store, clock, tenants });
  const widgetClaims = createWidgetClaims({ keys, clock, newId: randomUUID });
  const byWidgetToken = createWidgetAuthenticate({ store, clock, tenants, signed: widgetClaims });
  return {
    passwords,
    authenticate: (token) => {
      if (isApiKey(token)) return byKey(token);
      return widgetClaims.isOne(token) ? byWidgetToken(token) : byToken(token);
    },
    sessionOf: async (refreshToken) => (await sessions.find(refreshToken))?.id ?? null,
    readIdentifier: createReadIdentifier(store),
    csrfKeys: [storeKey, ...settings.storeRetiredKeys].map(deriveCsrfKey),
    isListedOrigin: createIsListedOrigin({ store, clock }),
    createWidgetTokens: (audit) => createWidgetTokens({ store, signed: widgetClaims, audit }),
    createApiKeys: (audit) => createApiKeys({ store, clock, audit, stepUp, allowLoopbackHttp: !settings.production }),
    createLogin: (audit) =>
      createLogin({ store, passwords, tokens, sessions, secondFactors, attempts, tenants, audit }),
    createChangePassword: (audit) => createChangePassword({ store, passwords, sessions, attempts, audit }),
    createManageSecondFactor: (audit) => createManageSecondFactor({ store, secondFactors, audit }),
    createAccountManager: (audit) => createAccountManager({ store, passwords, clock, audit, ring }),
    createGroupManager: (audit) => createGroupManager({ store, clock, audit }),
    createInvite: (audit, lateAudit) => createInvite({ store, passwords, clock, ...links, outbox, audit, lateAudit }),
    createForgotPassword: (audit, lateAudit) =>
      createForgotPassword({ store, tenants, ...links, outbox, audit, lateAudit }),
    createSetPasswordByLink: (audit) =>
      createSetPasswordByLink({ store, tenants, passwords, clock, ...links, attempts, audit }),
    sendsMail: outbox.isOpen,
    createOwnSessions: (audit) => createOwnSessions({ sessions, audit }),
    createOwnHistory: (audit) => createOwnHistory({ turns, audit }),
    limitKey: storeKey,
    createSingleSignOn: (audit) =>
      createSingleSignOn({ providers, store, clock, tenants, passwords, tokens, sessions, secondFactors, audit }),
    publicKeys: tokens.publicKeys,
    async close() {
      await outbox.close();
      await passwords.close();
    },
  };
}

/** A key of its own out of the store's (HKDF, RFC 5869): neither tells the other. */
function deriveCsrfKey(storeKey: string): string {
  return Buffer.from(hkdfSync('sha256', storeKey, '', 'swali tokens against forged requests', 32)).toString('base64');
}
