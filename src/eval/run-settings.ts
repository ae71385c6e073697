import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { Catalog } from '../catalog/catalog.js';
import type { Environment } from '../config/secret-source.js';
import { parseSettings, type Settings } from '../config/settings.js';

/** Which translator is put to the test: one of `TRANSLATOR`, or the verified questions alone. */
export const EVALUATED_TRANSLATORS = ['auto', 'openai', 'offline', 'verified'] as const;
export type EvaluatedTranslator = (typeof EVALUATED_TRANSLATORS)[number];

/** The tier of the run's own principal. */
export const EVALUATION_TIER = 'evaluation';

/** Rows of one answer at most; the highest that the settings take. */
const MOST_ROWS = 100_000;
const MOST_BYTES = 256 * 1024 * 1024;

/** Settings of the operator's that a run keeps: the model's, and what a statement means. All others are the run's own. */
const KEPT =
  /^(?:OPENAI|MODEL)_|^(?:TIME_ZONE|LOG_LEVEL|JUDGE_TIMEOUT_MS|ALLOW_WIDE_GRANTS|ALLOW_PLAIN_DATABASE|SOURCE_CA_FILE|SOURCE_CLIENT_FILE)$/;

/** Nothing of the run's own may be the loss that is measured: limits are wide, and no budget ends. */
const TIERS = {
  [EVALUATION_TIER]: {
    requests_per_minute: 100_000,
    requests_per_day: 10_000_000,
    model_tokens_per_day: 1_000_000_000_000,
    over_budget: 'refuse',
    concurrency: 1_000,
    rows: MOST_ROWS,
    export_rows: MOST_ROWS,
    export_bytes: MOST_BYTES,
  },
};

/** Where the run keeps what it makes: store, keys and policies, removed at its end. */
export interface RunFolder {
  readonly path: string;
  readonly tiersFile: string;
}

/** Prepares a folder for one run. */
export function prepareRunFolder(path: string): RunFolder {
  const tiersFile = join(path, 'tiers.json');
  writeFileSync(tiersFile, JSON.stringify(TIERS));
  return { path, tiersFile };
}

/**
 * The settings of a gateway over one database of the run.
 *
 * @param env the operator's, of which the model's settings are kept
 * @param source its address and the policy file that rules it
 * @throws SwaliError `SETTINGS_INVALID`
 */
export function settingsOfRun(
  env: Environment,
  folder: RunFolder,
  source: {
    readonly url: string;
    readonly policyFile: string;
    readonly translator: EvaluatedTranslator;
    readonly timeoutMs: number;
  },
): Settings {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => KEPT.test(name)));
  return parseSettings({
    LOG_LEVEL: 'silent',
    // A machine that does other work as well must not turn its slowness into refusals.
    JUDGE_TIMEOUT_MS: '20000',
    ...kept,
    DATA_DIR: folder.path,
    TIERS_FILE: folder.tiersFile,
    SOURCE_NAME: basename(source.policyFile, extname(source.policyFile)),
    SOURCE_URL: source.url,
    POLICY_DIR: dirname(resolve(source.policyFile)),
    TRANSLATOR: source.translator === 'verified' ? 'offline' : source.translator,
    MAX_ROWS: String(MOST_ROWS),
    QUERY_TIMEOUT_MS: String(source.timeoutMs),
    SLOW_QUERY_MS: '0',
    ANSWER_STEP_MS: '0',
    METRICS: 'off',
  });
}

/** Where the policy stands that is made for a database: its own name may hold what no file name may. */
export function openPolicyFile(folder: RunFolder, index: number): string {
  return join(folder.path, 'policies', `database-${index}.yaml`);
}

/** Writes a policy that opens every relation and column of a database to admins, and nothing to anybody else. */
export function writeOpenPolicy(file: string, catalog: Catalog, timeoutMs: number): void {
  const relations = [...catalog.relations.values()].map(({ name }) => [name, { open_to: ['admin'], columns: '*' }]);
  const policy = {
    version: 1,
    source: basename(file, extname(file)),
    dialect: catalog.dialect,
    relations: Object.fromEntries(relations),
    limits: { default: { rows: MOST_ROWS, bytes: MOST_BYTES, timeout_ms: timeoutMs, joins: 60, depth: 60 } },
  };
  mkdirSync(dirname(file), { recursive: true });
  // JSON is YAML, and quotes every name.
  writeFileSync(file, JSON.stringify(policy, null, 1));
}
