import type { Express } from 'express';
import { type AppDeps, createApp } from '../../src/app.js';
import type { Ask } from '../../src/ask.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import type { Login } from '../../src/identify/login.js';
import type { ManageSecondFactor } from '../../src/identify/manage-second-factor.js';
import { createHealth } from '../../src/operate/health.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const refuse = (): never => {
  throw new SwaliError('STORE_UNAVAILABLE');
};

/** The HTTP side alone, as `serve` wires it: what needs nobody's data answers, everything behind it fails. */
export function createBareApp(deps: Partial<AppDeps> = {}): Express {
  const ask: Ask = { ask: refuse, runSql: refuse, dryRun: refuse };
  const login: Login = { login: refuse, refresh: refuse, logout: refuse };
  const manage: ManageSecondFactor = {
    readStatus: refuse,
    enrol: refuse,
    confirm: refuse,
    drawRecoveryCodes: refuse,
    remove: refuse,
  };
  return createApp({
    audit: { append: refuse, verify: refuse, list: refuse },
    createAsk: () => ask,
    createLogin: () => login,
    createManageSecondFactor: () => manage,
    authenticate: refuse,
    viewFor: refuse,
    health: createHealth([]),
    logger: silent,
    rateLimit: false,
    trustProxy: 0,
    https: false,
    ...deps,
  });
}

/** `METHOD /path` of everything mounted on an app, those of mounted routers too. */
export function listMountedRoutes(app: Express): readonly string[] {
  interface Layer {
    readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
    readonly handle?: { readonly stack?: readonly Layer[] };
  }
  const read = (layers: readonly Layer[]): string[] =>
    layers.flatMap(({ route, handle }) =>
      route
        ? Object.keys(route.methods)
            .filter((method) => method !== '_all')
            .map((method) => `${method.toUpperCase()} ${route.path}`)
        : read(handle?.stack ?? []),
    );
  return read((app.router as unknown as { readonly stack: readonly Layer[] }).stack);
}
