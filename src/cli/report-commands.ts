import { once } from 'node:events';
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Command } from 'commander';
import type { AskContext } from '../ask-context.js';
import { EXPORT_FORMATS, type ExportFormat, type ExportSink } from '../domain/export.js';
import type { Principal } from '../domain/principal.js';
import { REPORT_PARAMETER_TYPES, type ReportParameter } from '../domain/report.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Reports } from '../reports/manage-reports.js';
import type { Report, ReportChange, ShownRun, StatedReport } from '../reports/report.js';
import { AS, actAs } from './ask-command.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { limitOption, OWN_ITEMS, readLimit } from './limit-option.js';
import { printAnswer, printable } from './print-answer.js';
import { type Terminal, writeLine } from './terminal.js';
import { splitNames } from './users-command.js';

/** Reports that are read at a time. */
const PAGE = 100;

const SET = ['--set <name=value...>', 'values of parameters'] as const;
const TITLE = ['--title <title>', 'what it is called'] as const;

/** What `reports change` takes, as commander hands it over. */
interface ChangeOptions {
  readonly as: string;
  readonly revision?: string;
  readonly title?: string;
  readonly description?: string;
  readonly question?: string;
  readonly sql?: string;
  readonly sqlFile?: string;
  readonly parameter?: readonly string[];
  readonly shareWith?: string;
}

/** The same of `reports save`. */
interface SaveOptions extends Omit<ChangeOptions, 'revision'> {
  readonly title: string;
}

/**
 * Adds `reports …` to the program: saved reports, as one account has them. Each act is on record as the operator's and as the
 * account's.
 *
 * @param surround made when a command runs, so that bad settings are told by the command and not by `--help`
 */
