import ipaddr from 'ipaddr.js';

/**
 * An address as alerts show it: of IPv4 the first three numbers, of IPv6 the first three groups; enough to tell networks
 * apart, and no one device.
 *
 * @returns null for what is no address, such as `cli`
 */
export function maskAddress(address: string | null): string | null {
  const parsed = parseAddress(address);
  if (parsed === null) return null;
  if (parsed instanceof ipaddr.IPv4) return `${parsed.octets.slice(0, 3).join('.')}.x`;
  return `${firstGroups(parsed)}::x`;
}

/**
 * The part of an address that one party holds: an IPv4 address as a whole, of IPv6 the first three groups, as the rest is
 * its holder's to choose.
 */
export function addressHolder(address: string): string {
  const parsed = parseAddress(address);
  if (parsed === null) return address;
  return parsed instanceof ipaddr.IPv4 ? parsed.toString() : firstGroups(parsed);
}

function parseAddress(address: string | null): ipaddr.IPv4 | ipaddr.IPv6 | null {
  const plain = (address ?? '').replace(/%.*$/, '');
  if (ipaddr.IPv4.isValidFourPartDecimal(plain)) return ipaddr.IPv4.parse(plain);
  // IPv4 inside IPv6 (`::ffff:192.0.2.1`) counts as IPv4.
  return ipaddr.IPv6.isValid(plain) ? ipaddr.process(plain) : null;
}

function firstGroups({ parts }: ipaddr.IPv6): string {
  return parts
    .slice(0, 3)
    .map((part) => part.toString(16))
    .join(':');
}
