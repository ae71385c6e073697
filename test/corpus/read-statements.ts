import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Dialect } from '../../src/domain/dialect.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import type { Query } from '../../src/sql/nodes.js';
import { parseQuery } from '../../src/sql/parser.js';
import { printQuery } from '../../src/sql/printer.js';
import type { Tally } from '../support/tally.js';

/** Lines of a JSON file, compressed or not. */
export function readJsonLines<T>(folder: string, path: string): T[] {
  const bytes = readFileSync(join(folder, path));
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

/** The reason why a statement is refused, its places and numbers left out. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof SwaliError)) throw error;
  return `${error.code} ${error.detail?.replace(/,? ?at character \d+/, '') ?? ''}`.trim();
}

/**
 * Reads a statement, tallies it, and checks that print → read → print is a fixed point.
 *
 * @returns the query; null where it is refused
 */
export function readOnce(sql: string, dialect: Dialect, tally: Tally): Query | null {
  let query: Query;
  try {
    query = parseQuery(sql, dialect);
  } catch (error) {
    tally.add(reasonOf(error), sql);
    return null;
  }
  const printed = printOnce(query, dialect);
  if (printed === null) {
    tally.add('read, has no form without quotes', sql);
    return query;
  }
  tally.add('read', sql);
  expect(printQuery(parseQuery(printed, dialect), dialect, { strings: 'quoted' }).sql, sql).toBe(printed);
  return query;
}

/** Readable text; null where the dialect's printer refuses a node. */
function printOnce(query: Query, dialect: Dialect): string | null {
  try {
    return printQuery(query, dialect, { strings: 'quoted' }).sql;
  } catch (error) {
    reasonOf(error);
    return null;
  }
}
