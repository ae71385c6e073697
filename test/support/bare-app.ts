import type { Express, RequestHandler } from 'express';
import { type AppDeps, createApp } from '../../src/app.js';
import type { Ask } from '../../src/ask.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import type { Login } from '../../src/identify/login.js';
import type { AccountManager } from '../../src/identify/manage-accounts.js';
import type { GroupManager } from '../../src/identify/manage-groups.js';
import type { ManageSecondFactor } from '../../src/identify/manage-second-factor.js';
import { readTiers } from '../../src/identify/tiers.js';
import { createHealth } from '../../src/operate/health.js';
import type { Reports } from '../../src/reports/manage-reports.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const refuse = (): never => {
  throw new SwaliError('STORE_UNAVAILABLE');
};

/** The HTTP side alone, as `serve` wires it: what needs nobody's data answers, everything behind it fails. */
export function createBareApp(deps: Partial<AppDeps> = {}): Express {
  const ask: Ask = {
    ask: refuse,
    runSql: refuse,
    dryRun: refuse,
    askStream: refuse,
    runSqlStream: refuse,
    exportStream: refuse,
  };
  const reports: Reports = {
    list: refuse,
    get: refuse,
    save: refuse,
    change: refuse,
    remove: refuse,
    run: refuse,
    exportTo: refuse,
    runs: refuse,
    readPersonal: refuse,
  };
  const login: Login = { login: refuse, refresh: refuse, logout: refuse };
  const accounts: AccountManager = {
    list: refuse,
    get: refuse,
    create: refuse,
    change: refuse,
    exportData: refuse,
    erase: refuse,
  };
  const groups: GroupManager = {
    list: refuse,
    get: refuse,
    find: refuse,
    create: refuse,
    change: refuse,
    remove: refuse,
    join: refuse,
    leave: refuse,
  };
  const manage: ManageSecondFactor = {
    readStatus: refuse,
    enrol: refuse,
    confirm: refuse,
    drawRecoveryCodes: refuse,
    remove: refuse,
  };
  return createApp({
    rememberOrigin: (_request, _response, next) => next(),
    audit: { append: refuse, verify: refuse, list: refuse, checkpoint: refuse, drain: refuse },
    createAsk: () => ask,
    createReports: () => reports,
    createLogin: () => login,
    createChangePassword: () => refuse,
    createApiKeys: () => ({ create: refuse, list: refuse, revoke: refuse }),
    createWidgetTokens: () => ({ issue: refuse }),
    isListedOrigin: refuse,
    createAccountManager: () => accounts,
    createGroupManager: () => groups,
    createVerifiedManager: () => ({ list: refuse, promote: refuse, retire: refuse }),
    createInvite: () => refuse,
    createForgotPassword: () => refuse,
    createSetPasswordByLink: () => refuse,
    createOwnSessions: () => ({ list: refuse, end: refuse, endAll: refuse }),
    createOwnHistory: () => ({
      listConversations: refuse,
      readConversation: refuse,
      listQuestions: refuse,
      removeConversation: refuse,
      removeConversations: refuse,
      removeAll: refuse,
    }),
    createManageSecondFactor: () => manage,
    createSingleSignOn: () => ({ list: () => [], begin: refuse, answer: refuse, complete: refuse, logout: refuse }),
    authenticate: refuse,
    sessionOf: refuse,
    readIdentifier: refuse,
    csrfKeys: ['k'.repeat(44)],
    publicKeys: [],
    receiptKeys: [],
    tiers: readTiers(null),
    viewFor: refuse,
    health: createHealth([]),
    refusals: { note: async () => {}, close: async () => {} },
    logger: silent,
    tenancy: false,
    rateLimit: false,
    redis: null,
    limitKey: 'k'.repeat(40),
    trustProxy: 0,
    https: false,
    tls: false,
    hstsPreload: false,
    publicUrl: null,
    ...deps,
  });
}

/** One route of an app: what it is called, and the handlers that answer it. */
export interface MountedRoute {
  /** `METHOD /path` */
  readonly name: string;
  readonly handlers: readonly RequestHandler[];
}

/** Everything mounted on an app, what stands in mounted routers too. */
export function readMountedRoutes(app: Express): readonly MountedRoute[] {
  interface Layer {
    readonly route?: {
      readonly path: string;
      readonly methods: Readonly<Record<string, boolean>>;
      readonly stack: readonly { readonly method?: string; readonly handle: RequestHandler }[];
    };
    readonly handle?: { readonly stack?: readonly Layer[] };
  }
  const read = (layers: readonly Layer[]): MountedRoute[] =>
    layers.flatMap(({ route, handle }) =>
      route
        ? Object.keys(route.methods)
            .filter((method) => method !== '_all')
            .map((method) => ({
              name: `${method.toUpperCase()} ${route.path}`,
              handlers: route.stack.filter((layer) => layer.method === method).map((layer) => layer.handle),
            }))
        : read(handle?.stack ?? []),
    );
  return read((app.router as unknown as { readonly stack: readonly Layer[] }).stack);
}

/** `METHOD /path` of everything mounted on an app. */
export function listMountedRoutes(app: Express): readonly string[] {
  return readMountedRoutes(app).map(({ name }) => name);
}
