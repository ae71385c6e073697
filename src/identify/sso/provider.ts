import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isLoopback } from '../../domain/loopback.js';
import type { PrincipalKind } from '../../domain/principal.js';
import type { Tenant } from '../../domain/tenant.js';
import { SwaliError } from '../../errors/swali-error.js';
import { normaliseIdentifier } from '../identifiers.js';
import type { Mapping } from './mapping.js';
import type { ProviderEntry } from './provider-file.js';

/** Shortest RSA key that signs assertions, in bits. */
const RSA_MIN_BITS = 2048;

/** What is known of every provider. */
interface ProviderBase {
  readonly name: string;
  readonly label: string;
  /** Whose people it signs in; null where tenancy is off. */
  readonly tenant: Tenant;
  /** The one kind of account that it signs in. */
  readonly kind: PrincipalKind;
  /** Null where accounts of every tier may come in by it. */
  readonly tiers: ReadonlySet<string> | null;
  /** Normalised: accounts are linked by addresses of these alone. */
  readonly emailDomains: ReadonlySet<string>;
  readonly create: boolean;
  readonly mapping: Mapping;
  /** What proves a second factor at the provider; null where the gateway asks for its own. */
  readonly factorValues: ReadonlySet<string> | null;
  /** Where it sends browsers back to. */
  readonly returnAddress: string;
}

/** A provider of OpenID Connect. */
export interface OidcProvider extends ProviderBase {
  readonly protocol: 'oidc';
  readonly emailClaim: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
  readonly claimsFrom: 'id_token' | 'userinfo';
  /** Hosts, with their ports, that are called for it. */
  readonly hosts: ReadonlySet<string>;
}

/** A provider of SAML 2.0. */
export interface SamlProvider extends ProviderBase {
  readonly protocol: 'saml';
  /** Attribute of the e-mail address; null where the NameID is it. */
  readonly emailClaim: string | null;
  readonly entryPoint: string;
  /** The gateway's own entity id. */
  readonly entityId: string;
  readonly issuer: string;
  /** PEM: X.509 certificates or public keys; any of them may sign. */
  readonly certificates: readonly string[];
  readonly audience: string;
  readonly wantResponseSigned: boolean;
}

/** A provider of single sign-on, ready to be used. */
export type Provider = OidcProvider | SamlProvider;

/** What an entry is read with. */
export interface ProviderSurroundings {
  readonly production: boolean;
  /** Whether there are tenants. */
  readonly tenancy: boolean;
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** Reads the file that `…_file` names. */
  readonly readText: (path: string) => string;
}

/**
 * Makes a provider of its entry.
 *
 * @throws SwaliError `SETTINGS_INVALID` for an address without TLS in production, or elsewhere than on this machine; for a
 *   secret file that cannot be read; for a certificate that is none or is weak. Never with a secret
 */
