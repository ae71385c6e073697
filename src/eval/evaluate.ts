import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import type { Environment } from '../config/secret-source.js';
import type { Settings } from '../config/settings.js';
import { digestText } from '../domain/digest-text.js';
import type { Clock } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import { openJudges, openRecords } from '../gateway.js';
import { createLogger } from '../operate/logger.js';
import { findDatabases } from './find-databases.js';
import { type Journal, openJournal } from './journal.js';
import { principalOfRun } from './principal.js';
import type { QuestionSet } from './question.js';
import { readQuestions } from './read-questions.js';
import { type EvalReport, makeReport } from './report.js';
import { runEvaluation } from './run-evaluation.js';
import { type EvaluatedTranslator, openPolicyFile, prepareRunFolder, settingsOfRun } from './run-settings.js';
import { sampleQuestions } from './sample-questions.js';
import type { Prices } from './score.js';
import { writeReport } from './write-report.js';

/** What is evaluated, and how. Paths are as they were given. */
export interface EvaluateOptions {
  readonly questions: string;
  /** Folder of SQLite files, or the address of a server that holds a database of each name. */
  readonly databases: { readonly folder: string } | { readonly serverUrl: string };
  readonly translator: EvaluatedTranslator;
  readonly limit: number | null;
  readonly sampleSeed: number | null;
  readonly as: string;
  /** A policy file, or a folder with one for each database; null makes one that opens everything to an admin. */
  readonly policy: string | null;
  readonly skipEmpty: boolean;
  readonly timeoutMs: number;
  /** Where `report.json` goes, with its Markdown and its journal beside it; null keeps nothing. */
  readonly out: string | null;
  readonly resume: boolean;
  /** With `resume`: what failed, for another reason than a refusal, is asked again. */
  readonly retryFailed: boolean;
  readonly jobs: number;
  readonly prices: Prices | null;
}

/** What a run is surrounded by. */
export interface EvaluateSurroundings {
  readonly env: Environment;
  readonly clock: Clock;
  readonly now: () => number;
  readonly newId: () => string;
  readonly signal: AbortSignal;
  /** Told how many questions there are, then how many are finished. */
  readonly progress: (finished: number, total: number) => void;
}

/** Files that a run writes beside each other. */
export function placesOf(out: string): { readonly markdown: string; readonly journal: string } {
  const stem = extname(out) === '.json' ? out.slice(0, -'.json'.length) : out;
  return { markdown: `${stem}.md`, journal: `${stem}.journal.ndjson` };
}

/**
 * Asks the questions of a file, through all that a request goes through, and writes the reports.
 *
 * @throws SwaliError `EVAL_INPUT_INVALID`, `EVAL_DATABASE_MISSING`, `EVAL_JOURNAL_REFUSED` and `SETTINGS_INVALID` before
 *   anything is asked; `EXECUTE_CANCELLED` where it is stopped
 */
export async function evaluate(options: EvaluateOptions, surroundings: EvaluateSurroundings): Promise<EvalReport> {
  const { env, clock } = surroundings;
  const principal = principalOfRun(options.as);
  if (principal.kind !== 'admin' && options.policy === null) throw invalid('--as customer:NUMBER needs --policy');
  const content = readText(options.questions);
  const { questions: all, leftOut } = readQuestions(content, {
    dialect: dialectOf(options),
    skipEmpty: options.skipEmpty,
  });
  const questions = sampleQuestions(all, options.limit, options.sampleSeed);
  const names = questions.map(({ database }) => database);
  const urls = addressesOf(options, names);
  const policyFileOf = readPolicyPlace(options.policy);
  const folder = prepareRunFolder(mkdtempSync(join(tmpdir(), 'swali-eval-')));
  try {
    const first = { url: urls.get(names[0]!)!, policyFile: openPolicyFile(folder, 0) };
    const settings = settingsOfRun(env, folder, { ...first, ...options });
    const model = modelOf(settings, options.translator);
    const digest = digestRun(content, options, model);
    const journal = openRunJournal(options, digest);
    const logger = createLogger(settings.logLevel);
    const records = await openRecords({ settings, clock, logger }, 'eval');
    const judges = openJudges(settings);
    try {
      const outcomes = await runEvaluation({
        ...options,
        ...surroundings,
        principal,
        questions,
        urls,
        databases: { ...options, env, folder, records, judges, clock, logger, policyFileOf },
        journal,
        progress: (finished) => surroundings.progress(finished, questions.length),
      });
      const run = {
        file: basename(options.questions),
        digest,
        translator: options.translator,
        model: model?.name ?? null,
        as: options.as,
        limit: options.limit,
        sample_seed: options.sampleSeed,
        finished_at: new Date(clock()).toISOString(),
      };
      const report = makeReport(outcomes, run, options.prices, nameLeftOut(leftOut));
      if (options.out !== null) writeReports(report, options.out);
      return report;
    } finally {
      await judges.close();
      await records.close();
    }
  } finally {
    rmSync(folder.path, { recursive: true, force: true });
  }
}

