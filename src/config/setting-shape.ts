import { z } from 'zod';
import { parseMicroUnits } from '../domain/micro-units.js';
import { EMPLOYEE_ROLES, PRINCIPAL_KINDS } from '../domain/principal.js';
import { DATABASES } from '../transport/transport-rules.js';
import { parseReceivers } from './allowed-receivers.js';
import { parseMailSender, parseSmtpServer } from './mail-settings.js';
import { PUBLIC_KEYS, parseRetiredKeys } from './retired-keys.js';

/** A text of digits within a range. */
const whole = (min: number, max: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `expected a whole number from ${min} to ${max}`,
    })
    .transform(Number);

const choice = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: `expected one of ${values.join(', ')}` });

const httpAddress = z.string().refine((text) => text === '' || /^https?:$/.test(protocolOf(text) ?? ''), {
  error: 'expected an http:// or https:// address, or nothing',
});

const dataAddress = z
  .string()
  .refine(isDataAddress, { error: 'expected mysql://USER@HOST/DATABASE without parameters, or sqlite:PATH' });
const optionalDataAddress = z.string().refine((text) => text === '' || isDataAddress(text), {
  error: 'expected mysql://USER@HOST/DATABASE without parameters, sqlite:PATH or nothing',
});

const optionalRedisAddress = z.string().refine((text) => text === '' || isRedisAddress(text), {
  error: 'expected redis://USER:PASSWORD@HOST:PORT/NUMBER, rediss://… or nothing',
});

const optionalKey = z
  .string()
  .refine((text) => text === '' || text.length >= 32, { error: 'expected 32 characters or more' });

const retiredKeys = z.string().transform((text, context) => {
  const keys = parseRetiredKeys(text);
  if (keys) return keys;
  context.addIssue({
    code: 'custom',
    message: 'expected PEM public keys, and old secrets of 32 characters or more, one a line',
  });
  return z.NEVER;
});

const oldSecrets = z
  .string()
  .transform((text) => text.split(/\r?\n/).filter((line) => line.trim() !== ''))
  .refine((secrets) => secrets.every((each) => each.length >= 32), {
    error: 'expected secrets of 32 characters or more, one a line',
  });

/** Public keys as PEM, one behind the other; what kind they are is judged where they are read. */
const publicKeys = z
  .string()
  .refine((text) => text.replace(PUBLIC_KEYS, '').trim() === '', { error: 'expected public keys as PEM' })
  .transform((text): readonly string[] => text.match(PUBLIC_KEYS) ?? []);

/** What a parser makes of a text; null where the text is empty. */
const optional = <T>(parse: (text: string) => T | null, expected: string) =>
  z.string().transform((text, context) => {
    const value = text === '' ? null : parse(text);
    if (text === '' || value !== null) return value;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });

/** Null where the text is empty: what holds then depends on another setting. */
const orNothing = (value: z.ZodType<number, string>, expected: string) =>
  z.union([z.literal('').transform(() => null), value], { error: `expected ${expected}` });

/** Kinds, and the roles of employees as `employee:ROLE`. */
const ACCOUNT_GROUPS: ReadonlySet<string> = new Set([
  ...PRINCIPAL_KINDS,
  ...EMPLOYEE_ROLES.map((role) => `employee:${role}`),
]);

const accountGroups = z
  .string()
  .transform((text) => (text === '' ? [] : text.split(',').map((each) => each.trim())))
  .refine((names) => names.every((name) => ACCOUNT_GROUPS.has(name)), {
    error: `expected a comma list of ${[...ACCOUNT_GROUPS].join(', ')}`,
  });

const plainDatabases = z
  .string()
  .transform((text) => (text === '' ? [] : text.split(',').map((each) => each.trim())))
  .refine((names) => names.every((name) => (DATABASES as readonly string[]).includes(name)), {
    error: `expected a comma list of ${DATABASES.join(', ')}, or nothing`,
  });

