import { join } from 'node:path';
import { type Archive, isSignedArchive, nameArchive, verifyArchiveFile } from './archives.js';
import { GENESIS_HASH } from './chain.js';
import type { ArchivedSegment, Expectation } from './chain-walk.js';
import type { FaultList } from './faults.js';
import type { VerifyAgainst } from './verify-against.js';

/** What archives answer for. */
export interface JudgedArchives {
  /** Writer → the segments that count, from record 1 on, without a gap. */
  readonly segments: ReadonlyMap<string, readonly ArchivedSegment[]>;
  /** Files that were read and are what they should be. */
  readonly files: number;
}

/**
 * Judges what the store says of archives: each is signed and follows the one before it, from record 1 on; what does not,
 * excuses no missing record. Where their folder is given, the files are read too.
 *
 * @param expected what checkpoints say, writer → records
 */
export async function judgeArchives(
  archives: ReadonlyMap<string, readonly Archive[]>,
  expected: ReadonlyMap<string, readonly Expectation[]>,
  against: VerifyAgainst,
  faults: FaultList,
): Promise<JudgedArchives> {
  const segments = new Map<string, readonly ArchivedSegment[]>();
  let files = 0;
  for (const [writer, ofWriter] of archives) {
    const promised = new Map((expected.get(writer) ?? []).map(({ sequence, hash }) => [sequence, hash]));
    const counting: ArchivedSegment[] = [];
    for (const archive of ofWriter) {
      const fault = judgeArchive(archive, counting.at(-1), promised, against);
      if (fault !== null) {
        faults.add('archive', writer, archive.first, fault, archive.last);
        break;
      }
      counting.push(archive);
      if (against.archiveDir === undefined) continue;
      const ofFile = await judgeFile(archive, promised, against.archiveDir, against);
      if (ofFile === null) files += 1;
      else faults.add('archive', writer, archive.first, ofFile, archive.last);
    }
    segments.set(writer, counting);
  }
  return { segments, files };
}

/** What is wrong with the store's word on an archive; null where nothing is. */
function judgeArchive(
  archive: Archive,
  before: ArchivedSegment | undefined,
  promised: ReadonlyMap<number, string>,
  { verifier }: VerifyAgainst,
): string | null {
  if (!isSignedArchive(archive, verifier)) return 'its entry was changed, or is signed with a key that is not known';
  const first = (before?.last ?? 0) + 1;
  if (archive.first !== first || archive.previousHash !== (before?.lastHash ?? GENESIS_HASH)) {
    return 'it does not follow the archive before it';
  }
  const last = promised.get(archive.last) ?? archive.lastHash;
  return last === archive.lastHash ? null : 'a signed checkpoint names another record at its end';
}

/** What is wrong with an archive's file; null where nothing is. */
async function judgeFile(
  archive: Archive,
  promised: ReadonlyMap<number, string>,
  folder: string,
  { verifier }: VerifyAgainst,
): Promise<string | null> {
  const name = nameArchive(archive);
  let rewritten = 0;
  const held = await verifyArchiveFile(join(folder, name), verifier, (_, { sequence, hash }) => {
    if ((promised.get(sequence) ?? hash) !== hash) rewritten += 1;
  });
  if (typeof held === 'string') return `${name}: ${held}`;
  if (held.signature !== archive.signature) return `${name}: it is not the file that the store names`;
  return rewritten === 0 ? null : `${name}: a signed checkpoint names another record`;
}
