import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { SwaliError } from '../errors/swali-error.js';
import { type Outcome, outcomeSchema } from './outcome.js';

const headerSchema = z.strictObject({ journal: z.literal(1), run: z.string() });

/** The finished questions of one run, on disk as they finish, so that a run that is cut off goes on where it was. */
export interface Journal {
  /** Those of before. */
  readonly finished: readonly Outcome[];
  /** Not flushed to the disk one by one: what a crash of the machine takes is asked again. */
  append(outcome: Outcome): void;
}

/**
 * Opens the journal of a run.
 *
 * @param path an NDJSON file: a header, then one outcome a line
 * @param run what tells this run from others: a digest of the questions and of every option that can change an outcome
 * @param resume takes what is there; else the file is begun anew
 * @throws SwaliError `EVAL_JOURNAL_REFUSED` where it is of another run or holds what is no outcome. A last line without
 *   its end is what a kill leaves: it is cut off
 */
export function openJournal(path: string, run: string, resume: boolean): Journal {
  const finished = resume && existsSync(path) ? readJournal(path, run) : null;
  if (finished === null) writeFileSync(path, `${JSON.stringify({ journal: 1, run })}\n`);
  return {
    finished: finished ?? [],
    append: (outcome) => appendFileSync(path, `${JSON.stringify(outcome)}\n`),
  };
}

/** Null where not even the header was written. */
function readJournal(path: string, run: string): readonly Outcome[] | null {
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf('\n') + 1;
  if (end < bytes.length) truncateSync(path, end);
  const [header, ...lines] = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
  if (header === undefined) return null;
  const parsed = readLine(header, headerSchema);
  if (parsed === null) throw refuse(path, 'its first line is no header');
  if (parsed.run !== run) throw refuse(path, 'the questions or the options were others');
  const byId = new Map<string, Outcome>();
  for (const [index, line] of lines.entries()) {
    const outcome = readLine(line, outcomeSchema);
    if (outcome === null) throw refuse(path, `line ${index + 2} is no outcome`);
    byId.set(outcome.id, outcome);
  }
  return [...byId.values()];
}

function readLine<Shape extends z.ZodType>(line: string, shape: Shape): z.infer<Shape> | null {
  try {
    return shape.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

function refuse(path: string, why: string): SwaliError {
  return new SwaliError('EVAL_JOURNAL_REFUSED', { detail: `${path}: ${why}` });
}
