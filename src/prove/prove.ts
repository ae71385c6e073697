import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import { createJudges } from '../seal/judges.js';
import type { Finding } from './findings.js';
import { WorldProof } from './prove-world.js';
import { createSabotagedSealer, createSealer, type Sabotage } from './sealer.js';
import { ProofTally } from './tally.js';
import type { WorldOptions } from './world.js';
import { listWorlds } from './worlds/list-worlds.js';

/** What is to be proved, and where. */
export interface ProofOptions extends WorldOptions {
  /** Statements to seal and compare over all worlds, ≥ 1. */
  readonly cases: number;
  /** Decides everything that is random. */
  readonly seed: number;
  /** Names of the worlds; null for all. */
  readonly worlds: readonly string[] | null;
  /** Texts that are asked in every world before the generated ones. */
  readonly texts: readonly string[];
  /** Proves a seal broken on purpose instead; null for the real one. */
  readonly sabotage: Sabotage | null;
  /** Findings after which a run ends. */
  readonly maxFindings: number;
  /** Worlds proved at the same time, ≥ 1. */
  readonly jobs: number;
  readonly report: (finding: Finding) => void;
  /** Told of each world that is done. */
  readonly progress: (line: string) => void;
}

/** What a run showed. */
export interface ProofReport {
  readonly dialect: Dialect;
  readonly worlds: number;
  readonly tally: ProofTally;
  readonly findings: readonly Finding[];
}

/** The deadline of the judges is no part of what is proved here; a busy machine gets time. */
const JUDGE_TIMEOUT_MS = 10_000;

/**
 * Proves G2 on real engines: over generated statements, catalogs, principals and foreign data, nothing observed may depend
 * on what lies outside the slice, and a sealed statement must mean what its text says.
 *
 * @throws SwaliError `SETTINGS_INVALID` where no world has a name that was asked for
 */
export async function prove(options: ProofOptions): Promise<ProofReport> {
  const entries = listWorlds(options).filter(({ name }) => options.worlds?.includes(name) ?? true);
  const unknown = options.worlds?.find((name) => !entries.some((entry) => entry.name === name));
  if (unknown !== undefined || entries.length === 0)
    throw new SwaliError('SETTINGS_INVALID', { detail: `no world is called ${unknown}` });
  const judges = createJudges({ timeoutMs: JUDGE_TIMEOUT_MS, threads: 2 });
  const tally = new ProofTally();
  const findings: Finding[] = [];
  const share = Math.ceil(options.cases / entries.length);
  const queue = [...entries];
  const work = async (): Promise<void> => {
    for (let entry = queue.shift(); entry && findings.length < options.maxFindings; entry = queue.shift()) {
      const world = await entry.open();
      const own = new ProofTally();
      try {
        const { sabotage } = options;
        const sealer = sabotage
          ? createSabotagedSealer(sabotage, world.catalog, judges)
          : createSealer(world.catalog, judges);
        const report = (finding: Finding) => {
          findings.push(finding);
          options.report(finding);
        };
        const maxFindings = Math.max(1, options.maxFindings - findings.length);
        const { seed, texts, progress: notice } = options;
        const plan = { cases: share, seed, texts, maxFindings, tally: own, report, notice };
        await new WorldProof(world, sealer, plan).run();
      } finally {
        await world.close();
      }
      tally.merge(own);
      options.progress(`${entry.name}: ${own.proven} proven, ${own.lines().join('; ')}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.jobs }, work));
  } finally {
    await judges.close();
  }
  return { dialect: options.dialect, worlds: entries.length, tally, findings };
}
