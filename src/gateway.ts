import { hkdfSync, randomInt, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createSummarise, type Summarise } from './answer/summary/summarise.js';
import { type Ask, createAsk, type Stages } from './ask.js';
import { describePolicyLoad } from './audit/describe-gateway.js';
import type { Ed25519Jwk } from './audit/ed25519.js';
import type { GuardedAuditLog } from './audit/guarded-log.js';
import { createBeginReceipt, createSignReceipt } from './audit/receipts/sign-receipt.js';
import type { AuditLog } from './audit/record.js';
import { openAudit } from './audit-log.js';
import type { Catalog } from './catalog/catalog.js';
import { readCatalog } from './catalog/read-catalog.js';
import { keepSecret } from './config/kept-secret.js';
import type { SecretSource } from './config/secret-source.js';
import type { Settings } from './config/settings.js';
import type { Dialect } from './domain/dialect.js';
import { NO_METRICS, NO_TRACER } from './domain/no-telemetry.js';
import type { Backoff, Clock, Logger, Metrics, ModelBudget, Tracer } from './domain/ports.js';
import type { PrincipalKind } from './domain/principal.js';
import { SwaliError } from './errors/swali-error.js';
import { createExecute } from './execute/execute.js';
import { createExecuteStream } from './execute/execute-stream.js';
import { createSlowStatements } from './execute/slow-statements.js';
import { createModelBudget } from './identify/model-budget.js';
import { createReadDataRules } from './identify/tenant-data-rules.js';
import { MOST_EXPORT_BYTES, MOST_EXPORT_ROWS, readTiers, type Tiers } from './identify/tiers.js';
import { createBackoff } from './operate/backoff.js';
import { createGuards, type Guards } from './operate/guards.js';
import { describeExcessReads } from './policy/excess-reads.js';
import { loadPolicy, type Policy, readPolicyDefaults, readPolicyVersion } from './policy/policy.js';
import type { PrincipalView } from './policy/view.js';
import { openPromotion, type Promotion } from './promotion.js';
import { readReceiptSigner } from './receipt-key.js';
import { createReports, type Reports } from './reports/manage-reports.js';
import { createSeal } from './seal/index.js';
import { createJudges, type Judges } from './seal/judges.js';
import { createReadSharedValues } from './shared-values.js';
import { openSource } from './source/open-source.js';
import type { OpenedSource } from './source/opened-source.js';
import type { Redis } from './store/redis.js';
import { migrateStore, openStore, type Store } from './store/store.js';
import { openKeptTurns, openKeyRing, readStoreKey } from './store-key.js';
import { createKeptTranslations } from './translate/cache/kept-translations.js';
import { createTranslationCache, type TranslationCache } from './translate/cache/translation-cache.js';
import { createRememberTurns } from './translate/conversations/remember-turns.js';
import { openProviders, type ProviderParts, type Providers } from './translate/providers/open-providers.js';
import { createTranslate } from './translate/translate.js';
import { withholdFromText } from './translate/withhold-personal.js';
import { writeMessages } from './translate/write-messages.js';

/** Most tokens of one answer of the model: a statement of 16 KiB at most. */
const MODEL_MAX_OUTPUT_TOKENS = 4000;

/** Threads of the judges at most: each takes about 60 MB. */
const MAX_JUDGE_THREADS = 4;

/** What every part is made with; passed in, so that tests can set it. */
export interface Surroundings {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The circuit breakers of the process; some of its own where they are left out. */
  readonly guards?: Guards;
  /** Threads of the judges that several gateways share, and their owner closes; some of its own where they are left out. */
  readonly judges?: Judges;
  /** Told how long each statement waited for its place on the source, in milliseconds. */
  readonly onSourceWait?: (ms: number) => void;
  /** Told of each statement that was answered, as `createAsk` tells it. */
  readonly onAnswer?: (key: string, ms: number) => void;
  /** Where secrets may be kept besides the store, for references outside the settings. */
  readonly secretSources?: readonly SecretSource[];
  /** What replicas share; null, or left out, where each process keeps translations by itself. */
  readonly redis?: Redis | null;
  /** Nothing is counted where it is left out. */
  readonly metrics?: Metrics;
  /** Nothing is followed where it is left out. */
  readonly tracer?: Tracer;
}

/** Chance for pauses and spreads, 0 to 1, 1 excluded. */
export function chance(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}

/** The breakers of a process. @param metrics told of each change of a state */
export function openGuards(logger: Logger, metrics: Pick<Metrics, 'breakerState'> = NO_METRICS): Guards {
  const onState = metrics.breakerState;
  return createGuards({ logger, onState, now: () => performance.now(), random: chance });
}

