import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dialect } from '../../domain/dialect.js';
import { SwaliError } from '../../errors/swali-error.js';

/** One statement of a file. */
export interface FileStatement {
  /** `file:id` where the line says an id, else `file:line`, lines counted from 1. */
  readonly id: string;
  readonly sql: string;
  /** The dialects it is written for; null where it does not say. */
  readonly dialects: readonly Dialect[] | null;
}

function refuse(file: string, line: number): never {
  throw new SwaliError('INTERNAL', { detail: `${file}, line ${line}: not an object with the text "sql"` });
}

function readLine(text: string, file: string, line: number): FileStatement {
  let entry: unknown;
  try {
    entry = JSON.parse(text);
  } catch {
    refuse(file, line);
  }
  if (typeof entry !== 'object' || entry === null || !('sql' in entry) || typeof entry.sql !== 'string')
    refuse(file, line);
  const id = 'id' in entry && (typeof entry.id === 'string' || typeof entry.id === 'number') ? entry.id : line;
  const dialects = 'dialects' in entry && Array.isArray(entry.dialects) ? (entry.dialects as Dialect[]) : null;
  return { id: `${file.replace(/\.jsonl$/, '')}:${id}`, sql: entry.sql, dialects };
}

/**
 * Statements of every `.jsonl` file of a folder, files in the order of their names: one object a line with `sql`, and
 * maybe `id` (text or number) and `dialects`. Empty lines are left out.
 *
 * @throws SwaliError `INTERNAL` with file and line where a line is none of that; the system's own error where the folder
 *   cannot be read
 */
export function readStatements(folder: string): readonly FileStatement[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .flatMap((text, index) => (text.trim() === '' ? [] : [readLine(text, name, index + 1)])),
    );
}
