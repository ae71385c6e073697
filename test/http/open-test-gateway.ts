import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Express } from 'express';
import request, { type Response } from 'supertest';
import { type Alerting, openAlerting } from '../../src/alerting.js';
import { createApp } from '../../src/app.js';
import type { ListedRecord } from '../../src/audit/list-records.js';
import { parseSettings } from '../../src/config/settings.js';
import { DEMO_CUSTOMER_NUMBER } from '../../src/demo/generate-people.js';
import { makeDemo } from '../../src/demo/make-demo.js';
import type { PrincipalKind } from '../../src/domain/principal.js';
import { openGateway, openRecords, type Surroundings } from '../../src/gateway.js';
import { createRefusals } from '../../src/http/refusals.js';
import { addAccount, type NewAccount } from '../../src/identify/accounts.js';
import { createIdentity } from '../../src/identity.js';
import { createHealth } from '../../src/operate/health.js';
import { openRedis } from '../../src/store/redis.js';

/** A whole gateway over the demonstration business, in a folder of its own, without a port. */
export interface TestGateway {
  readonly app: Express;
  readonly folder: string;
  /** Access tokens of one account of each kind, and of an employee who may only ask. */
  readonly tokens: Readonly<Record<PrincipalKind | 'viewer', string>>;
  post(path: string, as: keyof TestGateway['tokens'] | null, body: object): Promise<Response>;
  get(path: string, as: keyof TestGateway['tokens'] | null): Promise<Response>;
  readonly alerting: Alerting;
  /** Newest first. */
  records(): Promise<readonly ListedRecord[]>;
  close(): Promise<void>;
}

/** Of every account. */
export const PASSWORD = 'a long test password';

/** The number of the demonstration customer, and of another one who has orders too. */
export const OWN_NUMBER = DEMO_CUSTOMER_NUMBER;
export const OTHER_NUMBER = DEMO_CUSTOMER_NUMBER + 10;

const TABLES = ['branches', 'customers', 'employees', 'orders', 'order_items', 'payments', 'products'];

const ACCOUNTS = {
  customer: { kind: 'customer', identifier: String(OWN_NUMBER) },
  employee: { kind: 'employee', identifier: 'ada@example.org', role: 'member', allowTables: TABLES },
  viewer: { kind: 'employee', identifier: 'vera@example.org', role: 'viewer', allowTables: TABLES },
  admin: { kind: 'admin', identifier: 'root@example.org' },
} as const satisfies Record<string, Omit<NewAccount, 'password'>>;

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Opens the gateway as `serve` does, with accounts whose password is known.
 *
 * @param env settings beside the test's own
 * @param surround another clock or log than the test's own
 */
export async function openTestGateway(
  env: Readonly<Record<string, string>> = {},
  surround: Partial<Pick<Surroundings, 'clock' | 'logger'>> = {},
): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'swali-http-'));
  const settings = parseSettings({
    DATA_DIR: folder,
    BCRYPT_COST: '4',
    RATE_LIMIT: 'off',
    JUDGE_TIMEOUT_MS: '10000',
    // Tests ask one question of the model again and again, to see what becomes of its answers.
    TRANSLATION_CACHE_TTL_S: '0',
    ...env,
  });
  const surroundings = { settings, clock: Date.now, logger: silent, ...surround };
  await makeDemo({ target: settings.sourceUrl, scale: 0.2, seed: 1, today: '2026-03-01' });
  const records = await openRecords(surroundings, 'test');
  // Tests of alerts do not wait for what comes together.
  const alerting = openAlerting(surroundings, records, env.ALERTS_FILE ? { pauseMs: 0, pollMs: 20 } : {});
  const redis =
    settings.redisUrl === null
      ? null
      : await openRedis(settings.redisUrl, surroundings.logger, settings.transport.redis);
  const gateway = await openGateway(
    { ...surroundings, redis },
    { ...records, audit: alerting.audit },
    alerting.watchBudget,
  );
  const identity = await createIdentity(surroundings, records.store);
  const refusals = createRefusals({
    audit: alerting.audit,
    clock: surroundings.clock,
    key: identity.limitKey,
    logger: surroundings.logger,
  });
  const app = createApp({
    audit: alerting.audit,
    rememberOrigin: alerting.rememberOrigin,
    createAsk: gateway.createAsk,
    createReports: gateway.createReports,
    createVerifiedManager: gateway.promotion.createManager,
    createLogin: identity.createLogin,
    createApiKeys: identity.createApiKeys,
    createWidgetTokens: identity.createWidgetTokens,
    isListedOrigin: identity.isListedOrigin,
    createChangePassword: identity.createChangePassword,
    createAccountManager: identity.createAccountManager,
    createGroupManager: identity.createGroupManager,
    createInvite: identity.createInvite,
    createForgotPassword: identity.createForgotPassword,
    createSetPasswordByLink: identity.createSetPasswordByLink,
    createOwnSessions: identity.createOwnSessions,
    createOwnHistory: identity.createOwnHistory,
    createManageSecondFactor: identity.createManageSecondFactor,
    createSingleSignOn: identity.createSingleSignOn,
    authenticate: identity.authenticate,
    sessionOf: identity.sessionOf,
    readIdentifier: identity.readIdentifier,
    csrfKeys: identity.csrfKeys,
    publicKeys: identity.publicKeys,
    receiptKeys: gateway.receiptKeys,
    tiers: gateway.tiers,
    viewFor: gateway.stages.viewFor,
    health: createHealth([
      { name: 'source', run: () => gateway.source.ping() },
      ...(redis ? [{ name: 'redis', run: () => redis.ping(), isOptional: true }] : []),
    ]),
    refusals,
    logger: surroundings.logger,
    tenancy: settings.tenancy,
    rateLimit: settings.rateLimit,
    redis,
    limitKey: identity.limitKey,
    trustProxy: settings.trustProxy,
    https: settings.publicUrl?.startsWith('https:') ?? false,
    tls: false,
    hstsPreload: settings.hstsPreload,
    publicUrl: settings.publicUrl,
    streams: { idleMs: settings.streamIdleMs },
  });
  const deps = { store: records.store, passwords: identity.passwords, clock: surroundings.clock };
  const tokens: Record<string, string> = {};
  for (const [name, account] of Object.entries(ACCOUNTS)) {
    await addAccount(deps, { ...account, password: PASSWORD });
    tokens[name] = (await signIn(app, account.kind, account.identifier)).body.access_token;
  }
  const authorize = (as: string | null): Record<string, string> =>
    as === null ? {} : { authorization: `Bearer ${tokens[as]}` };
  return {
    app,
    alerting,
    folder,
    tokens: tokens as TestGateway['tokens'],
    post: (path, as, body) => request(app).post(path).set(authorize(as)).send(body),
    get: (path, as) => request(app).get(path).set(authorize(as)),
    records: () => records.audit.list({ limit: 200 }),
    async close() {
      await redis?.close();
      await identity.close();
      await gateway.close();
      await alerting.close();
      await records.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Signs in over HTTP. */
export function signIn(app: Express, kind: PrincipalKind, identifier: string, password = PASSWORD): Promise<Response> {
  return request(app)
    .post(`/v1/auth/${kind}/login`)
    .send({ identifier, password })
    .then((response) => response);
}