/** Names of providers and regions: they stand in metrics and lists. */
const SHORT_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
const SHORT_NAMES = 'a to z, 0 to 9 and -, 32 characters at most';
/** `none` is what an empty list is called, `offline` and `other` what metrics call something else. */
const NOT_NAMES: ReadonlySet<string> = new Set(['none', 'all', 'offline', 'other']);
const shortName = z.string().refine((text) => /^[a-z]/.test(text) && SHORT_NAME.test(text) && !NOT_NAMES.has(text), {
  error: `expected ${SHORT_NAMES}, a letter first`,
});
const optionalShortName = z
  .string()
  .transform((text) => (text === '' ? null : text))
  .refine((text) => text === null || SHORT_NAME.test(text), { error: `expected ${SHORT_NAMES}, or nothing` });
/** Null where there is no list. */
const shortNames = z
  .string()
  .transform((text) => (text === '' ? null : text.split(',').map((each) => each.trim())))
  .refine((names) => names === null || names.every((name) => SHORT_NAME.test(name)), {
    error: `expected a comma list of names (${SHORT_NAMES}), or nothing`,
  });

/** Millionths of a currency for a million tokens. */
const optionalPrice = optional(parseMicroUnits, 'a decimal such as 0.15, with six digits behind the point at most');
const price = optionalPrice.transform((units) => units ?? 0);

const filled = (what: string) => z.string().min(1, { error: `expected ${what}` });

