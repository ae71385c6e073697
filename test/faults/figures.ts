import { appendFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { FaultId } from './faults.js';

/** What one test of a fault measured. */
export interface Figures {
  readonly fault: FaultId;
  /** On what: `mysql 9.7.0`, `SQLite`. */
  readonly on: string;
  /** What callers saw: how many requests came to each end. */
  readonly saw: Readonly<Record<string, number>>;
  /** Whole answers without a record. */
  readonly unaudited: number;
  /** From the end of the fault to the next answer, in seconds; null where that has no meaning. */
  readonly recoveryS: number | null;
  /** Whatever else was measured: `{ 'longest wait': '2.1 s' }`. */
  readonly more?: Readonly<Record<string, string>>;
}

/** The same with the full name of the test that measured it, by which it is known whether it passed. */
export interface ReportedFigures extends Figures {
  readonly test: string;
}

/** True in `npm run faults`: faults last as long as docs/reliability.md says; else they are short, and only logic is asserted. */
export const IS_FULL = process.env.SWALI_FAULTS === 'full';

/** Hands figures to `npm run faults`, which writes docs/reliability.md from them; to be called once in a test. */
export function reportFigures(figures: Figures): void {
  const path = process.env.SWALI_FAULTS_FIGURES;
  const reported: ReportedFigures = { ...figures, test: expect.getState().currentTestName ?? '' };
  if (path) appendFileSync(path, `${JSON.stringify(reported)}\n`);
  else process.stdout.write(`${JSON.stringify(figures)}\n`);
}
