/** One call to a server outside. */
export interface OutgoingRequest {
  readonly method: 'GET' | 'POST';
  /** `https://…`, without a user or a password in it. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null where there is none. */
  readonly body: string | null;
}

/** What a server outside answered. */
export interface OutgoingAnswer {
  readonly status: number;
  /** By name in small letters; of several with one name the first. */
  readonly headers: Readonly<Record<string, string>>;
  /** The start of the body, as far as it is read at all. */
  readonly body: string;
  /** True where the body went on beyond what is read. */
  readonly truncated: boolean;
}

/** A host and port of this installation that calls may go to although the address is no public one. */
export interface AllowedReceiver {
  /** As `URL.hostname` gives it: a name in small letters, an IPv4 address, or an IPv6 address with its brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * The way out; implemented by operate/, which judges every address before it connects.
 *
 * @throws SwaliError `OUTGOING_REFUSED` where the call may not be made, `OUTGOING_FAILED` where it did not come to an answer
 */
export type SendOutgoing = (request: OutgoingRequest) => Promise<OutgoingAnswer>;
