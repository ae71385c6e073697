import type { Store } from '../store/store.js';
import { GENESIS_HASH } from './chain.js';
import type { Expectation } from './chain-walk.js';
import { type Checkpoint, type CheckpointWord, isSignedCheckpoint, readCheckpointBody } from './checkpoints.js';
import type { FaultList } from './faults.js';
import type { VerifyAgainst } from './verify-against.js';

/** Checkpoints read at a time. */
const PAGE = 500;

/** Stands for a writer where a fault is one of the checkpoints' own line. */
const LINE = 'checkpoints';

/** What checkpoints say. */
export interface JudgedCheckpoints {
  readonly count: number;
  /** Writer → what is said of its records, each once. */
  readonly expected: ReadonlyMap<string, readonly Expectation[]>;
}

/**
 * Reads the line of checkpoints: each is signed, follows the one before it and names no head that lies before one that
 * was named already; and every one that was kept elsewhere is in it.
 */
export async function judgeCheckpoints(
  store: Store,
  against: VerifyAgainst,
  faults: FaultList,
): Promise<JudgedCheckpoints> {
  const line = new CheckpointLine(against, faults);
  for (let after = 0; ; ) {
    const page = await store.run((db) =>
      db.selectFrom('audit_checkpoints').selectAll().where('id', '>', after).orderBy('id').limit(PAGE).execute(),
    );
    for (const { body, hash, key_id: keyId, signature, previous_hash: previous } of page) {
      line.step({ body, hash, keyId, signature }, previous);
    }
    if (page.length < PAGE) break;
    after = page.at(-1)?.id ?? after;
  }
  line.compareKept();
  return { count: line.count, expected: line.expected };
}

class CheckpointLine {
  count = 0;
  readonly expected = new Map<string, Expectation[]>();
  #lastHash = GENESIS_HASH;
  readonly #hashes = new Set<string>();
  readonly #against: VerifyAgainst;
  readonly #faults: FaultList;

  constructor(against: VerifyAgainst, faults: FaultList) {
    this.#against = against;
    this.#faults = faults;
  }

  step(checkpoint: Checkpoint, previousColumn: string): void {
    this.count += 1;
    const follows = this.#lastHash;
    this.#lastHash = checkpoint.hash;
    if (this.#against.kept) this.#hashes.add(checkpoint.hash);
    const word = readCheckpointBody(checkpoint.body);
    if (!word || !isSignedCheckpoint(checkpoint, this.#against.verifier)) {
      this.#faults.add('checkpoint', LINE, this.count, 'it was changed, or is signed with a key that is not known');
    } else if (word.previous !== follows || previousColumn !== follows) {
      this.#faults.add('checkpoint', LINE, this.count, 'it does not follow the one before it: some are missing here');
      this.#expect(word);
    } else this.#expect(word);
  }

  #expect({ heads }: CheckpointWord): void {
    for (const { writer, sequence, hash } of heads) {
      const known = this.expected.get(writer) ?? [];
      this.expected.set(writer, known);
      const last = known.at(-1);
      if (last?.sequence === sequence && last.hash === hash) continue;
      if (last && last.sequence >= sequence) {
        this.#faults.add('checkpoint', LINE, this.count, 'it names an end of a chain that lies before the last one');
      }
      known.push({ sequence, hash });
    }
  }

  /** What somebody kept: a line that lacks it was cut or made anew. */
  compareKept(): void {
    for (const [index, checkpoint] of (this.#against.kept ?? []).entries()) {
      const word = readCheckpointBody(checkpoint.body);
      if (!word || !isSignedCheckpoint(checkpoint, this.#against.verifier)) {
        this.#faults.add(
          'checkpoint',
          LINE,
          index + 1,
          'the one kept elsewhere is not signed with a key that is known',
        );
      } else if (!this.#hashes.has(checkpoint.hash)) {
        this.#faults.add('checkpoint', LINE, index + 1, 'the one kept elsewhere is not in the store');
        this.#expectKept(word);
      }
    }
  }

  #expectKept({ heads }: CheckpointWord): void {
    for (const { writer, sequence, hash } of heads) {
      this.expected.set(writer, [...(this.expected.get(writer) ?? []), { sequence, hash }]);
    }
  }
}
