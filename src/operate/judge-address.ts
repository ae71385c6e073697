import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Whether a call of ours may go to an address. `open`: a public one. `internal`: one of this machine or its networks, which
 * the operator may name. `never`: what no receiver has.
 */
export interface AddressVerdict {
  readonly verdict: 'open' | 'internal' | 'never';
  /** What the address is, in a word, e.g. `loopback`. */
  readonly what: string;
}

/** Ranges of ipaddr.js that the operator may open host by host. All others but `unicast` are closed for good. */
const INTERNAL: ReadonlySet<string> = new Set(['loopback', 'private', 'carrierGradeNat', 'uniqueLocal']);

/**
 * Where clouds hand out the keys of a machine, besides 169.254.0.0/16, which is link-local: Amazon (IPv6), Google (IPv6),
 * Alibaba, Oracle, Azure. That of Azure is a public address by its number.
 */
const METADATA: ReadonlySet<string> = new Set([
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
]);

/** IPv6 that is given out to networks (RFC 4291 §2.4, IANA): whatever else there is has a meaning of its own. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** Whose last 32 bits are the IPv4 address that is reached: RFC 4291 §2.5.5.2, and the well-known prefix of RFC 6052. */
const MAPPED = ipaddr.parseCIDR('::ffff:0:0/96');
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');

/**
 * Judges one address by the registries of special addresses (IANA, RFC 6890). An IPv4 address inside an IPv6 one is judged
 * as itself; 6to4 and Teredo, which nobody serves any more, are closed whatever they hold.
 *
 * @param address as a resolver gives it; anything that is not the plain form of an address is closed
 */
export function judgeAddress(address: string): AddressVerdict {
  // `isValid` also takes forms such as 0x7f.1, which no resolver gives.
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return judgeIpv4(ipaddr.IPv4.parse(address));
  const parsed = parseIpv6(address);
  if (parsed === null) return { verdict: 'never', what: 'no address' };
  if (METADATA.has(parsed.toString())) return { verdict: 'never', what: 'cloud metadata' };
  if (isWithin(parsed, MAPPED)) return judgeIpv4(embedded(parsed));
  if (isWithin(parsed, NAT64)) {
    const inner = judgeIpv4(embedded(parsed));
    return inner.verdict === 'open' ? inner : { verdict: 'never', what: `${inner.what} behind NAT64` };
  }
  const range = parsed.range();
  if (INTERNAL.has(range)) return { verdict: 'internal', what: range };
  if (range === 'unicast' && isWithin(parsed, GLOBAL_UNICAST)) return { verdict: 'open', what: 'public' };
  return { verdict: 'never', what: range === 'unicast' ? 'reserved' : range };
}

/**
 * One spelling for each address, to compare by; IPv4 inside IPv6 as IPv4.
 *
 * @returns null for what is no address
 */
export function spellAddress(address: string): string | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return address;
  const parsed = parseIpv6(address);
  if (parsed === null) return null;
  return (isWithin(parsed, MAPPED) ? embedded(parsed) : parsed).toString();
}

/** By way of the URL parser, as ipaddr.js takes `::127.0.0.1` for `::ffff:127.0.0.1`. Null for anything else, zones too. */
function parseIpv6(address: string): ipaddr.IPv6 | null {
  if (!isIPv6(address) || address.includes('%')) return null;
  return ipaddr.IPv6.parse(new URL(`http://[${address}]/`).hostname.slice(1, -1));
}

function judgeIpv4(address: ipaddr.IPv4): AddressVerdict {
  if (METADATA.has(address.toString())) return { verdict: 'never', what: 'cloud metadata' };
  const range = address.range();
  if (range === 'unicast') return { verdict: 'open', what: 'public' };
  return { verdict: INTERNAL.has(range) ? 'internal' : 'never', what: range };
}

function isWithin(address: ipaddr.IPv6, [network, bits]: [ipaddr.IPv4 | ipaddr.IPv6, number]): boolean {
  return network instanceof ipaddr.IPv6 && address.match(network, bits);
}

function embedded(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}
