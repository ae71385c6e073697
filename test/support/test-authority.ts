import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { der } from './self-signed.js';

const SEQUENCE = 0x30;
const OCTETS = 0x04;

/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2. */
const ALGORITHM = der(SEQUENCE, Buffer.from('06082a8648ce3d040302', 'hex'));

/** commonName, 2.5.4.3. */
const nameOf = (name: string): Buffer =>
  der(SEQUENCE, der(0x31, der(SEQUENCE, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(name)))));

/** A certificate and its private key, PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate says. */
export interface Subject {
  /** Names of hosts, and addresses of IPv4. */
  readonly names: readonly string[];
  /** `YYYYMMDD`, from the midnight on; the year 2000 where it is left out. */
  readonly from?: string;
  /** `YYYYMMDD`, to the midnight; the end of this century where it is left out. */
  readonly to?: string;
}

/** An authority of a test's own, that no machine knows. */
export interface TestAuthority {
  /** PEM. */
  readonly certificate: string;
  /** @param privateKey of the subject; a new one of P-256 where it is left out */
  issue(subject: Subject, privateKey?: KeyObject): Issued;
}

/** Makes an authority. */
export function makeTestAuthority(name: string): TestAuthority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  // basicConstraints, critical: an authority.
  const constraints = der(
    SEQUENCE,
    Buffer.from('0603551d130101ff', 'hex'),
    der(OCTETS, der(SEQUENCE, Buffer.from('0101ff', 'hex'))),
  );
  const make = (subject: string, key: KeyObject, extension: Buffer, { from, to }: Omit<Subject, 'names'>): string => {
    const time = (day: string) => der(0x18, Buffer.from(`${day}000000Z`));
    const toBeSigned = der(
      SEQUENCE,
      der(0xa0, der(0x02, Buffer.from([2]))),
      der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      ALGORITHM,
      nameOf(name),
      der(SEQUENCE, time(from ?? '20000101'), time(to ?? '20991231')),
      nameOf(subject),
      createPublicKey(key).export({ type: 'spki', format: 'der' }),
      der(0xa3, der(SEQUENCE, extension)),
    );
    const signature = der(0x03, Buffer.from([0]), sign('sha256', toBeSigned, own));
    return new X509Certificate(der(SEQUENCE, toBeSigned, ALGORITHM, signature)).toString();
  };
  return {
    certificate: make(name, own, constraints, {}),
    issue({ names, ...times }, privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) {
      const all = names.map((each) =>
        isIPv4(each) ? der(0x87, Buffer.from(each.split('.').map(Number))) : der(0x82, Buffer.from(each)),
      );
      // subjectAltName, 2.5.29.17.
      const alternatives = der(SEQUENCE, Buffer.from('0603551d11', 'hex'), der(OCTETS, der(SEQUENCE, ...all)));
      return {
        certificate: make(names[0] ?? 'nobody', privateKey, alternatives, times),
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      };
    },
  };
}
