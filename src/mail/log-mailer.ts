import type { Logger } from '../domain/ports.js';
import type { Mailer } from './mailer.js';

/** Writes mail into the log instead of sending it: for development alone, as it holds links that let their reader in. */
export function createLogMailer(logger: Logger): Mailer {
  return Object.freeze({
    send: async ({ to, subject, text }) => {
      logger.info({ to, subject, text }, 'a mail, not sent, as SMTP_URL is not set');
    },
  } satisfies Mailer);
}
