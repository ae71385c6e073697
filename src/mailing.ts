import { isIPv6 } from 'node:net';
import type { Settings } from './config/settings.js';
import type { Surroundings } from './gateway.js';
import { createLetters, type Letters } from './identify/letters.js';
import { createMailedTokens, type MailedTokens } from './identify/mailed-tokens.js';
import { createLogMailer } from './mail/log-mailer.js';
import type { Mailer } from './mail/mailer.js';
import { createOutbox, type MailOutbox } from './mail/outbox.js';
import { createSmtpMailer } from './mail/smtp-mailer.js';
import type { Store } from './store/store.js';

/** Tokens that go out by mail, and what they go out in. */
export interface MailedLinks {
  readonly mailedTokens: MailedTokens;
  readonly letters: Letters;
}

/** Wires the tokens over the store, with links to the address that people use. */
export function openMailedLinks({ settings, clock }: Omit<Surroundings, 'logger'>, store: Store): MailedLinks {
  const ttlS = { invitation: settings.invitationTtlS, reset: settings.passwordResetTtlS };
  return {
    mailedTokens: createMailedTokens({ store, clock, ttlS }),
    letters: createLetters({ publicUrl: publicUrlOf(settings), ttlS }),
  };
}

/** Opens the way out for mail; closing it sends what waits. */
export function openOutbox({ settings, logger }: Omit<Surroundings, 'clock'>): MailOutbox {
  return createOutbox({ mailer: openMailer(settings, logger), logger });
}

/** A way to send mail; null in production without a mail server: a link in a log there would let its readers in. */
export function openMailer(
  { smtp, production }: Pick<Settings, 'smtp' | 'production'>,
  logger: Surroundings['logger'],
): Mailer | null {
  if (smtp) return createSmtpMailer(smtp);
  return production ? null : createLogMailer(logger);
}

function publicUrlOf({ publicUrl, host, port }: Settings): string {
  return publicUrl ?? `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