/** The threads of the judges. */
export function openJudges({ judgeTimeoutMs: timeoutMs }: Pick<Settings, 'judgeTimeoutMs'>): Judges {
  return createJudges({ timeoutMs, threads: Math.min(MAX_JUDGE_THREADS, availableParallelism()) });
}

/** A pause is only asked for where something is tried again. */
function countRetries(backoff: Backoff, dependency: string, metrics: Pick<Metrics, 'retry'>): Backoff {
  return (failures) => {
    metrics.retry(dependency);
    return backoff(failures);
  };
}

/** The gateway's own side: accounts and audit. */
export interface Records {
  readonly store: Store;
  readonly audit: GuardedAuditLog;
  close(): Promise<void>;
}

/** The data's side: the source, what it holds, and the rules over it. */
export interface Ruled {
  readonly source: OpenedSource;
  readonly catalog: Catalog;
  readonly policy: Policy;
  /** Rights of the source's accounts that are more than the policy needs, in words; for the log and `policy check`. */
  readonly excessReads: readonly string[];
}

/** The whole road from question to answer, without a way in. */
export interface Gateway extends Ruled {
  readonly stages: Stages;
  readonly promotion: Promotion;
  /** What accounts of each tier may ask. */
  readonly tiers: Tiers;
  /** What receipts verify with. */
  readonly receiptKeys: readonly Ed25519Jwk[];
  /** Makes the spine over an audit log. `listen` wraps the stages for whoever must see what passes between them. */
  readonly createAsk: (audit: AuditLog, listen?: (stages: Stages) => Stages) => Ask;
  /** Makes saved reports over an audit log and a spine over the same. */
  readonly createReports: (audit: AuditLog, ask: Ask) => Reports;
  close(): Promise<void>;
}

/**
 * Opens the store, brings its tables up to date and opens the audit log.
 *
 * @param writerId name of the audit chain that this process writes
 * @throws SwaliError `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
 */