/** The check of each setting by itself: text in, value out. Every fault says what is expected. */
export const SETTING_SHAPE = z.object({
  NODE_ENV: z.string(),
  PORT: whole(0, 65535),
  HOST: filled('an address to listen on'),
  PUBLIC_URL: httpAddress,
  TRUST_PROXY: whole(0, 10),
  TLS_CERT_FILE: z.string(),
  TLS_KEY_FILE: z.string(),
  TLS_KEY_PASSPHRASE: z.string(),
  TLS_MIN_VERSION: choice(['1.2', '1.3']),
  HTTP_REDIRECT_PORT: whole(0, 65535),
  HSTS_PRELOAD: choice(['on', 'off']),
  COUNTRY_HEADER: z.string().regex(/^(?:[A-Za-z][A-Za-z0-9-]{0,63})?$/, { error: 'expected the name of a header' }),
  DATA_DIR: filled('a folder'),
  SOURCE_NAME: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, { error: 'expected letters, digits, - and _ only' }),
  SOURCE_URL: dataAddress,
  SOURCE_URL_CUSTOMER: optionalDataAddress,
  SOURCE_URL_EMPLOYEE: optionalDataAddress,
  SOURCE_URL_ADMIN: optionalDataAddress,
  ALLOW_WIDE_GRANTS: choice(['on', 'off']),
  SOURCE_CA_FILE: z.string(),
  SOURCE_CLIENT_FILE: z.string(),
  STORE_URL: dataAddress,
  STORE_CA_FILE: z.string(),
  STORE_CLIENT_FILE: z.string(),
  ALLOW_PLAIN_DATABASE: plainDatabases,
  POLICY_DIR: filled('a folder'),
  JWT_SECRET: optionalKey,
  JWT_PRIVATE_KEY: z.string(),
  JWT_RETIRED_KEYS: retiredKeys,
  RECEIPT_PRIVATE_KEY: z.string(),
  RECEIPT_RETIRED_KEYS: publicKeys,
  MASK_KEY: optionalKey,
  STORE_KEY: optionalKey,
  STORE_RETIRED_KEYS: oldSecrets,
  AUDIT_PRIVATE_KEY: z.string(),
  AUDIT_RETIRED_KEYS: publicKeys,
  AUDIT_WRITER: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/, {
    error: 'expected 1 to 64 letters, digits, ., _, : and -',
  }),
  AUDIT_CHECKPOINT_EVERY_S: whole(5, 86_400),
  AUDIT_RETENTION_DAYS: whole(1, 36_500),
  AUDIT_ARCHIVE_DIR: filled('a folder'),
  AUDIT_RETENTION_URL: optionalDataAddress,
  AUDIT_QUESTIONS: choice(['text', 'digest']),
  CONVERSATION_TTL_S: orNothing(
    whole(0, 31_536_000).refine((seconds) => seconds === 0 || seconds >= 300, {
      error: 'expected a whole number from 300 to 31536000, 0, or nothing',
    }),
    'a whole number from 300 to 31536000, 0, or nothing',
  ),
  HISTORY_DAYS: orNothing(whole(0, 3650), 'a whole number from 0 to 3650, or nothing'),
  BACKUP_DIR: z.string(),
  BACKUP_KEY: optionalKey,
  BACKUP_AT: z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, { error: 'expected HH:MM, e.g. 02:30' }),
  BACKUP_EVERY_S: whole(0, 604_800).refine((seconds) => seconds === 0 || seconds >= 60, {
    error: 'expected a whole number from 60 to 604800, or 0',
  }),
  BACKUP_KEEP_DAYS: whole(1, 3650),
  REPORT_RUN_DAYS: whole(1, 3650),
  REQUIRE_TOTP_FOR: accountGroups,
  SSO_FILE: z.string(),
  ACCESS_TOKEN_TTL_S: whole(60, 86_400),
  REFRESH_TOKEN_TTL_S: whole(300, 7_776_000),
  SESSION_IDLE_TTL_S: whole(300, 7_776_000),
  SESSION_MAX_TTL_S: whole(3600, 31_536_000),
  TENANCY: choice(['on', 'off']),
  INVITATION_TTL_S: whole(300, 2_592_000),
  PASSWORD_RESET_TTL_S: whole(60, 86_400),
  SMTP_URL: optional(
    parseSmtpServer,
    'smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST, without parameters: only on loopback may TLS be missing',
  ),
  MAIL_FROM: optional(parseMailSender, 'an e-mail address, or NAME <ADDRESS>'),
  ALERTS_FILE: z.string(),
  ALERTS_ALLOW_PRIVATE: optional(parseReceivers, 'a comma list of HOST:PORT'),
  BCRYPT_COST: whole(4, 16),
  TRANSLATOR: choice(['auto', 'openai', 'offline']),
  OPENAI_API_KEY: z.string(),
  OPENAI_BASE_URL: httpAddress,
  OPENAI_MODEL: filled('the name of a model'),
  OPENAI_NAME: shortName,
  OPENAI_REGION: optionalShortName,
  OPENAI_PRICE_PROMPT: price,
  OPENAI_PRICE_CACHED_PROMPT: optionalPrice,
  OPENAI_PRICE_COMPLETION: price,
  FALLBACK_OPENAI_API_KEY: z.string(),
  FALLBACK_OPENAI_BASE_URL: httpAddress,
  FALLBACK_OPENAI_MODEL: filled('the name of a model'),
  FALLBACK_OPENAI_NAME: shortName,
  FALLBACK_OPENAI_REGION: optionalShortName,
  FALLBACK_OPENAI_PRICE_PROMPT: price,
  FALLBACK_OPENAI_PRICE_CACHED_PROMPT: optionalPrice,
  FALLBACK_OPENAI_PRICE_COMPLETION: price,
  MODEL_PROVIDERS: shortNames,
  MODEL_REGIONS: shortNames,
  MODEL_WITHHOLD_PERSONAL: choice(['on', 'off']),
  MODEL_TIMEOUT_MS: whole(100, 300_000),
  MODEL_SCHEMA_TOKENS: whole(200, 100_000),
  MODEL_REPAIR_ATTEMPTS: whole(0, 5),
  MODEL_SUMMARIES: choice(['on', 'off']),
  TRANSLATION_CACHE_TTL_S: whole(0, 604_800),
  MODEL_CANDIDATES: whole(1, 9),
  QUERY_TIMEOUT_MS: whole(1, 600_000),
  JUDGE_TIMEOUT_MS: whole(10, 60_000),
  ANSWER_STEP_MS: whole(0, 1000),
  STREAM_IDLE_MS: whole(100, 30_000),
  STREAM_WAIT_MS: whole(100, 3_600_000),
  MAX_ROWS: whole(1, 100_000),
  TIME_ZONE: z.string().refine(isTimeZone, { error: 'expected an IANA time zone such as UTC or Africa/Nairobi' }),
  TIERS_FILE: z.string(),
  REDIS_URL: optionalRedisAddress,
  REDIS_CA_FILE: z.string(),
  REDIS_CLIENT_FILE: z.string(),
  RATE_LIMIT: choice(['on', 'off']),
  MAX_IN_FLIGHT: whole(0, 10_000),
  SHUTDOWN_DELAY_MS: z.union([z.literal('').transform(() => null), whole(0, 60_000)], {
    error: 'expected a whole number from 0 to 60000, or nothing',
  }),
  SHUTDOWN_TIMEOUT_MS: whole(1000, 300_000),
  LOG_LEVEL: choice(['debug', 'info', 'warn', 'error', 'silent']),
  SLOW_QUERY_MS: whole(0, 600_000),
  METRICS: choice(['on', 'off']),
  METRICS_TOKEN: z.string().refine((text) => text === '' || /^[\w.~+/=-]{32,4096}$/.test(text), {
    error: 'expected 32 characters or more: letters, digits and . _ ~ + / = -',
  }),
  OPERATIONS_PORT: z.string().transform((text, context) => {
    if (text === '') return null;
    const port = whole(0, 65535).safeParse(text);
    if (port.success) return port.data;
    context.addIssue({ code: 'custom', message: 'expected a whole number from 0 to 65535, or nothing' });
    return z.NEVER;
  }),
  OPERATIONS_HOST: filled('an address to listen on'),
  EVENT_LOOP_LATE_MS: whole(100, 60_000),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpAddress,
  OTEL_EXPORTER_OTLP_HEADERS: z.string().transform((text, context) => {
    const headers = parseHeaders(text);
    if (headers) return headers;
    context.addIssue({ code: 'custom', message: 'expected a comma list of NAME=VALUE' });
    return z.NEVER;
  }),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .refine((text) => /^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/.test(text), { error: 'expected a number from 0 to 1' })
    .transform(Number),
  TRACE_MODEL_CALLS: choice(['on', 'off']),
});

