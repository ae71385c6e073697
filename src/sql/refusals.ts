import { SwaliError } from '../errors/swali-error.js';

/**
 * Refuses a text that is not in the grammar.
 *
 * @param at offset in the text; people are told the place counted from 1
 * @throws SwaliError `SEAL_SYNTAX`, always
 */
export function refuseSyntax(at: number): never {
  throw new SwaliError('SEAL_SYNTAX', { detail: `at character ${at + 1}` });
}

/**
 * Refuses a construct that the server may know and the query algebra does not.
 *
 * @param construct what it is, in words
 * @throws SwaliError `SEAL_UNSUPPORTED`, always
 */
export function refuseConstruct(construct: string, at: number): never {
  throw new SwaliError('SEAL_UNSUPPORTED', { detail: `${construct}, at character ${at + 1}` });
}
