import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { hasExactNumbers } from '../audit/receipts/exact-numbers.js';
import type { Evidence } from '../audit/receipts/verify-receipt.js';
import { SwaliError } from '../errors/swali-error.js';
import { parseStrictJson } from '../http/strict-json.js';

/** Files and texts that a receipt is held against, as the command line names them. */
export interface EvidenceFiles {
  readonly answer?: string;
  readonly receipt?: string;
  readonly salt?: string;
  readonly export?: string;
  readonly question?: string;
  readonly sql?: string;
  readonly policy?: string;
}

const RECEIPT = z.strictObject({ jws: z.string(), salt: z.string() });

/**
 * Reads a receipt and what it is to be held against.
 *
 * @throws SwaliError `RECEIPT_UNREADABLE` where a file cannot be read, is not in its form, or no receipt is named; also for
 *   JSON that two readers could take differently (a key twice, a number with more digits than are read)
 */
export function readEvidence(files: EvidenceFiles): Evidence {
  const answer = files.answer === undefined ? undefined : readJson(files.answer);
  const receipt = files.receipt === undefined ? receiptOf(answer) : readReceipt(files.receipt);
  const salt = files.salt ?? receipt.salt;
  return {
    jws: receipt.jws,
    salt,
    ...(answer === undefined ? {} : { answer }),
    ...(files.export === undefined ? {} : { text: readText(files.export) }),
    ...(files.question === undefined ? {} : { question: files.question }),
    ...(files.sql === undefined ? {} : { sql: readText(files.sql) }),
    ...(files.policy === undefined ? {} : { policy: readBytes(files.policy) }),
  };
}

function receiptOf(answer: Readonly<Record<string, unknown>> | undefined) {
  if (answer === undefined) throw unreadable('name the answer with --answer, or its receipt with --receipt');
  const receipt = RECEIPT.safeParse(answer.receipt).data;
  if (!receipt) throw unreadable('the answer has no receipt');
  return receipt;
}

function readReceipt(file: string): { readonly jws: string; readonly salt: string | null } {
  const text = readText(file).trim();
  if (!text.startsWith('{')) return { jws: text, salt: null };
  const receipt = RECEIPT.safeParse(readJson(file)).data;
  if (!receipt) throw unreadable(`${file}: expected a compact JWS, or JSON with jws and salt`);
  return receipt;
}

function readJson(file: string): Readonly<Record<string, unknown>> {
  const bytes = readBytes(file);
  try {
    const value = parseStrictJson(bytes);
    if (hasExactNumbers(bytes.toString('utf8'))) return value;
  } catch (cause) {
    throw unreadable(`${file}: ${cause instanceof SwaliError ? cause.detail : 'is no JSON'}`, cause);
  }
  throw unreadable(`${file}: a number has more digits than are read; save the answer as it came`);
}

function readText(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readBytes(file));
  } catch (cause) {
    if (cause instanceof SwaliError) throw cause;
    throw unreadable(`${file}: is not UTF-8`, cause);
  }
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw unreadable(`${file}: cannot be read`, cause);
  }
}

function unreadable(detail: string, cause?: unknown): SwaliError {
  return new SwaliError('RECEIPT_UNREADABLE', { detail, cause });
}
