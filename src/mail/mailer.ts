/** One mail, in plain text. */
export interface MailMessage {
  /** One address, bare. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** A way to send mail. */
export interface Mailer {
  /** Resolves when the next server has taken the mail. @throws SwaliError `MAIL_UNAVAILABLE`, its cause without the mail */
  send(message: MailMessage): Promise<void>;
}
