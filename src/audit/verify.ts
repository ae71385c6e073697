import type { Store, StoreDatabase } from '../store/store.js';
import { GENESIS_HASH, hashRecord } from './chain.js';

/** Records read at a time. */
const PAGE = 500;

/** Faults listed; more are counted only. */
const MAX_FAULTS = 1000;

/**
 * What is wrong with a chain. `changed`: the record is not what was hashed, or does not follow the one before it.
 * `removed`: numbers are missing. `inserted`: a record that no head covers, or a number below 1. `reordered`: a record
 * stands in another's place. `head`: the head does not fit the last record, or is gone.
 */
export type FaultKind = 'changed' | 'removed' | 'inserted' | 'reordered' | 'head';

export interface ChainFault {
  readonly kind: FaultKind;
  readonly writer: string;
  /** First record concerned. */
  readonly sequence: number;
  /** Last record concerned; equal to `sequence` for single ones. */
  readonly until: number;
  /** In words, without anything from the record. */
  readonly message: string;
}

/** Outcome of reading all chains. */
export interface VerifyReport {
  /** True where nothing is wrong. */
  readonly intact: boolean;
  readonly writers: number;
  readonly records: number;
  /** The first 1000, by writer and sequence. */
  readonly faults: readonly ChainFault[];
  readonly faultCount: number;
  /** Where each chain ends; kept elsewhere, these prove later that nothing before was rewritten. */
  readonly heads: readonly { readonly writer: string; readonly sequence: number; readonly hash: string }[];
}

interface StoredRecord {
  readonly id: number;
  readonly sequence: number;
  readonly at: number;
  readonly event: string;
  readonly tenant: string;
  readonly body: string;
  readonly previous_hash: string;
  readonly hash: string;
}

/** Collects faults and counts; keeps the first {@link MAX_FAULTS}. */
class FaultList {
  readonly kept: ChainFault[] = [];
  count = 0;

  add(kind: FaultKind, writer: string, sequence: number, message: string, until = sequence): void {
    this.count += 1;
    if (this.kept.length < MAX_FAULTS) this.kept.push({ kind, writer, sequence, until, message });
  }
}

/** Walks one writer's records in order. */
class ChainWalk {
  records = 0;
  last = 0;
  lastHash = GENESIS_HASH;
  #lastId = 0;
  /** After a record that is wrong itself, that the next does not follow it says nothing new. */
  #lastIsWrong = false;
  readonly #writer: string;
  readonly #faults: FaultList;

  constructor(writer: string, faults: FaultList) {
    this.#writer = writer;
    this.#faults = faults;
  }

  step(record: StoredRecord): void {
    const { sequence } = record;
    this.records += 1;
    if (sequence < 1) {
      this.#faults.add('inserted', this.#writer, sequence, 'the number is below 1');
      return;
    }
    const gap = sequence > this.last + 1;
    if (gap) this.#faults.add('removed', this.#writer, this.last + 1, 'these records are missing', sequence - 1);
    const before = this.#faults.count;
    this.#checkRecord(record, gap || this.#lastIsWrong);
    this.#lastIsWrong = this.#faults.count > before;
    this.last = sequence;
    this.lastHash = record.hash;
    if (!this.#lastIsWrong) this.#lastId = Math.max(this.#lastId, record.id);
  }

  /** At most one fault per record, the most telling. */
  #checkRecord(record: StoredRecord, skipLink: boolean): void {
    const { sequence } = record;
    const place = readPlace(record.body);
    if (place && place.writer === this.#writer && place.sequence !== sequence) {
      this.#faults.add('reordered', this.#writer, sequence, `the text is that of record ${place.sequence}`);
    } else if (hashRecord(record.previous_hash, record.body) !== record.hash) {
      this.#faults.add('changed', this.#writer, sequence, 'the text does not have the hash that is kept with it');
    } else if (!place || place.writer !== this.#writer || !agrees(place, record)) {
      this.#faults.add('changed', this.#writer, sequence, 'the columns do not agree with the text');
    } else if (!skipLink && record.previous_hash !== this.lastHash) {
      this.#faults.add('changed', this.#writer, sequence, 'it does not follow the record before it');
    } else if (record.id < this.#lastId) {
      this.#faults.add('reordered', this.#writer, sequence, 'it stands before a record that it follows');
    }
  }

