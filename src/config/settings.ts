import { readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { isLoopback } from '../domain/loopback.js';
import type { MailSender, SmtpServer } from '../domain/mail.js';
import type { AllowedReceiver } from '../domain/outgoing.js';
import { SwaliError } from '../errors/swali-error.js';
import type { DatabaseName, TransportRules } from '../transport/transport-rules.js';
import { judgeModelProviders, type ModelProvider, readModelProviders } from './model-settings.js';
import { readNamedSecrets } from './named-secrets.js';
import { judgeProduction } from './production-rules.js';
import type { RetiredKeys } from './retired-keys.js';
import { SETTING_SHAPE, type SettingValues } from './setting-shape.js';
import { SETTINGS } from './setting-table.js';
import { judgeTransport, readTransport, type ServingTls } from './transport-settings.js';

/** Longest secret file that is read, in bytes: a key, not a disk image. */
const SECRET_FILE_MAX_BYTES = 16 * 1024;

/** Everything that can be set, parsed and frozen. Times carry their unit in the name. Paths are absolute. */
export interface Settings {
  readonly production: boolean;
  readonly port: number;
  readonly host: string;
  /** Without a trailing slash; null where it follows from host and port. */
  readonly publicUrl: string | null;
  readonly trustProxy: number;
  /** What PORT speaks https with; null where it speaks http. */
  readonly tls: ServingTls | null;
  /** 0 where there is none. */
  readonly httpRedirectPort: number;
  readonly hstsPreload: boolean;
  /** How each database may be spoken to. */
  readonly transport: Readonly<Record<DatabaseName, TransportRules>>;
  /** In small letters; null where no proxy says a country. */
  readonly countryHeader: string | null;
  readonly dataDir: string;
  readonly sourceName: string;
  readonly sourceUrl: string;
  /** Null where `sourceUrl` serves that kind. */
  readonly sourceUrls: Readonly<Record<'customer' | 'employee' | 'admin', string | null>>;
  /** True where SOURCE_URL is the default, so that the demonstration business may be made there. */
  readonly sourceIsDefault: boolean;
  readonly allowWideGrants: boolean;
  readonly storeUrl: string;
  readonly policyDir: string;
  /** Null where none is set: then `jwtPrivateKey` signs, else one is made and kept in `dataDir`, but not in production. */
  readonly jwtSecret: string | null;
  /** PEM; null where a secret signs. Whether the key is usable is judged where it is read. */
  readonly jwtPrivateKey: string | null;
  readonly jwtRetiredKeys: RetiredKeys;
  /** Null where none is set: then one is made and kept in `dataDir`; in production there always is one. */
  readonly receiptPrivateKey: string | null;
  /** PEM; whether they are usable is judged where they are read. */
  readonly receiptRetiredKeys: readonly string[];
  /** Null where none is set: then one is made and kept in `dataDir`. */
  readonly maskKey: string | null;
  /** Null where none is set: then one is made and kept in `dataDir`; in production there always is one. */
  readonly storeKey: string | null;
  /** Keys that encrypted before and still decrypt. */
  readonly storeRetiredKeys: readonly string[];
  /** What the audit log keeps, how it is signed, and for how long it stays in the store. */
  readonly audit: {
    /** Ed25519, PEM; null where none is set: then one is made and kept in `dataDir`; in production there always is one. */
    readonly privateKey: string | null;
    /** PEM. */
    readonly retiredKeys: readonly string[];
    readonly writer: string;
    readonly checkpointEveryS: number;
    readonly retentionDays: number;
    readonly archiveDir: string;
    readonly retentionUrl: string;
    /** Whether it keeps questions, or a keyed digest of each. */
    readonly questions: SettingValues['AUDIT_QUESTIONS'];
  };
  /** How long a conversation lives unused; 0 keeps none. */
  readonly conversationTtlS: number;
  /** Days for which questions are kept for their askers that no conversation holds; 0 keeps none. */
  readonly historyDays: number;
  readonly backup: {
    /** Absolute; null where the serving process makes no backups. */
    readonly dir: string | null;
    /** Null where none is set: then no backup can be made or read. */
    readonly key: string | null;
    /** By the clock of the time zone. */
    readonly at: { readonly hour: number; readonly minute: number };
    /** Null where a backup is made once a day. */
    readonly everyS: number | null;
    readonly keepDays: number;
  };
  /** Kinds, and roles of employees as `employee:ROLE`. */
  readonly requireTotpFor: ReadonlySet<string>;
  /** Absolute; null where none is named. */
  readonly ssoFile: string | null;
  readonly accessTokenTtlS: number;
  readonly refreshTokenTtlS: number;
  readonly sessionIdleTtlS: number;
  readonly sessionMaxTtlS: number;
  /** Whether several companies share the gateway. */
  readonly tenancy: boolean;
  readonly invitationTtlS: number;
  readonly passwordResetTtlS: number;
  /** Null where no mail can be sent. */
  readonly smtp: { readonly server: SmtpServer; readonly from: MailSender } | null;
  /** Absolute; null where the built-in rules hold. */
  readonly alertsFile: string | null;
  readonly alertsAllowPrivate: readonly AllowedReceiver[];
  /** What `ALERTS_SECRET_…` are set to, by their names; the file of alerts says which is whose. */
  readonly alertSecrets: ReadonlyMap<string, string>;
  readonly bcryptCost: number;
  readonly translator: SettingValues['TRANSLATOR'];
  /** Null where none is set. */
  readonly openaiApiKey: string | null;
  readonly openaiBaseUrl: string | null;
  readonly openaiModel: string;
  /** In the order in which they are asked; empty where there is none. The first is that of `openai…`. */
  readonly modelProviders: readonly ModelProvider[];
  /** Which of them may be sent anything; null where all may. */
  readonly modelAllowed: { readonly providers: readonly string[] | null; readonly regions: readonly string[] | null };
  readonly modelWithholdPersonal: boolean;
  readonly modelTimeoutMs: number;
  readonly modelSchemaTokens: number;
  readonly modelRepairAttempts: number;
  /** Whether results may be sent to the model. */
  readonly modelSummaries: boolean;
  /** 0 where nothing is kept. */
  readonly translationCacheTtlMs: number;
  readonly modelCandidates: number;
  readonly reportRunDays: number;
  readonly queryTimeoutMs: number;
  readonly judgeTimeoutMs: number;
  readonly answerStepMs: number;
  /** Longest wait for the reader of a stream to take what was sent, in milliseconds. */
  readonly streamIdleMs: number;
  /** How long a stream may wait for its reader altogether, in milliseconds. */
  readonly streamWaitMs: number;
  readonly maxRows: number;
  readonly timeZone: string;
  /** True where TIME_ZONE is not set, so that the policy's own default may hold instead. */
  readonly timeZoneIsDefault: boolean;
  /** Absolute; null where none is named. */
  readonly tiersFile: string | null;
  /** Null where each process counts by itself. */
  readonly redisUrl: string | null;
  readonly rateLimit: boolean;
  /** 0 where the limit is found out. */
  readonly maxInFlight: number;
  readonly shutdownDelayMs: number;
  readonly shutdownTimeoutMs: number;
  readonly logLevel: SettingValues['LOG_LEVEL'];
  /** Null where slow statements are not watched. */
  readonly slowQueryMs: number | null;
  readonly metrics: boolean;
  /** Null where none is set. */
  readonly metricsToken: string | null;
  /** Null where operators have no listener of their own. */
  readonly operations: { readonly port: number; readonly host: string } | null;
  readonly eventLoopLateMs: number;
  /** Null where nothing is followed. */
  readonly tracing: {
    readonly endpoint: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly ratio: number;
    readonly tellModel: boolean;
  } | null;
}

/**
 * Parses the environment into settings. An empty value counts as unset. Names that are not settings are ignored:
 * an environment holds many things that are not ours.
 *
 * @param env e.g. `process.env`
 * @param options.workingDirectory what relative paths start from
 * @param options.faults of before, from following references; told with the others
 * @param options.readText reads the file that a `NAME_FILE` names
 * @throws SwaliError `SETTINGS_INVALID`, its detail one line `NAME: what is wrong, what is expected` for every fault. A
 *   line never holds the value of a secret.
 */
export function parseSettings(
  env: Readonly<Record<string, string | undefined>>,
  options: {
    readonly workingDirectory?: string;
    readonly readText?: (path: string) => string;
    readonly faults?: readonly string[];
  } = {},
): Settings {
  const base = options.workingDirectory ?? '.';
  const faults: string[] = [...(options.faults ?? [])];
  const dataDir = resolve(base, env.DATA_DIR || './data');
  const texts: Record<string, string> = {};
  for (const setting of SETTINGS) {
    const given = readGiven(setting, env, options.readText ?? readSecretFile, faults);
    texts[setting.name] = given ?? setting.default.replace('$DATA_DIR', dataDir);
  }
  const alertSecrets = readNamedSecrets('ALERTS_SECRET_', env, (name) =>
    readGiven({ name, secret: true }, env, options.readText ?? readSecretFile, faults),
  );
  const parsed = SETTING_SHAPE.safeParse(texts);
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    faults.push(`${name}: ${describeGiven(name, texts[name] ?? '')}, ${issue.message}`);
  }
  if (parsed.success && parsed.data.NODE_ENV === 'production') faults.push(...judgeProduction(parsed.data));
  if (texts.NODE_ENV === 'production' && env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    faults.push('NODE_TLS_REJECT_UNAUTHORIZED: is 0, expected unset in production: it ends the check of certificates');
  }
  const transport = parsed.success ? readTransport(parsed.data, base, faults) : null;
  if (parsed.success) faults.push(...judgeTransport(parsed.data), ...judgeModelProviders(parsed.data));
  if (parsed.success && samePlace(parsed.data.STORE_URL, parsed.data.SOURCE_URL, base)) {
    faults.push('STORE_URL: is the same place as SOURCE_URL, expected a database of the gateway’s own');
  }
  if (parsed.success && parsed.data.JWT_PRIVATE_KEY !== '' && parsed.data.JWT_SECRET !== '') {
    faults.push(
      'JWT_PRIVATE_KEY: is given beside JWT_SECRET, expected only one; an old secret goes into JWT_RETIRED_KEYS',
    );
  }
  if (parsed.success && parsed.data.SMTP_URL !== null && parsed.data.MAIL_FROM === null) {
    faults.push('MAIL_FROM: is not set beside SMTP_URL, expected an e-mail address, or NAME <ADDRESS>');
  }
  if (parsed.success && parsed.data.COUNTRY_HEADER !== '' && parsed.data.TRUST_PROXY === 0) {
    faults.push('COUNTRY_HEADER: is set without TRUST_PROXY, expected 1 or more there: anybody could write the header');
  }
  if (parsed.success && parsed.data.BACKUP_DIR !== '' && parsed.data.BACKUP_KEY === '') {
    faults.push('BACKUP_KEY: is not set beside BACKUP_DIR, expected 32 random characters or more');
  }
  if (parsed.success && parsed.data.SSO_FILE !== '' && parsed.data.PUBLIC_URL === '') {
    faults.push('PUBLIC_URL: is not set, expected the address that providers of SSO_FILE send browsers back to');
  }
  if (parsed.success && shutdownDelayOf(parsed.data) >= parsed.data.SHUTDOWN_TIMEOUT_MS) {
    faults.push('SHUTDOWN_DELAY_MS: takes all of SHUTDOWN_TIMEOUT_MS, expected less than that');
  }
  if (parsed.success && isOpenToOthers(parsed.data)) {
    faults.push('METRICS_TOKEN: is not set, expected one where OPERATIONS_HOST is no loopback address');
  }
  if (!parsed.success || transport === null || faults.length > 0) {
    throw new SwaliError('SETTINGS_INVALID', { detail: faults.join('\n') });
  }
  return Object.freeze({
    ...shapeSettings(parsed.data, { dataDir, base, timeZoneIsDefault: !env.TIME_ZONE, alertSecrets }),
    ...transport,
  });
}

