import type { Store, StoreDatabase } from '../store/store.js';
import { readArchives } from './archives.js';
import type { ChainHead } from './chain.js';
import { ChainWalk, type Expectation, type StoredRecord } from './chain-walk.js';
import { type ChainFault, FaultList } from './faults.js';
import { judgeArchives } from './judge-archives.js';
import { judgeCheckpoints } from './judge-checkpoints.js';
import type { VerifyAgainst } from './verify-against.js';

/** Records read at a time. */
const PAGE = 500;

/** Outcome of reading all chains. */
export interface VerifyReport {
  /** True where nothing is wrong. */
  readonly intact: boolean;
  readonly writers: number;
  readonly records: number;
  readonly checkpoints: number;
  /** Segments that files hold, and of them those whose file was read too. */
  readonly archives: number;
  readonly archiveFiles: number;
  /** The first 1000: checkpoints, then archives, then records by writer and sequence. */
  readonly faults: readonly ChainFault[];
  readonly faultCount: number;
  /** Where each chain ends. */
  readonly heads: readonly ChainHead[];
}

/**
 * Reads every checkpoint, every archive and every chain from its first record to its head, and says what was changed,
 * removed, inserted, reordered or rewritten. Appends go on meanwhile; only the end of each chain is read in a transaction.
 *
 * @throws SwaliError `STORE_UNAVAILABLE`
 * @remarks O(records), {@link PAGE} in memory at a time; of checkpoints only what they say of each chain stays there.
 *   A chain that was rebuilt as a whole, heads included, is found by the first checkpoint behind the change, unless the key
 *   that signs those was there to sign new ones: then by a checkpoint that was kept elsewhere. What came after the last
 *   checkpoint can be cut off and nothing here tells.
 */
export async function verifyChains(store: Store, against: VerifyAgainst): Promise<VerifyReport> {
  const faults = new FaultList();
  const { count: checkpoints, expected } = await judgeCheckpoints(store, against, faults);
  const archives = await store.run((db) => readArchives(db));
  const archived = await judgeArchives(archives, expected, against, faults);
  const writers = await readWriters(store, [...expected.keys(), ...archives.keys()]);
  const heads: ChainHead[] = [];
  let records = 0;
  for (const writer of writers) {
    const ground = {
      writer,
      faults,
      archived: archived.segments.get(writer) ?? [],
      expected: [...(expected.get(writer) ?? [])].sort(bySequence),
    };
    const walk = new ChainWalk(ground);
    const after = await walkPages(walk, null, (from) => store.run((db) => readPage(db, writer, from)));
    const head = await store.transaction((db) => finishWalk(db, store, writer, walk, after));
    records += walk.records;
    if (head) heads.push(head);
  }
  return {
    intact: faults.count === 0,
    writers: writers.length,
    records,
    checkpoints,
    archives: [...archives.values()].flat().length,
    archiveFiles: archived.files,
    faults: faults.kept,
    faultCount: faults.count,
    heads,
  };
}

function bySequence(one: Expectation, other: Expectation): number {
  return one.sequence - other.sequence;
}

/** Walks on from a record, page by page. @returns the number of the last record read, or `after` where none came */
async function walkPages(
  walk: ChainWalk,
  after: number | null,
  read: (after: number | null) => Promise<readonly StoredRecord[]>,
): Promise<number | null> {
  let from = after;
  for (;;) {
    const page = await read(from);
    for (const record of page) walk.step(record);
    from = page.at(-1)?.sequence ?? from;
    if (page.length < PAGE) return from;
  }
}

/** Holds the head still, reads what was appended since, and compares. */
async function finishWalk(
  db: StoreDatabase,
  store: Store,
  writer: string,
  walk: ChainWalk,
  after: number | null,
): Promise<ChainHead | undefined> {
  const query = db.selectFrom('audit_heads').select(['writer', 'sequence', 'hash']).where('writer', '=', writer);
  const head = await (store.dialect === 'sqlite' ? query : query.forUpdate()).executeTakeFirst();
  await walkPages(walk, after, (from) => readPage(db, writer, from));
  walk.finish(head);
  return head;
}

/** Everybody who has written, or of whom a checkpoint or an archive says so. */
async function readWriters(store: Store, named: readonly string[]): Promise<readonly string[]> {
  const rows = await store.run((db) =>
    db
      .selectFrom('audit_heads')
      .select('writer')
      .union(db.selectFrom('audit_records').select('writer'))
      .orderBy('writer')
      .execute(),
  );
  return [...new Set([...rows.map((row) => row.writer), ...named])].sort();
}

function readPage(db: StoreDatabase, writer: string, after: number | null): Promise<StoredRecord[]> {
  const query = db
    .selectFrom('audit_records')
    .select(['id', 'sequence', 'at', 'event', 'tenant', 'body', 'previous_hash', 'hash'])
    .select(['subject', 'target', 'kind', 'decision', 'code', 'request_id'])
    .where('writer', '=', writer)
    .orderBy('sequence')
    .limit(PAGE);
  return (after === null ? query : query.where('sequence', '>', after)).execute();
}