  /** Compares where the walk ended with the head. */
  finish(head: { readonly sequence: number; readonly hash: string } | undefined): void {
    if (!head) {
      if (this.records > 0) this.#faults.add('head', this.#writer, this.last, 'the chain has no head');
    } else if (head.sequence > this.last) {
      this.#faults.add('removed', this.#writer, this.last + 1, 'these records are missing at the end', head.sequence);
    } else if (head.sequence < this.last) {
      this.#faults.add('inserted', this.#writer, head.sequence + 1, 'no head covers these records', this.last);
    } else if (head.hash !== this.lastHash) {
      this.#faults.add('head', this.#writer, this.last, 'the head does not have the hash of the last record');
    }
  }
}

/**
 * Reads every chain from its first record to its head and says what was changed, removed, inserted or reordered.
 * Appends go on meanwhile; only the end of each chain is read in a transaction.
 *
 * @throws SwaliError `STORE_UNAVAILABLE`
 * @remarks O(records), {@link PAGE} in memory at a time. Finds whatever does not rebuild the chain up to its head; a
 *   chain rebuilt as a whole is found by comparing `heads` with ones kept elsewhere.
 */
export async function verifyChains(store: Store): Promise<VerifyReport> {
  const faults = new FaultList();
  const writers = await readWriters(store);
  const heads: { writer: string; sequence: number; hash: string }[] = [];
  let records = 0;
  for (const writer of writers) {
    const walk = new ChainWalk(writer, faults);
    const after = await walkPages(walk, null, (from) => store.run((db) => readPage(db, writer, from)));
    const head = await store.transaction((db) => finishWalk(db, store, writer, walk, after));
    records += walk.records;
    if (head) heads.push(head);
  }
  return {
    intact: faults.count === 0,
    writers: writers.length,
    records,
    faults: faults.kept,
    faultCount: faults.count,
    heads,
  };
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
): Promise<{ writer: string; sequence: number; hash: string } | undefined> {
  const query = db.selectFrom('audit_heads').select(['writer', 'sequence', 'hash']).where('writer', '=', writer);
  const head = await (store.dialect === 'sqlite' ? query : query.forUpdate()).executeTakeFirst();
  await walkPages(walk, after, (from) => readPage(db, writer, from));
  walk.finish(head);
  return head;
}

async function readWriters(store: Store): Promise<readonly string[]> {
  const rows = await store.run((db) =>
    db
      .selectFrom('audit_heads')
      .select('writer')
      .union(db.selectFrom('audit_records').select('writer'))
      .orderBy('writer')
      .execute(),
  );
  return rows.map((row) => row.writer);
}

function readPage(db: StoreDatabase, writer: string, after: number | null): Promise<StoredRecord[]> {
  const query = db
    .selectFrom('audit_records')
    .select(['id', 'sequence', 'at', 'event', 'tenant', 'body', 'previous_hash', 'hash'])
    .where('writer', '=', writer)
    .orderBy('sequence')
    .limit(PAGE);
  return (after === null ? query : query.where('sequence', '>', after)).execute();
}

/** Where a record's text says that it belongs. */
interface Place {
  readonly writer: unknown;
  readonly sequence: unknown;
  readonly at: unknown;
  readonly event: unknown;
  readonly tenant: unknown;
}

/** Whether the columns say what the text says. Records of before there were tenants name none. */
function agrees(place: Place, record: StoredRecord): boolean {
  return place.at === record.at && place.event === record.event && (place.tenant ?? '') === record.tenant;
}

/** Null where it is not the text of a record. */
function readPlace(body: string): Place | null {
  try {
    const envelope: unknown = JSON.parse(body);
    if (typeof envelope !== 'object' || envelope === null) return null;
    const { writer, sequence, at, event } = envelope as Readonly<Record<string, unknown>>;
    const told = event as Readonly<Record<string, unknown>> | undefined;
    return { writer, sequence, at, event: told?.event, tenant: told?.tenant };
  } catch {
    return null;
  }
}
