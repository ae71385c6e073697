import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Clock } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import {
  type Archive,
  digestLine,
  nameArchive,
  printFooter,
  printHeader,
  printRecord,
  readArchives,
  signArchive,
  verifyArchiveFile,
} from './archives.js';
import { type ChainHead, GENESIS_HASH, hashRecord } from './chain.js';
import type { Signer } from './ed25519.js';

/** Records of one file at most. */
const MAX_RECORDS = 50_000;

/** Records read, and removed, at a time. */
const PAGE = 500;

/** A segment that was moved into a file. */
export interface MovedSegment {
  readonly archive: Archive;
  /** Of the file. */
  readonly path: string;
  readonly records: number;
}

interface Deps {
  /** Opened by an account that may remove archived records. */
  readonly store: Store;
  readonly clock: Clock;
  readonly signer: Signer;
  /** Made where it is missing, readable by its owner alone. */
  readonly folder: string;
  /** Records that are older than so many milliseconds go. */
  readonly retentionMs: number;
  readonly maxRecords?: number;
}

/**
 * Moves the records that are older than the retention out of the store: of each chain the longest beginning of which every
 * record is, in files of {@link MAX_RECORDS} at most. A file is signed, on the disk and read back before the store says
 * that it is there, and only then do its records go; a break in between is made good by the next run.
 *
 * @returns what was moved, in order
 * @throws SwaliError `AUDIT_NOT_INTACT` where a chain does not hold together there: nothing of it is removed;
 *   `AUDIT_ARCHIVE_FAILED` where the folder cannot be written; `STORE_UNAVAILABLE`, also for an account without the rights
 */
export async function archiveRecords(deps: Deps): Promise<readonly MovedSegment[]> {
  const cutoff = deps.clock() - deps.retentionMs;
  const moved: MovedSegment[] = [];
  const archives = await deps.store.run((db) => readArchives(db));
  const heads = await deps.store.run((db) =>
    db.selectFrom('audit_heads').select(['writer', 'sequence', 'hash']).orderBy('writer').execute(),
  );
  for (const { writer } of heads) {
    const known = archives.get(writer) ?? [];
    for (const archive of known) await finishRemoval(deps, archive);
    const last = known.at(-1);
    let head: ChainHead = { writer, sequence: last?.last ?? 0, hash: last?.lastHash ?? GENESIS_HASH };
    const end = await findEnd(deps.store, head, cutoff);
    while (head.sequence < end) {
      const segment = await moveSegment(deps, head, Math.min(end, head.sequence + (deps.maxRecords ?? MAX_RECORDS)));
      moved.push(segment);
      head = { writer, sequence: segment.archive.last, hash: segment.archive.lastHash };
    }
  }
  return moved;
}

/** The last record before which all are old enough. A clock that was set back does not open a gap. */
async function findEnd(store: Store, { writer, sequence }: ChainHead, cutoff: number): Promise<number> {
  const [young, last] = await store.run(async (db) => {
    const records = db.selectFrom('audit_records').where('writer', '=', writer).where('sequence', '>', sequence);
    const first = await records
      .where('at', '>=', cutoff)
      .select((eb) => eb.fn.min('sequence').as('sequence'))
      .executeTakeFirst();
    const final = await records.select((eb) => eb.fn.max('sequence').as('sequence')).executeTakeFirst();
    return [first?.sequence ?? null, final?.sequence ?? null];
  });
  return young === null ? Number(last ?? sequence) : Number(young) - 1;
}

/** Writes one file, enters it, and removes what it holds. */
async function moveSegment(deps: Deps, after: ChainHead, last: number): Promise<MovedSegment> {
  const { archive, path } = await writeFile(deps, after, last);
  const held = await verifyArchiveFile(path, deps.signer);
  if (typeof held === 'string') throw new SwaliError('AUDIT_ARCHIVE_FAILED', { detail: `${path}: ${held}` });
  await deps.store.run((db) =>
    db
      .insertInto('audit_archives')
      .values({
        writer: archive.writer,
        first_sequence: archive.first,
        last_sequence: archive.last,
        previous_hash: archive.previousHash,
        last_hash: archive.lastHash,
        digest: archive.digest,
        closed_at: archive.closedAt,
        key_id: archive.keyId,
        signature: archive.signature,
      })
      .execute(),
  );
  await removeRecords(deps.store, archive);
  return { archive, path, records: archive.last - archive.first + 1 };
}