export async function openRecords(surroundings: Surroundings, writerId: string): Promise<Records> {
  const { settings, logger, guards = openGuards(logger), metrics = NO_METRICS } = surroundings;
  const pause = createBackoff({ firstMs: 20, longestMs: 500, random: chance });
  const backoff = countRetries(pause, 'store', metrics);
  const store = await openStore(settings.storeUrl, settings.transport.store, { makeGuard: guards.make, backoff });
  try {
    const migrated = await migrateStore(store);
    if (migrated.length > 0) logger.info({ migrations: migrated }, 'brought the store up to date');
    const audit = await openAudit(surroundings, store, writerId);
    return {
      store,
      audit,
      async close() {
        await audit.drain();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Opens the source and reads what it holds.
 *
 * @throws SwaliError of the source and the catalog (`CATALOG_NAMES_COLLIDE`)
 */
export async function openCatalog(surroundings: Surroundings): Promise<Pick<Ruled, 'source' | 'catalog'>> {
  const { settings, logger, guards = openGuards(logger) } = surroundings;
  const source = await openSource({
    makeGuard: guards.make,
    ...(surroundings.onSourceWait ? { onWait: surroundings.onSourceWait } : {}),
    url: settings.sourceUrl,
    urlsByKind: urlsByKind(settings),
    timeZone: timeZoneOf(settings),
    allowWideGrants: settings.allowWideGrants,
    transport: settings.transport.source,
  });
  try {
    return { source, catalog: await readCatalog(source) };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/**
 * Opens the source, reads what it holds and loads the policy over it.
 *
 * @throws SwaliError as {@link openCatalog}, and `POLICY_INVALID` with every fault
 */
export async function openRuled(surroundings: Surroundings): Promise<Ruled> {
  const { settings, metrics: counts = NO_METRICS } = surroundings;
  const { source, catalog } = await openCatalog(surroundings);
  try {
    const policy = loadPolicy({
      dir: settings.policyDir,
      source: settings.sourceName,
      catalog,
      hashKey: settings.maskKey ?? keepSecret(settings.dataDir, 'mask-key'),
      tenancy: settings.tenancy,
      counts,
      limits: { rows: settings.maxRows, timeoutMs: settings.queryTimeoutMs },
      exportLimits: { rows: MOST_EXPORT_ROWS, bytes: MOST_EXPORT_BYTES },
    });
    return { source, catalog, policy, excessReads: describeExcessReads(source.accounts, policy, catalog) };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/**
 * The time zone of "today" and of NOW(): the setting where it is given, else the policy file's default. Read from the file
 * by itself, as the source is opened with it before the policy can be checked against the catalog.
 */
export function timeZoneOf(
  settings: Pick<Settings, 'timeZone' | 'timeZoneIsDefault' | 'policyDir' | 'sourceName'>,
): string {
  if (!settings.timeZoneIsDefault) return settings.timeZone;
  return readPolicyDefaults({ dir: settings.policyDir, source: settings.sourceName }).timeZone ?? settings.timeZone;
}

/** The accounts of single kinds that are set. */
function urlsByKind({ sourceUrls }: Settings): Partial<Record<PrincipalKind, string>> {
  const set = Object.entries(sourceUrls).filter((entry): entry is [PrincipalKind, string] => entry[1] !== null);
  return Object.fromEntries(set);
}

/**
 * Opens everything between a principal and an answer.
 *
 * @param records where it is counted what the model costs, and put on record which policy holds, or why none does
 * @param watchBudget wraps that count for whoever must know when it is spent
 * @throws SwaliError as {@link openRuled}, `AUDIT_UNAVAILABLE`, and `SETTINGS_INVALID` for a key of receipts that is not usable
 */
export async function openGateway(
  surroundings: Surroundings,
  { store, audit }: Pick<Records, 'store' | 'audit'>,
  watchBudget: (budget: ModelBudget) => ModelBudget = (budget) => budget,
): Promise<Gateway> {
  const { settings, clock, logger, metrics = NO_METRICS, tracer = NO_TRACER } = surroundings;
  const guards = surroundings.guards ?? openGuards(logger);
  const tiers = readTiers(readTiersFile(settings));
  const signer = readReceiptSigner(settings);
  const ruled = await openOnRecord(surroundings, audit);
  const { source, catalog, policy } = ruled;
  const judges = surroundings.judges ?? openJudges(settings);
  // The parsers take up to a second to load; whoever asks first should not wait for it. Where that fails, or ends early,
  // the first statement meets it again and says so.
  judges.gate('SELECT 1', catalog.dialect, () => true).catch(() => undefined);
  const { seal } = createSeal({ catalog, judges, metrics });
  const promotion = openPromotion({
    store,
    clock,
    logger,
    policy,
    seal: (candidate, principal) => seal(candidate, principal, policy.viewFor(principal)),
  });
  const pace = {
    stepMs: settings.answerStepMs,
    now: () => performance.now(),
    wait: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  };
  const watch = watchSlow(surroundings, source);
  const execute = createExecute(source, pace, watch);
  const { streamIdleMs: idleMs, streamWaitMs: readerMs } = settings;
  const receipts = { signer, issuer: settings.publicUrl ?? settings.sourceName, source: settings.sourceName, clock };
  const cache = openTranslationCache(surroundings, catalog.dialect);
  const providers = openModel(surroundings, {
    dialect: catalog.dialect,
    dataRules: createReadDataRules({ store, enabled: settings.tenancy, all: settings.modelAllowed }),
    budget: watchBudget(createModelBudget({ store, clock, tiers })),
    makeGuard: guards.make,
  });
  const stages: Stages = {
    viewFor: (principal) => capView(policy.viewFor(principal), { rows: tiers.of(principal.tier).rows }),
    exportViewFor: (principal) => {
      const { exportRows: rows, exportBytes: bytes } = tiers.of(principal.tier);
      return capView(policy.exportViewFor(principal), { rows, bytes });
    },
    translate: promotion.freshen(
      createTranslate({
        dialect: catalog.dialect,
        mode: settings.translator,
        providers,
        withholdPersonal: settings.modelWithholdPersonal,
        verified: promotion.verifiedFor,
        readSharedValues: createReadSharedValues({ seal, execute, dialect: catalog.dialect, metrics }),
        clock,
        timeZone: timeZoneOf(settings),
        metrics: (view) => policy.metricsFor(view),
        schemaTokens: settings.modelSchemaTokens,
        currency: policy.defaults.currency,
        logger,
        counts: metrics,
        cache,
      }),
    ),
    ...(cache ? { settleTranslation: cache.settle } : {}),
    ...(providers && settings.modelSummaries ? { summarise: openSummarise(surroundings, providers) } : {}),
    seal,
    execute,
    executeStream: createExecuteStream(source, { idleMs, readerMs }, pace, watch),
  };
  return {
    ...ruled,
    stages,
    promotion,
    tiers,
    receiptKeys: signer.publicJwks,
    createAsk: (audit, listen = (heard) => heard) =>
      createAsk({
        stages: listen(stages),
        audit,
        logger,
        now: () => performance.now(),
        newId: randomUUID,
        signReceipt: createSignReceipt(receipts),
        beginReceipt: createBeginReceipt(receipts),
        turns: createRememberTurns({ kept: openKeptTurns(surroundings, store), logger }),
        repairAttempts: settings.modelRepairAttempts,
        ...(surroundings.onAnswer ? { onAnswer: surroundings.onAnswer } : {}),
        metrics,
        tracer,
      }),
    createReports: (audit, ask) =>
      createReports({
        store,
        ring: openKeyRing(surroundings),
        clock,
        now: () => performance.now(),
        audit,
        ask,
        claims: policy.claims,
        runDays: settings.reportRunDays,
      }),
    async close() {
      if (judges !== surroundings.judges) await judges.close();
      await source.close();
    },
  };
}

/** Null where translations are not kept, or no model writes any. @throws SwaliError as {@link readStoreKey} */
function openTranslationCache(surroundings: Surroundings, dialect: Dialect): TranslationCache | null {
  const { settings, redis = null, metrics = NO_METRICS } = surroundings;
  if (settings.translationCacheTtlMs === 0 || settings.modelProviders.length === 0) return null;
  const key = Buffer.from(hkdfSync('sha256', readStoreKey({ settings }), '', 'swali names of kept translations', 32));
  const timeZone = timeZoneOf(settings);
  return createTranslationCache({
    kept: createKeptTranslations({
      ttlMs: settings.translationCacheTtlMs,
      shared: redis && { redis, ring: openKeyRing({ settings }) },
    }),
    key,
    setup: JSON.stringify([settings.sourceName, modelsOf(settings).map(({ name, model }) => [name, model])]),
    promptOf: (request, today, known) => JSON.stringify(writeMessages(request, known, { dialect, today, timeZone })),
    metrics,
  });
}

/** Null where SLOW_QUERY_MS is 0. */
function watchSlow({ settings, logger, metrics = NO_METRICS }: Surroundings, source: OpenedSource) {
  const { slowQueryMs: slowMs } = settings;
  if (slowMs === null) return null;
  return createSlowStatements({
    source,
    logger,
    metrics,
    slowMs,
    now: () => performance.now(),
    later: (ms, work) => void setTimeout(work, ms).unref(),
  });
}

/** Opens the data's side, and puts on record which policy holds, or that one was refused. */
async function openOnRecord(surroundings: Surroundings, audit: AuditLog): Promise<Ruled> {
  const { policyDir: dir, sourceName: source } = surroundings.settings;
  try {
    const ruled = await openRuled(surroundings);
    const { version, warnings } = ruled.policy;
    await audit.append(describePolicyLoad({ source, version, warnings: warnings.length, fault: null })).catch(
      // Nothing that is open outlives a start that fails.
      (error: unknown) => ruled.source.close().then(() => Promise.reject(error)),
    );
    return ruled;
  } catch (error) {
    if (error instanceof SwaliError && error.code === 'POLICY_INVALID') {
      const version = readPolicyVersion({ dir, source });
      // The fault of the policy is what the operator must hear of.
      await audit.append(describePolicyLoad({ source, version, warnings: 0, fault: error })).catch(() => undefined);
    }
    throw error;
  }
}

/** @throws SwaliError `SETTINGS_INVALID` where the file cannot be read */
function readTiersFile({ tiersFile }: Settings): string | null {
  if (tiersFile === null) return null;
  try {
    return readFileSync(tiersFile, 'utf8');
  } catch (cause) {
    throw new SwaliError('SETTINGS_INVALID', { detail: 'TIERS_FILE: cannot be read', cause });
  }
}

/** A view whose answers are no larger than the tier allows. What shapes plans, the rows, says so in its digest. */
function capView(view: PrincipalView, most: { readonly rows: number; readonly bytes?: number }): PrincipalView {
  const rows = Math.min(view.limits.rows, most.rows);
  const bytes = Math.min(view.limits.bytes, most.bytes ?? view.limits.bytes);
  const digest = rows === view.limits.rows ? view.digest : `${view.digest}:rows=${rows}`;
  return { ...view, limits: { ...view.limits, rows, bytes }, digest };
}

/** The providers that are set up; null where there are none, or no model is to be asked. */
function openModel(
  { settings, clock, logger, metrics = NO_METRICS, tracer = NO_TRACER }: Surroundings,
  parts: Pick<ProviderParts, 'dialect' | 'dataRules' | 'budget' | 'makeGuard'>,
): Providers | null {
  const [first, ...others] = modelsOf(settings);
  if (!first || settings.translator === 'offline') return null;
  return openProviders([first, ...others], {
    ...parts,
    timeZone: timeZoneOf(settings),
    backoff: countRetries(createBackoff({ firstMs: 500, longestMs: 2000, random: chance }), 'model', metrics),
    clock,
    logger,
    metrics,
    tracer,
  });
}

function openSummarise({ settings, metrics = NO_METRICS }: Surroundings, { writeText }: Providers): Summarise {
  const write = settings.modelWithholdPersonal ? withholdFromText(writeText) : writeText;
  return createSummarise({ write, metrics });
}

/** How to reach the models, in the order in which they are asked. */
function modelsOf({ modelProviders, modelTimeoutMs: timeoutMs, modelCandidates: candidates }: Settings) {
  return modelProviders.map((provider) => ({
    ...provider,
    timeoutMs,
    maxOutputTokens: MODEL_MAX_OUTPUT_TOKENS,
    candidates,
  }));
}