/** The settings as text by name, after defaults, secret files and the checks of each one. */
export type SettingValues = z.output<typeof SETTING_SHAPE>;

/** Reads headers as OTEL_EXPORTER_OTLP_HEADERS writes them; null where they are none. */
function parseHeaders(text: string): Readonly<Record<string, string>> | null {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',').filter((each) => each.trim() !== '')) {
    const [, name, value] = /^\s*([\w-]{1,100})\s*=\s*([\x21-\x7e]{0,4096})\s*$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) return null;
    try {
      headers[name.toLowerCase()] = decodeURIComponent(value);
    } catch {
      return null;
    }
  }
  return headers;
}

/**
 * `mysql:` and `mariadb:` mean the same: the server itself says which of the two it is. No parameter may hang on it but
 * the one character set: other programs take such for a way to end TLS.
 */
function isDataAddress(text: string): boolean {
  if (text.startsWith('sqlite:')) return text.length > 'sqlite:'.length;
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (!/^(?:\?charset=utf8mb4)?$/i.test(url.search) || url.hash !== '') return false;
  return (url.protocol === 'mysql:' || url.protocol === 'mariadb:') && url.hostname !== '' && url.pathname.length > 1;
}

/** Nothing may hang on it but the number of a database: whatever else stood there would be passed over in silence. */
function isRedisAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(text);
  if (protocol !== 'redis:' && protocol !== 'rediss:') return false;
  if (hostname === '' || !/^\/?\d{0,5}$/.test(pathname) || search !== '' || hash !== '') return false;
  try {
    return decodeURIComponent(username + password) !== null;
  } catch {
    return false;
  }
}

function protocolOf(text: string): string | null {
  return URL.canParse(text) ? new URL(text).protocol : null;
}

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) !== null && !/^[+-]/.test(text);
  } catch {
    return false;
  }
}
