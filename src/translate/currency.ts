import { splitIdentifier } from './words.js';

/** A currency as questions may call it. */
export interface Currency {
  /** ISO 4217, capitals: compared with the units of columns. */
  readonly code: string;
  /** Folded, singular, words joined by one blank: `kes`, `shilling`, `kenyan shilling`. */
  readonly names: ReadonlySet<string>;
}

/** Words as they are compared with {@link Currency.names}. */
export function foldUnit(text: string): string {
  return splitIdentifier(text.toUpperCase() === text ? text.toLowerCase() : text).join(' ');
}

/**
 * The names of a currency: its code, and its English name whole and by its last word.
 *
 * @param code ISO 4217
 */
export function nameCurrency(code: string): Currency {
  const name = foldUnit(new Intl.DisplayNames(['en'], { type: 'currency' }).of(code) ?? code);
  const sign = new Intl.NumberFormat('en', { style: 'currency', currency: code, currencyDisplay: 'narrowSymbol' })
    .formatToParts(0)
    .find((part) => part.type === 'currency')?.value;
  const names = [
    foldUnit(code),
    name,
    name.split(' ').at(-1),
    /^\p{L}+$/u.test(sign ?? '') ? foldUnit(sign ?? '') : '',
  ];
  return { code, names: new Set(names.filter((each) => each !== undefined && each !== '').map(String)) };
}
