import { SwaliError } from '../errors/swali-error.js';

/** Characters of an identifier at most, after normalising. */
export const IDENTIFIER_MAX_CHARACTERS = 254;

/** Characters of a customer number at most. */
export const CUSTOMER_NUMBER_MAX_CHARACTERS = 190;

/**
 * Control, format, private, unassigned and surrogate characters, and everything else that is drawn as nothing: two
 * identifiers that look the same must be the same.
 */
const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]/u;

/** White space of any kind; inside an identifier it is as good as invisible. */
const SPACE = /[\p{Z}\s]/u;

const EMAIL = /^[^@]+@[^@]+$/;

/** What an account is found by. */
export type Identifier =
  | { readonly form: 'email'; readonly value: string }
  | { readonly form: 'customer-number'; readonly value: string };

/**
 * Normalises an identifier, once, at the door: NFKC, trimmed, and lower case where it is an e-mail address. Customer
 * numbers keep their case. From here on identifiers are compared character by character.
 *
 * @param text as typed
 * @returns the identifier and what it is: an e-mail address has exactly one `@`, a customer number none
 * @throws SwaliError `IDENTITY_INPUT_INVALID` where it is empty, too long, has white space, control or invisible
 *   characters
 */
export function normaliseIdentifier(text: string): Identifier {
  const value = normalise(text);
  const form = value.includes('@') ? 'email' : 'customer-number';
  const longest = form === 'email' ? IDENTIFIER_MAX_CHARACTERS : CUSTOMER_NUMBER_MAX_CHARACTERS;
  if (value === '' || value.length > longest) refuse(`the identifier must have 1 to ${longest} characters`);
  if (INVISIBLE.test(value)) refuse('the identifier has control or invisible characters');
  if (SPACE.test(value)) refuse('the identifier has white space inside');
  if (form === 'email' && !EMAIL.test(value)) refuse('an e-mail address has one @, with text on both sides');
  return { form, value };
}

/**
 * Checks a customer number that becomes a claim. It must already be in its normal form: silently changing it could
 * turn it into another customer's.
 *
 * @throws SwaliError `IDENTITY_INPUT_INVALID`
 */
export function parseCustomerNumber(text: string): string {
  const identifier = normaliseIdentifier(text);
  if (identifier.form !== 'customer-number') refuse('a customer number has no @');
  if (identifier.value !== text) refuse('the customer number has characters that normalise to others');
  return identifier.value;
}

function normalise(text: string): string {
  const plain = text.normalize('NFKC').trim();
  return plain.includes('@') ? plain.toLowerCase().normalize('NFKC') : plain;
}

function refuse(detail: string): never {
  throw new SwaliError('IDENTITY_INPUT_INVALID', { detail });
}
