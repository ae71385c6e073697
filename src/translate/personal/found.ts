/** What kinds of personal data are found. */
export type PersonalKind = 'Email' | 'Card' | 'Iban' | 'Id' | 'Phone';

/** A piece of personal data in a text. */
export interface Found {
  readonly kind: PersonalKind;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}
