import { SwaliError } from '../../errors/swali-error.js';
import { type Channel, failed } from './channel.js';
import { writeAlertMail } from './describe-alert.js';

/** A way to send one mail; the mailer of mail/ is one. */
export interface SendMail {
  /** @throws SwaliError `MAIL_UNAVAILABLE` */
  send(message: { readonly to: string; readonly subject: string; readonly text: string }): Promise<void>;
}

/** Mails alerts, to each address by itself: one that fails does not send the others theirs again. */
export function createEmailChannel(deps: { readonly to: readonly string[]; readonly mailer: SendMail }): Channel {
  return Object.freeze({
    recipients: [...new Set(deps.to)],
    async send(alert, recipient) {
      try {
        await deps.mailer.send({ to: recipient, ...writeAlertMail(alert) });
        return { taken: true };
      } catch (error) {
        const cause = error instanceof SwaliError ? error.cause : error;
        return failed(cause instanceof Error ? cause.message : 'the mail was not taken');
      }
    },
  } satisfies Channel);
}
