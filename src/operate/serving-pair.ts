import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { SwaliError } from '../errors/swali-error.js';

/** The files of a certificate and its private key. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Null where the key is not encrypted. */
  readonly passphrase: string | null;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** A certificate that can be served, with its private key. */
export interface ServingPair {
  /** What node's TLS is told. */
  readonly options: SecureContextOptions;
  /** The own certificate, without those of its issuers. */
  readonly certificate: X509Certificate;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Equal where both files hold the same. */
  readonly digest: string;
}

/** Longest file that is read, in bytes: a key and a short chain, not a disk image. */
const FILE_MAX_BYTES = 256 * 1024;

/** NIST SP 800-131A; OpenSSL itself would take 1024. */
const RSA_MIN_BITS = 2048;

/** TLS 1.3, and of TLS 1.2 what has forward secrecy and authenticated encryption (RFC 9325 §4.2, BCP 195). */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

const CURVES = 'X25519:P-256:P-384';

/** @throws Error where a file cannot be read */
export function readPairFiles({ certFile, keyFile }: CertificateFiles): readonly [Buffer, Buffer] {
  const read = (path: string): Buffer => {
    const bytes = readFileSync(path);
    if (bytes.length > FILE_MAX_BYTES) throw new Error('too large');
    return bytes;
  };
  return [read(certFile), read(keyFile)];
}

/** Tells contents of the two files apart. */
export function digestPair(files: readonly [Buffer, Buffer]): string {
  return files.map((bytes) => createHash('sha256').update(bytes).digest('hex')).join();
}

/**
 * Reads a certificate and its key, and makes sure that they can be served: they belong together, and now is within the
 * certificate's time.
 *
 * @param now milliseconds since 1970
 * @throws SwaliError `SETTINGS_INVALID`, its detail `NAME: what is wrong, what is expected`; it holds nothing of the files
 */
export function readServingPair(files: CertificateFiles, now: number): ServingPair {
  const [cert, key] = attempt(
    'TLS_CERT_FILE, TLS_KEY_FILE: a file cannot be read, expected two readable PEM files of at most 256 KiB',
    () => readPairFiles(files),
  );
  const certificate = attempt(
    'TLS_CERT_FILE: holds no certificate that can be read, expected PEM, the own certificate first',
    () => new X509Certificate(cert),
  );
  const passphrase = files.passphrase === null ? {} : { passphrase: files.passphrase };
  const privateKey = attempt(
    'TLS_KEY_FILE: holds no private key that can be read, expected PEM, and TLS_KEY_PASSPHRASE where it is encrypted',
    () => createPrivateKey({ key, ...passphrase }),
  );
  if (!certificate.checkPrivateKey(privateKey))
    refuse('TLS_KEY_FILE: is not the key of TLS_CERT_FILE, expected the two of one pair');
  const bits = privateKey.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < RSA_MIN_BITS)
    refuse('TLS_KEY_FILE: is too short, expected RSA of 2048 bits or more, or an elliptic curve');
  const expiresAt = Date.parse(certificate.validTo);
  // A date that cannot be read makes both comparisons false, and so refuses.
  if (!(now < expiresAt)) refuse('TLS_CERT_FILE: the certificate has expired, expected one that holds now');
  if (!(now >= Date.parse(certificate.validFrom)))
    refuse('TLS_CERT_FILE: the certificate does not hold yet, expected one that holds now');
  const options: SecureContextOptions = {
    cert,
    key,
    ...passphrase,
    minVersion: files.minVersion,
    ciphers: CIPHERS,
    honorCipherOrder: true,
    ecdhCurve: CURVES,
  };
  attempt('TLS_CERT_FILE: cannot be served, expected a certificate of RSA or of an elliptic curve', () =>
    createSecureContext(options),
  );
  return { options, certificate, expiresAt, digest: digestPair([cert, key]) };
}

function attempt<T>(detail: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new SwaliError('SETTINGS_INVALID', { detail, cause });
  }
}

function refuse(detail: string): never {
  throw new SwaliError('SETTINGS_INVALID', { detail });
}
