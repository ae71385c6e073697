/** How a mail server is reached. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte, or `starttls`, without which nothing is sent; `none` on this machine's own loopback alone. */
  readonly security: 'tls' | 'starttls' | 'none';
  /** Null where the server asks for nobody. */
  readonly user: { readonly name: string; readonly password: string } | null;
}

/** Whom mail comes from. */
export interface MailSender {
  /** As people see it; empty where only the address is shown. */
  readonly name: string;
  readonly address: string;
}

/** Characters of an address at most (RFC 5321 §4.5.3.1.3, without the brackets). */
const ADDRESS_MAX_CHARACTERS = 254;

/** No character that SMTP or a header gives a meaning: brackets, quotes, separators, white space, controls. */
const PART = String.raw`[^@\s\p{C}\p{Z}<>()[\]\\,;:"]+`;
const ADDRESS = new RegExp(`^${PART}@${PART}$`, 'u');

/**
 * Whether mail may go to an address. Narrower than what mail servers take: nothing that reads as two addresses, as a
 * further command or as a further header.
 */
export function isMailAddress(text: string): boolean {
  return text.length <= ADDRESS_MAX_CHARACTERS && ADDRESS.test(text);
}
