import { isLoopback } from '../domain/loopback.js';

/** What is spoken to as a database, as ALLOW_PLAIN_DATABASE names it. */
export const DATABASES = ['source', 'store', 'redis'] as const;
export type DatabaseName = (typeof DATABASES)[number];

/** How one of the gateway's databases (source, store, Redis) may be spoken to. */
export interface TransportRules {
  /** PEM of the authorities that its certificate is checked with, instead of the machine's; null where those hold. */
  readonly authorities: string | null;
  /** PEM of the certificate that the gateway shows and of its private key, in one text; null where it shows none. */
  readonly identity: string | null;
  /** True where the operator has stated that another machine may be spoken to in plain. */
  readonly mayBePlain: boolean;
}

/** What holds where nothing is stated. */
export const STRICT_TRANSPORT: TransportRules = Object.freeze({
  authorities: null,
  identity: null,
  mayBePlain: false,
});

/**
 * What a connection is: `tls`, verified in any case; `plain` on this machine; or `stated-plain` to another machine, as the
 * operator's own risk.
 */
export type Transport = 'tls' | 'plain' | 'stated-plain';

/** What node's TLS is told of a server that must be who it says it is. */
export interface VerifiedTls {
  readonly rejectUnauthorized: true;
  readonly minVersion: 'TLSv1.2';
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Decides how a host is spoken to: the one place that does. Off loopback TLS, and on loopback too where authorities or an
 * identity are named; nothing that a URL says changes it.
 *
 * @param host as it is written, not as it resolves
 */
export function decideTransport(host: string, rules: TransportRules = STRICT_TRANSPORT): Transport {
  if (rules.authorities !== null || rules.identity !== null) return 'tls';
  if (isLoopback(host)) return 'plain';
  return rules.mayBePlain ? 'stated-plain' : 'tls';
}

/** TLS 1.2 or later to a server whose certificate an authority vouches for; its name is checked by whoever connects. */
export function printVerifiedTls({ authorities, identity }: TransportRules): VerifiedTls {
  return {
    // Stated, so that NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(authorities === null ? {} : { ca: authorities }),
    ...(identity === null ? {} : { cert: identity, key: identity }),
  };
}
