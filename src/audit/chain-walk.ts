import { GENESIS_HASH, hashRecord, parseObject, readKeptEvent } from './chain.js';
import type { FaultList } from './faults.js';
import type { KeptEvent } from './personal-fields.js';
import { columnsOf } from './record-columns.js';

/** A record as the store has it. */
export interface StoredRecord {
  readonly id: number;
  readonly sequence: number;
  readonly at: number;
  readonly event: string;
  readonly tenant: string;
  /** What records are found by; null in those of before there were such columns. */
  readonly subject: string | null;
  readonly target: string | null;
  readonly kind: string | null;
  readonly decision: string | null;
  readonly code: string | null;
  readonly request_id: string | null;
  readonly body: string;
  readonly previous_hash: string;
  readonly hash: string;
}

/** A segment of the chain whose records may be gone, as a signed archive holds them. */
export interface ArchivedSegment {
  readonly first: number;
  readonly last: number;
  readonly previousHash: string;
  readonly lastHash: string;
}

/** What a signed checkpoint says of one record. */
export interface Expectation {
  readonly sequence: number;
  readonly hash: string;
}

/** What a walk is held against. */
export interface WalkGround {
  readonly writer: string;
  readonly faults: FaultList;
  /** From record 1 on, without a gap, in order. */
  readonly archived: readonly ArchivedSegment[];
  /** In order of the sequence. */
  readonly expected: readonly Expectation[];
}

/** Walks one writer's records in order. */
export class ChainWalk {
  records = 0;
  last = 0;
  lastHash = GENESIS_HASH;
  #lastId = 0;
  /** After a record that is wrong itself, that the next does not follow it says nothing new. */
  #lastIsWrong = false;
  /** Once the chain is another than a checkpoint names, that the later ones do not fit says nothing new. */
  #isRewritten = false;
  #nextExpected = 0;
  readonly #ground: WalkGround;
  /** Last record that an archive holds; 0 where none does. */
  readonly #archivedTo: number;
  /** By the number of the record: what must be the hash before it, where an archive ends there. */
  readonly #boundaries: ReadonlyMap<number, string>;

  constructor(ground: WalkGround) {
    this.#ground = ground;
    this.#archivedTo = ground.archived.at(-1)?.last ?? 0;
    this.#boundaries = new Map(ground.archived.map(({ last, lastHash }) => [last, lastHash]));
  }

  step(record: StoredRecord): void {
    const { writer, faults } = this.#ground;
    const { sequence } = record;
    this.records += 1;
    if (sequence < 1) {
      faults.add('inserted', writer, sequence, 'the number is below 1');
      return;
    }
    const isNext = sequence === this.last + 1;
    if (!isNext) this.#skipTo(sequence);
    const before = faults.count;
    this.#checkRecord(record, (isNext || this.#boundaries.has(sequence - 1)) && !this.#lastIsWrong);
    this.#lastIsWrong = faults.count > before;
    this.last = sequence;
    this.lastHash = record.hash;
    this.#checkBoundary(record);
    this.#checkExpected(record);
    if (!this.#lastIsWrong) this.#lastId = Math.max(this.#lastId, record.id);
  }

  /** Records are missing before this one: only what an archive holds may be. */
  #skipTo(sequence: number): void {
    const { writer, faults } = this.#ground;
    const missing = Math.max(this.last, this.#archivedTo) + 1;
    if (missing < sequence) faults.add('removed', writer, missing, 'these records are missing', sequence - 1);
    this.lastHash = this.#boundaries.get(sequence - 1) ?? this.lastHash;
    // What was wrong with a record that is long past says nothing of this one's link.
    this.#lastIsWrong = false;
  }

  /** At most one fault per record, the most telling. */
  #checkRecord(record: StoredRecord, isLinked: boolean): void {
    const { writer, faults } = this.#ground;
    const { sequence } = record;
    const place = readPlace(record.body);
    if (place && place.writer === writer && place.sequence !== sequence) {
      faults.add('reordered', writer, sequence, `the text is that of record ${place.sequence}`);
    } else if (hashRecord(record.previous_hash, record.body) !== record.hash) {
      faults.add('changed', writer, sequence, 'the text does not have the hash that is kept with it');
    } else if (!place || place.writer !== writer || !agrees(place, record)) {
      faults.add('changed', writer, sequence, 'the columns do not agree with the text');
    } else if (isLinked && record.previous_hash !== this.lastHash) {
      faults.add('changed', writer, sequence, 'it does not follow the record before it');
    } else if (record.id < this.#lastId) {
      faults.add('reordered', writer, sequence, 'it stands before a record that it follows');
    }
  }

