import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { openAlerting } from '../alerting.js';
import { createApp } from '../app.js';
import { describeStart, describeStop } from '../audit/describe-gateway.js';
import { keepAuditLog } from '../audit-log.js';
import { startBackups } from '../backup-schedule.js';
import { listStatedPlain } from '../config/transport-settings.js';
import type { Logger } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import { ensureDemoAccounts, ensureDemoSource, type SeededAccount } from '../first-run.js';
import { chance, openGateway, openGuards, openRecords, type Records, type Surroundings } from '../gateway.js';
import { createDoor } from '../http/door.js';
import { createRefusals } from '../http/refusals.js';
import { createIdentity } from '../identity.js';
import { openDoor } from '../open-door.js';
import { type KeptCertificate, keepCertificate } from '../operate/keep-certificate.js';
import { readProgramVersion } from '../operate/program-version.js';
import { createShutdown } from '../operate/shutdown.js';
import { openRedis } from '../store/redis.js';
import { createGatewayHealth, createOperations, openTelemetry } from '../telemetry.js';
import { describeSeeded } from './describe-seeded.js';
import { addressOf } from './listen.js';
import { openListeners } from './open-listeners.js';
import { openOperationsListener } from './operations-listener.js';
import { type Terminal, writeLine } from './terminal.js';

/**
 * Starts the gateway and runs until the terminal's signal is aborted, or until a fault that nobody caught; then stops in order.
 *
 * @returns whether it was told to stop and everything ended by itself
 * @throws SwaliError where a part cannot be opened or the port is taken; nothing is left running then
 */
