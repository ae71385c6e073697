import { createHash, type Hash } from 'node:crypto';
import { z } from 'zod';

/**
 * What is inside of a backup, one JSON text a line: the head, then for each table `{"table":…}`, its rows as lists and
 * `{"end":…}` with their count and digest, and last the foot, which says all of these again.
 */
export const FORMAT = 1;

const position = z.union([
  z.strictObject({ gtidExecuted: z.string() }),
  z.strictObject({ file: z.string(), position: z.number().int() }),
  z.null(),
]);

export const HEAD = z.strictObject({
  format: z.literal(FORMAT),
  /** When the snapshot was taken, ISO text of UTC. */
  createdAt: z.iso.datetime(),
  /** Version of the program that wrote it. */
  version: z.string(),
  dialect: z.enum(['mysql', 'mariadb', 'sqlite']),
  migrations: z.array(z.string()),
  tables: z.array(
    z.strictObject({ name: z.string(), columns: z.array(z.string()), nextId: z.number().int().nullable() }),
  ),
  /** Where the server's binary log stood; null where there is none. */
  position,
});

export const TABLE_START = z.strictObject({ table: z.string() });

const counted = { rows: z.number().int(), digest: z.string() };
export const TABLE_END = z.strictObject({ end: z.string(), ...counted });

export const FOOT = z.strictObject({
  tables: z.record(z.string(), z.strictObject(counted)),
  /** Where each audit chain ended, to be compared with checkpoints that are kept elsewhere. */
  auditHeads: z.array(z.strictObject({ writer: z.string(), sequence: z.number().int(), hash: z.string() })),
});

/** What a backup says of itself. */
export type BackupHead = z.output<typeof HEAD>;
export type BackupFoot = z.output<typeof FOOT>;

/** What is known of a backup that was read or written to its end. */
export interface BackupSummary {
  readonly head: BackupHead;
  readonly foot: BackupFoot;
  /** Rows of all tables. */
  readonly rows: number;
}

/** Sums a backup up. */
export function summarise(head: BackupHead, foot: BackupFoot): BackupSummary {
  return { head, foot, rows: Object.values(foot.tables).reduce((sum, { rows }) => sum + rows, 0) };
}

/** Counts and digests the rows of one table: sha256 over their lines. */
export class RowTally {
  readonly #hash: Hash = createHash('sha256');
  rows = 0;

  /** @param line without its line break */
  add(line: string | Uint8Array): void {
    this.#hash.update(line).update('\n');
    this.rows += 1;
  }

  /** Once, at the end. */
  close(): { readonly rows: number; readonly digest: string } {
    return { rows: this.rows, digest: `sha256:${this.#hash.digest('hex')}` };
  }
}
