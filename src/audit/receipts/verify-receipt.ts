import { z } from 'zod';
import type { Answer } from '../../domain/answer.js';
import { digestText } from '../../domain/digest-text.js';
import { printCanonicalJson } from '../canonical-json.js';
import type { Verifier } from '../ed25519.js';
import { type CompactJws, readCompactJws } from './compact-jws.js';
import { listColumns, printRows, printWords, RECEIPT_CLAIMS, type ReceiptClaims } from './receipt-claims.js';
import { digestSalted, readSalt } from './salted-digest.js';

/** What a receipt is held against. Each part may be missing: then nothing is said of it. */
export interface Evidence {
  readonly jws: string;
  /** As it came beside the receipt; without it no content can be proven. */
  readonly salt: string | null;
  /** Parsed JSON of the answer. */
  readonly answer?: unknown;
  /** Text of the exported file. */
  readonly text?: string;
  readonly question?: string;
  readonly sql?: string;
  /** Bytes of the policy file. */
  readonly policy?: Uint8Array;
}

/** One thing that was looked at. */
export interface ReceiptCheck {
  /** e.g. `rows`. */
  readonly name: string;
  readonly holds: boolean;
}

/** What came of it. */
export interface ReceiptReport {
  /** In the order in which they were made; whatever cannot be read ends the list. */
  readonly checks: readonly ReceiptCheck[];
  /** True where every check holds; the signature is always one of them. */
  readonly holds: boolean;
  /** What the receipt says; null where it is not one, or not signed by a known key. */
  readonly claims: ReceiptClaims | null;
}

/** As much of an answer as is compared one by one; everything that it holds goes into the digests. */
const ANSWER = z.looseObject({
  id: z.string(),
  status: z.literal('answered'),
  question: z.string().nullable(),
  sql: z.string().nullable(),
  columns: z.array(z.looseObject({ name: z.string(), type: z.string() })),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  row_count: z.number(),
  truncated: z.boolean(),
  provenance: z.looseObject({
    translator: z.string(),
    relations: z.array(z.string()),
    policies: z.array(z.string()),
    masked_columns: z.array(z.string()),
    policy_version: z.string(),
  }),
});

/**
 * Holds a receipt against what it is said to be of. Needs nothing but public keys: no network, no gateway.
 *
 * @returns what holds and what does not; never throws for what it is given
 */
export function verifyReceipt(evidence: Evidence, verifier: Verifier): ReceiptReport {
  const jws = readCompactJws(evidence.jws.trim());
  const claims = jws && readClaims(jws, verifier);
  const checks: ReceiptCheck[] = [{ name: 'signature', holds: claims !== null }];
  if (claims) {
    checks.push(...checkAnswer(evidence, claims), ...checkText(evidence, claims), ...checkOthers(evidence, claims));
  }
  return { checks, holds: checks.every(({ holds }) => holds), claims };
}

function readClaims({ keyId, signed, signature, payload }: CompactJws, verifier: Verifier): ReceiptClaims | null {
  return verifier.verify(keyId, signed, signature) ? (RECEIPT_CLAIMS.safeParse(payload).data ?? null) : null;
}

function checkAnswer({ answer: given, salt: saltText }: Evidence, claims: ReceiptClaims): readonly ReceiptCheck[] {
  if (given === undefined) return [];
  const salt = readSalt(saltText ?? '');
  const answer = ANSWER.safeParse(given).data as Answer | undefined;
  if (salt === null || answer === undefined || claims.format !== 'answer') {
    return [
      { name: 'salt', holds: salt !== null },
      { name: 'form of the answer', holds: answer !== undefined },
      { name: 'receipt of an answer', holds: claims.format === 'answer' },
    ];
  }
  const { provenance } = answer;
  return [
    { name: 'id', holds: answer.id === claims.jti },
    { name: 'columns', holds: isSame(listColumns(answer.columns), claims.columns) },
    { name: 'rows', holds: isDigest(claims.rows_digest, () => digestSalted(salt, 'rows', printRows(answer))) },
    { name: 'row count', holds: answer.row_count === claims.row_count && answer.rows.length === claims.row_count },
    { name: 'truncated', holds: answer.truncated === claims.truncated },
    { name: 'translator', holds: provenance.translator === claims.translator },
    { name: 'tables', holds: isSame(provenance.relations, claims.relations) },
    { name: 'row rules', holds: isSame(provenance.policies, claims.policies) },
    { name: 'masked columns', holds: isSame(provenance.masked_columns, claims.masked_columns) },
    { name: 'policy version', holds: provenance.policy_version === claims.policy_version },
    // eslint-disable-next-line no-restricted-syntax -- whoever verifies holds both
    ...(answer.sql === null ? [] : [{ name: 'SQL', holds: digestText(answer.sql) === claims.sql_digest }]),
    { name: 'question', holds: isQuestion(answer.question, claims, salt) },
    {
      name: 'everything else of the answer',
      holds: isDigest(claims.answer_digest, () => digestSalted(salt, 'answer', printWords(answer))),
    },
  ];
}

function checkText({ text, salt: saltText }: Evidence, claims: ReceiptClaims): readonly ReceiptCheck[] {
  if (text === undefined) return [];
  const salt = readSalt(saltText ?? '');
  if (salt === null || claims.format === 'answer') {
    return [
      { name: 'salt', holds: salt !== null },
      { name: 'receipt of an export', holds: claims.format !== 'answer' },
    ];
  }
  // eslint-disable-next-line no-restricted-syntax -- whoever verifies holds both
  return [{ name: 'exported text', holds: digestSalted(salt, 'text', text) === claims.text_digest }];
}

function checkOthers({ question, sql, policy, salt }: Evidence, claims: ReceiptClaims): readonly ReceiptCheck[] {
  const checks: ReceiptCheck[] = [];
  if (question !== undefined) {
    checks.push({ name: 'question given', holds: isQuestion(question, claims, readSalt(salt ?? '')) });
  }
  // eslint-disable-next-line no-restricted-syntax -- whoever verifies holds both
  if (sql !== undefined) checks.push({ name: 'SQL given', holds: digestText(sql) === claims.sql_digest });
  if (policy !== undefined) checks.push({ name: 'policy file', holds: digestText(policy) === claims.policy_version });
  return checks;
}

function isQuestion(question: string | null, claims: ReceiptClaims, salt: Buffer | null): boolean {
  // eslint-disable-next-line no-restricted-syntax -- whoever verifies holds both
  if (question === null || claims.question_digest === null) return question === claims.question_digest;
  // eslint-disable-next-line no-restricted-syntax -- whoever verifies holds both
  return salt !== null && digestSalted(salt, 'question', question) === claims.question_digest;
}

function isSame(given: readonly unknown[], stated: readonly unknown[]): boolean {
  return isDigest(printCanonicalJson(stated), () => printCanonicalJson(given));
}

/** What cannot be written down has no digest. */
function isDigest(stated: string, compute: () => string): boolean {
  try {
    return compute() === stated;
  } catch {
    return false;
  }
}