export async function serve(given: Surroundings, terminal: Terminal): Promise<boolean> {
  const { settings, clock, logger } = given;
  const certificate = openCertificate(given);
  const telemetry = await openTelemetry(settings, logger);
  const { metrics, tracer } = telemetry;
  const guards = openGuards(logger, metrics);
  const door = openDoor(settings, guards);
  const { admission, onSourceWait } = door;
  const surroundings: Surroundings = {
    ...given,
    metrics,
    tracer,
    guards,
    onSourceWait,
    onAnswer: admission.noteAnswer,
  };
  const version = readProgramVersion();
  let begun: Records | null = null;
  const opened: (() => Promise<void>)[] = [() => telemetry.close(), async () => door.close()];
  const close = (): Promise<void> => closeAll(opened.reverse());
  try {
    await ensureDemoSource(settings, clock, logger);
    const records = await openRecords(surroundings, settings.audit.writer);
    begun = records;
    opened.push(() => records.close());
    const alerting = openAlerting(surroundings, records);
    opened.push(() => alerting.close());
    const { audit } = alerting;
    const keeper = await keepAuditLog(surroundings, records, (detail) =>
      alerting.reportGap({ reason: 'checkpoint-overdue', writer: null, detail }),
    );
    opened.push(() => keeper.close());
    const { redisUrl, transport } = settings;
    const redis = redisUrl === null ? null : await openRedis(redisUrl, logger, transport.redis, guards.make);
    if (redis) opened.push(() => redis.close());
    const beforeSigning = opened.length;
    const gateway = await openGateway({ ...surroundings, redis }, { ...records, audit }, alerting.watchBudget);
    opened.push(() => gateway.close());
    await gateway.promotion.recheck(audit);
    const identity = await createIdentity(surroundings, records.store);
    opened.push(() => identity.close());
    const seeded = await ensureDemoAccounts(settings, { ...identity, store: records.store, clock });
    for (const warning of gateway.policy.warnings) logger.warn({ warning }, 'the policy is accepted, and unwise');
    for (const right of gateway.excessReads)
      logger.warn({ right }, 'a source account may read more than the policy needs');
    if (!identity.sendsMail)
      logger.warn({}, 'invitations and forgotten passwords are refused until SMTP_URL and MAIL_FROM are set');
    const statedPlain = listStatedPlain(settings);
    for (const database of statedPlain) logger.warn({ database }, 'a database is spoken to without TLS');
    for (const fault of gateway.source.fenceFaults) logger.error({ fault }, 'row-filtered principals are not served');
    const { lastCheckpointAt } = keeper;
    const watched = { settings, telemetry, gateway, store: records.store, redis, lastCheckpointAt, clock };
    const health = createGatewayHealth(watched);
    const operations = createOperations(watched, health);
    const refusals = createRefusals({ audit, clock, key: identity.limitKey, logger });
    const app = createApp({
      audit,
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
      health,
      operations,
      metricsToken: settings.metricsToken,
      metrics,
      tracer,
      refusals,
      logger,
      tenancy: settings.tenancy,
      rateLimit: settings.rateLimit,
      redis,
      limitKey: identity.limitKey,
      trustProxy: settings.trustProxy,
      https: settings.publicUrl?.startsWith('https:') ?? false,
      tls: settings.tls !== null,
      hstsPreload: settings.hstsPreload,
      publicUrl: settings.publicUrl,
      streams: { idleMs: settings.streamIdleMs },
    });
    const { tiers } = gateway;
    const listener = await openOperationsListener(settings, { probes: health, operations, tiers, logger, refusals });
    // Probes are answered until the last request has ended.
    if (listener) opened.push(() => listener.close());
    const { server, close: closeListeners } = await openListeners(
      settings,
      certificate,
      createDoor(admission, chance, app, metrics.shed),
    );
    opened.push(closeListeners);
    alerting.reportGrants([...gateway.source.grantFaults, ...gateway.excessReads]);
    const engines = {
      node: process.versions.node,
      source: `${gateway.source.dialect} ${gateway.source.serverVersion}`,
      store: `${records.store.dialect} ${records.store.version}`,
    };
    const reasons = [...gateway.source.grantFaults, ...statedPlain];
    await audit.append(describeStart({ version, engines, reasons, code: null }));
    const stop = createShutdown({
      server,
      health,
      logger,
      delayMs: settings.shutdownDelayMs,
      timeoutMs: settings.shutdownTimeoutMs,
      async close(ending) {
        // After all that may write one, and before the log is signed and the store closed: the last record of this run.
        opened.splice(beforeSigning, 0, async () => audit.append(describeStop({ version, ...ending })));
        await refusals.close();
        await close();
      },
    });
    const backups = startBackups(surroundings, records, { holder: randomUUID(), every: runEvery });
    if (backups) opened.push(() => backups.stop());
    const reason = untilToldToStop(terminal, logger);
    if (listener) writeLine(terminal.stdout, `Operators look at ${listener.address}`);
    announce(server, settings.publicUrl, seeded, terminal);
    const isClean = await stop(await reason);
    return isClean && (await reason) === 'signal';
  } catch (error) {
    const code = error instanceof SwaliError ? error.code : 'INTERNAL';
    // What stops the start is told to the operator in any case.
    await begun?.audit.append(describeStart({ version, engines: {}, reasons: [], code })).catch(() => undefined);
    await close();
    throw error;
  }
}

/** Before anything else: a start without a usable certificate is none. */
function openCertificate({ settings, clock, logger }: Surroundings): KeptCertificate | null {
  const { tls: files, publicUrl } = settings;
  if (files === null || publicUrl === null) return null;
  return keepCertificate({ files, host: new URL(publicUrl).hostname, clock, logger });
}

/** Tells the operator where to go; the made passwords are shown here and nowhere else, and only this once. */
function announce(
  server: Server,
  publicUrl: string | null,
  seeded: readonly SeededAccount[],
  { stdout }: Terminal,
): void {
  for (const line of describeSeeded(seeded)) writeLine(stdout, line);
  writeLine(stdout, `Swali answers at ${publicUrl ?? addressOf(server)}`);
}

/** Closes one after the other; one that fails holds up none. @throws what the first of those threw */
async function closeAll(parts: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of parts) await close().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** Why the gateway stops. After a fault that nobody caught nobody knows what still holds, so it ends too. */
function untilToldToStop({ signal, onFault }: Terminal, logger: Logger): Promise<'signal' | 'fault'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('signal');
    signal.addEventListener('abort', () => resolve('signal'), { once: true });
    onFault?.((error) => {
      logger.error({ error }, 'a fault that nobody caught');
      resolve('fault');
    });
  });
}

/** Keeps no process alive. */
function runEvery(ms: number, work: () => void): () => void {
  setImmediate(work);
  const timer = setInterval(work, ms);
  timer.unref();
  return () => clearInterval(timer);
}
