import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { Resolved } from '../config/secret-source.js';
import { SwaliError } from '../errors/swali-error.js';
import { type EvaluateOptions, evaluate, placesOf } from '../eval/evaluate.js';
import { createProgress, type Progress } from '../eval/progress.js';
import type { EvalReport } from '../eval/report.js';
import { EVALUATED_TRANSLATORS } from '../eval/run-settings.js';
import { type Terminal, writeLine } from './terminal.js';

/** What `eval` takes, as commander hands it over. */
export interface EvalCommandOptions {
  readonly questions: string;
  readonly database?: string;
  readonly sourceUrl?: string;
  readonly translator: string;
  readonly limit?: string;
  readonly sampleSeed?: string;
  readonly as: string;
  readonly policy?: string;
  readonly skipEmpty?: true;
  readonly timeoutMs: string;
  readonly out?: string;
  readonly resume?: true;
  readonly retryFailed?: true;
  readonly jobs: string;
  readonly pricePrompt?: string;
  readonly priceCompletion?: string;
}

/** Exit code for input that cannot be used. */
const MISUSED = 2;

/** What an operator can mend on the command line or in the files that it names. */
const OF_INPUT: ReadonlySet<string> = new Set([
  'EVAL_INPUT_INVALID',
  'EVAL_DATABASE_MISSING',
  'EVAL_JOURNAL_REFUSED',
  'SETTINGS_INVALID',
]);

/** Adds `eval` to the program. @param resolve the environment, its references followed */
export function addEvalCommand(
  program: Command,
  resolve: () => Resolved,
  terminal: Terminal,
  exit: (code: number) => void,
): void {
  program
    .command('eval')
    .description('ask the questions of a set through the gateway and compare the rows with those of its gold')
    .requiredOption('--questions <file>', 'NDJSON or a JSON array, in this project’s, Spider’s or BIRD’s form')
    .option('--database <folder>', 'SQLite files: NAME.sqlite, NAME/NAME.sqlite or sqlite/NAME.sqlite')
    .option('--source-url <url>', 'instead: a MySQL or MariaDB server with a database of each name')
    .option('--translator <name>', 'auto, openai, offline or verified', 'auto')
    .option('--limit <n>', 'only so many, evenly spread over the file')
    .option('--sample-seed <n>', 'with --limit: by chance, equal seeds take equal questions')
    .option('--as <principal>', 'admin, or customer:NUMBER with --policy', 'admin')
    .option('--policy <path>', 'a policy file, or a folder with NAME.yaml; else all is open to the admin')
    .option('--skip-empty', 'leave out questions whose gold returns no rows')
    .option('--timeout-ms <n>', 'longest run of one statement', '30000')
    .option('--out <file>', 'report.json; report.md and the journal stand beside it')
    .option('--resume', 'go on where the journal of --out ends')
    .option('--retry-failed', 'with --resume: ask again what failed (a time-out, a model that was away)')
    .option('--jobs <n>', 'questions at the same time', '2')
    .option('--price-prompt <n>', 'price of a million tokens of prompts')
    .option('--price-completion <n>', 'price of a million tokens of answers')
    .action(async (options: EvalCommandOptions) => {
      if (!(await runEvalCommand(options, resolve(), terminal))) exit(MISUSED);
    });
}

