import { randomBytes } from 'node:crypto';
import { digestText } from '../../domain/digest-text.js';
import type { Clock, ReceiptSubject, SignReceipt } from '../../domain/ports.js';
import { printCanonicalJson } from '../canonical-json.js';
import type { Signer } from '../ed25519.js';
import { printCompactJws } from './compact-jws.js';
import { listColumns, printRows, printWords, type ReceiptClaims, shorten } from './receipt-claims.js';
import { digestSalted, SALT_BYTES } from './salted-digest.js';

/**
 * Makes receipts: what was asked by whom, under which rules, and digests of what was answered, signed. The digests of
 * what may be secret are salted anew each time, and the salt goes to who got the answer alone.
 *
 * @param deps.issuer address of the gateway, or the name of its source
 * @param deps.randomBytes source of randomness
 * @remarks It proves that this gateway gave this answer under these rules, not that the database told the truth.
 */
export function createSignReceipt(deps: {
  readonly signer: Signer;
  readonly issuer: string;
  readonly source: string;
  readonly clock: Clock;
  readonly randomBytes?: (size: number) => Buffer;
}): SignReceipt {
  const random = deps.randomBytes ?? randomBytes;
  return (subject) => {
    const salt = random(SALT_BYTES);
    const claims: ReceiptClaims = {
      iss: deps.issuer,
      source: deps.source,
      iat: Math.floor(deps.clock() / 1000),
      ...describeRequest(subject, salt),
      ...describeContent(subject, salt),
    };
    return { jws: printCompactJws(printCanonicalJson(claims), deps.signer), salt: salt.toString('base64url') };
  };
}

function describeRequest({ requestId, principal, sql, policyDigest, answer }: ReceiptSubject, salt: Buffer) {
  const { id, question, provenance, row_count, truncated } = answer;
  return {
    sub: principal.subject,
    kind: principal.kind,
    tenant: principal.tenant,
    jti: id,
    request_id: requestId,
    translator: provenance.translator,
    sql_digest: digestText(sql),
    question_digest: question === null ? null : digestSalted(salt, 'question', question),
    policy_version: provenance.policy_version,
    policy_digest: digestText(policyDigest),
    row_count,
    truncated,
  };
}

function describeContent({ answer, exported }: ReceiptSubject, salt: Buffer) {
  const { relations, policies, masked_columns } = answer.provenance;
  const columns = listColumns(answer.columns);
  if (exported !== null) {
    return {
      format: exported.format,
      relations: shorten(relations),
      policies: shorten(policies),
      masked_columns: shorten(masked_columns),
      columns: shorten(columns),
      text_digest: digestSalted(salt, 'text', exported.text),
    };
  }
  return {
    format: 'answer' as const,
    relations: [...relations],
    policies: [...policies],
    masked_columns: [...masked_columns],
    columns,
    rows_digest: digestSalted(salt, 'rows', printRows(answer)),
    answer_digest: digestSalted(salt, 'answer', printWords(answer)),
  };
}
