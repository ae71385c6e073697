import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIALECTS, type Dialect } from '../../src/domain/dialect.js';
import { describeFinding, type Finding } from '../../src/prove/findings.js';
import { type ProofReport, prove } from '../../src/prove/prove.js';
import { SABOTAGES, type Sabotage } from '../../src/prove/sealer.js';
import { readStatements } from '../../src/prove/statements/read-statements.js';
import { engineUrl } from '../engines/engines.js';
import { isCorpusWhole } from '../support/corpus-share.js';

/** Statements sealed and compared on each engine, over the worlds that need no published data; with CORPUS_WHOLE=1 more. */
const CASES = isCorpusWhole ? 2_000 : 800;
/** Statements in which each sabotage must show; the first finding ends its run. */
const SABOTAGED_CASES = 2_000;
const CASES_FOLDER = join(import.meta.dirname, '../../fixtures/proof');

/** The same statements in every run of the tests; PROOF_SEED, or `npm run prove` without a seed, asks others. */
const seed = Number(process.env.PROOF_SEED ?? 2026);

for (const dialect of DIALECTS) {
  const serverUrl = dialect === 'sqlite' ? null : engineUrl(dialect);
  describe.skipIf(dialect !== 'sqlite' && serverUrl === null)(`what a principal observes on ${dialect}`, () => {
    let scratch: string;
    beforeAll(() => {
      scratch = mkdtempSync(join(tmpdir(), 'swali-prove-'));
    });
    afterAll(() => rmSync(scratch, { recursive: true, force: true }));

    const run = (cases: number, sabotage: Sabotage | null, texts: readonly string[] = []): Promise<ProofReport> => {
      const report = (finding: Finding): void => {
        if (!sabotage) console.error(describeFinding(finding).join('\n'));
      };
      const options = { dialect, serverUrl, dataDir: null, scratch, cases, seed, worlds: null, texts, sabotage };
      return prove({ ...options, maxFindings: sabotage ? 1 : 5, jobs: 2, report, progress: () => undefined });
    };

    it(`depends on their slice alone, seed ${seed}`, { timeout: 1_500_000 }, async () => {
      const { tally, findings, worlds } = await run(CASES, null);
      console.info(`${dialect}, seed ${seed}: ${tally.proven} cases\n  ${tally.lines().join('\n  ')}`);
      expect(findings).toEqual([]);
      expect(worlds).toBe(5);
      expect(tally.proven).toBeGreaterThanOrEqual(CASES);
      expect(tally.sealedShare).toBeGreaterThan(0.8);
      // What the seal prints it can prove.
      expect(tally.of('refused', 'SEAL_UNPROVEN')).toBe(0);
      // An empty harness would prove anything: rows were seen, errors were met, and meanings were compared.
      expect(tally.of('observed', 'rows')).toBeGreaterThan(CASES / 5);
      expect(tally.of('observed', 'EXECUTE_FAILED')).toBeGreaterThan(CASES / 50);
      expect(tally.of('meaning', 'equal')).toBeGreaterThan(CASES / 5);
    });

    it('depends on their slice alone in the texts of the fixtures too', { timeout: 900_000 }, async () => {
      const texts = textsFor(dialect);
      const { tally, findings } = await run(1, null, texts);
      expect(findings).toEqual([]);
      expect(tally.proven).toBeGreaterThan(texts.length);
    });

    // The fence is each engine's own; the other faults are the same on all, and take many statements to show.
    const sabotages = SABOTAGES.filter((sabotage) => dialect === 'sqlite' || isCorpusWhole || sabotage === 'no-fence');

    it.each(sabotages)('gives a seal away that is broken by %s', { timeout: 900_000 }, async (sabotage) => {
      const { findings } = await run(SABOTAGED_CASES, sabotage);
      expect(findings.length).toBeGreaterThan(0);
    });
  });
}

function textsFor(dialect: Dialect): readonly string[] {
  const all = readStatements(CASES_FOLDER);
  expect(all.length).toBeGreaterThan(10);
  return all.filter(({ dialects }) => dialects?.includes(dialect) ?? true).map(({ sql }) => sql);
}