/** @returns false where the input cannot be used, and it has said why */
async function runEvalCommand(
  options: EvalCommandOptions,
  { env, faults }: Resolved,
  terminal: Terminal,
): Promise<boolean> {
  const { stdout, stderr, signal } = terminal;
  const bar: { shown: Progress | null } = { shown: null };
  try {
    if (faults.length > 0) throw new SwaliError('SETTINGS_INVALID', { detail: faults.join('\n') });
    const read = readOptions(options);
    const report = await evaluate(read, {
      env,
      clock: Date.now,
      now: () => performance.now(),
      newId: randomUUID,
      signal,
      progress: (finished, total) => {
        bar.shown ??= createProgress(stderr, total);
        bar.shown.show(finished);
      },
    });
    bar.shown?.end();
    for (const line of describeReport(report)) writeLine(stdout, line);
    if (read.out !== null) writeLine(stdout, `${read.out}, ${placesOf(read.out).markdown}`);
    return true;
  } catch (error) {
    bar.shown?.end();
    if (error instanceof SwaliError && OF_INPUT.has(error.code)) {
      writeLine(stderr, `${error.code}: ${error.message}`);
      return false;
    }
    if (error instanceof SwaliError && error.code === 'EXECUTE_CANCELLED' && options.out !== undefined)
      writeLine(stderr, 'stopped; the same command with --resume goes on from here');
    throw error;
  }
}

function readOptions(options: EvalCommandOptions): EvaluateOptions {
  const { database, sourceUrl } = options;
  if ((database === undefined) === (sourceUrl === undefined)) throw invalid('give --database, or --source-url');
  const translator = EVALUATED_TRANSLATORS.find((name) => name === options.translator);
  if (!translator) throw invalid(`--translator is one of ${EVALUATED_TRANSLATORS.join(', ')}`);
  if (options.retryFailed && !options.resume) throw invalid('--retry-failed goes with --resume');
  const { pricePrompt, priceCompletion } = options;
  if ((pricePrompt === undefined) !== (priceCompletion === undefined))
    throw invalid('--price-prompt and --price-completion go together');
  return {
    questions: options.questions,
    databases: database === undefined ? { serverUrl: sourceUrl! } : { folder: database },
    translator,
    limit: options.limit === undefined ? null : readWhole('limit', options.limit, 1),
    sampleSeed: options.sampleSeed === undefined ? null : readWhole('sample-seed', options.sampleSeed, 0),
    as: options.as,
    policy: options.policy ?? null,
    skipEmpty: options.skipEmpty ?? false,
    timeoutMs: readWhole('timeout-ms', options.timeoutMs, 1, 600_000),
    out: options.out ?? null,
    resume: options.resume ?? false,
    retryFailed: options.retryFailed ?? false,
    jobs: readWhole('jobs', options.jobs, 1, 64),
    prices:
      pricePrompt === undefined
        ? null
        : {
            prompt: readPrice('price-prompt', pricePrompt),
            completion: readPrice('price-completion', priceCompletion!),
          },
  };
}

function readWhole(name: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const bounds = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw invalid(`--${name} is a whole number ${bounds}`);
}

function readPrice(name: string, text: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  throw invalid(`--${name} is a number, 0 or more`);
}

function* describeReport(report: EvalReport): Generator<string> {
  const percent = (share: number | null) => (share === null ? '–' : `${(100 * share).toFixed(1)} %`);
  const { questions, answered, refused, failed, latency_ms: latency, tokens, cost } = report;
  yield `${questions} questions: ${answered} answered, ${refused} refused, ${failed} failed`;
  yield `  execution accuracy ${percent(report.execution_accuracy)}, precision ${percent(report.precision)}`;
  yield `  valid SQL ${percent(report.valid_sql_rate)}; latency p50 ${latency.p50 ?? '–'} ms, p95 ${latency.p95 ?? '–'} ms`;
  if (tokens.prompt + tokens.completion > 0)
    yield `  tokens ${tokens.prompt} + ${tokens.completion}${cost === null ? '' : `, cost ${cost.total}`}`;
  for (const [hardness, { questions: own, execution_accuracy }] of Object.entries(report.by_hardness))
    yield `  ${hardness}: ${own}, ${percent(execution_accuracy)} right`;
  for (const [reason, count] of Object.entries(report.failures)) yield `  not right, ${reason}: ${count}`;
  for (const [reason, count] of Object.entries(report.skipped)) yield `  not judged, ${reason}: ${count}`;
}

function invalid(detail: string): SwaliError {
  return new SwaliError('EVAL_INPUT_INVALID', { detail });
}
