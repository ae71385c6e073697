import type { Dialect } from '../domain/dialect.js';

/**
 * Character sets that CAST and CONVERT may name, by what may be written, to the name that is printed. `utf8` is the
 * three-byte set on both servers. SQLite has none.
 */
const CHARACTER_SETS: ReadonlyMap<string, string> = new Map([
  ['UTF8MB4', 'utf8mb4'],
  ['UTF8MB3', 'utf8mb3'],
  ['UTF8', 'utf8mb3'],
  ['LATIN1', 'latin1'],
  ['ASCII', 'ascii'],
  ['BINARY', 'binary'],
]);

const SQLITE_COLLATIONS: ReadonlySet<string> = new Set(['BINARY', 'NOCASE', 'RTRIM']);

/** A collation of one of the sets above; what the server does not know it refuses itself, and the shape can hold no SQL. */
const COLLATION = /^(?:binary|(?:utf8mb4|utf8mb3|utf8|latin1|ascii)_[a-z0-9_]{1,48})$/;

/**
 * The printed name of a character set.
 *
 * @param written as in the statement, any case
 * @returns null where it is not on the list
 */
export function findCharacterSet(written: string): string | null {
  return CHARACTER_SETS.get(written.toUpperCase()) ?? null;
}

/**
 * The printed name of a collation: lower case on the MySQL family, upper case on SQLite.
 *
 * @returns null where it is not one that the dialect may name
 */
export function findCollation(written: string, dialect: Dialect): string | null {
  if (dialect === 'sqlite') {
    const name = written.toUpperCase();
    return SQLITE_COLLATIONS.has(name) ? name : null;
  }
  const name = written.toLowerCase();
  return COLLATION.test(name) ? name : null;
}
