import type { Logger } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Mailer, MailMessage } from './mailer.js';

/** Mails that wait to be sent at most; more is an attack or an outage. */
const MAX_WAITING = 100;

/** Sending begins so much later, in milliseconds: what it costs shows in no answer. */
const SEND_DELAY_MS = 100;

/** How long the stop of the gateway waits for what is still to be sent, in milliseconds. */
const CLOSE_TIMEOUT_MS = 10_000;

/** Where mail is handed in: to be waited for, or not. */
export interface MailOutbox {
  /** False where no mail can be sent, and both ways refuse. */
  readonly isOpen: boolean;
  /** @throws SwaliError `MAIL_UNAVAILABLE` */
  send(message: MailMessage): Promise<void>;
  /**
   * Sends after a moment, one mail after another, while others go on. A failure is logged.
   *
   * @param onFailure called then, to say so elsewhere too
   */
  sendLater(message: MailMessage, onFailure: () => Promise<void>): void;
  /** Sends what waits, for ten seconds at most. */
  close(): Promise<void>;
}

/**
 * Wires the outbox over a way to send mail.
 *
 * @param deps.mailer null where there is none: production without `SMTP_URL`
 */
export function createOutbox(deps: {
  readonly mailer: Mailer | null;
  readonly logger: Logger;
  readonly delayMs?: number;
  readonly closeTimeoutMs?: number;
}): MailOutbox {
  const { mailer, logger } = deps;
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();

  async function send(message: MailMessage): Promise<void> {
    if (!mailer) throw new SwaliError('MAIL_UNAVAILABLE', { detail: 'set SMTP_URL and MAIL_FROM' });
    await mailer.send(message);
  }

  async function sendOrReport(message: MailMessage, onFailure: () => Promise<void>): Promise<void> {
    try {
      await send(message);
    } catch (error) {
      await report(error, onFailure);
    }
  }

  async function report(error: unknown, onFailure: () => Promise<void>): Promise<void> {
    logger.error({ error: error instanceof SwaliError ? (error.cause ?? error) : error }, 'a mail could not be sent');
    await onFailure().catch((fault: unknown) => logger.error({ error: fault }, 'a failed mail is not on record'));
  }

  return Object.freeze({
    isOpen: mailer !== null,
    send,
    sendLater(message, onFailure) {
      const soon = wait(deps.delayMs ?? SEND_DELAY_MS);
      if (waiting >= MAX_WAITING) {
        void soon.then(() => report(new Error(`${MAX_WAITING} mails wait already`), onFailure));
        return;
      }
      waiting += 1;
      last = Promise.all([last, soon])
        .then(() => sendOrReport(message, onFailure))
        .finally(() => {
          waiting -= 1;
        });
    },
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, deps.closeTimeoutMs ?? CLOSE_TIMEOUT_MS);
      });
      await Promise.race([last, late]);
      clearTimeout(timer);
      if (waiting > 0) logger.error({ mails: waiting }, 'stopped before every mail was sent');
    },
  } satisfies MailOutbox);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
