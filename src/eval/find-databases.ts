import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SwaliError } from '../errors/swali-error.js';

/** Names that can be looked for: what could lead out of the folder is no name. */
const NAME = /^[^/\\\0]+$/;

/**
 * Finds the file of each database: `DIR/NAME.sqlite`, `DIR/NAME/NAME.sqlite` or `DIR/sqlite/NAME.sqlite`.
 *
 * @returns path by name
 * @throws SwaliError `EVAL_DATABASE_MISSING`, its detail the names that are nowhere
 */
export function findDatabases(folder: string, names: Iterable<string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const missing: string[] = [];
  for (const name of new Set(names)) {
    const places = [
      join(folder, `${name}.sqlite`),
      join(folder, name, `${name}.sqlite`),
      join(folder, 'sqlite', `${name}.sqlite`),
    ];
    const path = NAME.test(name) && !name.startsWith('.') ? places.find((place) => existsSync(place)) : undefined;
    if (path === undefined) missing.push(name);
    else found.set(name, path);
  }
  if (missing.length === 0) return found;
  throw new SwaliError('EVAL_DATABASE_MISSING', { detail: missing.join(', ') });
}
