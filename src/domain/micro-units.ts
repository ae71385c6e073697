/** Digits behind the point that are kept of an amount of money. */
const DIGITS = 6;

/** What an amount looks like: digits, and up to six behind a point. */
const AMOUNT = /^(\d{1,9})(?:\.(\d{1,6}))?$/;

/** A decimal amount as a whole number of millionths, exactly; null where the text is no amount below 1 000 000 000. */
export function parseMicroUnits(text: string): number | null {
  const [, whole, fraction = ''] = AMOUNT.exec(text) ?? [];
  return whole === undefined ? null : Number(whole + fraction.padEnd(DIGITS, '0'));
}

/** A whole number of millionths as a decimal, without zeros at its end: `0.0125`. */
export function printMicroUnits(units: number): string {
  const digits = String(units).padStart(DIGITS + 1, '0');
  const fraction = digits.slice(-DIGITS).replace(/0+$/, '');
  return `${digits.slice(0, -DIGITS)}${fraction === '' ? '' : `.${fraction}`}`;
}
