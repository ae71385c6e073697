import { isLoopback } from '../domain/loopback.js';
import type { SettingValues } from './setting-shape.js';
import { judgeServing } from './transport-settings.js';

/** Words that stand in examples and tutorials where a secret should be. */
const PLACEHOLDER = /change[-_ ]?me|example|your[-_ ]|placeholder|password|secret|default/i;

/** Fewer different characters than this is a pattern, not a secret. */
const MIN_DISTINCT_CHARACTERS = 12;

/**
 * What must hold beyond the checks of each setting where NODE_ENV is `production`: own, long, unshared secrets; an
 * https address; TLS towards callers, in the process or in a proxy that is stated; TLS to a model of another machine;
 * limits on.
 *
 * @returns one line `NAME: what is wrong, what is expected` per fault, empty where there is none; no line holds a secret
 */
export function judgeProduction(values: SettingValues): readonly string[] {
  const faults: string[] = [];
  if (values.JWT_SECRET !== '') {
    faults.push(...judgeSecret('JWT_SECRET', values.JWT_SECRET, values));
  } else if (values.JWT_PRIVATE_KEY === '') {
    faults.push('JWT_SECRET: is not set, expected 32 random characters or more in production, or JWT_PRIVATE_KEY');
  }
  // A secret that still verifies can sign as well, for whoever knows it.
  for (const secret of values.JWT_RETIRED_KEYS.secrets) faults.push(...judgeSecret('JWT_RETIRED_KEYS', secret, values));
  if (values.STORE_KEY === '')
    faults.push('STORE_KEY: is not set, expected 32 random characters or more in production');
  else faults.push(...judgeSecret('STORE_KEY', values.STORE_KEY, values));
  for (const secret of values.STORE_RETIRED_KEYS) faults.push(...judgeSecret('STORE_RETIRED_KEYS', secret, values));
  if (values.AUDIT_PRIVATE_KEY === '')
    faults.push('AUDIT_PRIVATE_KEY: is not set, expected an Ed25519 private key as PEM in production');
  if (values.RECEIPT_PRIVATE_KEY === '')
    faults.push('RECEIPT_PRIVATE_KEY: is not set, expected an Ed25519 private key as PEM in production');
  else if (!values.RECEIPT_PRIVATE_KEY.includes('-----'))
    faults.push(...judgeSecret('RECEIPT_PRIVATE_KEY', values.RECEIPT_PRIVATE_KEY, values));
  if (values.BACKUP_KEY !== '') faults.push(...judgeSecret('BACKUP_KEY', values.BACKUP_KEY, values));
  // Where it is shared, the other secret says so.
  if (values.METRICS_TOKEN !== '') faults.push(...judgeSecret('METRICS_TOKEN', values.METRICS_TOKEN, values));
  if (values.MASK_KEY !== '' && isPattern(values.MASK_KEY)) faults.push(describePattern('MASK_KEY'));
  for (const name of ['OPENAI_BASE_URL', 'FALLBACK_OPENAI_BASE_URL'] as const) {
    if (goesElsewherePlainly(values[name])) {
      faults.push(`${name}: is no https address, expected https:// in production, except on this machine`);
    }
  }
  if (goesElsewherePlainly(values.OTEL_EXPORTER_OTLP_ENDPOINT)) {
    faults.push(
      'OTEL_EXPORTER_OTLP_ENDPOINT: is no https address, expected https:// in production, except on this machine',
    );
  }
  if (!values.PUBLIC_URL.startsWith('https://')) {
    faults.push('PUBLIC_URL: is not an https address, expected https:// in production');
  }
  faults.push(...judgeServing(values));
  if (values.RATE_LIMIT === 'off') faults.push('RATE_LIMIT: is off, expected on in production');
  if (values.BCRYPT_COST < 12) faults.push('BCRYPT_COST: is below 12, expected 12 to 16 in production');
  return faults;
}

/** Whether an address leads to another machine without TLS. */
function goesElsewherePlainly(address: string): boolean {
  return address.startsWith('http:') && !isLoopback(new URL(address).hostname);
}

function isPattern(secret: string): boolean {
  return PLACEHOLDER.test(secret) || new Set(secret).size < MIN_DISTINCT_CHARACTERS;
}

function describePattern(name: string): string {
  return `${name}: looks like a placeholder, expected 32 random characters or more`;
}

/** What is wrong with one secret of a setting; empty where nothing is. */
function judgeSecret(name: string, secret: string, values: SettingValues): readonly string[] {
  if (isPattern(secret)) return [describePattern(name)];
  if (otherSecrets(name, values).includes(secret)) {
    return [`${name}: is also the value of another secret, expected one of its own`];
  }
  return [];
}

/** The secrets of all settings but one. */
function otherSecrets(name: string, values: SettingValues): readonly string[] {
  const urls = [
    values.SOURCE_URL,
    values.SOURCE_URL_CUSTOMER,
    values.SOURCE_URL_EMPLOYEE,
    values.SOURCE_URL_ADMIN,
    values.STORE_URL,
    values.AUDIT_RETENTION_URL,
    values.REDIS_URL,
  ];
  const passwords = urls
    .filter((url) => !url.startsWith('sqlite:') && url !== '')
    .map((url) => decodeURIComponent(new URL(url).password));
  const mail = values.SMTP_URL?.user?.password ?? '';
  const metrics = name === 'METRICS_TOKEN' ? values.JWT_SECRET : values.METRICS_TOKEN;
  const models = [values.OPENAI_API_KEY, values.FALLBACK_OPENAI_API_KEY];
  const others = [values.MASK_KEY, ...models, values.TLS_KEY_PASSPHRASE, mail, metrics];
  return [...otherKeys(name, values), ...others, ...passwords].filter((text) => text !== '');
}

/** The keys of the gateway of every other use; of one use, current and retired may not be the same either. */
function otherKeys(name: string, values: SettingValues): readonly string[] {
  const signing = [values.JWT_SECRET, ...values.JWT_RETIRED_KEYS.secrets];
  const {
    STORE_KEY: current,
    STORE_RETIRED_KEYS: retired,
    RECEIPT_PRIVATE_KEY: receipts,
    BACKUP_KEY: backups,
  } = values;
  const others: Readonly<Record<string, readonly string[]>> = {
    STORE_KEY: [...signing, receipts, backups, ...retired],
    STORE_RETIRED_KEYS: [...signing, receipts, backups],
    RECEIPT_PRIVATE_KEY: [...signing, current, backups, ...retired],
    BACKUP_KEY: [...signing, receipts, current, ...retired],
  };
  return others[name] ?? [receipts, current, backups, ...retired];
}
