import { createTransport } from 'nodemailer';
import { isMailAddress, type MailSender, type SmtpServer } from '../domain/mail.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Mailer, MailMessage } from './mailer.js';

/** Longest wait for the name, the connection and the greeting of the server, each, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Longest silence of the server, in milliseconds. */
const SILENCE_TIMEOUT_MS = 15_000;

/** Longest sending of one mail, in milliseconds: a server that drips keeps nobody. */
const SEND_TIMEOUT_MS = 30_000;

/** Anything that could end a header and begin another. */
const CONTROL = /\p{Cc}/u;

/**
 * Sends mail by SMTP, over a connection of its own for each. Where TLS is asked for, the server's certificate must be
 * that of its name; nothing is said to it before, neither password nor mail.
 *
 * @param options.certificates PEM, what the server's certificate is checked with instead of the system's authorities
 * @param options.timeoutMs longest sending of one mail
 */
export function createSmtpMailer(options: {
  readonly server: SmtpServer;
  readonly from: MailSender;
  readonly certificates?: string;
  readonly timeoutMs?: number;
}): Mailer {
  const { server, from } = options;
  const timeoutMs = options.timeoutMs ?? SEND_TIMEOUT_MS;
  const transport = createTransport({
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    requireTLS: server.security === 'starttls',
    ignoreTLS: server.security === 'none',
    ...(server.user ? { auth: { user: server.user.name, pass: server.user.password } } : {}),
    tls: { minVersion: 'TLSv1.2', ...(options.certificates === undefined ? {} : { ca: options.certificates }) },
    dnsTimeout: CONNECT_TIMEOUT_MS,
    connectionTimeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs),
    greetingTimeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs),
    socketTimeout: Math.min(SILENCE_TIMEOUT_MS, timeoutMs),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return Object.freeze({
    async send(message) {
      assertFits(message);
      const { to, subject, text } = message;
      const sent = transport.sendMail({
        // As parts, never as text that is read for several addresses.
        from: { name: from.name, address: from.address },
        to: { name: '', address: to },
        subject,
        text,
        // Nobody's holiday note answers it (RFC 3834 §5).
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
      await within(timeoutMs, sent).catch((error: unknown) => {
        throw new SwaliError('MAIL_UNAVAILABLE', { cause: new Error(describeFault(error)) });
      });
    },
  } satisfies Mailer);
}

/** @throws SwaliError `MAIL_UNAVAILABLE` for an address or a subject that could say more than it should */
function assertFits({ to, subject }: MailMessage): void {
  const fault = !isMailAddress(to) ? 'the address' : CONTROL.test(subject) ? 'the subject' : null;
  if (fault === null) return;
  throw new SwaliError('MAIL_UNAVAILABLE', { cause: new Error(`${fault} has characters that no mail may have`) });
}

/** Rejects where the work takes too long; what it does then is nobody's. */
async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the mail server took too long')), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What went wrong, for the log. The server's own words are left out: they quote addresses, and may quote the mail. */
function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code, command, responseCode } = error as { code?: unknown; command?: unknown; responseCode?: unknown };
  const words = responseCode === undefined ? error.message : `the mail server answered ${responseCode}`;
  return [words, code, command].filter((each) => each !== undefined).join(', ');
}
