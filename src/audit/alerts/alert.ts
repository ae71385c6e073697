import type { Tenant } from '../../domain/tenant.js';
import type { Rule, Severity } from './alert-file.js';

/** Figures and words of one alert beside its summary, e.g. `{ count: 10, threshold: 10 }`. */
export type AlertFacts = Readonly<Record<string, string | number | readonly string[]>>;

/** What an alert is about. Addresses are masked; nobody is named but by the id of the account. */
export interface AlertAbout {
  readonly tenant: Tenant;
  /** `customer:17`; null where it is about nobody. */
  readonly subject: string | null;
  /** Masked; null where it is about none. */
  readonly address: string | null;
  /** Of the request that set it off; its audit record has the rest. Null where none did. */
  readonly requestId: string | null;
}

/** One alert, as channels get it. Plain JSON. */
export interface Alert extends AlertAbout {
  /** Stays the same over every try and channel, so that a receiver can tell what it has had. */
  readonly id: string;
  /** Name of the rule; `test` for a test alert. */
  readonly rule: string;
  readonly kind: Rule['kind'] | 'test';
  readonly severity: Severity;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly summary: string;
  readonly facts: AlertFacts;
  /** Equal alerts that the cool-down has held back since the one before. */
  readonly suppressed: number;
}

/** What deliveries have come to since the process started; for the log and for metrics. */
export interface AlertCounts {
  /** Alerts made, by name of the rule. */
  readonly raised: Readonly<Record<string, number>>;
  /** Alerts that a cool-down held back. */
  readonly suppressed: number;
  readonly delivered: number;
  /** Tries that failed. */
  readonly failed: number;
  /** Deliveries that were given up. */
  readonly dead: number;
  /** Signals and deliveries for which there was no room or no store. */
  readonly dropped: number;
}