export function addReportCommands(program: Command, surround: () => CliSurroundings, terminal: Terminal): void {
  const { stdout } = terminal;
  const act = (
    verb: string,
    as: string,
    work: (reports: Reports, principal: Principal, context: AskContext) => Promise<void>,
  ) =>
    actAs(surround(), terminal, `reports ${verb} --as ${as}`, as, (_ask, principal, context, own) =>
      work(own.reports, principal, context),
    );
  const reports = program.command('reports').description('saved questions and SQL, as an account sees them (audited)');
  reports
    .command('list')
    .description('list the account’s own reports, and those shared to it')
    .requiredOption(...AS)
    .action(({ as }: { as: string }) =>
      act('list', as, async (saved, principal) => {
        for (let after: string | undefined; ; ) {
          const page = await saved.list(principal, after === undefined ? { limit: PAGE } : { limit: PAGE, after });
          for (const report of page) writeLine(stdout, describeReport(report));
          if (page.length < PAGE) return;
          after = page.at(-1)?.id;
        }
      }),
    );
  reports
    .command('show')
    .description('show a report')
    .argument('<id>', 'of the report')
    .requiredOption(...AS)
    .action((id: string, { as }: { as: string }) =>
      act(`show ${id}`, as, async (saved, principal) => {
        for (const line of printReport(await saved.get(principal, id))) writeLine(stdout, line);
      }),
    );
  addContent(
    reports
      .command('save')
      .description('save a question or SQL, with {name} in a question and :name in SQL for parameters')
      .requiredOption(...AS)
      .requiredOption(...TITLE),
  ).action((options: SaveOptions) => {
    const stated = readStated(options);
    return act('save', options.as, async (saved, principal, context) => {
      const { id } = await saved.save(principal, stated, context);
      writeLine(stdout, `Saved ${id}.`);
    });
  });
  addContent(
    reports
      .command('change')
      .description('change a report of the account’s own; what is not named stays')
      .argument('<id>', 'of the report')
      .requiredOption(...AS)
      .option('--revision <n>', 'the one that the change is made to; the newest where left out')
      .option(...TITLE),
  ).action((id: string, options: ChangeOptions) => {
    const change = readChange(options);
    return act(`change ${id}`, options.as, async (saved, principal, context) => {
      const revision = change.revision ?? (await saved.get(principal, id)).revision;
      const changed = await saved.change(principal, id, { ...change, revision }, context);
      writeLine(stdout, `Changed ${id}, now revision ${changed.revision}.`);
    });
  });
  reports
    .command('run')
    .description('run a report; it reads what the account may read')
    .argument('<id>', 'of the report')
    .requiredOption(...AS)
    .option(...SET)
    .action((id: string, { as, set = [] }: { as: string; set?: readonly string[] }) => {
      const given = readSettings(set);
      return act(`run ${id}`, as, async (saved, principal, context) => {
        stdout.write(printAnswer(await saved.run(principal, id, given, context)));
      });
    });
  reports
    .command('export')
    .description('write all rows of a report as a file')
    .argument('<id>', 'of the report')
    .requiredOption(...AS)
    .option('--format <format>', EXPORT_FORMATS.join(' or '), 'csv')
    .option(...SET)
    .option('--out <file>', 'where to, in the place of what is there; standard output where left out')
    .action((id: string, options: { as: string; format: string; set?: readonly string[]; out?: string }) => {
      const request = { given: readSettings(options.set ?? []), format: readFormat(options.format) };
      return act(`export ${id}`, options.as, async (saved, principal, context) => {
        const write = async (sink: ExportSink): Promise<void> => {
          const exported = await saved.exportTo(principal, id, request, context, sink);
          if (exported.status !== 'answered') throw new SwaliError('EXPORT_NOT_ANSWERED', { detail: exported.message });
        };
        await (options.out === undefined ? write(toStream(stdout)) : writeWholeFile(options.out, write));
      });
    });
  reports
    .command('runs')
    .description('list who ran a report, the newest first')
    .argument('<id>', 'of the report')
    .requiredOption(...AS)
    .option(...limitOption('runs', OWN_ITEMS))
    .action((id: string, { as, limit }: { as: string; limit: string }) => {
      const page = { limit: readLimit(limit, OWN_ITEMS) };
      return act(`runs ${id}`, as, async (saved, principal) => {
        const runs = await saved.runs(principal, id, page);
        for (const each of runs) writeLine(stdout, describeRun(each));
        if (runs.length === 0) writeLine(stdout, 'Nobody ran it yet.');
      });
    });
  reports
    .command('remove')
    .description('remove a report of the account’s own')
    .argument('<id>', 'of the report')
    .requiredOption(...AS)
    .action((id: string, { as }: { as: string }) =>
      act(`remove ${id}`, as, async (saved, principal, context) => {
        await saved.remove(principal, id, context);
        writeLine(stdout, `Removed ${id}.`);
      }),
    );
}

/** What a report says, as options of those who write it. */
function addContent(command: Command): Command {
  return command
    .option('--description <text>', 'what it is for')
    .option('--question <question>', 'what is asked')
    .option('--sql <statement>', 'or a SELECT')
    .option('--sql-file <file>', 'or a file with one')
    .option(
      '--parameter <name:type=default...>',
      `all of them; the default may be left out; types: ${REPORT_PARAMETER_TYPES.join(', ')}`,
    )
    .option('--share-with <names>', 'customer, employee, employee:ROLE, admin or accounts, with commas');
}

function invalid(detail: string, cause?: unknown): never {
  throw new SwaliError('REQUEST_INVALID', { detail, cause });
}

function readStated(options: SaveOptions): StatedReport {
  const { title, description = '', parameter = [], shareWith = '' } = options;
  const asked = readAsked(options) ?? invalid('give one of --question, --sql and --sql-file');
  return { ...asked, title, description, parameters: parameter.map(readParameter), sharedWith: splitNames(shareWith) };
}

function readChange(options: ChangeOptions): Omit<ReportChange, 'revision'> & { readonly revision: number | null } {
  const { title, description, parameter, shareWith } = options;
  const change = {
    ...readAsked(options),
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(parameter === undefined ? {} : { parameters: parameter.map(readParameter) }),
    ...(shareWith === undefined ? {} : { sharedWith: splitNames(shareWith) }),
  };
  if (Object.keys(change).length === 0) invalid('say what changes');
  return { ...change, revision: options.revision === undefined ? null : readRevision(options.revision) };
}

