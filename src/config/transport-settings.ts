import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isLoopback } from '../domain/loopback.js';
import { DATABASES, type DatabaseName, decideTransport, type TransportRules } from '../transport/transport-rules.js';
import type { SettingValues } from './setting-shape.js';

/** What the process speaks https with. Paths are absolute; whether the files are usable is judged where they are read. */
export interface ServingTls {
  readonly certFile: string;
  readonly keyFile: string;
  /** Null where the key is not encrypted. */
  readonly passphrase: string | null;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** Longest PEM file that is read, in bytes: a cloud's bundle of authorities has some 200 KB. */
const PEM_MAX_BYTES = 1024 * 1024;

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads what the settings say of TLS, with the files that they name.
 *
 * @param faults one line is added for each file that cannot be used
 */
export function readTransport(
  values: SettingValues,
  base: string,
  faults: string[],
): { readonly tls: ServingTls | null; readonly transport: Readonly<Record<DatabaseName, TransportRules>> } {
  const rules = (database: DatabaseName, prefix: 'SOURCE' | 'STORE' | 'REDIS'): TransportRules =>
    Object.freeze({
      authorities: readPem(`${prefix}_CA_FILE`, values[`${prefix}_CA_FILE`], base, faults, isBundle, 'certificates'),
      identity: readPem(
        `${prefix}_CLIENT_FILE`,
        values[`${prefix}_CLIENT_FILE`],
        base,
        faults,
        isIdentity,
        'a certificate and its private key, not encrypted',
      ),
      mayBePlain: values.ALLOW_PLAIN_DATABASE.includes(database),
    });
  return {
    tls: readServing(values, base),
    transport: Object.freeze({
      source: rules('source', 'SOURCE'),
      store: rules('store', 'STORE'),
      redis: rules('redis', 'REDIS'),
    }),
  };
}

/** What the settings of TLS must keep to among each other. @returns one line per fault */
export function judgeTransport(values: SettingValues): readonly string[] {
  const faults: string[] = [];
  const hasTls = values.TLS_CERT_FILE !== '';
  if (hasTls !== (values.TLS_KEY_FILE !== ''))
    faults.push(
      `${hasTls ? 'TLS_KEY_FILE' : 'TLS_CERT_FILE'}: is not set beside its other half, expected both or none`,
    );
  if (values.HTTP_REDIRECT_PORT !== 0 && !hasTls)
    faults.push('HTTP_REDIRECT_PORT: is set without TLS_CERT_FILE, expected nothing: PORT itself speaks http');
  if (hasTls && !values.PUBLIC_URL.startsWith('https://'))
    faults.push('PUBLIC_URL: is no https address beside TLS_CERT_FILE, expected the one that people use');
  if (values.REDIS_URL.startsWith('redis:')) faults.push(...judgePlainRedis(values));
  return faults;
}

function judgePlainRedis(values: SettingValues): readonly string[] {
  if (values.REDIS_CA_FILE !== '' || values.REDIS_CLIENT_FILE !== '')
    return ['REDIS_URL: speaks no TLS beside REDIS_CA_FILE or REDIS_CLIENT_FILE, expected rediss://'];
  const mayBePlain = values.ALLOW_PLAIN_DATABASE.includes('redis');
  const host = new URL(values.REDIS_URL).hostname;
  return decideTransport(host, { authorities: null, identity: null, mayBePlain }) === 'tls'
    ? ['REDIS_URL: goes to another machine without TLS, expected rediss://, or redis in ALLOW_PLAIN_DATABASE']
    : [];
}

/**
 * Databases on another machine that are spoken to in plain, as ALLOW_PLAIN_DATABASE states.
 *
 * @returns one line each, for the log and the audit record of the start
 */
export function listStatedPlain(settings: {
  readonly sourceUrl: string;
  readonly sourceUrls: Readonly<Record<string, string | null>>;
  readonly storeUrl: string;
  readonly redisUrl: string | null;
  readonly transport: Readonly<Record<DatabaseName, TransportRules>>;
}): readonly string[] {
  const urls: Readonly<Record<DatabaseName, readonly (string | null)[]>> = {
    source: [settings.sourceUrl, ...Object.values(settings.sourceUrls)],
    store: [settings.storeUrl],
    redis: [settings.redisUrl?.startsWith('redis:') ? settings.redisUrl : null],
  };
  const isPlain = (name: DatabaseName) => (url: string | null) =>
    url !== null &&
    !url.startsWith('sqlite:') &&
    decideTransport(new URL(url).hostname, settings.transport[name]) === 'stated-plain';
  return DATABASES.filter((name) => urls[name].some(isPlain(name))).map(
    (name) => `${name} is on another machine and spoken to without TLS, as ALLOW_PLAIN_DATABASE states`,
  );
}

/** What production asks for towards callers. @returns one line per fault */
export function judgeServing(values: SettingValues): readonly string[] {
  if (values.TLS_CERT_FILE !== '' || values.TRUST_PROXY > 0 || isLoopback(values.HOST)) return [];
  return [
    'TLS_CERT_FILE: is not set while HOST opens http to other machines, expected a certificate in production, or a proxy that ends TLS, stated by TRUST_PROXY, or HOST=127.0.0.1',
  ];
}

function readServing(values: SettingValues, base: string): ServingTls | null {
  if (values.TLS_CERT_FILE === '' || values.TLS_KEY_FILE === '') return null;
  return Object.freeze({
    certFile: resolve(base, values.TLS_CERT_FILE),
    keyFile: resolve(base, values.TLS_KEY_FILE),
    passphrase: values.TLS_KEY_PASSPHRASE || null,
    minVersion: values.TLS_MIN_VERSION === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
  });
}

function readPem(
  name: string,
  path: string,
  base: string,
  faults: string[],
  isUsable: (pem: string) => boolean,
  expected: string,
): string | null {
  if (path === '') return null;
  try {
    const bytes = readFileSync(resolve(base, path));
    const pem = bytes.toString('utf8');
    if (bytes.length <= PEM_MAX_BYTES && isUsable(pem)) return pem;
  } catch {
    // Told below, with the others.
  }
  faults.push(
    `${name}: ${JSON.stringify(path.slice(0, 80))} is not usable, expected a readable PEM file of ${expected}`,
  );
  return null;
}

/** Node takes what it can read of a bundle and drops the rest in silence: here every block must be a whole certificate. */
function isBundle(pem: string): boolean {
  const blocks = pem.match(PEM_BLOCK) ?? [];
  const all = pem.match(/-----BEGIN/g)?.length;
  return blocks.length === all && blocks.every((block) => new X509Certificate(block) !== null);
}

function isIdentity(pem: string): boolean {
  const [own] = pem.match(PEM_BLOCK) ?? [];
  return own !== undefined && new X509Certificate(own).checkPrivateKey(createPrivateKey(pem));
}
