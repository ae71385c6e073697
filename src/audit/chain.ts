import { createHash } from 'node:crypto';
import { printCanonicalJson } from './canonical-json.js';
import type { AuditEvent } from './record.js';

/** What the first record of a writer follows. */
export const GENESIS_HASH = '0'.repeat(64);

/** What is hashed: an event, and its place. */
export interface AuditEnvelope {
  readonly writer: string;
  /** 1, 2, 3 … per writer. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: AuditEvent;
}

/** The text of a record that is kept and hashed. @throws TypeError where the event holds what JSON cannot say */
export function printEnvelope(envelope: AuditEnvelope): string {
  return printCanonicalJson(envelope);
}

/**
 * One step of the chain: sha256 over the hash before it and the record's text, hexadecimal.
 * A hash is 64 characters, so the line break cannot be moved into either part.
 */
export function hashRecord(previousHash: string, body: string): string {
  return createHash('sha256').update(previousHash).update('\n').update(body).digest('hex');
}
