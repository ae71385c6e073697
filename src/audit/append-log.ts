import type { Clock } from '../domain/ports.js';
import { toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store, StoreDatabase } from '../store/store.js';
import type { AuditRecordTable } from '../store/tables.js';
import { GENESIS_HASH, hashRecord, printEnvelope } from './chain.js';
import { type AuditPage, type ListedRecord, listRecords } from './list-records.js';
import type { AuditEvent, AuditLog } from './record.js';
import { type VerifyReport, verifyChains } from './verify.js';

/** Records that one transaction writes at most. */
const MAX_BATCH = 256;

/** Characters of JSON that one transaction writes at most (but one record at least): servers refuse large packets. */
const MAX_BATCH_CHARACTERS = 1024 * 1024;

/** Characters of JSON of one record at most. */
const MAX_RECORD_CHARACTERS = 256 * 1024;

/** Appends that may wait; more means that the store does not keep up, and answers must stop. */
const MAX_WAITING = 10_000;

const WRITER = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/** The audit log with what reads it. */
export interface ChainedAuditLog extends AuditLog {
  /** Reads every chain and says what was changed. @throws SwaliError `STORE_UNAVAILABLE` */
  verify(): Promise<VerifyReport>;
  /**
   * Newest records first.
   *
   * @param page.limit 1–1000
   * @param page.before only records older than the one with this id
   * @param page.tenant only records of this tenant; those of all where it is absent
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  list(page: AuditPage): Promise<readonly ListedRecord[]>;
}

interface Waiting {
  readonly event: AuditEvent;
  readonly at: number;
  /** Characters of JSON. */
  readonly size: number;
  readonly resolve: () => void;
  readonly reject: (error: SwaliError) => void;
}

interface Head {
  readonly sequence: number;
  readonly hash: string;
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
 * @param deps.writerId name of the chain: letters, digits and `._:-`, at most 64; the same after a restart continues it
 * @throws SwaliError `AUDIT_UNAVAILABLE` where the store does not answer; `SETTINGS_INVALID` for a bad writer name
 * @remarks Whoever can write the store's tables can rebuild a chain from some record on, heads included. The chain
 *   proves tampering against any copy of a later hash, not against a rewritten whole.
 */
export async function openAuditLog(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly writerId: string;
}): Promise<ChainedAuditLog> {
  if (!WRITER.test(deps.writerId)) throw new SwaliError('SETTINGS_INVALID', { detail: 'the audit writer name' });
  const log = new AppendLog(deps.store, deps.clock, deps.writerId);
  await log.open();
  return log;
}

class AppendLog implements ChainedAuditLog {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #writer: string;
  readonly #waiting: Waiting[] = [];
  #writing = false;
  #known: Head = { sequence: 0, hash: GENESIS_HASH };

  constructor(store: Store, clock: Clock, writer: string) {
    this.#store = store;
    this.#clock = clock;
    this.#writer = writer;
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
    const at = this.#clock();
    return new Promise((resolve, reject) => {
      // Printed here too, so that an event that cannot be written down fails alone, not with its batch.
      let size: number;
      try {
        size = printEnvelope({ writer: this.#writer, sequence: 1, at, event }).length;
        if (size > MAX_RECORD_CHARACTERS) throw new RangeError('the record is too large');
      } catch (error) {
        return reject(new SwaliError('AUDIT_UNAVAILABLE', { cause: error }));
      }
      if (this.#waiting.length >= MAX_WAITING) {
        return reject(new SwaliError('AUDIT_UNAVAILABLE', { cause: 'too many records wait', retryAfterS: 1 }));
      }
      this.#waiting.push({ event: structuredClone(event), at, size, resolve, reject });
      if (!this.#writing) {
        this.#writing = true;
        // After this turn of the event loop, so that appends made together are written together.
        setImmediate(() => void this.#writeAll());
      }
    });
  }

  verify(): Promise<VerifyReport> {
    return verifyChains(this.#store);
  }

  list(page: AuditPage): Promise<readonly ListedRecord[]> {
    return listRecords(this.#store, page);
  }

  /** Writes batch after batch until nothing waits. Never throws. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, countBatch(this.#waiting));
      try {
        this.#known = await this.#store.transaction((db) => this.#writeBatch(db, batch));
        for (const each of batch) each.resolve();
      } catch (error) {
        const failure = new SwaliError('AUDIT_UNAVAILABLE', { cause: error, retryAfterS: 5 });
        for (const each of batch) each.reject(failure);
      }
    }
    this.#writing = false;
  }

  async #writeBatch(db: StoreDatabase, batch: readonly Waiting[]): Promise<Head> {
    const start = await this.#readHead(db);
    await this.#assertNotBehind(db, start);
    let head = start;
    const rows: Omit<AuditRecordTable, 'id'>[] = [];
    for (const { event, at } of batch) {
      const sequence = head.sequence + 1;
      const body = printEnvelope({ writer: this.#writer, sequence, at, event });
      const hash = hashRecord(head.hash, body);
      rows.push({
        writer: this.#writer,
        sequence,
        at,
        event: event.event,
        tenant: toTenantColumn(event.tenant),
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
    if (head.sequence === known.sequence && head.hash === known.hash) return;
    const kept =
      head.sequence > known.sequence && known.sequence > 0
        ? await db
            .selectFrom('audit_records')
            .select('hash')
            .where('writer', '=', this.#writer)
            .where('sequence', '=', known.sequence)
            .executeTakeFirst()
        : undefined;
    if (head.sequence > known.sequence && (known.sequence === 0 || kept?.hash === known.hash)) return;
    throw new Error(`the audit chain was cut or rewritten before record ${known.sequence}`);
  }
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
