/** A mail with a link in it, which lets its reader in once. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** As it stands in the text. */
  readonly link: string;
}

/** What identify needs of mail. */
export interface Outbox {
  /** False where no mail can be sent here. */
  readonly isOpen: boolean;
  /** Resolves once the letter is on its way. @throws SwaliError `MAIL_UNAVAILABLE` */
  send(letter: Letter): Promise<void>;
  /**
   * Takes a letter and sends it after the caller has gone on; whether it goes shows in no answer.
   *
   * @param onFailure called where it cannot be sent
   */
  sendLater(letter: Letter, onFailure: () => Promise<void>): void;
}
