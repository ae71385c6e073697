import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/config/settings.js';
import { SwaliError } from '../../../src/errors/swali-error.js';

/** The lines of the refusal of an environment. */
function faultsOf(env: Record<string, string>, readText?: (path: string) => string): readonly string[] {
  try {
    parseSettings(env, readText ? { readText } : {});
  } catch (error) {
    if (!(error instanceof SwaliError)) throw error;
    expect(error.code).toBe('SETTINGS_INVALID');
    return (error.detail ?? '').split('\n');
  }
  return [];
}

const GOOD_SECRET = 'b0c1d2e3f4a5968778695a4b3c2d1e0f-Kq';
const OTHER_SECRET = 'f0e1d2c3b4a5968778695a4b3c2d1e0f-Zw';
const GOOD_KEY = 'Zt-0f1e2d3c4b5a69788796a5f4e3d2c1b0';
const PRODUCTION = {
  NODE_ENV: 'production',
  RECEIPT_PRIVATE_KEY: '7d0c2e9a41b8f3650d1c9e7a84b2f6350c1d8e7f90a3b4c5d6e7f8091a2b3c4d',
  JWT_SECRET: GOOD_SECRET,
  STORE_KEY: GOOD_KEY,
  // What kind of key it is, is judged where it is read.
  AUDIT_PRIVATE_KEY: 'a private key',
  PUBLIC_URL: 'https://ask.example.com',
};