/** Behind a load balancer, as in production, the stop must be seen before it happens. */
const PRODUCTION_SHUTDOWN_DELAY_MS = 3000;

function shutdownDelayOf({ SHUTDOWN_DELAY_MS: given, NODE_ENV: env }: SettingValues): number {
  return given ?? (env === 'production' ? PRODUCTION_SHUTDOWN_DELAY_MS : 0);
}

/** Whoever wants no question in the audit log wants none elsewhere either, unless the operator says so. */
function keptQuestionsOf(values: SettingValues): Pick<Settings, 'conversationTtlS' | 'historyDays'> {
  const isKept = values.AUDIT_QUESTIONS === 'text';
  return {
    conversationTtlS: values.CONVERSATION_TTL_S ?? (isKept ? 2_592_000 : 0),
    historyDays: values.HISTORY_DAYS ?? (isKept ? 90 : 0),
  };
}

function shapeSettings(
  values: SettingValues,
  given: {
    readonly dataDir: string;
    readonly base: string;
    readonly timeZoneIsDefault: boolean;
    readonly alertSecrets: ReadonlyMap<string, string>;
  },
): Omit<Settings, 'tls' | 'transport'> {
  const { dataDir, base, timeZoneIsDefault, alertSecrets } = given;
  const place = (url: string): string => absoluteSqlite(url, base);
  const optionalPlace = (url: string): string | null => (url === '' ? null : place(url));
  const sourceUrl = place(values.SOURCE_URL);
  return {
    production: values.NODE_ENV === 'production',
    port: values.PORT,
    host: values.HOST,
    publicUrl: values.PUBLIC_URL === '' ? null : values.PUBLIC_URL.replace(/\/+$/, ''),
    trustProxy: values.TRUST_PROXY,
    httpRedirectPort: values.HTTP_REDIRECT_PORT,
    hstsPreload: values.HSTS_PRELOAD === 'on',
    countryHeader: values.COUNTRY_HEADER === '' ? null : values.COUNTRY_HEADER.toLowerCase(),
    dataDir,
    sourceName: values.SOURCE_NAME,
    sourceUrl,
    sourceUrls: Object.freeze({
      customer: optionalPlace(values.SOURCE_URL_CUSTOMER),
      employee: optionalPlace(values.SOURCE_URL_EMPLOYEE),
      admin: optionalPlace(values.SOURCE_URL_ADMIN),
    }),
    sourceIsDefault: sourceUrl === `sqlite:${join(dataDir, 'demo.sqlite')}`,
    allowWideGrants: values.ALLOW_WIDE_GRANTS === 'on',
    storeUrl: place(values.STORE_URL).replace(/^mariadb:/, 'mysql:'),
    policyDir: resolve(base, values.POLICY_DIR),
    jwtSecret: values.JWT_SECRET || null,
    jwtPrivateKey: values.JWT_PRIVATE_KEY || null,
    jwtRetiredKeys: values.JWT_RETIRED_KEYS,
    receiptPrivateKey: values.RECEIPT_PRIVATE_KEY || null,
    receiptRetiredKeys: values.RECEIPT_RETIRED_KEYS,
    maskKey: values.MASK_KEY || null,
    storeKey: values.STORE_KEY || null,
    storeRetiredKeys: values.STORE_RETIRED_KEYS,
    audit: Object.freeze({
      questions: values.AUDIT_QUESTIONS,
      privateKey: values.AUDIT_PRIVATE_KEY || null,
      retiredKeys: values.AUDIT_RETIRED_KEYS,
      writer: values.AUDIT_WRITER,
      checkpointEveryS: values.AUDIT_CHECKPOINT_EVERY_S,
      retentionDays: values.AUDIT_RETENTION_DAYS,
      archiveDir: resolve(base, values.AUDIT_ARCHIVE_DIR),
      retentionUrl: place(values.AUDIT_RETENTION_URL || values.STORE_URL).replace(/^mariadb:/, 'mysql:'),
    }),
    ...keptQuestionsOf(values),
    backup: readBackup(values, base),
    requireTotpFor: new Set(values.REQUIRE_TOTP_FOR),
    ssoFile: values.SSO_FILE === '' ? null : resolve(base, values.SSO_FILE),
    accessTokenTtlS: values.ACCESS_TOKEN_TTL_S,
    refreshTokenTtlS: values.REFRESH_TOKEN_TTL_S,
    sessionIdleTtlS: values.SESSION_IDLE_TTL_S,
    sessionMaxTtlS: values.SESSION_MAX_TTL_S,
    tenancy: values.TENANCY === 'on',
    invitationTtlS: values.INVITATION_TTL_S,
    passwordResetTtlS: values.PASSWORD_RESET_TTL_S,
    smtp: readSmtp(values),
    alertsFile: values.ALERTS_FILE === '' ? null : resolve(base, values.ALERTS_FILE),
    alertsAllowPrivate: values.ALERTS_ALLOW_PRIVATE ?? [],
    alertSecrets,
    bcryptCost: values.BCRYPT_COST,
    translator: values.TRANSLATOR,
    openaiApiKey: values.OPENAI_API_KEY || null,
    openaiBaseUrl: values.OPENAI_BASE_URL || null,
    openaiModel: values.OPENAI_MODEL,
    modelProviders: Object.freeze(readModelProviders(values)),
    modelAllowed: Object.freeze({ providers: values.MODEL_PROVIDERS, regions: values.MODEL_REGIONS }),
    modelWithholdPersonal: values.MODEL_WITHHOLD_PERSONAL === 'on',
    modelTimeoutMs: values.MODEL_TIMEOUT_MS,
    modelSchemaTokens: values.MODEL_SCHEMA_TOKENS,
    modelRepairAttempts: values.MODEL_REPAIR_ATTEMPTS,
    modelSummaries: values.MODEL_SUMMARIES === 'on',
    translationCacheTtlMs: values.TRANSLATION_CACHE_TTL_S * 1000,
    modelCandidates: values.MODEL_CANDIDATES,
    reportRunDays: values.REPORT_RUN_DAYS,
    queryTimeoutMs: values.QUERY_TIMEOUT_MS,
    judgeTimeoutMs: values.JUDGE_TIMEOUT_MS,
    answerStepMs: values.ANSWER_STEP_MS,
    streamIdleMs: values.STREAM_IDLE_MS,
    streamWaitMs: values.STREAM_WAIT_MS,
    maxRows: values.MAX_ROWS,
    timeZone: values.TIME_ZONE,
    timeZoneIsDefault,
    tiersFile: values.TIERS_FILE === '' ? null : resolve(base, values.TIERS_FILE),
    redisUrl: values.REDIS_URL || null,
    rateLimit: values.RATE_LIMIT === 'on',
    maxInFlight: values.MAX_IN_FLIGHT,
    shutdownDelayMs: shutdownDelayOf(values),
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_MS,
    logLevel: values.LOG_LEVEL,
    slowQueryMs: values.SLOW_QUERY_MS === 0 ? null : values.SLOW_QUERY_MS,
    metrics: values.METRICS === 'on',
    metricsToken: values.METRICS_TOKEN || null,
    operations: readOperations(values),
    eventLoopLateMs: values.EVENT_LOOP_LATE_MS,
    tracing: readTracing(values),
  };
}

