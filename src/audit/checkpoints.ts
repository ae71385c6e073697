import { createHash } from 'node:crypto';
import type { Clock } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { isDuplicateKey } from '../store/store-error.js';
import { printCanonicalJson } from './canonical-json.js';
import { type ChainHead, GENESIS_HASH, parseObject } from './chain.js';
import type { Signer, Verifier } from './ed25519.js';

/** In front of what is signed, so that no other signature of the key can be taken for one of these. */
const SIGNED_PREFIX = 'swali-audit-checkpoint\n';

/** Tries to add a checkpoint while other processes add theirs. */
const MAX_ATTEMPTS = 10;

/** A signed word on where every writer's chain ended at a time. One that is kept elsewhere proves what was there then. */
export interface Checkpoint {
  /** Canonical JSON of `{ at, heads, previous, version }`: `heads` by writer, `previous` the hash of the checkpoint before. */
  readonly body: string;
  /** sha256 of the body, hexadecimal. */
  readonly hash: string;
  /** RFC 7638 thumbprint of the key that signed. */
  readonly keyId: string;
  /** Ed25519, base64url. */
  readonly signature: string;
}

/** What a checkpoint says. */
export interface CheckpointWord {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly heads: readonly ChainHead[];
  readonly previous: string;
}

/**
 * Adds a checkpoint over all chains, where any of them has grown since the last one.
 *
 * @returns the checkpoint; null where there is nothing new to say
 * @throws SwaliError `STORE_UNAVAILABLE`
 */
export async function addCheckpoint(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly signer: Signer;
}): Promise<Checkpoint | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await deps.store.transaction((db) => addNext(db, deps));
    } catch (error) {
      // Another process took the place behind the last one; its word may be all that there was to say.
      if (!isDuplicateKey(error) || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}

async function addNext(
  db: StoreDatabase,
  { clock, signer }: Parameters<typeof addCheckpoint>[0],
): Promise<Checkpoint | null> {
  const last = await db
    .selectFrom('audit_checkpoints')
    .select(['hash', 'body'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const rows = await db.selectFrom('audit_heads').select(['writer', 'sequence', 'hash']).orderBy('writer').execute();
  const heads = rows
    .filter(({ sequence }) => Number(sequence) > 0)
    .map((row) => ({ ...row, sequence: Number(row.sequence) }));
  const before = last ? readCheckpointBody(last.body) : null;
  if (heads.length === 0 || printCanonicalJson(before?.heads ?? []) === printCanonicalJson(heads)) return null;
  const at = clock();
  const checkpoint = signCheckpoint({ at, heads, previous: last?.hash ?? GENESIS_HASH }, signer);
  const { body, hash, keyId, signature } = checkpoint;
  await db
    .insertInto('audit_checkpoints')
    .values({ at, body, previous_hash: last?.hash ?? GENESIS_HASH, hash, key_id: keyId, signature })
    .execute();
  return checkpoint;
}

/** Signs a word on the heads. */
export function signCheckpoint({ at, heads, previous }: CheckpointWord, signer: Signer): Checkpoint {
  const body = printCanonicalJson({ version: 1, at, heads, previous });
  return { body, hash: digestOf(body), keyId: signer.keyId, signature: signer.sign(SIGNED_PREFIX + body) };
}

/** Whether a checkpoint is whole, and signed with a key that is known. */
export function isSignedCheckpoint({ body, hash, keyId, signature }: Checkpoint, verifier: Verifier): boolean {
  return hash === digestOf(body) && verifier.verify(keyId, SIGNED_PREFIX + body, signature);
}

/** What a checkpoint says; null where its text is none. */
export function readCheckpointBody(body: string): CheckpointWord | null {
  const { version, at, heads, previous } = parseObject(body) ?? {};
  if (version !== 1 || typeof at !== 'number' || typeof previous !== 'string' || !Array.isArray(heads)) return null;
  return heads.every(isHead) ? { at, heads, previous } : null;
}

/** The text of a checkpoint that is kept elsewhere: one line of JSON. */
export function printCheckpoint({ body, hash, keyId, signature }: Checkpoint): string {
  return printCanonicalJson({ body, hash, keyId, signature });
}

/**
 * Reads what {@link printCheckpoint} made: a line each, empty ones aside.
 *
 * @throws SwaliError `AUDIT_INPUT_INVALID` for a line that is none
 */
export function parseCheckpoints(text: string): readonly Checkpoint[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.map((line, index) => {
    const { body, hash, keyId, signature } = parseObject(line) ?? {};
    const parts = [body, hash, keyId, signature];
    if (!parts.every((part) => typeof part === 'string')) {
      throw new SwaliError('AUDIT_INPUT_INVALID', { detail: `line ${index + 1} is no checkpoint` });
    }
    return { body, hash, keyId, signature } as Checkpoint;
  });
}

function isHead(value: unknown): value is ChainHead {
  if (typeof value !== 'object' || value === null) return false;
  const { writer, sequence, hash } = value as Readonly<Record<string, unknown>>;
  return typeof writer === 'string' && Number.isSafeInteger(sequence) && typeof hash === 'string';
}

function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