/** What a run before left behind goes now, if its file is still what it was. */
async function finishRemoval(deps: Deps, archive: Archive): Promise<void> {
  const { writer, first, last } = archive;
  const left = await deps.store.run((db) =>
    db
      .selectFrom('audit_records')
      .select('sequence')
      .where('writer', '=', writer)
      .where('sequence', '>=', first)
      .where('sequence', '<=', last)
      .limit(1)
      .executeTakeFirst(),
  );
  if (!left) return;
  const path = join(deps.folder, nameArchive(archive));
  const held = await verifyArchiveFile(path, deps.signer);
  if (typeof held === 'string' || held.signature !== archive.signature) {
    const fault = typeof held === 'string' ? held : 'it is not the file that the store names';
    throw new SwaliError('AUDIT_ARCHIVE_FAILED', { detail: `${path}: ${fault}` });
  }
  await removeRecords(deps.store, archive);
}

async function removeRecords(store: Store, { writer, first, last }: Archive): Promise<void> {
  for (let from = first; from <= last; from += PAGE) {
    await store.run((db) =>
      db
        .deleteFrom('audit_records')
        .where('writer', '=', writer)
        .where('sequence', '>=', from)
        .where('sequence', '<=', Math.min(last, from + PAGE - 1))
        .execute(),
    );
  }
}

/** Writes the records behind a head, up to one, into a file that appears whole and on the disk, or not at all. */
async function writeFile(
  deps: Deps,
  after: ChainHead,
  last: number,
): Promise<{ readonly archive: Archive; readonly path: string }> {
  const first = after.sequence + 1;
  const path = join(deps.folder, nameArchive({ writer: after.writer, first, last }));
  const draft = `${path}.part`;
  let archive: Archive | null = null;
  const onEnd = (made: Archive) => {
    archive = made;
  };
  try {
    await mkdir(deps.folder, { recursive: true, mode: 0o700 });
    await rm(draft, { force: true });
    const file = await open(draft, 'wx', 0o600);
    try {
      await pipeline(
        Readable.from(printLines(deps, after, last, onEnd)),
        createGzip(),
        file.createWriteStream({ flush: true }),
      );
    } finally {
      await file.close().catch(() => undefined);
    }
    await rename(draft, path);
    const folder = await open(deps.folder, 'r');
    await folder.sync().finally(() => folder.close());
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    if (cause instanceof SwaliError) throw cause;
    throw new SwaliError('AUDIT_ARCHIVE_FAILED', { detail: `${deps.folder} cannot be written`, cause });
  }
  if (archive === null) throw new SwaliError('AUDIT_ARCHIVE_FAILED', { detail: `${path}: it is empty` });
  return { archive, path };
}

/** The lines of a file; each record is judged against the one before it. @throws SwaliError `AUDIT_NOT_INTACT` */
async function* printLines(
  { store, clock, signer }: Deps,
  after: ChainHead,
  last: number,
  onEnd: (archive: Archive) => void,
): AsyncIterable<string> {
  const { writer } = after;
  const first = after.sequence + 1;
  const digest = createHash('sha256');
  let head = after;
  yield `${printHeader({ writer, first, previousHash: after.hash })}\n`;
  while (head.sequence < last) {
    const page = await store.run((db) =>
      db
        .selectFrom('audit_records')
        .select(['sequence', 'body', 'hash'])
        .where('writer', '=', writer)
        .where('sequence', '>', head.sequence)
        .where('sequence', '<=', last)
        .orderBy('sequence')
        .limit(PAGE)
        .execute(),
    );
    for (const record of page) {
      const follows =
        Number(record.sequence) === head.sequence + 1 && hashRecord(head.hash, record.body) === record.hash;
      if (!follows) throw notIntact(writer, head.sequence + 1);
      const line = printRecord({ ...record, sequence: Number(record.sequence) });
      digestLine(digest, line);
      head = { writer, sequence: Number(record.sequence), hash: record.hash };
      yield `${line}\n`;
    }
    if (page.length === 0) throw notIntact(writer, head.sequence + 1);
  }
  const word = { writer, first, last, previousHash: after.hash, lastHash: head.hash, closedAt: clock() };
  const archive = signArchive({ ...word, digest: digest.digest('hex') }, signer);
  onEnd(archive);
  yield `${printFooter(archive)}\n`;
}

function notIntact(writer: string, sequence: number): SwaliError {
  return new SwaliError('AUDIT_NOT_INTACT', { detail: `record ${sequence} of ${writer}` });
}
