import { TELLING_ROWS } from './answer/compose-answer.js';
import { createExportWriter } from './answer/write-export.js';
import type { Answer, AnswerColumn } from './domain/answer.js';
import type { ExportFormat, ExportSink } from './domain/export.js';
import type { BeginReceipt, RunningReceipt } from './domain/ports.js';
import type { Receipt } from './domain/receipt.js';
import type { ResultSet, ResultStream } from './domain/result-set.js';
import { SwaliError } from './errors/swali-error.js';

/** Where an answer goes whose rows leave as they come. Each resolves when more can be taken; what it throws ends the answer. */
export interface AnswerSink {
  /** A stage of the request begins. It tells nothing of data. */
  stage(stage: string): void;
  /** Once at most, before the columns: for those who may read it. */
  sql(sql: string): Promise<void>;
  /** Once, before the rows. */
  columns(columns: readonly AnswerColumn[]): Promise<void>;
  rows(rows: Answer['rows']): Promise<void>;
}

type Rows = Answer['rows'];

/** The beginning of a stream, read before anything of it leaves: whatever fails in it fails as if nothing were streamed. */
export interface Head {
  readonly types: ResultStream['types'];
  /** Two at most. */
  readonly batches: readonly Rows[];
  /** True where that is all. */
  readonly isWhole: boolean;
  isTruncated(): boolean;
  /** Null after the last. */
  next(): Promise<Rows | null>;
  /** Ends the statement where it still runs. */
  leave(): Promise<void>;
}

/** @throws SwaliError as the stream */
export async function readHead(stream: ResultStream): Promise<Head> {
  const source = stream.batches[Symbol.asyncIterator]();
  const next = async (): Promise<Rows | null> => {
    const step = await source.next();
    return step.done ? null : step.value;
  };
  const first = await next();
  const second = first === null ? null : await next();
  return {
    types: stream.types,
    batches: [first, second].filter((batch) => batch !== null),
    isWhole: second === null,
    isTruncated: () => stream.isTruncated(),
    next,
    leave: async () => void (await source.return?.()),
  };
}

/** Rows at a time of a result that is there already. */
const ROWS_AT_ONCE = 500;

/** A result that is there already, as a stream of it would be. */
export function streamOf({ types, rows, truncated }: ResultSet): ResultStream {
  async function* batches(): AsyncGenerator<Rows> {
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) yield rows.slice(at, at + ROWS_AT_ONCE);
  }
  return { types, batches: batches(), isTruncated: () => truncated };
}

/** A statement that runs, and what is needed to hand out what it gives. */
export interface HandOut {
  readonly head: Head;
  readonly columns: readonly AnswerColumn[];
  /** Null for those who may not read it. */
  readonly sql: string | null;
  /** Makes the answer. @param rowCount of the whole result, of which `result` holds the first rows */
  compose(result: ResultSet, rowCount: number): Promise<Answer>;
  readonly beginReceipt: BeginReceipt;
  sign(receipt: RunningReceipt, answer: Answer): Promise<Receipt>;
  /** Makes it durable that an answer leaves: all that is said of it, or that its rows follow. Nothing leaves before. */
  record(what: 'whole' | 'begun'): Promise<void>;
  /** Counts rows that have left. */
  count(rows: number): void;
  /** Waits for whoever takes it. */
  away(work: () => Promise<void>): Promise<void>;
}

/**
 * Hands out an answer: SQL, columns and rows as they come.
 *
 * @returns the whole answer but its rows, which have left
 * @throws SwaliError of the stream, `AUDIT_UNAVAILABLE`, and what the sink throws
 */
export async function handOutAnswer(sink: AnswerSink, parts: HandOut): Promise<Answer> {
  const { head, columns, sql } = parts;
  const receipt = parts.beginReceipt({ columns });
  const first: Rows[number][] = [];
  let rowCount = 0;

  const note = (rows: Rows): void => {
    receipt.addRows(rows);
    rowCount += rows.length;
    first.push(...rows.slice(0, Math.max(0, TELLING_ROWS - first.length)));
  };
  const conclude = async (): Promise<Answer> => {
    const result = { types: head.types, rows: first, truncated: head.isTruncated() };
    const answer = { ...(await parts.compose(result, rowCount)), rows: [] };
    return { ...answer, receipt: await parts.sign(receipt, answer) };
  };
  const lead = async (): Promise<void> => {
    if (sql !== null) await parts.away(() => sink.sql(sql));
    await parts.away(() => sink.columns(columns));
  };
  const send = async (rows: Rows): Promise<void> => {
    parts.count(rows.length);
    await parts.away(() => sink.rows(rows));
  };

  if (head.isWhole) {
    head.batches.forEach(note);
    const answer = await conclude();
    await parts.record('whole');
    await lead();
    for (const rows of head.batches) await send(rows);
    return answer;
  }
  await parts.record('begun');
  await lead();
  await forEachBatch(head, async (rows) => {
    note(rows);
    await send(rows);
  });
  return conclude();
}

/**
 * Hands out an answer as a file, with all its rows or not to the end.
 *
 * @param most bounds that the file must keep, beside those of the statement
 * @throws SwaliError as {@link handOutAnswer}, and `EXPORT_TOO_LARGE`: before anything has left, where that shows
 */
export async function handOutFile(
  sink: ExportSink,
  format: ExportFormat,
  most: { readonly rows: number; readonly bytes: number },
  parts: HandOut,
): Promise<Answer> {
  const { head, columns } = parts;
  const receipt = parts.beginReceipt({ format });
  const writer = createExportWriter(format, columns, most.bytes);
  const [ofRows, ofBytes] = [`more than ${most.rows} rows`, `more than ${most.bytes} bytes`];
  let rowCount = 0;

  const refuse = (detail: string): never => {
    throw new SwaliError('EXPORT_TOO_LARGE', { detail });
  };
  /** A part of the file as it will leave. */
  const note = (text: string | null): string => {
    receipt.addText(text ?? refuse(ofBytes));
    return text ?? '';
  };
  const write = (rows: Rows): string => {
    rowCount += rows.length;
    return note(writer.write(rows));
  };
  // A file does not show what it lacks.
  const assertComplete = (): void => {
    if (head.isTruncated()) refuse(rowCount >= most.rows ? ofRows : ofBytes);
  };
  const conclude = async (): Promise<Answer> => {
    const answer = await parts.compose({ types: head.types, rows: [], truncated: false }, rowCount);
    return { ...answer, receipt: await parts.sign(receipt, answer) };
  };
  const begin = (known: Receipt | null): Promise<void> =>
    parts.away(() => sink.begin({ format, columns, salt: receipt.salt, receipt: known }));
  const send = (text: string): Promise<void> => parts.away(() => sink.write(text));

  const top = note(writer.begin());
  if (head.isWhole) {
    const lines = head.batches.map(write).join('');
    assertComplete();
    const answer = await conclude();
    await parts.record('whole');
    await begin(answer.receipt);
    parts.count(rowCount);
    await send(top + lines);
    return answer;
  }
  if (head.isTruncated()) refuse(`${ofRows} or ${most.bytes} bytes`);
  await parts.record('begun');
  await begin(null);
  await send(top);
  await forEachBatch(head, async (rows) => {
    const lines = write(rows);
    parts.count(rows.length);
    await send(lines);
  });
  assertComplete();
  return conclude();
}

async function forEachBatch(head: Head, take: (rows: Rows) => Promise<void>): Promise<void> {
  for (const rows of head.batches) await take(rows);
  for (let rows = await head.next(); rows !== null; rows = await head.next()) await take(rows);
}
