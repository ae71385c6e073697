import type { Checkpoint } from './checkpoints.js';
import type { Verifier } from './ed25519.js';

/** What the chains are held against beside themselves. */
export interface VerifyAgainst {
  /** Of the keys that signed checkpoints and archives. */
  readonly verifier: Verifier;
  /** Checkpoints that were kept elsewhere: each must be in the store, and hold. */
  readonly kept?: readonly Checkpoint[];
  /** Folder of the archives: then their records are read too. */
  readonly archiveDir?: string;
}
