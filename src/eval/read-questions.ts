import { z } from 'zod';
import { SwaliError } from '../errors/swali-error.js';
import type { EvalQuestion, QuestionSet, ReadQuestionsOptions } from './question.js';

/** Faults that are told at a time: a file of another form has one in every line. */
const MOST_FAULTS = 20;

const text = z.string().trim().min(1);
const sql = text.nullable();

/** The fields of all forms: one line may only lack what another form calls differently. */
const entrySchema = z
  .object({
    id: z.union([text, z.number()]).optional(),
    question_id: z.union([text, z.number()]).optional(),
    db: text.optional(),
    db_id: text.optional(),
    question: text,
    sql: sql.optional(),
    SQL: sql.optional(),
    query: sql.optional(),
    sql_mysql: sql.optional(),
    evidence: z.string().nullable().optional(),
    hardness: text.nullable().optional(),
    difficulty: text.nullable().optional(),
    answerable: z.boolean().optional(),
    rows: z.int().min(0).nullable().optional(),
  })
  .superRefine((entry, context) => {
    const issue = (message: string) => context.addIssue({ code: 'custom', path: [], message });
    if (entry.db === undefined && entry.db_id === undefined) issue('names no database: db or db_id');
    const golds = [entry.sql, entry.SQL, entry.query, entry.sql_mysql];
    if (golds.every((gold) => gold === undefined) && entry.answerable !== false)
      issue('has no gold: sql, SQL or query, or answerable: false');
  });

type Entry = z.infer<typeof entrySchema>;

/** One entry with where it stands, for the faults. */
interface Placed {
  readonly place: string;
  readonly value: unknown;
  /** What keeps it from being read at all; null where nothing does. */
  readonly fault: string | null;
}

/**
 * Reads a set of questions: NDJSON or one JSON array, its entries in this project's form (`id, db, question, sql,
 * sql_mysql, rows, hardness, answerable`), Spider's (`db_id, question, query`) or BIRD's (`db_id, question, evidence, SQL,
 * difficulty`). Evidence is put behind the question as a note.
 *
 * A question is unanswerable where it says `answerable: false`; in a set of which any entry says `answerable`, also where
 * its gold is null. Elsewhere a null gold means that there is none for this engine, and the question is left out.
 *
 * @param content of the file
 * @throws SwaliError `EVAL_INPUT_INVALID`, its detail one line for each faulty entry, with its place
 */
export function readQuestions(content: string, { dialect, skipEmpty }: ReadQuestionsOptions): QuestionSet {
  const faults: string[] = [];
  const entries: Entry[] = [];
  const ids = new Map<string, number>();
  const questions: EvalQuestion[] = [];
  for (const { place, value, fault } of splitEntries(content)) {
    if (fault !== null) {
      faults.push(`${place}: ${fault}`);
      continue;
    }
    const parsed = entrySchema.safeParse(value);
    if (!parsed.success) {
      faults.push(`${place}: ${parsed.error.issues.map(describeIssue).join('; ')}`);
      continue;
    }
    const id = String(parsed.data.id ?? parsed.data.question_id ?? place);
    const times = (ids.get(id) ?? 0) + 1;
    ids.set(id, times);
    // Published sets give some ids twice; the journal must tell them apart.
    entries.push({ ...parsed.data, id: times === 1 ? id : `${id}#${times}` });
  }
  if (faults.length > 0) {
    const rest = faults.length > MOST_FAULTS ? [`and ${faults.length - MOST_FAULTS} more`] : [];
    throw new SwaliError('EVAL_INPUT_INVALID', { detail: [...faults.slice(0, MOST_FAULTS), ...rest].join('\n') });
  }
  const saysAnswerable = entries.some((entry) => entry.answerable !== undefined);
  const leftOut = { noGold: 0, emptyGold: 0 };
  for (const entry of entries) {
    const gold = goldOf(entry, dialect);
    const unanswerable = entry.answerable === false || (gold === null && saysAnswerable && entry.answerable !== true);
    if (!unanswerable && gold === null) leftOut.noGold += 1;
    else if (!unanswerable && skipEmpty && entry.rows === 0) leftOut.emptyGold += 1;
    else questions.push(toQuestion(entry, unanswerable ? null : gold));
  }
  if (questions.length === 0) throw new SwaliError('EVAL_INPUT_INVALID', { detail: 'the file holds no question' });
  return { questions, leftOut };
}

function goldOf(entry: Entry, dialect: ReadQuestionsOptions['dialect']): string | null {
  if (dialect !== 'sqlite') return entry.sql_mysql ?? null;
  return entry.sql ?? entry.SQL ?? entry.query ?? null;
}

function toQuestion(entry: Entry, gold: string | null): EvalQuestion {
  const note = entry.evidence?.trim() ? ` (Note: ${entry.evidence.trim()})` : '';
  return {
    id: String(entry.id),
    database: (entry.db ?? entry.db_id)!,
    question: `${entry.question}${note}`,
    gold,
    hardness: entry.hardness ?? entry.difficulty ?? 'unknown',
  };
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return path.length > 0 ? `${path.join('.')}: ${message}` : message;
}

/** A file that begins with `[` is one array; else each line that is not empty is an entry. */
function splitEntries(content: string): readonly Placed[] {
  const stripped = content.replace(/^\ufeff/, '');
  if (!stripped.trimStart().startsWith('[')) {
    const placed = stripped.split('\n').map((line, index) => ({ place: `line ${index + 1}`, line }));
    return placed.filter(({ line }) => line.trim() !== '').map(({ place, line }) => ({ place, ...parseJson(line) }));
  }
  const { value, fault } = parseJson(stripped);
  if (fault === null && Array.isArray(value))
    return value.map((entry: unknown, index) => ({ place: `entry ${index + 1}`, value: entry, fault: null }));
  return [{ place: 'the file', value, fault: 'begins as a JSON array and is none' }];
}

function parseJson(text: string): Pick<Placed, 'value' | 'fault'> {
  try {
    return { value: JSON.parse(text) as unknown, fault: null };
  } catch {
    return { value: undefined, fault: 'is not JSON' };
  }
}
