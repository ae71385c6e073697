import cookieParser from 'cookie-parser';
import express, { type Express } from 'express';
import type { Ask } from './ask.js';
import type { ChainedAuditLog } from './audit/append-log.js';
import type { AuditLog } from './audit/record.js';
import type { Logger } from './domain/ports.js';
import type { Principal } from './domain/principal.js';
import { SwaliError } from './errors/swali-error.js';
import { createAuditWitness } from './http/audit-witness.js';
import type { ApiPorts } from './http/create-api-handler.js';
import { createLimits } from './http/limits.js';
import { mountRoutes } from './http/mount-routes.js';
import { answerProblems } from './http/problem.js';
import { openContext } from './http/request-context.js';
import { createAccountRoutes } from './http/routes/account-routes.js';
import { createAskRoutes } from './http/routes/ask-routes.js';
import { createAuditRoutes } from './http/routes/audit-routes.js';
import { createAuthRoutes } from './http/routes/auth-routes.js';
import { createConsoleRouter } from './http/routes/console-routes.js';
import { createErrorPageRouter } from './http/routes/error-page-routes.js';
import { createKeyRoutes } from './http/routes/key-routes.js';
import { createOpenApiRoutes } from './http/routes/open-api-routes.js';
import { createProbeRoutes } from './http/routes/probe-routes.js';
import { createSchemaRoutes } from './http/routes/schema-routes.js';
import { createSecondFactorRoutes } from './http/routes/second-factor-routes.js';
import { createSessionRoutes } from './http/routes/session-routes.js';
import { createSigningKeyRoutes } from './http/routes/signing-key-routes.js';
import { createSsoRoutes } from './http/routes/sso-routes.js';
import { createSecurityHeaders } from './http/security-headers.js';
import type { ApiKeys } from './identify/api-keys.js';
import type { ChangePassword } from './identify/change-password.js';
import type { Login } from './identify/login.js';
import type { AccountManager } from './identify/manage-accounts.js';
import type { ManageSecondFactor } from './identify/manage-second-factor.js';
import type { OwnSessions } from './identify/own-sessions.js';
import type { PublicJwk } from './identify/signing-keys.js';
import type { SingleSignOn } from './identify/sso/single-sign-on.js';
import type { Tiers } from './identify/tiers.js';
import type { Health } from './operate/health.js';
import type { PrincipalView } from './policy/view.js';

/** What the HTTP side stands on. */
export interface AppDeps {
  readonly audit: ChainedAuditLog;
  /** Makes the spine over an audit log; the app hands in its own, which knows what has been recorded. */
  readonly createAsk: (audit: AuditLog) => Ask;
  /** Makes the way in over an audit log. */
  readonly createLogin: (audit: AuditLog) => Login;
  /** Makes the management of accounts over an audit log. */
  readonly createAccountManager: (audit: AuditLog) => AccountManager;
  /** Makes the change of one's own password over an audit log. */
  readonly createChangePassword: (audit: AuditLog) => ChangePassword;
  /** Makes the keys for servers over an audit log. */
  readonly createApiKeys: (audit: AuditLog) => ApiKeys;
  /** Makes what accounts do with their own sessions, over an audit log. */
  readonly createOwnSessions: (audit: AuditLog) => OwnSessions;
  /** Makes what accounts do with their second factor over an audit log. */
  readonly createManageSecondFactor: (audit: AuditLog) => ManageSecondFactor;
  /** Makes sign-in by the word of providers over an audit log. */
  readonly createSingleSignOn: (audit: AuditLog) => SingleSignOn;
  readonly authenticate: (token: string) => Promise<Principal>;
  /** What access tokens verify with. */
  readonly publicKeys: readonly PublicJwk[];
  readonly viewFor: (principal: Principal) => PrincipalView;
  readonly health: Health;
  readonly logger: Logger;
  /** What accounts of each tier may ask. */
  readonly tiers: Tiers;
  /** False where RATE_LIMIT is off. */
  readonly rateLimit: boolean;
  /** Reverse proxies in front whose X-Forwarded-For is believed. */
  readonly trustProxy: number;
  /** Whether people reach the gateway by https. */
  readonly https: boolean;
  /** Address that people use, without a trailing slash; empty where it is not set: then there is no single sign-on. */
  readonly publicUrl: string;
}

/** Wires the HTTP side. Listens to nothing: the caller hands the app to a server. */
export function createApp(deps: AppDeps): Express {
  const witness = createAuditWitness(deps.audit);
  const limits = createLimits(deps.rateLimit, deps.tiers);
  const ports: ApiPorts = { authenticate: deps.authenticate, limits, witness };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', deps.trustProxy);
  app.set('query parser', 'simple');
  app.use(cookieParser());
  app.use(openContext());
  app.use(createSecurityHeaders(deps.https));
  for (const handler of limits('address', () => null)) app.use(handler);
  const routes = [
    ...createProbeRoutes(() => deps.health.readiness(), ports),
    ...createSigningKeyRoutes(deps.publicKeys, ports),
    ...createAuthRoutes(deps.createLogin(witness.log), deps.createChangePassword(witness.log), ports),
    ...createSsoRoutes(deps.createSingleSignOn(witness.log), deps, ports),
    ...createSessionRoutes(deps.createOwnSessions(witness.log), ports),
    ...createSecondFactorRoutes(deps.createManageSecondFactor(witness.log), ports),
    ...createAskRoutes(deps.createAsk(witness.log), ports),
    ...createSchemaRoutes(deps.viewFor, ports),
    ...createAuditRoutes((page) => deps.audit.list(page), ports),
    ...createKeyRoutes(deps.createApiKeys(witness.log), ports),
    ...createAccountRoutes(deps.createAccountManager(witness.log), ports),
  ];
  mountRoutes(app, [...routes, ...createOpenApiRoutes(routes, ports)]);
  app.use(createConsoleRouter());
  app.use(createErrorPageRouter());
  app.use(() => {
    throw new SwaliError('ROUTE_NOT_FOUND');
  });
  app.use(answerProblems(deps.logger));
  return app;
}
