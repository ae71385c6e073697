import { once } from 'node:events';
import type { Command } from 'commander';
import type { AuditFilter, ListedRecord } from '../audit/list-records.js';
import type { AuditReadEvent } from '../audit/record.js';
import type { Tenant } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import { openRecords, type Records } from '../gateway.js';
import { AUDIT_FORMATS, readAll, writeRecords } from '../http/audit-export.js';
import { AUDIT_FILTER, parseFilter } from '../http/routes/audit-filter.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { limitOption, readLimit } from './limit-option.js';
import { readerOf } from './operator-desk.js';
import { printable } from './print-answer.js';
import { type Terminal, writeLine } from './terminal.js';

/** Records that `audit list` shows where nothing is said, and at most. */
const RECORDS = { usual: 50, most: 1000 };

const LIST_FORMATS = ['table', ...AUDIT_FORMATS] as const;

/** What commander hands over: filters in the names of the options, and the rest. */
type Options = Readonly<Record<string, string | undefined>>;

/**
 * Adds what reads the log to `audit …`.
 *
 * @param surround made when a command runs
 */
export function addAuditReading(audit: Command, surround: () => CliSurroundings, terminal: Terminal): void {
  addFilters(audit.command('list').description('show the newest records (audited)'))
    .option(...limitOption('records', RECORDS))
    .option('--format <format>', LIST_FORMATS.join(', '), 'table')
    .action((options: Options) => listAudit(surround(), terminal, options));
  addFilters(audit.command('export').description('print every record, newest first (audited)'))
    .option('--format <format>', AUDIT_FORMATS.join(', '), 'jsonl')
    .action((options: Options) => exportAudit(surround(), terminal, options));
}

/** The filters of `GET /v1/audit`, as options. */
function addFilters(command: Command): Command {
  for (const name of Object.keys(AUDIT_FILTER)) {
    command.option(`--${name.replaceAll('_', '-')} <value>`, `only records with this; ${name}`);
  }
  return command;
}

/** @throws SwaliError `REQUEST_INVALID` for a value that no filter takes */
function readOptions(options: Options) {
  const names = Object.keys(AUDIT_FILTER);
  const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return parseFilter(Object.fromEntries(names.map((name) => [name, options[camel(name)]])));
}

/** @throws SwaliError `REQUEST_INVALID` */
function readChoice<const T extends string>(name: string, given: string | undefined, choices: readonly T[]): T {
  const found = choices.find((each) => each === given);
  if (found !== undefined) return found;
  throw new SwaliError('REQUEST_INVALID', { detail: `${name}: expected one of ${choices.join(', ')}` });
}

/**
 * Prints the newest records that fit. On record.
 *
 * @throws SwaliError `REQUEST_INVALID`, `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
 */
async function listAudit(surroundings: CliSurroundings, terminal: Terminal, options: Options): Promise<void> {
  const limit = readLimit(options.limit, RECORDS);
  const format = readChoice('format', options.format, LIST_FORMATS);
  const { told, filter } = readOptions(options);
  await reading(surroundings, async ({ audit }, tenant, record) => {
    const page = { ...filter, limit, ...(tenant === undefined ? {} : { tenant }) };
    const records = await audit.list(page);
    await record({ action: 'list', filters: told, rowCount: records.length });
    if (format !== 'table') terminal.stdout.write((await writeRecords(format, records, true)) ?? '');
    else if (records.length === 0) writeLine(terminal.stdout, 'No record fits.');
    else for (const each of records) writeLine(terminal.stdout, printLine(each));
  });
}

/** Prints every record that fits, page by page. On record before it begins. @throws SwaliError as {@link listAudit} */
async function exportAudit(surroundings: CliSurroundings, terminal: Terminal, options: Options): Promise<void> {
  const format = readChoice('format', options.format, AUDIT_FORMATS);
  const { told, filter } = readOptions(options);
  await reading(surroundings, async ({ audit }, tenant, record) => {
    await record({ action: 'export', filters: { ...told, format }, rowCount: null });
    let isFirst = true;
    for await (const records of readAll((page) => audit.list(page), filter as AuditFilter, tenant)) {
      const text = (await writeRecords(format, records, isFirst)) ?? '';
      isFirst = false;
      if (!terminal.stdout.write(text)) await once(terminal.stdout, 'drain', { signal: terminal.signal });
    }
    if (isFirst) terminal.stdout.write((await writeRecords(format, [], true)) ?? '');
  });
}

/** Opens the log for the operator, who reads that of one tenant where one is named, else that of all. */
async function reading(
  surroundings: CliSurroundings,
  work: (
    records: Records,
    tenant: Tenant | undefined,
    record: (reading: Pick<AuditReadEvent, 'action' | 'filters' | 'rowCount'>) => Promise<void>,
  ) => Promise<void>,
): Promise<void> {
  const { tenant, context, operator } = readerOf(surroundings);
  const records = await openRecords(surroundings, 'cli');
  try {
    const { subject, kind } = operator;
    const about = { event: 'audit-read', ...context, subject, kind, decision: 'accepted', code: null } as const;
    await work(records, tenant, (told) => records.audit.append({ ...about, ...told }));
  } finally {
    await records.close();
  }
}

/** One record as one line. */
function printLine({ id, at, event }: ListedRecord): string {
  const told = typeof event === 'object' && event !== null ? (event as Readonly<Record<string, unknown>>) : {};
  const say = (name: string) => (typeof told[name] === 'string' ? printable(told[name] as string) : '-');
  const words = ['event', 'action', 'subject', 'target', 'decision', 'code', 'address', 'requestId'].map(say);
  return [String(id), new Date(at).toISOString(), ...words].join('  ');
}
