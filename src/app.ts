import cookieParser from 'cookie-parser';
import express, { type Express, type RequestHandler, type Router } from 'express';
import type { Ask } from './ask.js';
import type { ChainedAuditLog } from './audit/append-log.js';
import { countAppends } from './audit/count-appends.js';
import type { Ed25519Jwk } from './audit/ed25519.js';
import type { AuditLog } from './audit/record.js';
import { NO_METRICS, NO_TRACER } from './domain/no-telemetry.js';
import type { Logger, Metrics, Tracer } from './domain/ports.js';
import type { Principal } from './domain/principal.js';
import { SwaliError } from './errors/swali-error.js';
import { createAuditWitness } from './http/audit-witness.js';
import { type ApiPorts, STREAM_TIMES } from './http/create-api-handler.js';
import { createCsrf } from './http/csrf.js';
import { demandHttps } from './http/demand-https.js';
import type { StreamTimes } from './http/event-stream.js';
import { createHandOutTokens } from './http/hand-out-tokens.js';
import { createKeptReceipts } from './http/kept-receipts.js';
import { createLimits } from './http/limits.js';
import { isMetricsTokenOf } from './http/metrics-token.js';
import { mountRoutes } from './http/mount-routes.js';
import { observeRequests } from './http/observe-requests.js';
import { answerProblems } from './http/problem.js';
import type { Refusals } from './http/refusals.js';
import { openContext } from './http/request-context.js';
import { createAccountRoutes } from './http/routes/account-routes.js';
import { createAskRoutes } from './http/routes/ask-routes.js';
import { createAuditRoutes } from './http/routes/audit-routes.js';
import { createAuthRoutes } from './http/routes/auth-routes.js';
import { createConsoleRouter } from './http/routes/console-routes.js';
import { createConversationRoutes } from './http/routes/conversation-routes.js';
import { createErrorPageRouter } from './http/routes/error-page-routes.js';
import { createExportRoutes } from './http/routes/export-routes.js';
import { createGroupRoutes } from './http/routes/group-routes.js';
import { createKeyRoutes } from './http/routes/key-routes.js';
import { createMailedLinkRoutes } from './http/routes/mailed-link-routes.js';
import { createOpenApiRoutes } from './http/routes/open-api-routes.js';
import { createOperationsRoutes, NO_OPERATIONS, type Operations } from './http/routes/operations-routes.js';
import { createOwnAccountRoutes } from './http/routes/own-account-routes.js';
import { createProbeRoutes } from './http/routes/probe-routes.js';
import { createReceiptKeyRoutes } from './http/routes/receipt-key-routes.js';
import { createReportRoutes } from './http/routes/report-routes.js';
import { createSchemaRoutes } from './http/routes/schema-routes.js';
import { createSecondFactorRoutes } from './http/routes/second-factor-routes.js';
import { createSessionRoutes } from './http/routes/session-routes.js';
import { createSigningKeyRoutes } from './http/routes/signing-key-routes.js';
import { createSsoRoutes } from './http/routes/sso-routes.js';
import { createVerifiedRoutes } from './http/routes/verified-routes.js';
import { createWidgetRoutes } from './http/routes/widget-routes.js';
import { createSecurityHeaders } from './http/security-headers.js';
import { createSessionCookies } from './http/session-cookies.js';
import type { IsListedOrigin } from './http/widget-access.js';
import type { ApiKeys } from './identify/api-keys.js';
import type { ChangePassword } from './identify/change-password.js';
import type { ForgotPassword } from './identify/forgot-password.js';
import type { Invite } from './identify/invite.js';
import type { Login } from './identify/login.js';
import type { AccountManager } from './identify/manage-accounts.js';
import type { GroupManager } from './identify/manage-groups.js';
import type { ManageSecondFactor } from './identify/manage-second-factor.js';
import type { OwnHistory } from './identify/own-history.js';
import type { OwnSessions } from './identify/own-sessions.js';
import type { SetPasswordByLink } from './identify/set-password-by-link.js';
import type { PublicJwk } from './identify/signing-keys.js';
import type { SingleSignOn } from './identify/sso/single-sign-on.js';
import type { Tiers } from './identify/tiers.js';
import type { WidgetTokens } from './identify/widget-tokens.js';
import type { Health } from './operate/health.js';
import type { PrincipalView } from './policy/view.js';
import type { Reports } from './reports/manage-reports.js';
import type { Redis } from './store/redis.js';
import type { VerifiedManager } from './translate/promoted/manage-verified.js';

