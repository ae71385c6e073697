import { createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto';

/** One value of DER: its tag, its length, its content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const bytes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

const SEQUENCE = 0x30;
const SET = 0x31;

/** sha256WithRSAEncryption, 1.2.840.113549.1.1.11. */
const ALGORITHM = der(SEQUENCE, Buffer.from('06092a864886f70d01010b0500', 'hex'));

/** commonName, 2.5.4.3. */
const COMMON_NAME = Buffer.from('0603550403', 'hex');

/**
 * A certificate that a key signs for itself, valid for the whole of this century, so that no test needs a file or a program for it.
 *
 * @returns PEM
 */
export function makeSelfSigned(privateKey: KeyObject, name: string): string {
  const subject = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(0x0c, Buffer.from(name)))));
  const validity = der(SEQUENCE, der(0x17, Buffer.from('000101000000Z')), der(0x18, Buffer.from('20991231235959Z')));
  const toBeSigned = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ALGORITHM,
    subject,
    validity,
    subject,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', toBeSigned, privateKey));
  return new X509Certificate(der(SEQUENCE, toBeSigned, ALGORITHM, signature)).toString();
}
