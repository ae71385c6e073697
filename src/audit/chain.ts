import { createHash } from 'node:crypto';
import { printCanonicalJson } from './canonical-json.js';
import type { KeptEvent } from './personal-fields.js';

/** What the first record of a writer follows, and the first checkpoint. */
export const GENESIS_HASH = '0'.repeat(64);

/** What is hashed: an event as it is kept, and its place. */
export interface AuditEnvelope {
  readonly writer: string;
  /** 1, 2, 3 … per writer. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: KeptEvent;
}

/** Where a chain ends. */
export interface ChainHead {
  readonly writer: string;
  readonly sequence: number;
  readonly hash: string;
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

/** Reads the event out of a record's text; null where the text is no longer that of a record. */
export function readKeptEvent(body: string): KeptEvent | null {
  const envelope = parseObject(body);
  const event = envelope?.event;
  return typeof event === 'object' && event !== null && !Array.isArray(event) ? (event as KeptEvent) : null;
}

/** The object that a text is as JSON; null where it is none. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}