/** What the HTTP side stands on. */
export interface AppDeps {
  readonly audit: ChainedAuditLog;
  /** Keeps what a request says of where it comes from, for those who watch the audit log. */
  readonly rememberOrigin: RequestHandler;
  /** Makes the spine over an audit log; the app hands in its own, which knows what has been recorded. */
  readonly createAsk: (audit: AuditLog) => Ask;
  /** Makes saved reports over an audit log and a spine over the same. */
  readonly createReports: (audit: AuditLog, ask: Ask) => Reports;
  /** Makes promotion to verified questions over an audit log. */
  readonly createVerifiedManager: (audit: AuditLog) => VerifiedManager;
  /** Makes the way in over an audit log. */
  readonly createLogin: (audit: AuditLog) => Login;
  /** Makes the management of accounts over an audit log. */
  readonly createAccountManager: (audit: AuditLog) => AccountManager;
  /** Makes the management of groups over an audit log. */
  readonly createGroupManager: (audit: AuditLog) => GroupManager;
  /** Makes the change of one's own password over an audit log. */
  readonly createChangePassword: (audit: AuditLog) => ChangePassword;
  /** Makes invitations over an audit log, and over one for what becomes of their mail after the answer has left. */
  readonly createInvite: (audit: AuditLog, lateAudit: AuditLog) => Invite;
  /** Makes the way to a new password for who forgot theirs, over two audit logs as above. */
  readonly createForgotPassword: (audit: AuditLog, lateAudit: AuditLog) => ForgotPassword;
  /** Makes what mailed links do, over an audit log. */
  readonly createSetPasswordByLink: (audit: AuditLog) => SetPasswordByLink;
  /** Makes the keys for servers over an audit log. */
  readonly createApiKeys: (audit: AuditLog) => ApiKeys;
  /** Makes the tokens of the pages of companies' own sites over an audit log. */
  readonly createWidgetTokens: (audit: AuditLog) => WidgetTokens;
  /** Whether any living key lists an origin of pages. */
  readonly isListedOrigin: IsListedOrigin;
  /** Makes what accounts do with their own sessions, over an audit log. */
  readonly createOwnSessions: (audit: AuditLog) => OwnSessions;
  /** Makes what accounts do with their own questions and conversations, over an audit log. */
  readonly createOwnHistory: (audit: AuditLog) => OwnHistory;
  /** Makes what accounts do with their second factor over an audit log. */
  readonly createManageSecondFactor: (audit: AuditLog) => ManageSecondFactor;
  /** Makes sign-in by the word of providers over an audit log. */
  readonly createSingleSignOn: (audit: AuditLog) => SingleSignOn;
  readonly authenticate: (token: string) => Promise<Principal>;
  /** The living session of a refresh token, which is not used up by that; null where there is none. */
  readonly sessionOf: (refreshToken: string) => Promise<string | null>;
  /** What an account signs in with. */
  readonly readIdentifier: (principal: Principal) => Promise<string>;
  /** Secrets of the tokens against forged requests of browsers; the first makes them. */
  readonly csrfKeys: readonly string[];
  /** What access tokens verify with. */
  readonly publicKeys: readonly PublicJwk[];
  /** What receipts verify with. */
  readonly receiptKeys: readonly Ed25519Jwk[];
  readonly viewFor: (principal: Principal) => PrincipalView;
  readonly health: Health;
  /** What operators may look at. */
  readonly operations?: Operations;
  /** Opens that to whoever bears it; null where none is set. */
  readonly metricsToken?: string | null;
  readonly metrics?: Metrics;
  readonly tracer?: Tracer;
  /** Where it is put on record who was turned away. */
  readonly refusals: Refusals;
  readonly logger: Logger;
  /** What accounts of each tier may ask. */
  readonly tiers: Tiers;
  /** Whether there are tenants. */
  readonly tenancy: boolean;
  /** False where RATE_LIMIT is off. */
  readonly rateLimit: boolean;
  /** Where replicas count requests together; null where this process counts by itself. */
  readonly redis: Redis | null;
  /** Keys what stands for accounts and addresses in the counts; the same in every replica. */
  readonly limitKey: string;
  /** Reverse proxies in front whose X-Forwarded-For is believed. */
  readonly trustProxy: number;
  /** Whether people reach the gateway by https. */
  readonly https: boolean;
  /** Whether the process itself speaks it. */
  readonly tls: boolean;
  /** Whether the makers of browsers may list the public host as https only. */
  readonly hstsPreload: boolean;
  /** Address that people use, without a trailing slash; null where it is not set: then there is no single sign-on. */
  readonly publicUrl: string | null;
  /** What streams are timed by, beside what holds where nothing is set. */
  readonly streams?: Partial<StreamTimes>;
}

