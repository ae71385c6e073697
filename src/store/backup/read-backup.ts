import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { z } from 'zod';
import { SwaliError } from '../../errors/swali-error.js';
import { type Cell, parseRow } from './cells.js';
import {
  type BackupFoot,
  type BackupHead,
  type BackupSummary,
  FOOT,
  HEAD,
  RowTally,
  summarise,
  TABLE_END,
  TABLE_START,
} from './format.js';
import { openChunks } from './sealed-stream.js';

/** Bytes of one line at most; the store takes no row that comes near. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

const LINE_BREAK = 0x0a;

/** What is done with what is read, in its order. */
export interface BackupReader {
  onHead?(head: BackupHead): Promise<void>;
  onRow?(table: BackupHead['tables'][number], cells: readonly Cell[]): Promise<void> | void;
  onTableEnd?(): Promise<void>;
}

/**
 * Reads a backup from its first byte to its last, and checks all of it: key, authenticity, counts and digests.
 *
 * @param reader is handed rows before the end is seen: it must undo what it did where this throws
 * @throws SwaliError `BACKUP_UNREADABLE`, `BACKUP_KEY_WRONG`, `BACKUP_DAMAGED`, and what the reader throws
 * @remarks Streamed: memory does not grow with the file.
 */
export async function readBackup(path: string, secret: string, reader: BackupReader = {}): Promise<BackupSummary> {
  const parser = new BackupParser(reader);
  try {
    await pipeline(
      createReadStream(path),
      (file: AsyncIterable<Uint8Array>) => openChunks(file, secret),
      createGunzip(),
      async (text: AsyncIterable<Buffer>) => {
        for await (const line of splitLines(text)) await parser.take(line);
      },
    );
    return parser.close();
  } catch (error) {
    throw toReadingError(error);
  }
}

function toReadingError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (error instanceof Damage || code.startsWith('Z_')) return new SwaliError('BACKUP_DAMAGED', { cause: error });
  if (['ENOENT', 'EACCES', 'EISDIR', 'EPERM', 'ENOTDIR'].includes(code))
    return new SwaliError('BACKUP_UNREADABLE', { detail: 'the file cannot be read', cause: error });
  return error;
}

/** The text of the file is not what a backup holds. */
class Damage extends Error {}

class BackupParser {
  readonly #reader: BackupReader;
  #head: BackupHead | null = null;
  #foot: BackupFoot | null = null;
  #table: BackupHead['tables'][number] | null = null;
  #tally = new RowTally();
  readonly #ended: Record<string, { readonly rows: number; readonly digest: string }> = {};

  constructor(reader: BackupReader) {
    this.#reader = reader;
  }

  async take(line: Buffer): Promise<void> {
    if (this.#foot) throw new Damage('there is text behind the foot');
    if (!this.#head) {
      this.#head = readHead(line);
      await this.#reader.onHead?.(this.#head);
    } else if (this.#table && line[0] === 0x5b) {
      this.#tally.add(line);
      const cells = parse(() => parseRow(line.toString('utf8')));
      if (cells.length !== this.#table.columns.length) throw new Damage('a row has more or fewer values than columns');
      await this.#reader.onRow?.(this.#table, cells);
    } else if (this.#table) {
      await this.#endTable(read(TABLE_END, line));
    } else {
      const { tables } = this.#head;
      const next = tables[Object.keys(this.#ended).length];
      if (next) this.#startTable(next, read(TABLE_START, line).table);
      else this.#foot = read(FOOT, line);
    }
  }

  close(): BackupSummary {
    if (!this.#head || !this.#foot) throw new SwaliError('BACKUP_DAMAGED', { cause: new Damage('it has no foot') });
    return summarise(this.#head, this.#foot);
  }

  #startTable(table: BackupHead['tables'][number], name: string): void {
    if (table.name !== name) throw new Damage('the tables are not those of the head');
    this.#table = table;
    this.#tally = new RowTally();
  }

  async #endTable({ end, rows, digest }: z.output<typeof TABLE_END>): Promise<void> {
    const counted = this.#tally.close();
    // eslint-disable-next-line no-restricted-syntax -- a digest of what whoever reads has before them
    if (end !== this.#table?.name || rows !== counted.rows || digest !== counted.digest)
      throw new Damage('the rows are not those that were counted');
    this.#ended[end] = counted;
    this.#table = null;
    await this.#reader.onTableEnd?.();
  }
}

/** @throws SwaliError `BACKUP_UNREADABLE` where a newer version wrote it */
function readHead(line: Buffer): BackupHead {
  const head = HEAD.safeParse(parse(() => JSON.parse(line.toString('utf8'))));
  if (head.success) return head.data;
  const cause = head.error;
  throw new SwaliError('BACKUP_UNREADABLE', { detail: 'it was written by another version', cause });
}

function read<S extends z.ZodType>(shape: S, line: Buffer): z.output<S> {
  const value = shape.safeParse(parse(() => JSON.parse(line.toString('utf8'))));
  if (!value.success) throw new Damage('a line is not what it should be', { cause: value.error });
  return value.data;
}

function parse<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new Damage('a line is not what it should be', { cause });
  }
}

/** Lines without their breaks. */
async function* splitLines(text: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  let size = 0;
  for await (const bytes of text) {
    let from = 0;
    for (let at = bytes.indexOf(LINE_BREAK); at >= 0; at = bytes.indexOf(LINE_BREAK, from)) {
      yield Buffer.concat([...begun, bytes.subarray(from, at)]);
      [begun, size, from] = [[], 0, at + 1];
    }
    begun.push(bytes.subarray(from));
    size += bytes.length - from;
    if (size > MAX_LINE_BYTES) throw new Damage('a line is too long');
  }
  if (size > 0) throw new Damage('the last line has no end');
}
