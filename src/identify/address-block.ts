import { isIPv6 } from 'node:net';

/** Groups of 16 bits of an IPv6 address that are compared. */
const GROUPS = 8;

/** Bits of an IPv6 address that name one customer of a provider (RFC 6177), as in the limits of http. */
const NETWORK_BITS = 56;

/**
 * The part of an address that one party holds: an IPv4 address as a whole, of an IPv6 address the network, as the rest
 * is its holder's to choose. Anything else stays as it is.
 *
 * @param address of a caller; IPv4 inside IPv6 (`::ffff:192.0.2.1`) counts as IPv4
 */
export function addressBlock(address: string): string {
  const plain = address.replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(plain)) return address;
  const bits = groupsOf(plain)
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
  return `${BigInt(`0b${bits.slice(0, NETWORK_BITS)}`).toString(16)}/${NETWORK_BITS}`;
}

/** The groups of a valid IPv6 address; a tail in the form of IPv4 is beyond what is compared. */
function groupsOf(address: string): readonly string[] {
  const [head = '', tail] = address.replace(/\d+\.\d+\.\d+\.\d+$/, '0:0').split('::');
  const split = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [split(head), split(tail ?? '')];
  return [...before, ...Array<string>(GROUPS - before.length - after.length).fill('0'), ...after];
}