export function makeProvider(entry: ProviderEntry, surroundings: ProviderSurroundings): Provider {
  const { protocol, name } = entry;
  const base: ProviderBase = {
    name,
    label: entry.label ?? name,
    tenant: readTenant(entry, surroundings.tenancy),
    kind: entry.kind,
    tiers: entry.tiers ? new Set(entry.tiers) : null,
    emailDomains: new Set(entry.email_domains.map((domain) => normaliseDomain(name, domain))),
    create: entry.create,
    mapping: {
      ...(entry.mapping.role && { role: entry.mapping.role }),
      ...(entry.mapping.allow_tables && { allowTables: entry.mapping.allow_tables }),
      ...(entry.mapping.customer_number && { customerNumber: entry.mapping.customer_number }),
    },
    factorValues: entry.second_factor_values ? new Set(entry.second_factor_values) : null,
    returnAddress: `${surroundings.publicUrl}/v1/auth/sso/${name}/${protocol === 'oidc' ? 'callback' : 'acs'}`,
  };
  if (protocol === 'oidc') {
    assertSafe(name, 'issuer', entry.issuer, surroundings.production);
    return Object.freeze({
      ...base,
      protocol,
      emailClaim: entry.email_claim ?? 'email',
      issuer: entry.issuer,
      clientId: entry.client_id,
      clientSecret: readSecret(name, 'client_secret', entry.client_secret, entry.client_secret_file, surroundings),
      scopes: entry.scopes,
      claimsFrom: entry.claims_from,
      hosts: new Set([new URL(entry.issuer).host, ...entry.hosts]),
    });
  }
  assertSafe(name, 'entry_point', entry.entry_point, surroundings.production);
  const { idp_certificate: inline, idp_certificate_file: file } = entry;
  return Object.freeze({
    ...base,
    protocol,
    emailClaim: entry.email_claim ?? null,
    entryPoint: entry.entry_point,
    entityId: entry.issuer,
    issuer: entry.idp_issuer,
    certificates: readCertificates(name, readSecret(name, 'idp_certificate', inline, file, surroundings)),
    audience: entry.audience ?? entry.issuer,
    wantResponseSigned: entry.want_response_signed,
  });
}

/** Everybody whom a provider knows is of one tenant: which one no claim can say. */
function readTenant({ name, tenant }: ProviderEntry, tenancy: boolean): Tenant {
  if ((tenant !== undefined) === tenancy) return tenant ?? null;
  throw fault(name, 'tenant', tenancy ? 'is missing, as TENANCY is on' : 'is given, and TENANCY is off');
}

/** As the domain of an address is once the address is normalised. */
function normaliseDomain(name: string, domain: string): string {
  try {
    return domainOf(normaliseIdentifier(`x@${domain}`).value);
  } catch (cause) {
    throw fault(name, 'email_domains', 'holds no domain', cause);
  }
}

/** The part of a normalised address after its `@`. */
export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1);
}

/** Only this machine itself may be spoken to without TLS, and never in production. */
function assertSafe(name: string, key: string, address: string, production: boolean): void {
  const { protocol, hostname, username, hash } = new URL(address);
  if (protocol !== 'https:' && (production || !isLoopback(hostname))) throw fault(name, key, 'is not an https address');
  if (username !== '' || hash !== '') throw fault(name, key, 'has a user or a fragment');
}

function readSecret(
  name: string,
  key: string,
  inline: string | undefined,
  file: string | undefined,
  { readText }: ProviderSurroundings,
): string {
  if (inline !== undefined) return inline;
  let text: string;
  try {
    text = readText(file ?? '').replace(/\r?\n$/, '');
  } catch (cause) {
    throw fault(name, `${key}_file`, 'cannot be read', cause);
  }
  if (text === '') throw fault(name, `${key}_file`, 'is empty');
  return text;
}

/** One or more in one text, so that the provider can change its key: the old one and the new one stand beside each other. */
function readCertificates(name: string, text: string): readonly string[] {
  const found = text.match(/-----BEGIN ([A-Z ]+)-----[\s\S]*?-----END \1-----/g) ?? [];
  if (found.length === 0) throw fault(name, 'idp_certificate', 'is no certificate in PEM');
  return found.map((pem) => checkCertificate(name, pem));
}

/** What it says of its own validity is not looked at: it is trusted because it stands in the file. */
function checkCertificate(name: string, pem: string): string {
  let key: KeyObject;
  try {
    key = pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
  } catch (cause) {
    throw fault(name, 'idp_certificate', 'is no certificate in PEM', cause);
  }
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < RSA_MIN_BITS)
    throw fault(name, 'idp_certificate', `has no RSA key of ${RSA_MIN_BITS} bits or more`);
  return pem;
}

function fault(name: string, key: string, what: string, cause?: unknown): SwaliError {
  return new SwaliError('SETTINGS_INVALID', { detail: `SSO_FILE: ${name}: ${key}: ${what}`, cause });
}