describe('parseSettings', () => {
  it('gives the documented defaults for an empty environment', () => {
    const settings = parseSettings({}, { workingDirectory: '/srv/swali' });
    expect(settings).toMatchObject({
      production: false,
      port: 3000,
      host: '127.0.0.1',
      dataDir: '/srv/swali/data',
      sourceUrl: 'sqlite:/srv/swali/data/demo.sqlite',
      sourceIsDefault: true,
      storeUrl: 'sqlite:/srv/swali/data/store.sqlite',
      policyDir: '/srv/swali/sql-policies',
      accessTokenTtlS: 900,
      sessionIdleTtlS: 43_200,
      sessionMaxTtlS: 2_592_000,
      queryTimeoutMs: 5000,
      invitationTtlS: 259_200,
      passwordResetTtlS: 1800,
      smtp: null,
      translator: 'auto',
      openaiApiKey: null,
      rateLimit: true,
    });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('takes an empty value for unset and ignores names that are not settings', () => {
    expect(parseSettings({ PORT: '', SWALI_COLOUR: 'green' }).port).toBe(3000);
  });

  it('knows whether the time zone was set, for the policy may say it otherwise', () => {
    const zoneOf = (env: Record<string, string>) => {
      const { timeZone, timeZoneIsDefault } = parseSettings(env);
      return [timeZone, timeZoneIsDefault];
    };
    expect(zoneOf({})).toEqual(['UTC', true]);
    expect(zoneOf({ TIME_ZONE: '' })).toEqual(['UTC', true]);
    expect(zoneOf({ TIME_ZONE: 'UTC' })).toEqual(['UTC', false]);
  });

  it('reads who must have a second factor as kinds and roles', () => {
    const required = (text: string) => [...parseSettings({ REQUIRE_TOTP_FOR: text }).requireTotpFor];
    expect(required('')).toEqual([]);
    expect(required('admin')).toEqual(['admin']);
    expect(required('admin, employee:accountant,customer')).toEqual(['admin', 'employee:accountant', 'customer']);
  });

  it('follows DATA_DIR in the defaults that stand under it', () => {
    expect(parseSettings({ DATA_DIR: '/var/swali' }).sourceUrl).toBe('sqlite:/var/swali/demo.sqlite');
  });

  it('reports every fault at once, each with the name and what is expected', () => {
    const faults = faultsOf({ PORT: '70000', TRANSLATOR: 'magic', TIME_ZONE: 'Mars/Olympus', SOURCE_URL: 'oracle:x' });
    expect(faults.map((line) => line.split(':')[0])).toEqual(['PORT', 'SOURCE_URL', 'TRANSLATOR', 'TIME_ZONE']);
    for (const line of faults) expect(line).toMatch(/^[A-Z_]+: .+, expected .+$/);
  });

  it.each([
    ['PORT', '3000.5'],
    ['PORT', '-1'],
    ['PORT', '0x10'],
    ['SOURCE_NAME', '../other'],
    ['SESSION_IDLE_TTL_S', '299'],
    ['SESSION_MAX_TTL_S', '0'],
    ['INVITATION_TTL_S', '299'],
    ['PASSWORD_RESET_TTL_S', '86401'],
    ['MAX_ROWS', '0'],
    ['SLOW_QUERY_MS', '-1'],
    ['METRICS', 'yes'],
    ['OPERATIONS_PORT', '65536'],
    ['EVENT_LOOP_LATE_MS', '99'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://127.0.0.1:4317'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.1'],
    ['OTEL_TRACES_SAMPLER_ARG', '1e-3'],
    ['TRACE_MODEL_CALLS', 'true'],
    ['ALLOW_WIDE_GRANTS', 'yes'],
    ['PUBLIC_URL', 'javascript:alert(1)'],
    ['STORE_URL', 'sqlite:'],
    ['TIME_ZONE', '+03:00'],
    ['REQUIRE_TOTP_FOR', 'admins'],
    ['REQUIRE_TOTP_FOR', 'admin,'],
    ['REQUIRE_TOTP_FOR', 'admin:viewer'],
    ['REQUIRE_TOTP_FOR', 'employee:Accountant'],
    ['REDIS_URL', 'http://cache.example.com'],
    ['REDIS_URL', 'redis:'],
    ['REDIS_URL', 'redis://cache.example.com/main'],
    ['REDIS_URL', 'rediss://cache.example.com/0?tls=off'],
    ['REDIS_URL', 'redis://:50%@cache.example.com'],
  ])('refuses %s=%s', (name, value) => {
    expect(faultsOf({ [name]: value })).toHaveLength(1);
  });

  it('never shows a secret in a fault', () => {
    const faults = faultsOf({ JWT_SECRET: 'short-hush', SOURCE_URL: 'postgres://root:hush@db/x' });
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain('hush');
  });

  it('reads a secret from the file that NAME_FILE names, without its last line break', () => {
    const read = (path: string) => (path === '/run/jwt' ? `${GOOD_SECRET}\n` : '');
    expect(parseSettings({ JWT_SECRET_FILE: '/run/jwt' }, { readText: read }).jwtSecret).toBe(GOOD_SECRET);
  });

  it('refuses a secret given twice, and a file that cannot be read', () => {
    expect(faultsOf({ JWT_SECRET: GOOD_SECRET, JWT_SECRET_FILE: '/x' }, () => GOOD_SECRET)).toEqual([
      'JWT_SECRET_FILE: is given beside JWT_SECRET, expected only one of the two',
    ]);
    expect(faultsOf({ OPENAI_API_KEY_FILE: '/nowhere/key' })[0]).toContain(
      'OPENAI_API_KEY_FILE: the file cannot be read',
    );
  });

  it('takes one key that signs, and keeps those that signed', () => {
    expect(parseSettings({ JWT_PRIVATE_KEY: 'pem', JWT_RETIRED_KEYS: GOOD_SECRET })).toMatchObject({
      jwtSecret: null,
      jwtPrivateKey: 'pem',
      jwtRetiredKeys: { publicKeys: [], secrets: [GOOD_SECRET] },
    });
    expect(faultsOf({ JWT_PRIVATE_KEY: 'pem', JWT_SECRET: GOOD_SECRET })).toEqual([
      'JWT_PRIVATE_KEY: is given beside JWT_SECRET, expected only one; an old secret goes into JWT_RETIRED_KEYS',
    ]);
    expect(faultsOf({ JWT_RETIRED_KEYS: 'short-hush' })).toEqual([
      'JWT_RETIRED_KEYS: the value is not usable, expected PEM public keys, and old secrets of 32 characters or more, one a line',
    ]);
  });

  it('keeps public keys of receipts, and takes nothing else for one', () => {
    const pem = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----';
    expect(parseSettings({ RECEIPT_RETIRED_KEYS: `${pem}\n${pem}` }).receiptRetiredKeys).toEqual([pem, pem]);
    expect(faultsOf({ RECEIPT_RETIRED_KEYS: GOOD_SECRET })).toEqual([
      'RECEIPT_RETIRED_KEYS: the value is not usable, expected public keys as PEM',
    ]);
  });

  it('keeps questions for their askers, but not where the audit log keeps none, unless it is told to', () => {
    const kept = (env: Record<string, string>) => {
      const { conversationTtlS, historyDays } = parseSettings(env);
      return [conversationTtlS, historyDays];
    };
    const digest = { AUDIT_QUESTIONS: 'digest' };
    expect([kept({}), kept(digest)]).toEqual([
      [2_592_000, 90],
      [0, 0],
    ]);
    expect(kept({ ...digest, CONVERSATION_TTL_S: '300', HISTORY_DAYS: '1' })).toEqual([300, 1]);
    expect(kept({ CONVERSATION_TTL_S: '0', HISTORY_DAYS: '0' })).toEqual([0, 0]);
    for (const [name, text] of [
      ['CONVERSATION_TTL_S', '299'],
      ['CONVERSATION_TTL_S', '31536001'],
      ['HISTORY_DAYS', '3651'],
      ['HISTORY_DAYS', '-1'],
    ] as const)
      expect(faultsOf({ [name]: text })).toEqual([expect.stringMatching(`^${name}: .*expected a whole number`)]);
  });

  it('reads old keys of the store, one a line', () => {
    expect(parseSettings({}).storeRetiredKeys).toEqual([]);
    const text = `${GOOD_KEY}\r\n\n${OTHER_SECRET}\n`;
    expect(parseSettings({ STORE_RETIRED_KEYS: text }).storeRetiredKeys).toEqual([GOOD_KEY, OTHER_SECRET]);
    expect(faultsOf({ STORE_RETIRED_KEYS: `${GOOD_KEY}\nshort-hush` })).toEqual([
      'STORE_RETIRED_KEYS: the value is not usable, expected secrets of 32 characters or more, one a line',
    ]);
  });

  it.each([
    ['smtps://ada:p%40ss@mail.example.com', 'mail.example.com', 465, 'tls', { name: 'ada', password: 'p@ss' }],
    ['smtp://ada:pass@mail.example.com', 'mail.example.com', 587, 'starttls', { name: 'ada', password: 'pass' }],
    ['smtp://mail.example.com:25/', 'mail.example.com', 25, 'starttls', null],
    ['smtp://127.0.0.1:2525', '127.0.0.1', 2525, 'none', null],
    ['smtp://ada:pass@localhost:25', 'localhost', 25, 'none', { name: 'ada', password: 'pass' }],
    ['smtp://[::1]:25', '::1', 25, 'none', null],
    ['smtps://localhost', 'localhost', 465, 'tls', null],
    ['smtp://127.0.0.1.example.com', '127.0.0.1.example.com', 587, 'starttls', null],
    ['smtp://localhost.example.com', 'localhost.example.com', 587, 'starttls', null],
    ['smtp://10.0.0.1', '10.0.0.1', 587, 'starttls', null],
  ])('reads the mail server %s, without TLS on loopback alone', (url, host, port, security, user) => {
    const { smtp } = parseSettings({ SMTP_URL: url, MAIL_FROM: 'a@example.com' });
    expect(smtp).toEqual({ server: { host, port, security, user }, from: { name: '', address: 'a@example.com' } });
  });

  it.each([
    'smtp://ada:hush@mail.example.com?ignoreTLS=true',
    'smtp://ada:hush@mail.example.com/?requireTLS=false',
    'smtps://ada:hush@mail.example.com?tls.rejectUnauthorized=false',
    'smtp://ada:hush@mail.example.com#secure',
    'smtp://ada:hush@mail.example.com/inbox',
    'smtp://ada@mail.example.com',
    'smtp://:hush@mail.example.com',
    'smtp://ada:%E0hush@mail.example.com',
    'smtp://mail.example.com:0',
    'http://ada:hush@mail.example.com',
    'mail.example.com:587',
    'smtp://',
  ])('refuses the mail server %s, and shows no password', (url) => {
    const faults = faultsOf({ SMTP_URL: url, MAIL_FROM: 'a@example.com' });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^SMTP_URL: the value is not usable, expected smtps:/);
    expect(faults[0]).not.toContain('hush');
  });

  it('reads whom mail comes from, and refuses what could become a second header or address', () => {
    const from = (text: string) => parseSettings({ SMTP_URL: 'smtps://m.example', MAIL_FROM: text }).smtp?.from;
    expect(from('no-reply@example.com')).toEqual({ name: '', address: 'no-reply@example.com' });
    expect(from('Swali, Inc. <no-reply@example.com>')).toEqual({
      name: 'Swali, Inc.',
      address: 'no-reply@example.com',
    });
    expect(from('"Swali" <no-reply@example.com>')).toEqual({ name: 'Swali', address: 'no-reply@example.com' });
    for (const text of ['Swali', 'a@x.org, b@x.org', 'S\r\nBcc: b@x.org <a@x.org>', 'S <a@x.org> <b@x.org>', 'S <>'])
      expect(faultsOf({ MAIL_FROM: text })).toEqual([
        expect.stringMatching(/^MAIL_FROM: .*expected an e-mail address/),
      ]);
    expect(faultsOf({ SMTP_URL: 'smtps://m.example' })).toEqual([
      'MAIL_FROM: is not set beside SMTP_URL, expected an e-mail address, or NAME <ADDRESS>',
    ]);
    expect(parseSettings({ MAIL_FROM: 'a@example.com' }).smtp).toBeNull();
  });

  it('refuses a store that is the source itself', () => {
    expect(faultsOf({ STORE_URL: 'sqlite:/x/one.sqlite', SOURCE_URL: 'sqlite:/x/one.sqlite' })[0]).toContain(
      'STORE_URL',
    );
    const mysql = { SOURCE_URL: 'mysql://reader@db/shop', STORE_URL: 'mysql://writer:p@db:3306/shop' };
    expect(faultsOf(mysql)[0]).toContain('STORE_URL');
    expect(faultsOf({ ...mysql, STORE_URL: 'mariadb://writer:p@db/shop' })[0]).toContain('STORE_URL');
  });
});

describe('the settings of operators', () => {
  it('are off, loopback and without a collector by default', () => {
    expect(parseSettings({})).toMatchObject({
      slowQueryMs: 100,
      metrics: true,
      metricsToken: null,
      operations: null,
      eventLoopLateMs: 5000,
      tracing: null,
    });
  });

  it('name a listener, a collector and what to send it', () => {
    const given = {
      SLOW_QUERY_MS: '0',
      OPERATIONS_PORT: '9464',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'X-Key=a%20b, other=c',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    };
    expect(parseSettings(given)).toMatchObject({
      slowQueryMs: null,
      operations: { port: 9464, host: '127.0.0.1' },
      tracing: { headers: { 'x-key': 'a b', other: 'c' }, ratio: 0.25, tellModel: false },
    });
  });

  it.each(['nothing', 'a b=c', 'a=%zz', 'a=b\nc=d'])(
    'never repeat headers of the collector that are none: %j',
    (text) => {
      const [fault] = faultsOf({ OTEL_EXPORTER_OTLP_HEADERS: text });
      expect(fault).toBe('OTEL_EXPORTER_OTLP_HEADERS: the value is not usable, expected a comma list of NAME=VALUE');
    },
  );

  it('open a listener to other machines with a token alone', () => {
    const open = { OPERATIONS_PORT: '9464', OPERATIONS_HOST: '0.0.0.0' };
    expect(faultsOf(open)).toEqual([
      'METRICS_TOKEN: is not set, expected one where OPERATIONS_HOST is no loopback address',
    ]);
    expect(parseSettings({ ...open, METRICS_TOKEN: 'k'.repeat(32) }).operations?.host).toBe('0.0.0.0');
    expect(faultsOf({ METRICS_TOKEN: 'short' })).toHaveLength(1);
  });
});

describe('settings of backups', () => {
  it('are one a day at half past two, kept for seven days, where a folder and a key are set', () => {
    const { backup } = parseSettings({ BACKUP_DIR: 'backups', BACKUP_KEY: GOOD_KEY }, { workingDirectory: '/srv' });
    const expected = { dir: '/srv/backups', key: GOOD_KEY, at: { hour: 2, minute: 30 }, everyS: null, keepDays: 7 };
    expect(backup).toEqual(expected);
    expect(parseSettings({}).backup).toMatchObject({ dir: null, key: null });
    expect(parseSettings({ BACKUP_AT: '23:05', BACKUP_EVERY_S: '60' }).backup).toMatchObject({
      at: { hour: 23, minute: 5 },
      everyS: 60,
    });
  });

  it.each([
    ['a folder without a key', { BACKUP_DIR: 'x' }, 'BACKUP_KEY'],
    ['a short key', { BACKUP_KEY: 'short' }, 'BACKUP_KEY'],
    ['a time that is none', { BACKUP_AT: '24:00' }, 'BACKUP_AT'],
    ['a span that is too short', { BACKUP_EVERY_S: '59' }, 'BACKUP_EVERY_S'],
    ['no day', { BACKUP_KEEP_DAYS: '0' }, 'BACKUP_KEEP_DAYS'],
  ])('refuse %s', (_what, env, name) => {
    const faults = faultsOf(env);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name}: `));
  });
});

describe('production rules', () => {
  it('refuse one secret that signs tokens and encrypts seeds, whichever is changed', () => {
    const faults = faultsOf({ ...PRODUCTION, STORE_KEY: GOOD_SECRET });
    expect(faults.map((line) => line.split(':')[0])).toEqual(['JWT_SECRET', 'STORE_KEY']);
  });

  it('accept an own long secret and an https address', () => {
    expect(parseSettings(PRODUCTION).production).toBe(true);
    expect(parseSettings({ ...PRODUCTION, JWT_SECRET: '', JWT_PRIVATE_KEY: 'pem' }).production).toBe(true);
  });

  it.each(['redis://127.0.0.1:6380/2', 'redis://[::1]', 'redis://localhost', 'rediss://cache.example.com:6380'])(
    'accept Redis at %s',
    (url) => {
      expect(parseSettings({ ...PRODUCTION, REDIS_URL: url }).redisUrl).toBe(url);
    },
  );

  it.each([
    ['a certificate', { HOST: '0.0.0.0', TLS_CERT_FILE: 'c', TLS_KEY_FILE: 'k' }],
    ['a proxy that is stated', { HOST: '0.0.0.0', TRUST_PROXY: '1' }],
    ['nobody but this machine', { HOST: '::1' }],
    ['Redis in plain on another machine, which is stated', { REDIS_URL: 'redis://c', ALLOW_PLAIN_DATABASE: 'redis' }],
  ])('accept %s', (_what, change) => {
    expect(parseSettings({ ...PRODUCTION, ...change }).production).toBe(true);
  });

  it.each([
    ['no secret', { JWT_SECRET: '' }, 'JWT_SECRET'],
    ['a placeholder', { JWT_SECRET: 'change-me-change-me-change-me-0123456789' }, 'JWT_SECRET'],
    ['a pattern', { JWT_SECRET: 'abababababababababababababababababab' }, 'JWT_SECRET'],
    ['a secret shared with the model key', { OPENAI_API_KEY: GOOD_SECRET }, 'JWT_SECRET'],
    ['a secret shared with the masks', { MASK_KEY: GOOD_SECRET }, 'JWT_SECRET'],
    ['a secret shared with a database', { SOURCE_URL: `mysql://u:${GOOD_SECRET}@db/shop` }, 'JWT_SECRET'],
    ['a retired secret that is a pattern', { JWT_RETIRED_KEYS: 'ab'.repeat(16) }, 'JWT_RETIRED_KEYS'],
    [
      'a retired secret shared with the masks',
      { JWT_RETIRED_KEYS: OTHER_SECRET, MASK_KEY: OTHER_SECRET },
      'JWT_RETIRED_KEYS',
    ],
    [
      'a secret shared with the mail server',
      { SMTP_URL: `smtps://u:${GOOD_SECRET}@mail.example.com`, MAIL_FROM: 'a@example.com' },
      'JWT_SECRET',
    ],
    ['no key of the audit log', { AUDIT_PRIVATE_KEY: '' }, 'AUDIT_PRIVATE_KEY'],
    ['no key of the store', { STORE_KEY: '' }, 'STORE_KEY'],
    ['a key of the store that is a placeholder', { STORE_KEY: 'your-key-0123456789-abcdefghijklmnop' }, 'STORE_KEY'],
    ['no key of receipts', { RECEIPT_PRIVATE_KEY: '' }, 'RECEIPT_PRIVATE_KEY'],
    ['a key of receipts that is a pattern', { RECEIPT_PRIVATE_KEY: '0123'.repeat(16) }, 'RECEIPT_PRIVATE_KEY'],
    ['a key of receipts that masks', { MASK_KEY: PRODUCTION.RECEIPT_PRIVATE_KEY }, 'RECEIPT_PRIVATE_KEY'],
    ['a key of the store shared with the masks', { MASK_KEY: GOOD_KEY }, 'STORE_KEY'],
    ['a key of the store that has retired', { STORE_RETIRED_KEYS: GOOD_KEY }, 'STORE_KEY'],
    ['an old key of the store that is a placeholder', { STORE_RETIRED_KEYS: 'x'.repeat(40) }, 'STORE_RETIRED_KEYS'],
    [
      'an old key of the store that masks',
      { STORE_RETIRED_KEYS: OTHER_SECRET, MASK_KEY: OTHER_SECRET },
      'STORE_RETIRED_KEYS',
    ],
    ['a key of backups that is a pattern', { BACKUP_KEY: 'ab'.repeat(16) }, 'BACKUP_KEY'],
    ['a key of backups shared with the masks', { BACKUP_KEY: OTHER_SECRET, MASK_KEY: OTHER_SECRET }, 'BACKUP_KEY'],
    ['masks keyed by a placeholder', { MASK_KEY: 'your-key-0123456789-abcdefghijklmnop' }, 'MASK_KEY'],
    ['a model on another machine without TLS', { OPENAI_BASE_URL: 'http://model.example.com/v1' }, 'OPENAI_BASE_URL'],
    ['plain http', { PUBLIC_URL: 'http://ask.example.com' }, 'PUBLIC_URL'],
    ['no public address', { PUBLIC_URL: '' }, 'PUBLIC_URL'],
    ['a secret shared with Redis', { REDIS_URL: `rediss://:${GOOD_SECRET}@cache` }, 'JWT_SECRET'],
    ['Redis on another machine without TLS', { REDIS_URL: 'redis://cache.example.com' }, 'REDIS_URL'],
    ['Redis on a machine that is named like this one', { REDIS_URL: 'redis://127.0.0.1.example.com' }, 'REDIS_URL'],
    ['http to other machines without a certificate or a proxy', { HOST: '0.0.0.0' }, 'TLS_CERT_FILE'],
    ['http to other machines of IPv6', { HOST: '::' }, 'TLS_CERT_FILE'],
    ['certificates that nobody checks', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, 'NODE_TLS_REJECT_UNAUTHORIZED'],
    [
      'a passphrase that is a secret too',
      { TLS_CERT_FILE: 'c', TLS_KEY_FILE: 'k', TLS_KEY_PASSPHRASE: GOOD_SECRET },
      'JWT_SECRET',
    ],
    ['limits off', { RATE_LIMIT: 'off' }, 'RATE_LIMIT'],
    ['a token of operators that is a pattern', { METRICS_TOKEN: 'ab'.repeat(16) }, 'METRICS_TOKEN'],
    [
      'a secret shared with the token of operators',
      { METRICS_TOKEN: OTHER_SECRET, MASK_KEY: OTHER_SECRET },
      'METRICS_TOKEN',
    ],
    [
      'traces to another machine without TLS',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://traces.example.com' },
      'OTEL_EXPORTER_OTLP_ENDPOINT',
    ],
    ['cheap password hashes', { BCRYPT_COST: '8' }, 'BCRYPT_COST'],
  ])('refuse %s', (_what, change, name) => {
    const faults = faultsOf({ ...PRODUCTION, ...change });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name}: `));
    expect(faults[0]).not.toContain(GOOD_SECRET);
    expect(faults[0]).not.toContain(GOOD_KEY);
  });
});

describe('the settings of alerts', () => {
  it('take receivers by host and port, in the form that URLs have', () => {
    const receiversOf = (text: string) => parseSettings({ ALERTS_ALLOW_PRIVATE: text }).alertsAllowPrivate;
    expect(receiversOf('10.0.0.5:9000, Pager.Internal:8443,[FD00:0::5]:80,0x7f.1:81')).toEqual([
      { host: '10.0.0.5', port: 9000 },
      { host: 'pager.internal', port: 8443 },
      { host: '[fd00::5]', port: 80 },
      { host: '127.0.0.1', port: 81 },
    ]);
    expect(receiversOf('')).toEqual([]);
    for (const text of ['10.0.0.5', '10.0.0.5:0', '10.0.0.5:99999', 'a:b@c:80', 'http://a:80', '*:80/x', ',', ':80'])
      expect(faultsOf({ ALERTS_ALLOW_PRIVATE: text })).toHaveLength(1);
  });

  it('take secrets under names of their own, from the environment or from files, and no others', () => {
    const { alertSecrets } = parseSettings(
      { ALERTS_SECRET_A: 'one', ALERTS_SECRET_B_FILE: '/b', ALERTS_SECRET_: 'x', ALERTS_SECRET_C: '', STORE_URL: '' },
      { readText: () => 'two\n' },
    );
    expect([...alertSecrets]).toEqual([
      ['ALERTS_SECRET_A', 'one'],
      ['ALERTS_SECRET_B', 'two'],
    ]);
    expect(faultsOf({ ALERTS_SECRET_A: 'one', ALERTS_SECRET_A_FILE: '/a' })).toEqual([
      'ALERTS_SECRET_A_FILE: is given beside ALERTS_SECRET_A, expected only one of the two',
    ]);
  });

  it('believe a country only behind a proxy', () => {
    expect(parseSettings({ COUNTRY_HEADER: 'CF-IPCountry', TRUST_PROXY: '1' }).countryHeader).toBe('cf-ipcountry');
    expect(faultsOf({ COUNTRY_HEADER: 'CF-IPCountry' })).toEqual([
      expect.stringMatching(/^COUNTRY_HEADER: .*TRUST_PROXY/),
    ]);
    expect(faultsOf({ COUNTRY_HEADER: 'a header', TRUST_PROXY: '1' })).toHaveLength(1);
  });
});
