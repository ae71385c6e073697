import type { Dialect } from '../domain/dialect.js';
import type { FunctionRule } from './function-rule.js';
import { MARIADB_FUNCTIONS, MYSQL_FUNCTIONS } from './functions-mysql.js';
import { SQLITE_FUNCTIONS } from './functions-sqlite.js';

/** The allow-list of pure built-ins per dialect, by name in upper case. What is not on it cannot be called. */
export const FUNCTIONS: Readonly<Record<Dialect, ReadonlyMap<string, FunctionRule>>> = {
  mysql: MYSQL_FUNCTIONS,
  mariadb: MARIADB_FUNCTIONS,
  sqlite: SQLITE_FUNCTIONS,
};

/**
 * The rule of a built-in function.
 *
 * @param name in any case, unqualified
 * @returns undefined where the function is not open on that dialect, for whatever reason
 */
export function functionRule(dialect: Dialect, name: string): FunctionRule | undefined {
  // Outside ASCII, upper-casing maps other letters onto these: `ſum` would become SUM.
  return /^\w+$/.test(name) ? FUNCTIONS[dialect].get(name.toUpperCase()) : undefined;
}
