import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { StoreDatabase } from '../store/store.js';
import { printCanonicalJson } from './canonical-json.js';
import { hashRecord, parseObject } from './chain.js';
import type { Signer, Verifier } from './ed25519.js';

/** In front of what is signed, so that no other signature of the key can be taken for one of these. */
const SIGNED_PREFIX = 'swali-audit-archive\n';

/** What the first line of an archive says that it is. */
const FORMAT = 'swali-audit-archive/1';

/** A segment of one writer's chain that a file holds: what is signed of it. */
export interface ArchiveWord {
  readonly writer: string;
  readonly first: number;
  readonly last: number;
  /** Of the record before the first. */
  readonly previousHash: string;
  /** Of the last record. */
  readonly lastHash: string;
  /** sha256 of the lines of all records, hexadecimal. */
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly closedAt: number;
}

/** A signed segment. */
export interface Archive extends ArchiveWord {
  readonly keyId: string;
  /** Ed25519, base64url. */
  readonly signature: string;
}

/** A record as a line of an archive has it. */
export interface ArchivedRecord {
  readonly sequence: number;
  readonly body: string;
  readonly hash: string;
}

/** Signs what a file holds. */
export function signArchive(word: ArchiveWord, signer: Signer): Archive {
  return { ...word, keyId: signer.keyId, signature: signer.sign(SIGNED_PREFIX + printCanonicalJson(word)) };
}

/** Whether a segment is signed with a key that is known. */
export function isSignedArchive({ keyId, signature, ...word }: Archive, verifier: Verifier): boolean {
  return verifier.verify(keyId, SIGNED_PREFIX + printCanonicalJson(word), signature);
}

/** The name of the file that holds a segment: it sorts in the order of the chain. */
export function nameArchive({ writer, first, last }: Pick<ArchiveWord, 'writer' | 'first' | 'last'>): string {
  const digits = (sequence: number) => String(sequence).padStart(12, '0');
  return `audit-${writer.replaceAll(':', '_')}-${digits(first)}-${digits(last)}.jsonl.gz`;
}

/** The first line of a file. */
export function printHeader({ writer, first, previousHash }: Pick<ArchiveWord, 'writer' | 'first' | 'previousHash'>) {
  return printCanonicalJson({ format: FORMAT, writer, first, previousHash });
}

/** The line of one record. */
export function printRecord(record: ArchivedRecord): string {
  const { sequence, body, hash } = record;
  return printCanonicalJson({ sequence, body, hash });
}

/** The last line of a file. */
export function printFooter(archive: Archive): string {
  return printCanonicalJson({ archive });
}

/** Counts the lines of records into the digest of a file. */
export function digestLine(digest: Hash, line: string): void {
  digest.update(line).update('\n');
}

/** The segments that the store says are in files, by writer, in order. */
export async function readArchives(db: StoreDatabase): Promise<ReadonlyMap<string, readonly Archive[]>> {
  const rows = await db.selectFrom('audit_archives').selectAll().orderBy('writer').orderBy('first_sequence').execute();
  const byWriter = new Map<string, Archive[]>();
  for (const row of rows) {
    const archives = byWriter.get(row.writer) ?? [];
    archives.push({
      writer: row.writer,
      first: Number(row.first_sequence),
      last: Number(row.last_sequence),
      previousHash: row.previous_hash,
      lastHash: row.last_hash,
      digest: row.digest,
      closedAt: Number(row.closed_at),
      keyId: row.key_id,
      signature: row.signature,
    });
    byWriter.set(row.writer, archives);
  }
  return byWriter;
}

/**
 * Reads a file that holds a segment, record by record, and judges it by itself: every record follows the one before it,
 * the lines are those that were signed, and so is what the file says of itself.
 *
 * @param onRecord called for each record that stands where it must
 * @returns the segment, or in words what is wrong with the file
 */
export async function verifyArchiveFile(
  path: string,
  verifier: Verifier,
  onRecord: (writer: string, record: ArchivedRecord) => void = () => {},
): Promise<Archive | string> {
  const digest = createHash('sha256');
  let header: ReturnType<typeof parseObject> = null;
  let last: ArchivedRecord | null = null;
  let archive: Archive | null = null;
  try {
    for await (const line of readLines(path)) {
      const value = parseObject(line);
      if (archive !== null) return 'something stands behind its last line';
      if (header === null) {
        if (value?.format !== FORMAT) return 'it is no archive of an audit log';
        header = value;
      } else if (value && 'archive' in value) {
        archive = value.archive as Archive;
      } else {
        const record = value as unknown as ArchivedRecord;
        const expected: number = last === null ? Number(header.first) : last.sequence + 1;
        const before: string = last === null ? String(header.previousHash) : last.hash;
        if (record?.sequence !== expected) return `record ${expected} is not where it must be`;
        if (hashRecord(before, String(record.body)) !== record.hash) return `record ${expected} was changed`;
        digestLine(digest, line);
        onRecord(String(header.writer), record);
        last = record;
      }
    }
  } catch {
    return 'it cannot be read to its end';
  }
  if (!archive || !header || !last) return 'its last line is missing';
  const says = [archive.writer, archive.first, archive.previousHash, archive.last, archive.lastHash, archive.digest];
  const holds = [header.writer, header.first, header.previousHash, last.sequence, last.hash, digest.digest('hex')];
  if (says.some((value, index) => value !== holds[index])) return 'its last line does not say what it holds';
  return isSignedArchive(archive, verifier) ? archive : 'its signature is not one of the keys that are known';
}

/** The lines of a compressed file. Only a line feed ends one: text holds other characters that elsewhere do. */
async function* readLines(path: string): AsyncIterable<string> {
  const chunks = pipeline(createReadStream(path), createGunzip().setEncoding('utf8'), () => {});
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