function writeReports(report: EvalReport, out: string): void {
  writeFileSync(out, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(placesOf(out).markdown, writeReport(report));
}

function dialectOf({ databases }: EvaluateOptions): 'sqlite' | 'mysql' {
  return 'folder' in databases ? 'sqlite' : 'mysql';
}

function addressesOf({ databases }: EvaluateOptions, names: readonly string[]): ReadonlyMap<string, string> {
  if ('folder' in databases) {
    const found = findDatabases(databases.folder, names);
    return new Map([...found].map(([name, path]) => [name, `sqlite:${resolve(path)}`]));
  }
  const { serverUrl } = databases;
  if (!URL.canParse(serverUrl)) throw invalid('--source-url is no address: mysql://USER:PASSWORD@HOST:PORT');
  return new Map(
    names.map((name) => {
      const url = new URL(serverUrl);
      url.pathname = `/${encodeURIComponent(name)}`;
      return [name, url.href];
    }),
  );
}

/** @throws SwaliError `EVAL_INPUT_INVALID` where there is nothing at the path */
function readPolicyPlace(policy: string | null): ((name: string) => string) | null {
  if (policy === null) return null;
  try {
    return statSync(policy).isDirectory() ? (name) => join(policy, `${name}.yaml`) : () => policy;
  } catch {
    throw invalid('--policy: there is no such file or folder');
  }
}

function readText(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch {
    throw invalid('--questions: cannot be read as a file of text in UTF-8');
  }
}

/** Null where none is asked. @throws SwaliError `SETTINGS_INVALID` where one is to be asked and there is none */
function modelOf(
  { openaiApiKey: key, openaiBaseUrl: baseUrl, openaiModel: name }: Settings,
  translator: EvaluatedTranslator,
): { readonly name: string; readonly baseUrl: string | null } | null {
  if (translator === 'offline' || translator === 'verified') return null;
  if (key !== null || baseUrl !== null) return { name, baseUrl };
  if (translator === 'auto') return null;
  throw new SwaliError('SETTINGS_INVALID', { detail: 'OPENAI_API_KEY: is not set, nor is OPENAI_BASE_URL' });
}

/** Everything that can change an outcome; jobs and prices cannot. */
function digestRun(content: string, options: EvaluateOptions, model: ReturnType<typeof modelOf>): string {
  const { databases, translator, limit, sampleSeed, as, policy, skipEmpty, timeoutMs } = options;
  const place = 'folder' in databases ? resolve(databases.folder) : new URL(databases.serverUrl).host;
  const ruled = policy === null ? null : resolve(policy);
  const told = { translator, limit, sampleSeed, as, ruled, skipEmpty, timeoutMs, place, model };
  return digestText(`${digestText(content)}\n${JSON.stringify(told)}`);
}

function openRunJournal({ out, resume }: EvaluateOptions, digest: string): Journal | null {
  if (out === null) {
    if (resume) throw invalid('--resume needs --out, whose journal it goes on with');
    return null;
  }
  try {
    return openJournal(placesOf(out).journal, digest, resume);
  } catch (error) {
    if (error instanceof SwaliError) throw error;
    throw invalid('--out: nothing can be written there');
  }
}

function nameLeftOut({ noGold, emptyGold }: QuestionSet['leftOut']): Readonly<Record<string, number>> {
  return { 'no-gold': noGold, 'gold-empty': emptyGold };
}

function invalid(detail: string): SwaliError {
  return new SwaliError('EVAL_INPUT_INVALID', { detail });
}
