/** Faults listed; more are counted only. */
const MAX_FAULTS = 1000;

/**
 * What is wrong with a chain. `changed`: the record is not what was hashed, or does not follow the one before it.
 * `removed`: numbers are missing that no archive holds. `inserted`: a record that no head covers, or a number below 1.
 * `reordered`: a record stands in another's place. `head`: the head does not fit the last record, or is gone.
 * `rewritten`: the chain is whole in itself, and not the one that a signed checkpoint names. `checkpoint` and `archive`:
 * the signed word itself is missing, changed or not ours.
 */
export type FaultKind =
  | 'changed'
  | 'removed'
  | 'inserted'
  | 'reordered'
  | 'head'
  | 'rewritten'
  | 'checkpoint'
  | 'archive';

export interface ChainFault {
  readonly kind: FaultKind;
  /** Of the chain; `checkpoints` for their own line. */
  readonly writer: string;
  /** First record concerned; for `checkpoint`, its place in their line. */
  readonly sequence: number;
  /** Last record concerned; equal to `sequence` for single ones. */
  readonly until: number;
  /** In words, without anything from the record. */
  readonly message: string;
}

/** Collects faults and counts them; keeps the first {@link MAX_FAULTS}. */
export class FaultList {
  readonly kept: ChainFault[] = [];
  count = 0;

  add(kind: FaultKind, writer: string, sequence: number, message: string, until = sequence): void {
    this.count += 1;
    if (this.kept.length < MAX_FAULTS) this.kept.push({ kind, writer, sequence, until, message });
  }
}
