import { isIP } from 'node:net';
import type { AllowedReceiver } from '../domain/outgoing.js';
import { judgeAddress, spellAddress } from './judge-address.js';

/** Ports of web servers; any other must be named by the operator. */
const WEB_PORTS: ReadonlySet<number> = new Set([80, 443, 8080, 8443]);

/** By what calls are judged. */
export interface OutgoingRules {
  /** Then only https is spoken, but to this machine. */
  readonly production: boolean;
  /** What the operator has opened beyond public addresses and the ports of web servers. */
  readonly allowed: readonly AllowedReceiver[];
}

/** Where a call goes, once its URL has passed. */
export interface OutgoingTarget {
  readonly url: URL;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Reads a URL as the call will: the WHATWG parser brings `0x7f.1`, `2130706433`, `127。0。0。1` and `127.1.` to one form, so
 * that what is judged is what is called.
 *
 * @returns the target, or in words why none may be called there. A name is judged when it is resolved, not here.
 */
export function judgeUrl(text: string, rules: OutgoingRules): OutgoingTarget | string {
  if (!URL.canParse(text)) return 'is no URL';
  const url = new URL(text);
  const { protocol, hostname, username, password } = url;
  if (protocol !== 'https:' && protocol !== 'http:') return 'is not https';
  if (username !== '' || password !== '') return 'has a user or password in it';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === '') return 'has no host';
  const port = url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (!WEB_PORTS.has(port) && !rules.allowed.some((each) => each.port === port))
    return `has port ${port}, which is not opened`;
  if (isIP(host) !== 0) {
    const fault = judgeTarget(host, { host: hostname, port }, rules);
    if (fault !== null) return fault;
  }
  if (protocol === 'http:' && rules.production && judgeAddress(host).what !== 'loopback') return 'is not https';
  return { url, host, port };
}

/**
 * Judges one address that a host stands for.
 *
 * @param target host and port that the call names
 * @returns null where the call may go there, else in words why not
 */
export function judgeTarget(address: string, target: AllowedReceiver, rules: OutgoingRules): string | null {
  const { verdict, what } = judgeAddress(address);
  if (verdict === 'open') return null;
  if (verdict === 'internal' && isOpened(address, target, rules)) return null;
  return `goes to an address that is ${what}`;
}

/** Opened by the name that is called, or by the very address. */
function isOpened(address: string, { host, port }: AllowedReceiver, rules: OutgoingRules): boolean {
  const spelled = spellAddress(address);
  return rules.allowed.some(
    (each) =>
      each.port === port &&
      (each.host === host || (spelled !== null && spellAddress(each.host.replace(/^\[(.*)\]$/, '$1')) === spelled)),
  );
}