/** What the report asks; null where nothing is said of it. */
function readAsked({ question, sql, sqlFile }: ChangeOptions): Pick<StatedReport, 'kind' | 'text'> | null {
  const given = [question, sql, sqlFile].filter((each) => each !== undefined);
  if (given.length > 1) invalid('give one of --question, --sql and --sql-file');
  if (given.length === 0) return null;
  return { kind: question === undefined ? 'sql' : 'question', text: question ?? sql ?? readText(sqlFile ?? '') };
}

function readRevision(text: string): number {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : invalid('--revision takes a whole number from 1');
}

/** `year:integer=2026` */
function readParameter(text: string): ReportParameter {
  const [, name = '', typeName, fallback = null] = /^([^:=]+):([^=]+)(?:=([\s\S]*))?$/.exec(text) ?? [];
  const type = REPORT_PARAMETER_TYPES.find((each) => each === typeName);
  if (!type)
    invalid(`--parameter takes NAME:TYPE or NAME:TYPE=DEFAULT; types are ${REPORT_PARAMETER_TYPES.join(', ')}`);
  return { name, type, label: '', default: fallback };
}

/** `year=2026`, each name once. */
function readSettings(settings: readonly string[]): Readonly<Record<string, string>> {
  const pairs = settings.map((text): [string, string] => {
    const at = text.indexOf('=');
    return at > 0 ? [text.slice(0, at), text.slice(at + 1)] : invalid('--set takes NAME=VALUE');
  });
  if (new Set(pairs.map(([name]) => name)).size !== pairs.length) invalid('--set takes each name once');
  return Object.fromEntries(pairs);
}

function readFormat(text: string): ExportFormat {
  return EXPORT_FORMATS.find((each) => each === text) ?? invalid(`--format is ${EXPORT_FORMATS.join(' or ')}`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    return invalid('--sql-file: the file cannot be read', cause);
  }
}

/** Waits for a stream that takes no more. */
function toStream(stream: NodeJS.WritableStream): ExportSink {
  return {
    begin: async () => undefined,
    async write(text) {
      if (!stream.write(text)) await once(stream, 'drain');
    },
  };
}

/**
 * Writes beside a file and puts it in its place once it is whole: what cannot be finished is no file.
 *
 * @throws SwaliError `REQUEST_INVALID` where nothing can be written there, and what `write` throws
 */
async function writeWholeFile(path: string, write: (sink: ExportSink) => Promise<void>): Promise<void> {
  const draft = `${path}.${process.pid}.part`;
  let file: number;
  try {
    file = openSync(draft, 'wx', 0o600);
  } catch (cause) {
    return invalid('--out: nothing can be written there', cause);
  }
  try {
    await write({ begin: async () => undefined, write: async (text) => void writeSync(file, text) });
    closeSync(file);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** One report as one line. */
function describeReport({ id, kind, owner, title, revision }: Report): string {
  return [id, kind, `owner ${owner}`, `revision ${revision}`, printable(title)].join('  ');
}

/** One run as one line. What the account may not know of it is left out. */
function describeRun({ at, runner, revision, format, status, code, rowCount, values }: ShownRun): string {
  const settings = Object.entries(values ?? {}).map(([name, value]) => `${name}=${value}`);
  return [
    new Date(at).toISOString(),
    runner,
    `revision ${revision}`,
    format ?? 'answer',
    ...[status, code].filter((each) => each !== null),
    ...(rowCount === null ? [] : [`${rowCount} rows`]),
    ...settings.map(printable),
  ].join('  ');
}

function printReport(report: Report): readonly string[] {
  const { text, description, parameters, sharedWith } = report;
  return [
    describeReport(report),
    ...(description === '' ? [] : [printable(description)]),
    ...parameters.map(({ name, type, default: fallback }) =>
      printable(`  ${name}  ${type}${fallback === null ? '' : `  default ${fallback}`}`),
    ),
    `  shared with  ${sharedWith.join(', ') || 'nobody'}`,
    ...text.split('\n').map(printable),
  ];
}
