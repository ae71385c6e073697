import type { Alert } from './alert.js';

/** What became of one try. */
export type Sent =
  | { readonly taken: true }
  | {
      readonly taken: false;
      /** For the log: what went wrong, without the receiver's own words and without secrets. */
      readonly fault: string;
      /** What the receiver asks for; null where it says nothing. */
      readonly retryAfterMs: number | null;
      /** True where no further try makes sense. */
      readonly final: boolean;
    };

/** A way to whoever must know. */
export interface Channel {
  /** To whom one alert goes, each by itself; one empty text for what has one receiver. Empty where nothing is ever tried again. */
  readonly recipients: readonly string[];
  /** One try. Never rejects. */
  send(alert: Alert, recipient: string, now: number): Promise<Sent>;
}

/** A try that failed. */
export function failed(fault: string, options: { retryAfterMs?: number | null; final?: boolean } = {}): Sent {
  return { taken: false, fault, retryAfterMs: options.retryAfterMs ?? null, final: options.final ?? false };
}