/** Whether the operators' own listener can be reached from elsewhere without a token. */
function isOpenToOthers(values: SettingValues): boolean {
  return values.OPERATIONS_PORT !== null && values.METRICS_TOKEN === '' && !isLoopback(values.OPERATIONS_HOST);
}

function readOperations({ OPERATIONS_PORT: port, OPERATIONS_HOST: host }: SettingValues): Settings['operations'] {
  return port === null ? null : Object.freeze({ port, host });
}

function readTracing(values: SettingValues): Settings['tracing'] {
  if (values.OTEL_EXPORTER_OTLP_ENDPOINT === '') return null;
  return Object.freeze({
    endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: Object.freeze(values.OTEL_EXPORTER_OTLP_HEADERS),
    ratio: values.OTEL_TRACES_SAMPLER_ARG,
    tellModel: values.TRACE_MODEL_CALLS === 'on',
  });
}

function readBackup(values: SettingValues, base: string): Settings['backup'] {
  const [hour = 0, minute = 0] = values.BACKUP_AT.split(':').map(Number);
  return Object.freeze({
    dir: values.BACKUP_DIR === '' ? null : resolve(base, values.BACKUP_DIR),
    key: values.BACKUP_KEY || null,
    at: Object.freeze({ hour, minute }),
    everyS: values.BACKUP_EVERY_S || null,
    keepDays: values.BACKUP_KEEP_DAYS,
  });
}

