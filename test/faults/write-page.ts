import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { FAULTS, type FaultId } from './faults.js';
import type { ReportedFigures } from './figures.js';
import { type Row, writePage } from './page.js';

const DOCS = join(import.meta.dirname, '../../docs');

/** Makes a run of the fault tests write docs/reliability.md: `npm run faults`. */
export default class PageReporter implements Reporter {
  readonly #folder = mkdtempSync(join(tmpdir(), 'swali-figures-'));

  /** The tests run in processes that are made after this and inherit it. */
  onInit(): void {
    process.env.SWALI_FAULTS_FIGURES = join(this.#folder, 'figures');
    writeFileSync(process.env.SWALI_FAULTS_FIGURES, '');
    process.env.SWALI_FAULTS ??= 'full';
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const passed = new Set(
      modules.flatMap((each) =>
        [...each.children.allTests()].filter((test) => test.result().state === 'passed').map((test) => test.fullName),
      ),
    );
    const lines = readFileSync(join(this.#folder, 'figures'), 'utf8').trim().split('\n').filter(Boolean);
    rmSync(this.#folder, { recursive: true, force: true });
    const rows = lines.map((text): Row => {
      const { test, ...figures } = JSON.parse(text) as ReportedFigures;
      return { ...figures, held: passed.has(test) };
    });
    const ids = Object.keys(FAULTS) as FaultId[];
    const order = ({ fault, on }: Row): string => `${String(ids.indexOf(fault)).padStart(3, '0')} ${on}`;
    const run = {
      date: new Date().toISOString().slice(0, 10),
      node: process.versions.node,
      cores: availableParallelism(),
      full: process.env.SWALI_FAULTS === 'full',
      failed: ids.filter((id) => !rows.some(({ fault }) => fault === id)),
      rows: rows.toSorted((one, other) => (order(one) < order(other) ? -1 : 1)),
    };
    writeFileSync(join(DOCS, 'reliability.json'), `${JSON.stringify(run, null, 2)}\n`);
    writeFileSync(join(DOCS, 'reliability.md'), writePage(run));
    const held = rows.filter((row) => row.held).length;
    process.stdout.write(
      `docs/reliability.md: ${held} of ${rows.length} rows held, ${run.failed.length} without figures\n`,
    );
  }
}
