import { SwaliError } from '../errors/swali-error.js';
import { PROTOTYPE_KEYS } from './strict-json.js';

/** Fields of a form at most. */
const MAX_FIELDS = 32;

/**
 * Reads a posted form: UTF-8, each name once, and no name that an object inherits.
 *
 * @returns an object without a prototype
 * @throws SwaliError `REQUEST_INVALID`
 */
export function parseStrictForm(body: Uint8Array): Readonly<Record<string, string>> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new SwaliError('REQUEST_INVALID', { detail: 'the form is not UTF-8', cause });
  }
  const fields: Record<string, string> = Object.create(null);
  let count = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    count += 1;
    if (count > MAX_FIELDS) throw new SwaliError('REQUEST_INVALID', { detail: 'the form has too many fields' });
    if (name in fields) throw new SwaliError('REQUEST_INVALID', { detail: 'the form has a name twice' });
    if (PROTOTYPE_KEYS.has(name))
      throw new SwaliError('REQUEST_INVALID', { detail: 'the form has a name that is not allowed' });
    fields[name] = value;
  }
  return fields;
}
