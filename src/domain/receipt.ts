/** What goes with an answer, so that it can be proven later to who was not there. */
export interface Receipt {
  /** Compact JWS (RFC 7515). It may be shown to anyone: it tells no value of a row and no word of the question. */
  readonly jws: string;
  /**
   * 32 random bytes, base64url. With it whoever holds the rows proves that they are those of the receipt; without it
   * nobody can try what they might be. It is nowhere else: not in the JWS, and not with the gateway.
   */
  readonly salt: string;
}