/** Wires the HTTP side. Listens to nothing: the caller hands the app to a server. */
export function createApp(deps: AppDeps): Express {
  const { metrics = NO_METRICS, tracer = NO_TRACER } = deps;
  const audit = countAppends(deps.audit, metrics);
  const witness = createAuditWitness(audit);
  const { rateLimit: enabled, tiers, redis, limitKey: key } = deps;
  const limits = createLimits({ enabled, tiers, redis, key });
  const cookies = createSessionCookies(deps.https);
  const csrf = createCsrf({ keys: deps.csrfKeys, cookies });
  const { tenancy, authenticate, sessionOf } = deps;
  const ports: ApiPorts = {
    tenancy,
    authenticate,
    sessionOf,
    cookies,
    csrf,
    limits,
    witness,
    isMetricsToken: isMetricsTokenOf(deps.metricsToken ?? null),
    streams: { ...STREAM_TIMES, ...deps.streams },
  };
  const login = deps.createLogin(witness.log);
  const handOut = createHandOutTokens(ports, login);
  const ask = deps.createAsk(witness.log);
  const reports = deps.createReports(witness.log, ask);
  const receipts = createKeptReceipts(redis, () => performance.now());
  const patterns = new Set<string>();
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', deps.trustProxy);
  app.set('query parser', 'simple');
  app.use(cookieParser());
  app.use(openContext(deps.publicUrl === null ? null : new URL(deps.publicUrl).origin));
  const { logger } = deps;
  app.use(
    observeRequests({ logger, metrics, tracer, now: () => performance.now(), isRoute: (each) => patterns.has(each) }),
  );
  app.use(deps.rememberOrigin);
  app.use(createSecurityHeaders({ ...deps, preload: deps.hstsPreload }));
  app.use(demandHttps(deps.https ? deps.publicUrl : null, deps));
  for (const handler of limits('address', () => null)) app.use(handler);
  const routes = [
    ...createProbeRoutes(deps.health, ports),
    ...createOperationsRoutes(deps.operations ?? NO_OPERATIONS, ports),
    ...createSigningKeyRoutes(deps.publicKeys, ports),
    ...createAuthRoutes(login, deps.createChangePassword(witness.log), handOut, ports),
    ...createSsoRoutes(deps.createSingleSignOn(witness.log), handOut, deps, ports),
    ...createMailedLinkRoutes(
      deps.createSetPasswordByLink(witness.log),
      // The witness notes what belongs to an answer; what is written after one is nobody's to take.
      deps.createForgotPassword(witness.log, audit),
      ports,
    ),
    ...createOwnAccountRoutes(deps.readIdentifier, ports),
    ...createSessionRoutes(deps.createOwnSessions(witness.log), ports),
    ...createSecondFactorRoutes(deps.createManageSecondFactor(witness.log), ports),
    ...createAskRoutes(ask, ports),
    ...createConversationRoutes(deps.createOwnHistory(witness.log), deps.viewFor, ports),
    ...createExportRoutes(ask, receipts, ports),
    ...createReportRoutes(reports, receipts, ports),
    ...createVerifiedRoutes(deps.createVerifiedManager(witness.log), ports),
    ...createReceiptKeyRoutes(deps.receiptKeys, ports),
    ...createSchemaRoutes(deps.viewFor, ports),
    ...createAuditRoutes({ list: (page) => deps.audit.list(page), verify: () => deps.audit.verify() }, tiers, ports),
    ...createKeyRoutes(deps.createApiKeys(witness.log), ports),
    ...createWidgetRoutes(deps.createWidgetTokens(witness.log), ports),
    ...createAccountRoutes(
      deps.createAccountManager(witness.log),
      deps.createInvite(witness.log, audit),
      (page) => deps.audit.list(page),
      reports,
      ports,
    ),
    ...createGroupRoutes(deps.createGroupManager(witness.log), ports),
  ];
  const all = [...routes, ...createOpenApiRoutes(routes, ports)];
  mountRoutes(app, all, deps.isListedOrigin);
  const pages = [createConsoleRouter(), createErrorPageRouter()];
  for (const page of pages) app.use(page);
  for (const pattern of [...all.map(({ path }) => path), ...pages.flatMap(patternsOf)]) patterns.add(pattern);
  app.use(() => {
    throw new SwaliError('ROUTE_NOT_FOUND');
  });
  app.use(answerProblems(deps.logger, deps.refusals));
  return app;
}

/** What a router of pages answers to. */
function patternsOf({ stack }: Router): readonly string[] {
  return stack.flatMap(({ route }) => (route ? [route.path] : []));
}
