import { once } from 'node:events';
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Command } from 'commander';
import type { AskContext } from '../ask.js';
import { EXPORT_FORMATS, type ExportFormat, type ExportSink } from '../domain/export.js';
import type { Principal } from '../domain/principal.js';
import { REPORT_PARAMETER_TYPES, type ReportParameter } from '../domain/report.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Reports } from '../reports/manage-reports.js';
import type { Report } from '../reports/report.js';
import { actAs } from './ask-command.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { printAnswer, printable } from './print-answer.js';
import { type Terminal, writeLine } from './terminal.js';
import { splitNames } from './users-command.js';

/** Reports that are read at a time. */
const PAGE = 100;

const AS = [
  '--as <kind[:identifier]>',
  'customer, employee or admin; the first of that kind, or the one named',
] as const;
const SET = ['--set <name=value...>', 'values of parameters'] as const;

/** What `reports save` takes, as commander hands it over. */
interface SaveOptions {
  readonly as: string;
  readonly title: string;
  readonly description?: string;
  readonly question?: string;
  readonly sql?: string;
  readonly sqlFile?: string;
  readonly parameter?: readonly string[];
  readonly shareWith?: string;
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
    actAs(surround(), terminal, `reports ${verb} --as ${as}`, as, (_ask, principal, context, reports) =>
      work(reports, principal, context),
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
  reports
    .command('save')
    .description('save a question or SQL, with {name} in a question and :name in SQL for parameters')
    .requiredOption(...AS)
    .requiredOption('--title <title>', 'what it is called')
    .option('--description <text>', 'what it is for')
    .option('--question <question>', 'what is asked')
    .option('--sql <statement>', 'or a SELECT')
    .option('--sql-file <file>', 'or a file with one')
    .option(
      '--parameter <name:type=default...>',
      `the default may be left out; types: ${REPORT_PARAMETER_TYPES.join(', ')}`,
    )
    .option('--share-with <names>', 'customer, employee, employee:ROLE, admin or accounts, with commas')
    .action((options: SaveOptions) => {
      const stated = readStated(options);
      return act('save', options.as, async (saved, principal, context) => {
        const { id } = await saved.save(principal, stated, context);
        writeLine(stdout, `Saved ${id}.`);
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

function invalid(detail: string, cause?: unknown): never {
  throw new SwaliError('REQUEST_INVALID', { detail, cause });
}

function readStated(options: SaveOptions): Parameters<Reports['save']>[1] {
  const { title, description = '', question, sql, sqlFile, parameter = [], shareWith = '' } = options;
  if ([question, sql, sqlFile].filter((each) => each !== undefined).length !== 1)
    invalid('give one of --question, --sql and --sql-file');
  return {
    kind: question === undefined ? 'sql' : 'question',
    title,
    description,
    text: question ?? sql ?? readText(sqlFile ?? ''),
    parameters: parameter.map(readParameter),
    sharedWith: splitNames(shareWith),
  };
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