  /** A record that is still there although an archive ends with it. */
  #checkBoundary({ sequence, hash }: StoredRecord): void {
    const boundary = this.#boundaries.get(sequence);
    if (boundary === undefined || boundary === hash || this.#lastIsWrong) return;
    this.#ground.faults.add(
      'rewritten',
      this.#ground.writer,
      sequence,
      'it is not the record that an archive ends with',
    );
    this.#lastIsWrong = true;
  }

  #checkExpected({ sequence, hash }: Pick<StoredRecord, 'sequence' | 'hash'>): void {
    const { writer, faults, expected } = this.#ground;
    while ((expected[this.#nextExpected]?.sequence ?? Number.POSITIVE_INFINITY) < sequence) this.#nextExpected += 1;
    for (; expected[this.#nextExpected]?.sequence === sequence; this.#nextExpected += 1) {
      if (expected[this.#nextExpected]?.hash === hash || this.#isRewritten || this.#lastIsWrong) continue;
      faults.add('rewritten', writer, sequence, 'a signed checkpoint names another record in this place');
      this.#isRewritten = true;
    }
  }

  /** Compares where the walk ended with the head, and with the last word of a checkpoint. */
  finish(head: { readonly sequence: number; readonly hash: string } | undefined): void {
    const { writer, faults, expected, archived } = this.#ground;
    if (this.last < this.#archivedTo) {
      this.last = this.#archivedTo;
      this.lastHash = archived.at(-1)?.lastHash ?? '';
    }
    const promised = expected.at(-1)?.sequence ?? 0;
    if (!head) {
      if (this.last > 0) faults.add('head', writer, this.last, 'the chain has no head');
    } else if (head.sequence > this.last) {
      faults.add('removed', writer, this.last + 1, 'these records are missing at the end', head.sequence);
    } else if (head.sequence < this.last) {
      faults.add('inserted', writer, head.sequence + 1, 'no head covers these records', this.last);
    } else if (head.hash !== this.lastHash) {
      faults.add('head', writer, this.last, 'the head does not have the hash of the last record');
    }
    const told = Math.max(this.last, head?.sequence ?? 0);
    if (promised > told) {
      faults.add(
        'removed',
        writer,
        told + 1,
        'a signed checkpoint names these records, and they are missing',
        promised,
      );
    }
  }
}

/** Where a record's text says that it belongs, and what of it stands in the open. */
interface Place {
  readonly writer: unknown;
  readonly sequence: unknown;
  readonly at: unknown;
  readonly event: KeptEvent;
}

/** Whether the columns say what the text says: whoever looks for records by them would miss one otherwise. */
function agrees({ at, event }: Place, record: StoredRecord): boolean {
  // Records of before there were tenants name none.
  if (at !== record.at || event.event !== record.event || (event.tenant ?? '') !== record.tenant) return false;
  const told = columnsOf(event);
  const names = Object.keys(told) as (keyof typeof told)[];
  return names.every((name) => record[name] === told[name] || (record[name] === null && isOfBefore(event)));
}

/** Records of before there were those columns say nothing of the caller's program, and encrypt nothing. */
function isOfBefore(event: KeptEvent): boolean {
  return event.sealed === undefined && !Object.hasOwn(event, 'userAgent');
}

/** Null where it is not the text of a record. */
function readPlace(body: string): Place | null {
  const envelope = parseObject(body);
  const event = readKeptEvent(body);
  return envelope && event ? ({ ...envelope, event } as Place) : null;
}
