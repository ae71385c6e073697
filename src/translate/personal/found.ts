/** What kinds of personal data are found. */
export const PERSONAL_KINDS = ['Email', 'Card', 'Iban', 'Id', 'Phone'] as const;
export type PersonalKind = (typeof PERSONAL_KINDS)[number];

/** A piece of personal data in a text. */
export interface Found {
  readonly kind: PersonalKind;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}
