import { writeExport } from '../answer/write-export.js';
import type { AuditFilter, AuditPage, ListedRecord } from '../audit/list-records.js';
import type { AnswerColumn } from '../domain/answer.js';
import type { Tenant } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';

/** What the log is exported as: one JSON object a line, or RFC 4180. */
export const AUDIT_FORMATS = ['jsonl', 'csv'] as const;
/** One of {@link AUDIT_FORMATS}. */
export type AuditFormat = (typeof AUDIT_FORMATS)[number];

/** Records that are read at a time. */
const PAGE = 1000;

const text = (name: string): AnswerColumn => ({ name, type: 'text', unit: null, masked: false });
const whole = (name: string): AnswerColumn => ({ name, type: 'integer', unit: null, masked: false });

/** What each line of a CSV says of an event by itself; all of it stands in the last column, as JSON. */
const OF_EVENT = ['tenant', 'event', 'subject', 'target', 'kind', 'action', 'decision', 'code', 'requestId', 'address'];

const COLUMNS: readonly AnswerColumn[] = [
  whole('id'),
  text('at'),
  text('writer'),
  whole('sequence'),
  ...OF_EVENT.map((name) => text(name === 'requestId' ? 'request_id' : name)),
  text('record'),
  text('hash'),
];

/** Reads one page of the log. */
export type ReadAudit = (page: AuditPage) => Promise<readonly ListedRecord[]>;

/** A record in the words of the answers, without its event. */
export function printRecord({ id, writer, sequence, at, hash, event }: ListedRecord) {
  return { id, writer, sequence, at: new Date(at).toISOString(), hash, event };
}

/**
 * Every record that fits, newest first, page by page.
 *
 * @param tenant those of a tenant alone; those of all where it is undefined
 * @throws SwaliError `STORE_UNAVAILABLE`
 */
export async function* readAll(
  read: ReadAudit,
  filter: AuditFilter,
  tenant: Tenant | undefined,
): AsyncGenerator<readonly ListedRecord[]> {
  for (let before: number | undefined; ; ) {
    const page = { ...filter, limit: PAGE, ...(tenant === undefined ? {} : { tenant }) };
    const records = await read(before === undefined ? page : { ...page, before });
    if (records.length > 0) yield records;
    before = records.at(-1)?.id;
    if (records.length < PAGE || before === undefined) return;
  }
}

/**
 * Some records as a part of a file.
 *
 * @param isFirst whether names go before them
 * @returns null where it would have more than `maxBytes`
 */
export async function writeRecords(
  format: AuditFormat,
  records: readonly ListedRecord[],
  isFirst: boolean,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<string | null> {
  if (format === 'jsonl') {
    const lines = records.map((record) => `${JSON.stringify(printRecord(record))}\n`).join('');
    return Buffer.byteLength(lines) > maxBytes ? null : lines;
  }
  const csv = await writeExport('csv', COLUMNS, records.map(toRow), maxBytes);
  return csv === null || isFirst ? csv : csv.slice(csv.indexOf('\r\n') + 2);
}

function toRow(record: ListedRecord): readonly (string | number | null)[] {
  const { id, at, writer, sequence, hash, event } = printRecord(record);
  const told = typeof event === 'object' && event !== null ? (event as Readonly<Record<string, unknown>>) : {};
  const ofEvent = OF_EVENT.map((name) => (typeof told[name] === 'string' ? (told[name] as string) : null));
  return [id, at, writer, sequence, ...ofEvent, JSON.stringify(event), hash];
}

/**
 * All records that fit as one file, and never a part of them.
 *
 * @returns the text, and how many records it holds
 * @throws SwaliError `EXPORT_TOO_LARGE` where there are more rows or bytes, `STORE_UNAVAILABLE`
 */
export async function exportAudit(
  read: ReadAudit,
  request: { readonly format: AuditFormat; readonly filter: AuditFilter; readonly tenant: Tenant },
  most: { readonly rows: number; readonly bytes: number },
): Promise<{ readonly text: string; readonly rows: number }> {
  const parts: string[] = [];
  let [rows, bytes] = [0, 0];
  for await (const records of readAll(read, request.filter, request.tenant)) {
    const part = await writeRecords(request.format, records, rows === 0, most.bytes - bytes);
    rows += records.length;
    if (rows > most.rows) throw new SwaliError('EXPORT_TOO_LARGE', { detail: `more than ${most.rows} rows` });
    if (part === null) throw new SwaliError('EXPORT_TOO_LARGE', { detail: `more than ${most.bytes} bytes` });
    bytes += Buffer.byteLength(part);
    parts.push(part);
  }
  return { text: rows > 0 ? parts.join('') : ((await writeRecords(request.format, [], true)) ?? ''), rows };
}
