import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../domain/ports.js';
import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { KeyRing } from '../store/key-ring.js';
import type { Store, StoreDatabase } from '../store/store.js';
import type { AuditRecordTable } from '../store/tables.js';
import { isSignedArchive, readArchives } from './archives.js';
import { printCanonicalJson } from './canonical-json.js';
import { type ChainHead, GENESIS_HASH, hashRecord, printEnvelope } from './chain.js';
import { addCheckpoint, type Checkpoint } from './checkpoints.js';
import type { Signer } from './ed25519.js';
import { type AuditPage, type ListedRecord, listRecords } from './list-records.js';
import { type KeptEvent, placeOf, type SplitEvent, splitEvent } from './personal-fields.js';
import type { AuditEvent, AuditLog } from './record.js';
import { columnsOf } from './record-columns.js';
import { createSubjectKeys, type SubjectKey, type SubjectKeys, sealFields } from './subject-keys.js';
import { type VerifyReport, verifyChains } from './verify.js';
import type { VerifyAgainst } from './verify-against.js';

/** Records that one transaction writes at most. */
const MAX_BATCH = 256;

/** Characters of JSON that one transaction writes at most (but one record at least): servers refuse large packets. */
const MAX_BATCH_CHARACTERS = 1024 * 1024;

/** Characters of JSON of one record at most. */
const MAX_RECORD_CHARACTERS = 256 * 1024;

/** A failure that took longer, in milliseconds, is the store's, and not that of one batch. */
const LONG_FAILURE_MS = 2000;

/** Appends that may wait; more means that the store does not keep up, and answers must stop. */
const MAX_WAITING = 10_000;

const WRITER = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/** The audit log with what reads it. */
export interface ChainedAuditLog extends AuditLog {
  /** Reads every chain and says what was changed. @throws SwaliError `STORE_UNAVAILABLE` */
  verify(against?: Omit<VerifyAgainst, 'verifier'>): Promise<VerifyReport>;
  /**
   * Newest records first.
   *
   * @param page.limit 1–1000
   * @param page.before only records older than the one with this id
   * @param page.tenant only records of this tenant; those of all where it is absent
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  list(page: AuditPage): Promise<readonly ListedRecord[]>;
  /**
   * Signs where every chain ends now, those of other writers too.
   *
   * @returns the checkpoint, to be kept elsewhere; null where no chain has grown since the last one
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  checkpoint(): Promise<Checkpoint | null>;
  /** Resolves once nothing waits to be written. Never rejects: who appended is told. */
  drain(): Promise<void>;
}

/** A batch that was written, or was not. */
export interface BatchReport {
  readonly records: number;
  /** Of the transaction, in milliseconds. */
  readonly durationMs: number;
  readonly written: boolean;
  /** Records that wait meanwhile. */
  readonly waiting: number;
}

interface Waiting {
  readonly split: SplitEvent;
  readonly tenant: Tenant;
  readonly at: number;
  /** Characters of JSON. */
  readonly size: number;
  readonly resolve: () => void;
  readonly reject: (error: SwaliError) => void;
}

type Head = Omit<ChainHead, 'writer'>;

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  readonly writerId: string;
  readonly keyRing: KeyRing;
  readonly signer: Signer;
  readonly onBatch?: (report: BatchReport) => void;
}

/**
 * Opens the append-only log of one writer: each record is chained to the one before it by sha256, and is on the
 * store's disk before `append` resolves. Appends that wait together share one transaction (group commit), in the order
 * in which they were made.
 *
 * The head of the chain is read inside the transaction, under its row lock, and moved with the records: several
 * processes with one writer name continue one chain and cannot fork it; (writer, sequence) is unique besides. The log
 * also remembers the last head it wrote itself, and appends nothing once the store's head falls behind it.
 *
 * What is personal in an event is encrypted under a key of its subject before it is hashed, so that the key can be
 * destroyed and the chain still verifies.
 *
 * @param deps.writerId name of the chain: letters, digits and `._:-`, at most 64; the same after a restart continues it
 * @param deps.keyRing what the keys of subjects are kept under
 * @param deps.signer signs checkpoints
 * @param deps.onBatch told of every transaction, for measurements
 * @throws SwaliError `AUDIT_UNAVAILABLE` where the store does not answer; `SETTINGS_INVALID` for a bad writer name
 * @remarks Whoever can write the store's tables can rebuild a chain from some record on, heads included; signed
 *   checkpoints tell, up to the last one.
 */
