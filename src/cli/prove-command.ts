import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIALECTS, type Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import { describeFinding, storeFinding } from '../prove/findings.js';
import { type ProofReport, prove } from '../prove/prove.js';
import { SABOTAGES, type Sabotage } from '../prove/sealer.js';
import { readStatements } from '../prove/statements/read-statements.js';
import { type Terminal, writeLine } from './terminal.js';

/** What `prove` takes, as commander hands it over. */
export interface ProveOptions {
  readonly engine: string;
  readonly cases: string;
  readonly seed?: string;
  readonly url?: string;
  readonly data?: string;
  readonly world?: string[];
  readonly statements: string;
  readonly sabotage?: string;
  readonly jobs: string;
}

/** Where cases are kept; every run asks them first. */
const CASES = 'fixtures/proof';

/** Findings after which a run ends: more of them say little more. */
const MAX_FINDINGS = 10;

function toCount(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new SwaliError('SETTINGS_INVALID', { detail: `--${name} is not a whole number above 0` });
  return value;
}

function oneOf<Name extends string>(name: string, text: string, names: readonly Name[]): Name {
  const found = names.find((each) => each === text);
  if (!found) throw new SwaliError('SETTINGS_INVALID', { detail: `--${name} is one of ${names.join(', ')}` });
  return found;
}

function serverUrl(dialect: Dialect, options: ProveOptions, env: Terminal['env']): string | null {
  if (dialect === 'sqlite') return null;
  const url = options.url ?? (dialect === 'mariadb' ? env.TEST_MARIADB_URL : env.TEST_MYSQL_URL);
  if (url) return url;
  throw new SwaliError('SETTINGS_INVALID', { detail: `--url is missing: a ${dialect} server to make databases on` });
}

function report({ dialect, worlds, tally, findings }: ProofReport, seed: number, { stdout }: Terminal): void {
  const share = (100 * tally.sealedShare).toFixed(1);
  writeLine(
    stdout,
    `${dialect}: ${tally.proven} cases in ${worlds} worlds, ${findings.length} violations (seed ${seed})`,
  );
  writeLine(stdout, `  ${share} % of what was asked was sealed`);
  for (const line of tally.lines()) writeLine(stdout, `  ${line}`);
}

/**
 * Tries to make the seal leak, on a real engine.
 *
 * @returns whether nothing was found; with a sabotage, whether it was found
 * @throws SwaliError `SETTINGS_INVALID` where an option is not acceptable
 */
export async function runProof(options: ProveOptions, terminal: Terminal): Promise<boolean> {
  const { stdout, stderr, env } = terminal;
  const dialect = oneOf('engine', options.engine, DIALECTS);
  const sabotage: Sabotage | null = options.sabotage ? oneOf('sabotage', options.sabotage, SABOTAGES) : null;
  const seed = options.seed === undefined ? Date.now() % 2 ** 31 : Number(options.seed);
  if (!Number.isSafeInteger(seed)) throw new SwaliError('SETTINGS_INVALID', { detail: '--seed is not a whole number' });
  const scratch = mkdtempSync(join(tmpdir(), 'swali-prove-'));
  try {
    const statements = existsSync(options.statements) ? readStatements(options.statements) : [];
    const proof = await prove({
      dialect,
      serverUrl: serverUrl(dialect, options, env),
      dataDir: options.data ?? env.EVAL_DATA_DIR ?? null,
      scratch,
      cases: toCount('cases', options.cases),
      seed,
      worlds: options.world ?? null,
      texts: statements.filter(({ dialects }) => dialects?.includes(dialect) ?? true).map(({ sql }) => sql),
      sabotage,
      maxFindings: sabotage ? 1 : MAX_FINDINGS,
      jobs: toCount('jobs', options.jobs),
      report: (finding) => {
        for (const line of describeFinding(finding)) writeLine(stdout, line);
        if (!sabotage && existsSync(CASES)) storeFinding(join(CASES, 'found.jsonl'), finding);
      },
      progress: (line) => writeLine(stderr, line),
    });
    report(proof, seed, terminal);
    return proof.findings.length > 0 === (sabotage !== null);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
