/** One setting as its reader knows it: the table is what `.env.example` and the README are compared with. */
export interface SettingEntry {
  /** Name of the environment variable. */
  readonly name: string;
  /** What holds where it is unset; empty where unset means "none". */
  readonly default: string;
  /** One sentence: meaning, unit, range. */
  readonly description: string;
  /** Secrets may also come from the file that NAME_FILE names, and are never logged. */
  readonly secret: boolean;
}

const plain = (name: string, fallback: string, description: string): SettingEntry => ({
  name,
  default: fallback,
  description,
  secret: false,
});
const secret = (name: string, fallback: string, description: string): SettingEntry => ({
  ...plain(name, fallback, description),
  secret: true,
});

/** Every setting, in the order of `.env.example`. `$DATA_DIR` in a default stands for the value of that setting. */
export const SETTINGS = [
  plain('NODE_ENV', '', '`production` turns on the production rules; anything else is development.'),
  plain('PORT', '3000', 'TCP port to listen on, 0–65535; 0 takes a free one.'),
  plain('HOST', '127.0.0.1', 'Address to listen on; 0.0.0.0 opens every interface.'),
  plain('PUBLIC_URL', '', 'Address that people use, e.g. https://ask.example.com; empty means http://HOST:PORT.'),
  plain('TRUST_PROXY', '0', 'Number of reverse proxies in front whose X-Forwarded-For is believed, 0–10.'),
  plain(
    'TLS_CERT_FILE',
    '',
    'PEM file of the certificate, with those of its issuers behind it, by which PORT speaks https; read anew when it changes. Empty means that PORT speaks http.',
  ),
  plain('TLS_KEY_FILE', '', 'PEM file of the private key of TLS_CERT_FILE; read anew when it changes.'),
  secret('TLS_KEY_PASSPHRASE', '', 'What the key of TLS_KEY_FILE is encrypted with; empty where it is not.'),
  plain('TLS_MIN_VERSION', '1.2', 'Oldest version of TLS that callers may speak, 1.2 or 1.3.'),
  plain(
    'HTTP_REDIRECT_PORT',
    '0',
    'TCP port that answers http with the way to PUBLIC_URL, and nothing else; only with TLS_CERT_FILE. 0 means none.',
  ),
  plain(
    'HSTS_PRELOAD',
    'off',
    '`on` lets browser makers list the host of PUBLIC_URL, and all below it, as https only; that is hard to undo.',
  ),
  plain(
    'COUNTRY_HEADER',
    '',
    'Header in which the proxy says the country of the caller, e.g. CF-IPCountry, for alerts; it needs a TRUST_PROXY of 1 or more. Empty means none.',
  ),
  plain('DATA_DIR', './data', 'Folder for what the gateway makes itself: demonstration data, store, signing secret.'),
  plain(
    'SOURCE_NAME',
    'demo',
    'Name of the source; its policy is POLICY_DIR/SOURCE_NAME.yaml. Letters, digits, - and _.',
  ),
  secret(
    'SOURCE_URL',
    'sqlite:$DATA_DIR/demo.sqlite',
    'The data that is asked: mysql://USER:PASSWORD@HOST/DATABASE (by TLS where HOST is another machine) or sqlite:PATH.',
  ),
  secret('SOURCE_URL_CUSTOMER', '', 'Account of the source for customers; empty means SOURCE_URL.'),
  secret('SOURCE_URL_EMPLOYEE', '', 'Account of the source for employees; empty means SOURCE_URL.'),
  secret('SOURCE_URL_ADMIN', '', 'Account of the source for admins; empty means SOURCE_URL.'),
  plain(
    'ALLOW_WIDE_GRANTS',
    'off',
    '`on` starts although a source account can do more than read; each such start is audited.',
  ),
  plain(
    'SOURCE_CA_FILE',
    '',
    'PEM file of the authorities that the source’s certificate is checked with, also on loopback; empty means the machine’s, off loopback.',
  ),
  plain(
    'SOURCE_CLIENT_FILE',
    '',
    'PEM file of the certificate that Swali shows to the source and its private key, both in one; empty shows none.',
  ),
  secret(
    'STORE_URL',
    'sqlite:$DATA_DIR/store.sqlite',
    'The gateway’s own tables (accounts, sessions, audit): mysql://… or sqlite:PATH; never the source.',
  ),
  plain('STORE_CA_FILE', '', 'As SOURCE_CA_FILE, for the store.'),
  plain('STORE_CLIENT_FILE', '', 'As SOURCE_CLIENT_FILE, for the store.'),
  plain(
    'ALLOW_PLAIN_DATABASE',
    '',
    'Which of source, store and redis may be spoken to without TLS though they are on another machine, a comma list; logged and audited at each start. Empty means none.',
  ),
  plain('POLICY_DIR', 'sql-policies', 'Folder of the policy files.'),
  secret(
    'JWT_SECRET',
    '',
    'Key that signs access tokens, 32 characters or more; outside production one is made and kept in DATA_DIR.',
  ),
  secret(
    'JWT_PRIVATE_KEY',
    '',
    'PEM private key that signs access tokens instead of JWT_SECRET: EC P-256 (ES256) or RSA of 2048 bits or more (RS256).',
  ),
  secret(
    'JWT_RETIRED_KEYS',
    '',
    'Keys that signed before and still verify: PEM public keys, and old JWT_SECRETs, one a line.',
  ),
  secret(
    'RECEIPT_PRIVATE_KEY',
    '',
    'Ed25519 key that signs receipts, PEM or 64 hexadecimal characters, the same for every replica; outside production one is made and kept in DATA_DIR.',
  ),
  secret(
    'RECEIPT_RETIRED_KEYS',
    '',
    'PEM public keys that signed receipts before: they stay at /v1/receipts/keys, so that old receipts verify.',
  ),
  secret(
    'MASK_KEY',
    '',
    'Key of the mask `hash`, 32 characters or more, the same for every replica; empty makes one and keeps it in DATA_DIR.',
  ),
  secret(
    'STORE_KEY',
    '',
    'Key that encrypts the secrets of the store, such as the seeds of second factors, 32 characters or more, the same for every replica; outside production one is made and kept in DATA_DIR.',
  ),
  secret(
    'STORE_RETIRED_KEYS',
    '',
    'Old STORE_KEYs, one a line: what they encrypted stays readable until `swali keys rotate` has sealed it anew.',
  ),
  secret(
    'AUDIT_PRIVATE_KEY',
    '',
    'Ed25519 private key as PEM that signs checkpoints and archives of the audit log; outside production one is made and kept in DATA_DIR.',
  ),
  secret(
    'AUDIT_RETIRED_KEYS',
    '',
    'Public keys as PEM of AUDIT_PRIVATE_KEYs of before: what they signed still verifies.',
  ),
  plain(
    'AUDIT_WRITER',
    'serve',
    'Name of the chain of audit records that this process writes: letters, digits, ., _, : and -; replicas with a name each wait less for one another.',
  ),
  plain(
    'AUDIT_CHECKPOINT_EVERY_S',
    '300',
    'Seconds between signed checkpoints of the audit log, 5–86400; there is one at start and stop besides.',
  ),
  plain(
    'AUDIT_RETENTION_DAYS',
    '730',
    'Days after which `swali audit archive` moves records out of the store into signed files, 1–36500.',
  ),
  plain('AUDIT_ARCHIVE_DIR', '$DATA_DIR/audit-archive', 'Folder of those files.'),
  secret(
    'AUDIT_RETENTION_URL',
    '',
    'The store as the account that may remove archived records reaches it; only `swali audit archive` uses it. Empty means STORE_URL.',
  ),
  plain(
    'AUDIT_QUESTIONS',
    'text',
    '`text` keeps questions in the audit log; `digest` keeps a keyed digest instead, so that equal questions can be counted and none can be read.',
  ),
  plain(
    'CONVERSATION_TTL_S',
    '',
    'How long a conversation lives unused, in seconds, 300–31536000; 0 keeps none. Empty means 2592000 (30 days), and 0 with AUDIT_QUESTIONS=digest.',
  ),
  plain(
    'HISTORY_DAYS',
    '',
    'Days for which everyone’s own questions are kept for them, encrypted, 1–3650; 0 keeps none outside conversations. Empty means 90, and 0 with AUDIT_QUESTIONS=digest.',
  ),
  plain(
    'BACKUP_DIR',
    '',
    'Folder that the serving process puts a backup of the store into every day; empty makes none.',
  ),
  secret(
    'BACKUP_KEY',
    '',
    'Key that encrypts backups, 32 characters or more and none of the others; needed with BACKUP_DIR. Keep it, and STORE_KEY, apart from the backups.',
  ),
  plain('BACKUP_AT', '02:30', 'When the daily backup is made, HH:MM by the clock of TIME_ZONE.'),
  plain('BACKUP_EVERY_S', '0', 'Seconds between backups instead of one a day, 60–604800; 0 means BACKUP_AT.'),
  plain(
    'BACKUP_KEEP_DAYS',
    '7',
    'Days for which a backup in BACKUP_DIR is kept, 1–3650; the newest stays in any case.',
  ),
  plain('REPORT_RUN_DAYS', '90', 'Days for which it is kept who ran which report, never with a row, 1–3650.'),
  plain(
    'REQUIRE_TOTP_FOR',
    '',
    'Who must have a second factor, a comma list of kinds and employee roles, e.g. admin,employee:accountant; empty means nobody.',
  ),
  plain('SSO_FILE', '', 'YAML file of the providers of single sign-on; it needs PUBLIC_URL. Empty means none.'),
  plain('ACCESS_TOKEN_TTL_S', '900', 'Life of an access token in seconds, 60–86400.'),
  plain('REFRESH_TOKEN_TTL_S', '1209600', 'Life of a refresh token in seconds, 300–7776000.'),
  plain(
    'SESSION_IDLE_TTL_S',
    '43200',
    'A session that nobody used for so many seconds has ended, 300–7776000; a use is noted once a minute.',
  ),
  plain(
    'SESSION_MAX_TTL_S',
    '2592000',
    'Longest life of a session in seconds, however much it is used, 3600–31536000; sign-ins from then on have it.',
  ),
  plain(
    'TENANCY',
    'off',
    '`on` keeps the people and rows of several companies apart: everyone signs in to a tenant, and the policy says which column of each relation names it.',
  ),
  plain(
    'INVITATION_TTL_S',
    '259200',
    'How long the link of an invitation works, in seconds, 300–2592000; a new one ends the one before.',
  ),
  plain(
    'PASSWORD_RESET_TTL_S',
    '1800',
    'How long the link for a forgotten password works, in seconds, 60–86400; a new one ends the one before.',
  ),
  secret(
    'SMTP_URL',
    '',
    'Mail server: smtps://USER:PASSWORD@HOST:465, or smtp://USER:PASSWORD@HOST:587 with STARTTLS, which only loopback may lack; empty sends no mail: outside production it is logged instead.',
  ),
  plain('MAIL_FROM', '', 'Whom mail comes from, e.g. Swali <no-reply@example.com>; needed with SMTP_URL.'),
  plain(
    'ALERTS_FILE',
    '',
    'YAML file of the rules of alerts and where they go; empty means the built-in rules, into the log.',
  ),
  plain(
    'ALERTS_ALLOW_PRIVATE',
    '',
    'Receivers of alerts that are no public web servers, a comma list of HOST:PORT, e.g. 10.0.0.5:9000,pager.internal:8443.',
  ),
  plain('BCRYPT_COST', '12', 'Cost of password hashes, 12–16; below 12 (to 4) only outside production.'),
  plain(
    'TRANSLATOR',
    'auto',
    '`openai` asks the model, `offline` never does, `auto` asks it where OPENAI_API_KEY or OPENAI_BASE_URL is set.',
  ),
  secret('OPENAI_API_KEY', '', 'Key of the model’s endpoint.'),
  plain(
    'OPENAI_BASE_URL',
    '',
    'Address of an OpenAI-compatible endpoint, e.g. http://127.0.0.1:11434/v1; empty means OpenAI’s own.',
  ),
  plain('OPENAI_MODEL', 'gpt-4o-mini', 'Model that writes SQL.'),
  plain(
    'OPENAI_NAME',
    'openai',
    'What that provider is called in answers, metrics and lists: a to z, 0 to 9 and -, 32 characters at most.',
  ),
  plain('OPENAI_REGION', '', 'Where that provider works on what it is sent, e.g. eu; empty where nobody says.'),
  plain(
    'OPENAI_PRICE_PROMPT',
    '0',
    'What it charges for a million tokens of prompts, a decimal in the currency of model_money_per_day.',
  ),
  plain(
    'OPENAI_PRICE_CACHED_PROMPT',
    '',
    'The same for tokens of prompts that it reports to have had in its cache; empty means OPENAI_PRICE_PROMPT.',
  ),
  plain('OPENAI_PRICE_COMPLETION', '0', 'The same for tokens of answers.'),
  secret('FALLBACK_OPENAI_API_KEY', '', 'Key of a second provider, which is asked where the first one fails.'),
  plain(
    'FALLBACK_OPENAI_BASE_URL',
    '',
    'Address of the second provider; without it and FALLBACK_OPENAI_API_KEY there is none.',
  ),
  plain('FALLBACK_OPENAI_MODEL', 'gpt-4o-mini', 'As OPENAI_MODEL, for the second provider.'),
  plain('FALLBACK_OPENAI_NAME', 'fallback', 'As OPENAI_NAME, for the second provider; another name than that.'),
  plain('FALLBACK_OPENAI_REGION', '', 'As OPENAI_REGION, for the second provider.'),
  plain('FALLBACK_OPENAI_PRICE_PROMPT', '0', 'As OPENAI_PRICE_PROMPT, for the second provider.'),
  plain('FALLBACK_OPENAI_PRICE_CACHED_PROMPT', '', 'As OPENAI_PRICE_CACHED_PROMPT, for the second provider.'),
  plain('FALLBACK_OPENAI_PRICE_COMPLETION', '0', 'As OPENAI_PRICE_COMPLETION, for the second provider.'),
  plain(
    'MODEL_PROVIDERS',
    '',
    'Names of the providers that may be sent anything, a comma list; a tenant can only narrow it. Empty means every one that is set.',
  ),
  plain(
    'MODEL_REGIONS',
    '',
    'Regions whose providers may be sent anything, a comma list; a tenant can only narrow it. Empty means every one, stated or not.',
  ),
  plain(
    'MODEL_WITHHOLD_PERSONAL',
    'on',
    '`on` puts words in the place of e-mail addresses, phone, card and account numbers before a question leaves, `off` sends them.',
  ),
  plain(
    'MODEL_TIMEOUT_MS',
    '20000',
    'Longest wait for one answer of the model, in milliseconds, 100–300000; where there are two providers the first has half of it.',
  ),
  plain(
    'MODEL_SCHEMA_TOKENS',
    '1500',
    'Most tokens of the schema in a prompt, 200–100000; of a larger one the part that the question is about is shown.',
  ),
  plain('MODEL_REPAIR_ATTEMPTS', '2', 'How often a refused or failing statement goes back to the model, 0–5.'),
  plain(
    'MODEL_SUMMARIES',
    'off',
    '`on` lets the model write the sentence of an answer: then up to 50 rows of each result are sent to it. Off, no result ever is.',
  ),
  plain(
    'TRANSLATION_CACHE_TTL_S',
    '3600',
    'How long a statement of the model answers the same question again, in seconds, 0–604800, over all replicas where REDIS_URL is set; 0 asks each time.',
  ),
  plain(
    'MODEL_CANDIDATES',
    '1',
    'Answers asked of the model to one question, 1–9; of several, the result that most of them come to is the answer.',
  ),
  plain(
    'QUERY_TIMEOUT_MS',
    '5000',
    'Longest run of one statement on the source, in milliseconds, 1–600000; the policy can only shorten it.',
  ),
  plain(
    'JUDGE_TIMEOUT_MS',
    '1000',
    'Longest check of one statement by the gate and the judges together, in milliseconds, 10–60000; a time-out refuses.',
  ),
  plain(
    'ANSWER_STEP_MS',
    '5',
    'Results of statements with a row filter leave at whole steps of so many milliseconds, 0–1000, so that their time tells less about others’ rows; 0 switches it off.',
  ),
  plain(
    'STREAM_IDLE_MS',
    '10000',
    'Longest wait for whoever reads a streamed answer or export to take what was sent, about 256 KiB, in milliseconds, 100–30000; then it is cut off and its statement killed.',
  ),
  plain(
    'STREAM_WAIT_MS',
    '60000',
    'How long a streamed answer or export may wait for whoever reads it altogether, in milliseconds, 100–3600000, beside the time of its statement.',
  ),
  plain('MAX_ROWS', '1000', 'Most rows of one answer, 1–100000; the policy can only lower it.'),
  plain(
    'TIME_ZONE',
    'UTC',
    'Time zone of "today" and NOW(), an IANA name, e.g. Africa/Nairobi; where unset, the policy’s `defaults.time_zone` holds.',
  ),
  plain(
    'TIERS_FILE',
    '',
    'JSON file of tiers: name to the limits of docs/http.md, all of them; empty means the built-in free, standard, professional and enterprise.',
  ),
  secret(
    'REDIS_URL',
    '',
    'Where replicas count together what callers ask: rediss://USER:PASSWORD@HOST:PORT/NUMBER, or redis:// without TLS on this machine; empty counts in each process by itself.',
  ),
  plain('REDIS_CA_FILE', '', 'As SOURCE_CA_FILE, for Redis.'),
  plain('REDIS_CLIENT_FILE', '', 'As SOURCE_CLIENT_FILE, for Redis.'),
  plain('RATE_LIMIT', 'on', '`off` lifts the request limits; only outside production.'),
  plain(
    'MAX_IN_FLIGHT',
    '0',
    'Requests in flight at most that read the source, 1–10000; 0 finds the limit out by how much they hold each other up.',
  ),
  plain(
    'SHUTDOWN_DELAY_MS',
    '',
    'How long requests are still taken at a stop while /readyz fails already, so that load balancers notice, in milliseconds, 0–60000; empty means 0, and 3000 in production.',
  ),
  plain(
    'SHUTDOWN_TIMEOUT_MS',
    '10000',
    'Longest stop, the delay included, in milliseconds, 1000–300000; then what still runs is cut off.',
  ),
  plain('LOG_LEVEL', 'info', 'debug, info, warn, error or silent.'),
  plain(
    'SLOW_QUERY_MS',
    '100',
    'A statement that takes longer on the source is logged with its plan and counted, in milliseconds, 0–600000; 0 switches it off.',
  ),
  plain('METRICS', 'on', '`off` counts nothing, and `/metrics` is not there.'),
  secret(
    'METRICS_TOKEN',
    '',
    'Bearer token of 32 characters or more that opens `/metrics` and `/healthz/deep` to a monitoring system; empty leaves them to admins, and to the listener of OPERATIONS_PORT.',
  ),
  plain(
    'OPERATIONS_PORT',
    '',
    'TCP port of a listener of its own for probes, `/metrics` and `/healthz/deep`, 0–65535; 0 takes a free one, empty opens none.',
  ),
  plain('OPERATIONS_HOST', '127.0.0.1', 'Address of that listener; off loopback it needs METRICS_TOKEN.'),
  plain(
    'EVENT_LOOP_LATE_MS',
    '5000',
    'How late the event loop may run before `/livez` fails, in milliseconds, 100–60000.',
  ),
  plain(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    '',
    'Collector of traces that takes OTLP over HTTP, e.g. http://127.0.0.1:4318; empty follows nothing.',
  ),
  secret(
    'OTEL_EXPORTER_OTLP_HEADERS',
    '',
    'Headers for the collector, a comma list of NAME=VALUE with percent-encoded values.',
  ),
  plain('OTEL_TRACES_SAMPLER_ARG', '1', 'Share of requests that are followed where their caller does not say, 0–1.'),
  plain('TRACE_MODEL_CALLS', 'off', '`on` tells the model’s endpoint which trace a call belongs to.'),
] as const satisfies readonly SettingEntry[];
