import type { Answer } from './answer.js';

/** What `dry_run` gives: the statement that would run, and why. */
export interface DryRun {
  readonly sealed_sql: string;
  readonly parameters: readonly {
    readonly origin: 'claim' | 'slot' | 'literal';
    readonly name: string | null;
    /** 64-bit integers as text; null for the keys of masks. */
    readonly value: string | number | null;
  }[];
  readonly provenance: Answer['provenance'];
}