function readSmtp({ SMTP_URL: server, MAIL_FROM: from }: SettingValues): Settings['smtp'] {
  return server && from ? Object.freeze({ server, from }) : null;
}

/** The value that was given, or null where the default holds. A secret may come from `NAME_FILE`, but not from both. */
function readGiven(
  setting: { readonly name: string; readonly secret: boolean },
  env: Readonly<Record<string, string | undefined>>,
  readText: (path: string) => string,
  faults: string[],
): string | null {
  const { name } = setting;
  const value = env[name] || null;
  const path = setting.secret ? env[`${name}_FILE`] || null : null;
  if (path === null) return value;
  if (value !== null) {
    faults.push(`${name}_FILE: is given beside ${name}, expected only one of the two`);
    return value;
  }
  try {
    return readText(path).replace(/\r?\n$/, '') || null;
  } catch {
    faults.push(`${name}_FILE: the file cannot be read, expected a readable text file of at most 16 KiB`);
    return null;
  }
}

function readSecretFile(path: string): string {
  const bytes = readFileSync(path);
  if (bytes.length > SECRET_FILE_MAX_BYTES) throw new Error('too large');
  return bytes.toString('utf8');
}

function describeGiven(name: string, value: string): string {
  const isSecret = SETTINGS.some((setting) => setting.name === name && setting.secret);
  return isSecret ? 'the value is not usable' : `${JSON.stringify(value.slice(0, 80))} is not usable`;
}

function absoluteSqlite(url: string, base: string): string {
  if (!url.startsWith('sqlite:')) return url;
  const path = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
  return `sqlite:${isAbsolute(path) ? path : resolve(base, path)}`;
}

/** Whether two addresses are one database, whoever signs in there. */
function samePlace(left: string, right: string, base: string): boolean {
  const place = (url: string): string => {
    if (url.startsWith('sqlite:')) return absoluteSqlite(url, base);
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}:${port || '3306'}${pathname}`;
  };
  return place(left) === place(right);
}