export async function openAuditLog(deps: Deps): Promise<ChainedAuditLog> {
  if (!WRITER.test(deps.writerId)) throw new SwaliError('SETTINGS_INVALID', { detail: 'the audit writer name' });
  const log = new AppendLog(deps);
  await log.open();
  return log;
}

class AppendLog implements ChainedAuditLog {
  readonly #deps: Deps;
  readonly #store: Store;
  readonly #writer: string;
  readonly #keys: SubjectKeys;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  #known: Head = { sequence: 0, hash: GENESIS_HASH };

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#store = deps.store;
    this.#writer = deps.writerId;
    this.#keys = createSubjectKeys(deps);
  }

  /** Makes the writer's head where it is new, and learns where its chain ends. */
  async open(): Promise<void> {
    const first = { writer: this.#writer, sequence: 0, hash: GENESIS_HASH };
    try {
      await this.#store.run((db) =>
        this.#store.dialect === 'sqlite'
          ? db
              .insertInto('audit_heads')
              .values(first)
              .onConflict((conflict) => conflict.doNothing())
              .execute()
          : db.insertInto('audit_heads').ignore().values(first).execute(),
      );
      this.#known = await this.#store.transaction((db) => this.#readHead(db));
    } catch (error) {
      throw new SwaliError('AUDIT_UNAVAILABLE', { cause: error });
    }
  }

  append(event: AuditEvent): Promise<void> {
    const at = this.#deps.clock();
    return new Promise((resolve, reject) => {
      // Printed here, so that an event that cannot be written down fails alone, not with its batch.
      let text: string;
      try {
        text = printCanonicalJson(event);
        if (text.length > MAX_RECORD_CHARACTERS) throw new RangeError('the record is too large');
      } catch (error) {
        return reject(new SwaliError('AUDIT_UNAVAILABLE', { cause: error }));
      }
      if (this.#waiting.length >= MAX_WAITING) {
        return reject(new SwaliError('AUDIT_UNAVAILABLE', { cause: 'too many records wait', retryAfterS: 1 }));
      }
      // As it is now: the caller may go on changing the object.
      const split = splitEvent(JSON.parse(text) as AuditEvent);
      this.#waiting.push({ split, tenant: event.tenant, at, size: text.length, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  verify(against: Omit<VerifyAgainst, 'verifier'> = {}): Promise<VerifyReport> {
    return verifyChains(this.#store, { ...against, verifier: this.#deps.signer });
  }

  list(page: AuditPage): Promise<readonly ListedRecord[]> {
    return listRecords(this.#store, this.#keys, page);
  }

  checkpoint(): Promise<Checkpoint | null> {
    return addCheckpoint(this.#deps);
  }

  async drain(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** Writes batch after batch until nothing waits. Never throws. */
  async #writeAll(): Promise<void> {
    // After this turn of the event loop, so that appends made together are written together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, countBatch(this.#waiting));
      const startedAt = performance.now();
      let failure: SwaliError | null = null;
      try {
        const keys = await this.#keys.demand(subjectsOf(batch));
        this.#known = await this.#store.transaction((db) => this.#writeBatch(db, batch, keys));
      } catch (error) {
        failure = new SwaliError('AUDIT_UNAVAILABLE', { cause: error, retryAfterS: 5 });
      }
      const durationMs = performance.now() - startedAt;
      // Whoever came while the store was silent has waited for it too, and would for as long again.
      if (failure && durationMs > LONG_FAILURE_MS) batch.push(...this.#waiting.splice(0));
      for (const { resolve, reject } of batch) failure ? reject(failure) : resolve();
      const report = { records: batch.length, durationMs, written: failure === null, waiting: this.#waiting.length };
      this.#deps.onBatch?.(report);
    }
    this.#writing = null;
  }

  async #writeBatch(
    db: StoreDatabase,
    batch: readonly Waiting[],
    keys: ReadonlyMap<string, SubjectKey>,
  ): Promise<Head> {
    const start = await this.#readHead(db);
    await this.#assertNotBehind(db, start);
    let head = start;
    const rows: Omit<AuditRecordTable, 'id'>[] = [];
    for (const { split, tenant, at } of batch) {
      const sequence = head.sequence + 1;
      const body = printEnvelope({ writer: this.#writer, sequence, at, event: keepEvent(split, keys) });
      const hash = hashRecord(head.hash, body);
      rows.push({
        writer: this.#writer,
        sequence,
        at,
        event: String(split.open.event),
        tenant: toTenantColumn(tenant),
        ...columnsOf(split.open),
        body,
        previous_hash: head.hash,
        hash,
      });
      head = { sequence, hash };
    }
    await db.insertInto('audit_records').values(rows).execute();
    const moved = await db
      .updateTable('audit_heads')
      .set({ sequence: head.sequence, hash: head.hash })
      .where('writer', '=', this.#writer)
      .where('sequence', '=', start.sequence)
      .where('hash', '=', start.hash)
      .executeTakeFirst();
    if (moved.numUpdatedRows !== 1n) throw new Error('the head of the audit chain moved under its lock');
    return head;
  }

  async #readHead(db: StoreDatabase): Promise<Head> {
    let query = db.selectFrom('audit_heads').select(['sequence', 'hash']).where('writer', '=', this.#writer);
    // On SQLite the transaction has begun IMMEDIATE, so it holds the write lock already.
    if (this.#store.dialect !== 'sqlite') query = query.forUpdate();
    const head = await query.executeTakeFirst();
    if (!head) throw new Error('the head of the audit chain is gone');
    return { sequence: Number(head.sequence), hash: head.hash };
  }

  /** A head behind what this process has written itself means that records were taken away. */
  async #assertNotBehind(db: StoreDatabase, head: Head): Promise<void> {
    const known = this.#known;
    if (isDeepStrictEqual(head, known)) return;
    if (head.sequence > known.sequence && (known.sequence === 0 || (await this.#holds(db, known)))) return;
    throw new Error(`the audit chain was cut or rewritten before record ${known.sequence}`);
  }

  /** Whether what was the head is still in the chain, or in a signed archive of it. */
  async #holds(db: StoreDatabase, { sequence, hash }: Head): Promise<boolean> {
    const kept = await db
      .selectFrom('audit_records')
      .select('hash')
      .where('writer', '=', this.#writer)
      .where('sequence', '=', sequence)
      .executeTakeFirst();
    if (kept) return kept.hash === hash;
    const archives = (await readArchives(db)).get(this.#writer) ?? [];
    const archive = archives.find(({ first, last }) => first <= sequence && sequence <= last);
    return archive !== undefined && isSignedArchive(archive, this.#deps.signer);
  }
}

/** Whom the records of a batch are about, with the tenant of each. */
function subjectsOf(batch: readonly Waiting[]): ReadonlyMap<string, Tenant> {
  return new Map(
    batch.flatMap(({ split, tenant }) => [...split.personal.keys()].map((subject) => [subject, tenant] as const)),
  );
}

/** An event with what is personal encrypted; of subjects that were erased nothing is kept. */
function keepEvent({ open, personal }: SplitEvent, keys: ReadonlyMap<string, SubjectKey>): KeptEvent {
  if (personal.size === 0) return open;
  const sealed = [...personal].map(([subject, fields]) => {
    const key = keys.get(subject) ?? null;
    return [subject, key === null ? null : sealFields(key, fields, placeOf(open, subject))] as const;
  });
  return { ...open, sealed: Object.fromEntries(sealed) };
}

/** How many of those that wait go into one transaction. */
function countBatch(waiting: readonly Waiting[]): number {
  let characters = 0;
  for (const [index, { size }] of waiting.entries()) {
    characters += size;
    if (index === MAX_BATCH || (index > 0 && characters > MAX_BATCH_CHARACTERS)) return index;
  }
  return waiting.length;
}
