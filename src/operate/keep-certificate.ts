import { isIP } from 'node:net';
import type { Clock, Logger } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import { type CertificateFiles, digestPair, readPairFiles, readServingPair, type ServingPair } from './serving-pair.js';

/** The certificate that is served, kept as its files are. */
export interface KeptCertificate {
  readonly current: ServingPair;
  /** New pairs that were taken, and that could not be, since the start. */
  readonly counts: { readonly taken: number; readonly refused: number };
  /** Looks at the files and at the clock now. Never throws. */
  check(): void;
  /** Looks from time to time, and calls back with each new pair. @returns stops that */
  watch(onNew: (pair: ServingPair) => void): () => void;
}

/**
 * Between two looks at the files, in milliseconds. They are read, not watched: a symbolic link that is put elsewhere, as
 * Kubernetes and certbot do, or a folder of another machine, tells nobody.
 */
const LOOK_INTERVAL_MS = 10_000;

const DAY_MS = 86_400_000;
/** Days before the end at which the log says so, latest first. */
const WARN_DAYS = [1, 7, 21] as const;

/**
 * Reads a certificate and keeps it as its files are: a new pair is taken when it is whole, and until then the old one is
 * served. The log is told of each, and 21, 7 and 1 days before the end.
 *
 * @param host of the address that people use; one that the certificate does not name is told to the log
 * @throws SwaliError `SETTINGS_INVALID` where the first pair cannot be served
 */
export function keepCertificate(deps: {
  readonly files: CertificateFiles;
  readonly host: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly intervalMs?: number;
}): KeptCertificate {
  const { files, host, clock, logger } = deps;
  let current = readServingPair(files, clock());
  let seen = current.digest;
  let warnedDays = Number.POSITIVE_INFINITY;
  let onNew: (pair: ServingPair) => void = () => undefined;
  const counts = { taken: 0, refused: 0 };

  const tellName = (): void => {
    if (isOfHost(current, host)) return;
    logger.warn({ names: current.certificate.subjectAltName ?? null }, 'the certificate does not name the public host');
  };
  const tellEnd = (): void => {
    const left = (current.expiresAt - clock()) / DAY_MS;
    const days = left <= 0 ? 0 : WARN_DAYS.find((each) => left <= each);
    if (days === undefined || days >= warnedDays) return;
    warnedDays = days;
    const fields = { expiresAt: new Date(current.expiresAt).toISOString() };
    if (days === 0) logger.error(fields, 'the certificate has expired');
    else logger.warn({ ...fields, days }, 'the certificate ends soon');
  };
  const refuseNew = (cause: unknown): void => {
    counts.refused += 1;
    const reason = cause instanceof SwaliError ? cause.detail : 'a file cannot be read';
    logger.error({ reason, refused: counts.refused }, 'the new certificate is not usable: the old one is served');
  };
  const look = (): void => {
    const digest = digestNow(files);
    // eslint-disable-next-line no-restricted-syntax -- digests of public files, compared with themselves
    if (digest === seen) return;
    seen = digest;
    // eslint-disable-next-line no-restricted-syntax -- digests of public files, compared with themselves
    if (digest === current.digest) return;
    try {
      current = readServingPair(files, clock());
    } catch (error) {
      refuseNew(error);
      return;
    }
    counts.taken += 1;
    warnedDays = Number.POSITIVE_INFINITY;
    onNew(current);
    logger.info({ expiresAt: new Date(current.expiresAt).toISOString() }, 'a new certificate is served');
    tellName();
  };
  const check = (): void => {
    look();
    tellEnd();
  };
  tellName();
  tellEnd();
  return {
    get current() {
      return current;
    },
    counts,
    check,
    watch(callBack) {
      onNew = callBack;
      const timer = setInterval(check, deps.intervalMs ?? LOOK_INTERVAL_MS);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

/** A file that is away for a moment is a state of its own, told once. */
function digestNow(files: CertificateFiles): string {
  try {
    return digestPair(readPairFiles(files));
  } catch {
    return 'unreadable';
  }
}

function isOfHost({ certificate }: ServingPair, host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1');
  return (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
}
