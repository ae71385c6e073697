import { isLoopback } from '../domain/loopback.js';
import { isMailAddress, type MailSender, type SmtpServer } from '../domain/mail.js';

/** Ports of submission (RFC 8314 §3), where none is given. */
const TLS_PORT = 465;
const STARTTLS_PORT = 587;

/**
 * Reads the address of a mail server. Off loopback there is no way to say that TLS may be missing: a password would be
 * anyone's on the way. Parameters are refused, as other programs take them for such a way.
 *
 * @param text `smtps://USER:PASSWORD@HOST:PORT` or `smtp://…`; the user may be left out
 * @returns null where it is none
 */
export function parseSmtpServer(text: string): SmtpServer | null {
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  const isTls = protocol === 'smtps:';
  if (!isTls && protocol !== 'smtp:') return null;
  if (hostname === '' || !['', '/'].includes(pathname) || search !== '' || hash !== '') return null;
  if ((username === '') !== (password === '') || port === '0') return null;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  try {
    return Object.freeze({
      host,
      port: port === '' ? (isTls ? TLS_PORT : STARTTLS_PORT) : Number(port),
      security: isTls ? 'tls' : isLoopback(host) ? 'none' : 'starttls',
      user: username === '' ? null : { name: decodeURIComponent(username), password: decodeURIComponent(password) },
    });
  } catch {
    return null;
  }
}

/**
 * Reads whom mail comes from.
 *
 * @param text an address, or `NAME <ADDRESS>`
 * @returns null where it is neither
 */
export function parseMailSender(text: string): MailSender | null {
  const { name = '', address = text } = /^(?<name>[^<>\p{C}]{1,100}?) *<(?<address>[^<>]*)>$/u.exec(text)?.groups ?? {};
  return isMailAddress(address) ? Object.freeze({ name: name.replace(/^"(.*)"$/, '$1'), address }) : null;
}
